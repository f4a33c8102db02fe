package conformance

import (
	"fmt"
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

// What follows are cases that random programs have found; see package random.

var txFoundCases = []Case{
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
					fresh.CheckCounts(label+": in the new queue", q, Counts{Ready: ByRelease(t, From(Only310, uint32(1)), From(Since40, uint32(0)))})
				}
				got := uint32(1)
				if t.In(Only43) && !redeclare {
					got = 0
				}
				fresh.CheckCounts(label+": in the other queue", other, Counts{Ready: got})
			}
			incomplete := ChannelError(wire.PreconditionFailed, "partial tx completion", wire.IDTxCommit)
			gone("gone", func(c *RawChannel) {
				switch {
				case t.In(Only310):
					Call[*wire.TxCommitOk](c, &wire.TxCommit{})
				case t.In(Only40):
					t.Check("commit", c.Refused(&wire.TxCommit{}), incomplete)
				default:
					got := c.Refused(&wire.TxCommit{})
					// Erlang breaks the line where it gets too long, so only the beginning is sure.
					t.Check("commit", []any{got.Scope, got.Code, strings.HasPrefix(got.Text, "RESOURCE_ERROR - failed to deliver message: {not_found,"), got.Method},
						[]any{OnConnection, wire.ResourceError, true, wire.IDTxCommit})
				}
			}, false)
			gone("new", func(c *RawChannel) {
				if t.In(Only310) {
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
}

var limitFoundCases = []Case{
	{
		ID:     "max-length/quorum-each-publisher",
		Title:  "a quorum queue that refuses does so to publishers that it knows; one that comes when it is not over its limit is heard",
		Why:    "It tells publishers when it goes over its limit, and when it is down to four fifths of it.",
		Source: pageMaxLength,
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			q := t.limited(c, "quorum", maxLength(3), overflow("reject-publish"))
			publish := func(label string, p *RawChannel, want ...string) {
				t.Helper()
				got := []string{}
				for range want {
					p.Publish("", q, "m")
					got = append(got, strings.Fields(p.Lines(1)[0])[0])
					p.heard(q)
				}
				t.Check(label, got, want)
			}
			confirming := func() *RawChannel {
				p := r.Channel()
				Call[*wire.ConfirmSelectOk](p, &wire.ConfirmSelect{})
				return p
			}
			known, over := confirming(), confirming()
			publish("to the limit and one more", known, "ack", "ack", "ack", "ack", "nack")
			publish("new, over the limit", over, "nack")
			get := func() { Call[*wire.BasicGetOk](c, &wire.BasicGet{Queue: q}) }
			get()
			publish("at the limit", known, "nack")
			publish("known, at the limit", over, "nack")
			publish("new, at the limit", confirming(), "ack", "nack")
			get()
			get()
			publish("below", known, "ack", "ack")
			publish("over again", over, "nack")
		},
	},
}

var quorumDeadFoundCases = []Case{
	{
		ID:     "quorum.dead/dropped-together",
		Title:  "what a new limit drops from a quorum queue at once dies last to first up to 4.0, first to last in 4.3",
		Why:    "Who reads dead letters sees their order.",
		Source: pageMaxLength,
		Run: func(t *T) {
			for _, kind := range []string{"classic", "quorum"} {
				c, q, dlq := t.Raw().Channel(), t.QueueName(kind), t.QueueName(kind+"-dlq")
				c.Queue(dlq)
				c.Queue(q, append(deadLetterTo(dlq), queueType(kind))...)
				c.Publish("", q, "a", "b", "c", "d")
				c.CheckCounts(kind+" before", q, Counts{Ready: 4})
				t.Policy(q, map[string]any{"max-length": 1})
				c.CheckCounts(kind+" dead", dlq, Counts{Ready: 3})
				want := []string{"a", "b", "c"}
				if kind == "quorum" && t.In(Before43) {
					want = []string{"c", "b", "a"}
				}
				t.Check(kind+" order", c.Drain(dlq), want)
				t.Check(kind+" left", c.Drain(q), []string{"d"})
			}
		},
	},
}

var deadLetterFoundCases = []Case{
	{
		ID:     "deadletter/rejected-together",
		Title:  "messages that a consumer rejects together from a classic queue die in the order of their priorities, without them in that of their delivery",
		Why:    "Who reads dead letters sees their order.",
		Source: pagePriority,
		Run: func(t *T) {
			for _, arguments := range []wire.Table{{}, argument("x-max-priority", int32(10))} {
				label := fmt.Sprintf("priorities-%d", len(arguments))
				c, q, dlq := t.Raw().Channel(), t.QueueName(label), t.QueueName(label+"-dlq")
				c.Queue(dlq)
				c.Queue(q, append(deadLetterTo(dlq), arguments...)...)
				c.Consume(q, "c")
				for i, body := range []string{"a1", "b5", "c1", "d9", "e5"} {
					c.publishPriorities(q, []string{body}, []int{int("15195"[i] - '0')})
					c.Next()
				}
				c.Send(&wire.BasicNack{DeliveryTag: 5, Multiple: true})
				c.CheckCounts(label+" dead", dlq, Counts{Ready: 5})
				want := []string{"a1", "b5", "c1", "d9", "e5"}
				if len(arguments) > 0 {
					want = []string{"d9", "b5", "e5", "a1", "c1"}
				}
				t.Check(label+" order", c.Drain(dlq), want)
			}
		},
	},
	{
		ID:     "deadletter/lazy",
		Title:  "a death in a lazy queue of 3.10 does not tell of the expiration that the message had",
		Why:    "Such queues keep messages as they arrived, without a look at their properties.",
		Source: pageTTL,
		Run: func(t *T) {
			for _, mode := range []string{"default", "lazy"} {
				c, q, dlq := t.Raw().Channel(), t.QueueName(mode), t.QueueName(mode+"-dlq")
				c.Queue(dlq)
				c.Queue(q, append(deadLetterTo(dlq), wire.Field{Key: "x-queue-mode", Value: mode})...)
				c.publishExpiring(q, "m", -1, "0")
				c.CheckCounts(mode, dlq, Counts{Ready: 1})
				c.Send(&wire.BasicGet{Queue: dlq, NoAck: true})
				v, _ := c.Next().Header.Properties.Headers.Get("x-death")
				death, _ := v.(wire.Array)[0].(wire.Table)
				_, tells := death.Get("original-expiration")
				t.Check(mode+" tells", tells, !(mode == "lazy" && t.In(Only310)))
			}
		},
	},
}

var quorumOrderFoundCases = []Case{
	{
		ID:     "quorum.order/same-tag-again",
		Title:  "a channel that consumes again under a tag of which it still holds messages has one consumer, not two",
		Why:    "A quorum queue counts a cancelled consumer as long as it holds messages.",
		Source: pageQuorum,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum()...)
			c.Consume(q, "again")
			c.Publish("", q, "m")
			t.Check("delivered", c.Lines(1), []string{`deliver again 1 "m"`})
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "again"})
			c.CheckCounts("cancelled", q, Counts{Consumers: 1})
			c.Consume(q, "again")
			c.CheckCounts("again", q, Counts{Consumers: 1})
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			c.CheckCounts("settled", q, Counts{Consumers: 1})
		},
	},
	{
		ID:     "quorum.order/got-comes-back",
		Title:  "what basic.get got comes back in the order of the letters of its delivery tags when the channel ends",
		Why:    "Each basic.get is a consumer of its own, and its tag is text: 10 before 9.",
		Source: pageQuorum,
		Run: func(t *T) {
			r := t.Raw()
			c, q := r.Channel(), t.QueueName("q")
			c.Queue(q, quorum()...)
			for i := range 11 {
				c.Publish("", q, fmt.Sprint(i+1))
			}
			c.CheckCounts("published", q, Counts{Ready: 11})
			got := r.Channel()
			for range 11 {
				Call[*wire.BasicGetOk](got, &wire.BasicGet{Queue: q})
			}
			got.Close()
			t.Check("order", c.DrainRequeued(q, 11), []string{"1", "10", "11", "2", "3", "4", "5", "6", "7", "8", "9"})
		},
	},
	{
		ID:     "quorum.order/older-third",
		Title:  "of three messages that 4.0 takes from a quorum queue, the third is the older one of the first high and the first normal",
		Why:    "A normal message must not wait forever behind high ones.",
		Source: pageQuorum + "#priorities",
		Run: func(t *T) {
			c := t.Raw().Channel()
			for _, each := range []struct {
				label             string
				bodies            []string
				priorities        []int
				in310, in40, in43 []string
			}{
				{"normal-first", []string{"x", "y", "n", "h", "n2", "h2"}, []int{4, 4, 4, 9, 4, 9},
					[]string{"n", "h", "n2", "h2"}, []string{"n", "h", "h2", "n2"}, []string{"h", "h2", "n", "n2"}},
				{"high-first", []string{"x", "y", "h", "n", "h2", "n2"}, []int{4, 4, 9, 4, 9, 4},
					[]string{"h", "n", "h2", "n2"}, []string{"h", "h2", "n", "n2"}, []string{"h", "h2", "n", "n2"}},
			} {
				q := t.QueueName(each.label)
				c.Queue(q, quorum()...)
				c.publishPriorities(q, each.bodies[:2], each.priorities[:2])
				c.CheckCounts(each.label+" two", q, Counts{Ready: 2})
				t.Check(each.label+" two", c.Drain(q), []string{"x", "y"})
				c.publishPriorities(q, each.bodies[2:], each.priorities[2:])
				c.CheckCounts(each.label+" four", q, Counts{Ready: 4})
				t.Check(each.label+" order", c.Drain(q), ByRelease(t, From(Only310, each.in310), From(Only40, each.in40), From(Only43, each.in43)))
			}
		},
	},
	{
		ID:     "quorum.order/returned-one-by-one",
		Title:  "where what is returned goes to the end of the queue, as in 3.10, it comes back one by one, otherwise consumer by consumer",
		Why:    "The tags of deliveries to several consumers of one channel show it.",
		Source: pageQuorum,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum()...)
			c.Consume(q, "first")
			for i := range 3 {
				c.Publish("", q, fmt.Sprint(i+1))
				c.Next()
			}
			c.Consume(q, "second")
			c.Send(&wire.BasicNack{DeliveryTag: 3, Multiple: true, Requeue: true})
			var got []string
			for range 3 {
				d := c.Next()
				got = append(got, d.Method.(*wire.BasicDeliver).ConsumerTag+" "+string(d.Body))
			}
			t.Check("order", got, ByRelease(t,
				From(Only310, []string{"first 1", "second 2", "first 3"}),
				From(Since40, []string{"first 1", "first 3", "second 2"})))
		},
	},
	{
		ID:     "quorum.order/failed-channel-first",
		Title:  "when a connection ends over an error of a channel, what that channel holds comes back first",
		Why:    "The other channels end in any order.",
		Source: pageQuorum,
		Run: func(t *T) {
			for _, failing := range []string{"first", "last"} {
				q, c := t.QueueName(failing), t.Raw().Channel()
				c.Queue(q, quorum()...)
				c.Publish("", q, "a", "b")
				c.CheckCounts(failing+" published", q, Counts{Ready: 2})
				a, b := t.getOnTwoChannels(q)
				want := map[string][]string{"first": {"a", "b"}, "last": {"b", "a"}}[failing]
				if failing == "last" {
					a = b
				}
				t.Check(failing+" error", a.Refused(&wire.BasicQos{PrefetchSize: 1}).Code, wire.NotImplemented)
				t.Check(failing+" order", c.DrainRequeued(q, 2), want)
			}
		},
	},
	{
		ID:     "connection.error/failed-channel-hands-on",
		Title:  "when a connection ends over an error of a channel, what that channel held has gone on before the other channels give back theirs",
		Why:    "So a consumer gets the later of two messages first, though both come back. With a quorum queue that is a matter of luck.",
		Source: pageChannels,
		Run: func(t *T) {
			q, c := t.QueueName("q"), t.Raw().Channel()
			c.Queue(q)
			c.Publish("", q, "a", "b")
			c.CheckCounts("published", q, Counts{Ready: 2})
			_, second := t.getOnTwoChannels(q)
			c.Qos(1, false)
			c.Consume(q, "c")
			t.Check("error", second.Refused(&wire.BasicQos{PrefetchSize: 1}).Code, wire.NotImplemented)
			t.Check("gets", string(c.Next().Body), "b")
		},
	},
}

// getOnTwoChannels takes the first two messages of a queue, each on a channel of its
// own, of one connection.
func (t *T) getOnTwoChannels(queue string) (first, second *RawChannel) {
	t.Helper()
	r := t.Raw()
	first, second = r.Channel(), r.Channel()
	for _, ch := range []*RawChannel{first, second} {
		Call[*wire.BasicGetOk](ch, &wire.BasicGet{Queue: queue})
	}
	return first, second
}
