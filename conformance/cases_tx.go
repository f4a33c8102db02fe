package conformance

import "github.com/minirabbit/minirabbit/wire"

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
			t.Check("the queue", c.Drain(q), ByRelease(t, From(Only310, []string{"m"}), From(Since40, []string{})))
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
}

// tx is a channel in transaction mode.
type tx struct{ c *RawChannel }

func newTx(c *RawChannel) tx {
	c.raw.t.Helper()
	Call[*wire.TxSelectOk](c, &wire.TxSelect{})
	return tx{c}
}

// commit commits and gives what arrived before the reply.
func (x tx) commit() []string {
	x.c.raw.t.Helper()
	x.c.Send(&wire.TxCommit{})
	return x.c.until(wire.IDTxCommitOk)
}

func (x tx) rollback() {
	x.c.raw.t.Helper()
	Call[*wire.TxRollbackOk](x.c, &wire.TxRollback{})
}
