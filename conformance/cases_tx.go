package conformance

import (
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

var txCases = []Case{
	{
		ID:     "tx/not-selected",
		Title:  "commit and rollback on a channel that is not transactional are a 406",
		Why:    "A forgotten tx.select must not look like a commit.",
		Source: reference + "tx.commit",
		Run: func(t *T) {
			r := t.Raw()
			for _, m := range []wire.Method{&wire.TxCommit{}, &wire.TxRollback{}} {
				t.Check(m.ID().String(), r.Channel().Refused(m),
					ChannelError(wire.PreconditionFailed, "channel is not transactional", m.ID()))
			}
		},
	},
	{
		ID:     "tx/publish",
		Title:  "publishes show at commit, in order, and are forgotten by a rollback",
		Why:    "All or none is what transactions are for.",
		Source: pageTx,
		Run: func(t *T) {
			c, other, q := t.Raw().Channel(), t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			tx := newTx(c)
			c.Publish("", q, "a", "b")
			c.CheckCounts("before the commit", q, Counts{})
			tx.commit()
			t.Check("after the commit", other.Drain(q), []string{"a", "b"})
			c.Publish("", q, "c")
			tx.rollback()
			c.Publish("", q, "d")
			tx.commit()
			t.Check("after a rollback", other.Drain(q), []string{"d"})
			tx.commit()
			tx.rollback()
			t.Check("empty transactions", other.Drain(q), []string{})
		},
	},
	{
		ID:     "tx/ack",
		Title:  "acknowledgements take effect at commit, and are forgotten by a rollback",
		Why:    "A rolled back worker's message must be settled again, and only once.",
		Source: pageTx,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c := r.Channel()
			c.Queue(q)
			c.Publish("", q, "a", "b")
			tx := newTx(c)
			t.Check("get", []string{c.Get(q), c.Get(q)}, []string{`get-ok 1 left 1 "a"`, `get-ok 2 left 0 "b"`})
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			tx.rollback()
			c.Send(&wire.BasicAck{DeliveryTag: 1}) // it is unacknowledged again
			tx.commit()
			c.Send(&wire.BasicAck{DeliveryTag: 2})
			c.Close() // without a commit
			t.Check("not committed", r.Channel().DrainRequeued(q, 1), []string{"b"})
		},
	},
	{
		ID:     "tx/reject",
		Title:  "reject and nack take effect at commit",
		Why:    "A message must not be requeued while the transaction may still be rolled back.",
		Source: pageTx,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c, other := r.Channel(), r.Channel()
			c.Queue(q)
			c.Publish("", q, "a", "b")
			tx := newTx(c)
			t.Check("get", []string{c.Get(q), c.Get(q)}, []string{`get-ok 1 left 1 "a"`, `get-ok 2 left 0 "b"`})
			c.Send(&wire.BasicReject{DeliveryTag: 1, Requeue: true}, &wire.BasicNack{DeliveryTag: 2, Requeue: false})
			c.RoundTrip()
			t.Check("before the commit", other.Get(q), "get-empty")
			tx.commit()
			t.Check("after the commit", other.Drain(q), []string{"a"})
		},
	},
	{
		ID:     "tx/settled-twice",
		Title:  "settling a message twice in one transaction is a 406",
		Why:    "The first settlement counts though it is not committed.",
		Source: measured,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c := r.Channel()
			c.Queue(q)
			c.Publish("", q, "a")
			newTx(c)
			t.Check("get", c.Get(q), `get-ok 1 left 0 "a"`)
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("again", c.Refused(&wire.BasicAck{DeliveryTag: 1}),
				ChannelError(wire.PreconditionFailed, "unknown delivery tag 1", wire.IDBasicAck))
			t.Check("rolled back by the error", r.Channel().DrainRequeued(q, 1), []string{"a"})
		},
	},
	{
		ID:     "tx/unknown-tag",
		Title:  "an unknown delivery tag is a 406 at once, not at commit",
		Why:    "The error names the method that was wrong.",
		Source: measured,
		Run: func(t *T) {
			c := t.Raw().Channel()
			newTx(c)
			t.Check("refusal", c.Refused(&wire.BasicAck{DeliveryTag: 7}),
				ChannelError(wire.PreconditionFailed, "unknown delivery tag 7", wire.IDBasicAck))
		},
	},
	{
		ID:     "tx/missing-exchange",
		Title:  "a publish to an exchange that does not exist is a 404 at once, and the transaction is lost",
		Why:    "Earlier publishes of the transaction must not show.",
		Source: measured,
		Run: func(t *T) {
			r, q, x := t.Raw(), t.QueueName("q"), t.ExchangeName("x")
			c := r.Channel()
			c.Queue(q)
			newTx(c)
			c.Publish("", q, "a")
			c.Publish(x, "k", "b")
			t.Check("refusal", c.Error(), ChannelError(wire.NotFound, "no exchange '<x>' in vhost '/'", wire.IDBasicPublish))
			t.Check("nothing published", r.Channel().Drain(q), []string{})
		},
	},
	{
		ID:     "tx/mandatory",
		Title:  "a mandatory message that is unroutable comes back at commit, before commit-ok",
		Why:    "Once the commit is answered, the publisher knows what did not arrive.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			newTx(c)
			c.PublishWith(&wire.BasicPublish{RoutingKey: q, Mandatory: true}, wire.Properties{}, "m")
			t.Check("before the commit", c.RoundTrip(), []string{})
			c.Send(&wire.TxCommit{})
			t.Check("at the commit", c.Lines(2), []string{`return 312 NO_ROUTE "" <q> "m"`, "tx.commit-ok{}"})
		},
	},
	{
		ID:     "tx/routed-when",
		Title:  "3.10 routes a transaction's publishes at commit, 4.0 as they are published",
		Why:    "It decides whether a queue that is declared in between gets the message.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			tx := newTx(c)
			c.Publish("", q, "m")
			c.Queue(q)
			tx.commit()
			t.Check("the queue", c.Drain(q), ByRelease(t, On(UpTo("3.12"), []string{"m"}), On(Since("3.13"), []string{})))
		},
	},
	{
		ID:     "tx/select-again",
		Title:  "selecting again is no error and keeps the transaction",
		Why:    "Libraries select whenever they are asked to.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			tx := newTx(c)
			c.Publish("", q, "a")
			newTx(c)
			t.Check("not committed", c.Drain(q), []string{})
			tx.commit()
			t.Check("committed", c.Drain(q), []string{"a"})
		},
	},
	{
		ID:     "tx/delivery-goes-on",
		Title:  "a transaction holds back neither deliveries nor basic.get nor declarations",
		Why:    "Only publishes and settlements are transactional.",
		Source: pageTx,
		Run: func(t *T) {
			c, other, q := t.Raw().Channel(), t.Raw().Channel(), t.QueueName("q")
			tx := newTx(c)
			c.Queue(q)
			c.Qos(1, false)
			c.Consume(q, "c")
			other.Publish("", q, "a", "b")
			t.Check("delivered", c.Lines(1), []string{`deliver c 1 "a"`})
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("credit comes at commit", c.Fence(q), []string{})
			c.Send(&wire.TxCommit{})
			t.Check("commit", c.Lines(2), []string{"tx.commit-ok{}", `deliver c 2 "b"`})
			_ = tx
		},
	},
	{
		ID:     "tx/routed-by-bindings",
		Title:  "a transaction is routed when it publishes: a binding that comes later does not count",
		Why:    "In 3.10 only the default exchange seems to route at the commit: it gives names that no queue has yet.",
		Source: pageTx,
		Run: func(t *T) {
			c, x, q := t.Raw().Channel(), t.ExchangeName("x"), t.QueueName("q")
			Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{Exchange: x, Type: "fanout"})
			tx := newTx(c)
			c.Publish(x, "", "early")
			c.RoundTrip()
			c.Queue(q)
			c.Bind(q, x, "")
			tx.commit()
			c.CheckCounts("bound later", q, Counts{})
			c.Publish(x, "", "late")
			tx.commit()
			t.Check("bound before", c.Drain(q), []string{"late"})
		},
	},
	{
		ID:     "tx/queue-gone",
		Title:  "where a queue has gone before the commit, 3.10 does not mind, 4.0 says that the transaction is not complete, 4.3 ends the connection",
		Why:    "A publisher must not take such a commit for done.",
		Source: pageTx,
		Run: func(t *T) {
			gone := func(label string, commit func(c *RawChannel), redeclare bool) {
				c, q, other, x := t.Raw().Channel(), t.QueueName(label), t.QueueName(label+"-other"), t.ExchangeName(label+"-x")
				Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{Exchange: x, Type: "fanout"})
				for _, name := range []string{q, other} {
					c.Queue(name)
					c.Bind(name, x, "")
				}
				newTx(c)
				c.Publish(x, "", "m")
				c.RoundTrip()
				Call[*wire.QueueDeleteOk](c, &wire.QueueDelete{Queue: q})
				if redeclare {
					c.Queue(q)
				}
				commit(c)
				fresh := t.Raw().Channel()
				if redeclare {
					fresh.CheckCounts(label+": in the new queue", q, Counts{Ready: ByRelease(t, On(UpTo("3.12"), uint32(1)), On(Since("3.13"), uint32(0)))})
				}
				got := uint32(1)
				if t.In(Since("4.2")) && !redeclare {
					got = 0
				}
				fresh.CheckCounts(label+": in the other queue", other, Counts{Ready: got})
			}
			incomplete := ChannelError(wire.PreconditionFailed, "partial tx completion", wire.IDTxCommit)
			gone("gone", func(c *RawChannel) {
				switch {
				case t.In(UpTo("3.12")):
					Call[*wire.TxCommitOk](c, &wire.TxCommit{})
				case t.In(Between("3.13", "4.1")):
					t.Check("commit", c.Refused(&wire.TxCommit{}), incomplete)
				default:
					got := c.Refused(&wire.TxCommit{})
					// Erlang breaks the line where it gets too long, so only the beginning is sure.
					t.Check("commit", []any{got.Scope, got.Code, strings.HasPrefix(got.Text, "RESOURCE_ERROR - failed to deliver message: {not_found,"), got.Method},
						[]any{OnConnection, wire.ResourceError, true, wire.IDTxCommit})
				}
			}, false)
			gone("new", func(c *RawChannel) {
				if t.In(UpTo("3.12")) {
					Call[*wire.TxCommitOk](c, &wire.TxCommit{})
				} else {
					t.Check("commit, redeclared", c.Refused(&wire.TxCommit{}), incomplete)
				}
			}, true)
		},
	},
	{
		ID:     "tx/kept-by-history",
		Title:  "an x-recent-history exchange keeps what a transaction publishes before the commit",
		Why:    "It keeps what it routes.",
		Source: "https://github.com/rabbitmq/rabbitmq-server/tree/main/deps/rabbitmq_recent_history_exchange",
		Run: func(t *T) {
			c, x, q := t.Raw().Channel(), t.ExchangeName("x"), t.QueueName("q")
			Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{Exchange: x, Type: "x-recent-history"})
			newTx(c)
			c.Publish(x, "", "m")
			c.RoundTrip()
			c.Queue(q)
			c.Bind(q, x, "")
			c.CheckCounts("before the commit", q, Counts{Ready: 1})
		},
	},
	{
		ID: "tx/closed", Title: "a channel that closes in a transaction, or fails, gives back what it has settled, and publishes nothing",
		Why: "Without a commit nothing has happened.", Source: pageTx,
		Run: func(t *T) {
			for _, kind := range notStream {
				r := t.Raw()
				c, q, other := r.Channel(), t.QueueName(kind), t.QueueName(kind+"-other")
				c.Queue(q, queueType(kind))
				c.Queue(other, queueType(kind))
				for _, fails := range []bool{false, true} {
					t.Publish("", q, "a", "b", "c")
					tx := r.Channel()
					newTx(tx)
					tx.Get(q)
					tx.Get(q)
					tx.Send(&wire.BasicAck{DeliveryTag: 1})
					tx.Send(&wire.BasicReject{DeliveryTag: 2})
					tx.Publish("", other, "lost")
					if fails {
						t.Check(kind+": the error", tx.Refused(&wire.BasicAck{DeliveryTag: 7}), unknownTag(7, wire.IDBasicAck))
					} else {
						tx.Close()
					}
					t.Check(kind+": all are back", c.DrainRequeued(q, 3), []string{"a", "b", "c"})
					c.CheckCounts(kind+": nothing published", other, Counts{})
				}
			}
		},
	},
	{
		ID: "tx/recover", Title: "basic.recover in a transaction gives back at once what the transaction has not settled",
		Why: "It is neither a settlement of the transaction, nor a rollback.", Source: pageTx,
		Run: func(t *T) {
			c, q, to := t.Raw().Channel(), t.QueueName("q"), t.QueueName("to")
			c.Queue(to)
			c.Queue(q, deadLetterTo(to)...)
			t.Publish("", q, "a", "b", "c", "d", "e", "f")
			tx := newTx(c)
			for range 6 {
				c.Get(q)
			}
			c.Send(&wire.BasicNack{DeliveryTag: 2, Multiple: true, Requeue: true})
			c.Send(&wire.BasicReject{DeliveryTag: 4})
			c.Publish("", q, "new")
			c.Send(&wire.BasicAck{DeliveryTag: 3})
			Call[*wire.BasicRecoverOk](c, &wire.BasicRecover{Requeue: true})
			c.CheckCounts("recovered", q, Counts{Ready: 2})
			tx.commit()
			c.CheckCounts("committed", q, Counts{Ready: 5})
			c.CheckCounts("committed, the dead", to, Counts{Ready: 1})
			t.Check("in order", c.Drain(q), []string{"a", "b", "e", "f", "new"})
		},
	},
	{
		ID: "tx/refused", Title: "a classic queue refuses of a transaction what does not fit; a quorum queue that was not full takes all of it",
		Why: "A quorum queue tells its publishers later that it refuses, and the commit is over by then.", Source: pageMaxLength,
		Run: func(t *T) {
			for _, kind := range notStream {
				c := t.Raw().Channel()
				q := t.limited(c, kind, maxLength(1), overflow("reject-publish"))
				newTx(c)
				for _, body := range []string{"a", "b", "c"} {
					c.PublishWith(&wire.BasicPublish{RoutingKey: q, Mandatory: true}, wire.Properties{}, body)
				}
				c.PublishWith(&wire.BasicPublish{RoutingKey: "nowhere", Mandatory: true}, wire.Properties{}, "returned")
				c.Send(&wire.TxCommit{})
				t.Observe(kind, c.Lines(2))
				ready := map[string]uint32{"classic": 1, "quorum": 3}[kind]
				t.Raw().Channel().CheckCounts(kind+" has", q, Counts{Ready: ready})
			}
		},
	},
}
