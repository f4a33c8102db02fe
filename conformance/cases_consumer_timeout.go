package conformance

import (
	"fmt"
	"strings"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

// What RabbitMQ does about messages that are held for too long has changed twice. In 3.10 a channel looks at the oldest
// message that its client holds, against the node's consumer_timeout. In 4.0 a queue can have a time of its own. In 4.3
// quorum queues look, and no other queue does.

// heldTooLong is the error of a channel that looks itself; 4.3 gives the time as -1.
func heldTooLong(channel uint16, ms int) Error {
	return ChannelError(wire.PreconditionFailed, fmt.Sprintf("delivery acknowledgement on channel %d timed out. Timeout value used: %d ms. "+
		"This timeout value can be configured, see consumers doc guide to learn more", channel, ms), 0)
}

// quorumWithTimeout declares a quorum queue with a consumer timeout of its own and publishes messages to it.
func quorumWithTimeout(t *T, c *RawChannel, ms int32, bodies ...string) (queue string) {
	t.Helper()
	queue = t.QueueName("q")
	c.Queue(queue, queueType("quorum"), consumerTimeout(ms))
	t.Publish("", queue, bodies...)
	return queue
}

var consumerTimeoutCases = []Case{
	{
		ID:     "consumer-timeout/values",
		Title:  "up to 4.0 x-consumer-timeout takes anything; 4.3 takes natural numbers, and only for quorum queues",
		Why:    "A queue whose timeout is misspelt must not seem to have one.",
		Source: pageConsumers + "#acknowledgement-timeout",
		Run: func(t *T) {
			r := t.Raw()
			for _, kind := range []string{"classic", "quorum"} {
				for _, value := range []any{int32(1000), int32(0), int32(-5), "1000"} {
					label := fmt.Sprintf("%T %v", value, value)
					q := t.QueueName(strings.ReplaceAll(kind+" "+label, " ", "-"))
					m := &wire.QueueDeclare{Queue: q, Durable: true, Arguments: wire.Table{queueType(kind), consumerTimeout(value)}}
					explanation := ""
					switch {
					case !t.In(Since("4.3")):
					case kind == "classic":
						explanation = fmt.Sprintf("invalid arg 'x-consumer-timeout' for queue '%s' in vhost '/' of queue type rabbit_classic_queue", q)
					case value == any(int32(-5)):
						explanation = fmt.Sprintf("invalid arg 'x-consumer-timeout' for queue '%s' in vhost '/': {value_negative,-5}", q)
					case value == any("1000"):
						explanation = fmt.Sprintf(`invalid arg 'x-consumer-timeout' for queue '%s' in vhost '/': "expected integer, got longstr"`, q)
					}
					if explanation == "" {
						t.Check(kind+" "+label, Call[*wire.QueueDeclareOk](r.Channel(), m).Queue, q)
					} else {
						t.Check(kind+" "+label, r.Channel().Refused(m), ChannelError(wire.PreconditionFailed, explanation, wire.IDQueueDeclare))
					}
				}
			}
		},
	},
	{
		ID:     "consumer-timeout/consumer-values",
		Title:  "a consumer's x-consumer-timeout is looked at since 4.3, on quorum queues only",
		Why:    "A consumer that asks for a time must get it or hear that it does not.",
		Source: pageConsumers + "#acknowledgement-timeout",
		Run: func(t *T) {
			r := t.Raw()
			for _, kind := range []string{"classic", "quorum"} {
				q := t.QueueName(kind)
				r.Channel().Queue(q, queueType(kind))
				for _, value := range []any{int32(100000), int32(-5), "1000"} {
					label := fmt.Sprintf("%T %v", value, value)
					m := &wire.BasicConsume{Queue: q, ConsumerTag: "c", Arguments: wire.Table{consumerTimeout(value)}}
					explanation := ""
					switch {
					case !t.In(Since("4.3")):
					case kind == "classic":
						explanation = fmt.Sprintf("invalid arg 'x-consumer-timeout' for queue '%s' in vhost '/' of queue type rabbit_classic_queue", q)
					case value == any(int32(-5)):
						explanation = fmt.Sprintf("invalid arg 'x-consumer-timeout' for queue '%s' in vhost '/': {value_negative,-5}", q)
					case value == any("1000"):
						explanation = fmt.Sprintf(`invalid arg 'x-consumer-timeout' for queue '%s' in vhost '/': "expected integer, got longstr"`, q)
					}
					if explanation == "" {
						t.Check(kind+" "+label, Call[*wire.BasicConsumeOk](r.Channel(), m).ConsumerTag, "c")
					} else {
						t.Check(kind+" "+label, r.Channel().Refused(m), ChannelError(wire.PreconditionFailed, explanation, wire.IDBasicConsume))
					}
				}
			}
		},
	},
	{
		ID:       "consumer-timeout/channel-is-closed",
		Title:    "up to 4.0 a channel whose client holds a message for too long is closed with a 406, and all that it holds comes back",
		Why:      "A worker that hangs loses its messages to others.",
		Source:   pageConsumers + "#acknowledgement-timeout",
		Releases: UpTo("4.2"),
		Node:     true,
		Run: func(t *T) {
			t.SetConsumerTimeout(time.Second)
			r := t.Raw()
			for _, kind := range []string{"classic", "quorum"} {
				c, q, idle := r.Channel(), t.QueueName(kind), t.QueueName(kind+"-idle")
				c.Queue(q, queueType(kind))
				c.Queue(idle)
				t.Publish("", q, "a", "b")
				c.Consume(idle, "idle")
				c.Consume(q, "c")
				t.Check(kind+" deliveries", c.Lines(2), []string{`deliver c 1 "a"`, `deliver c 2 "b"`})
				t.Check(kind+" error", c.Error(), heldTooLong(c.Number, 1000))
				other := r.Channel()
				other.CheckCounts(kind+" came back", q, Counts{Ready: 2})
				other.CheckCounts(kind+" the other consumer is gone", idle, Counts{})
				t.Check(kind+" redelivered", other.Get(q), `get-ok 1 left 1 redelivered "a"`)
				other.Close()
			}
		},
	},
	{
		ID:       "consumer-timeout/got",
		Title:    "up to 4.0 the time runs for what basic.get got, too",
		Why:      "Whoever polls can hang as well.",
		Source:   measured,
		Releases: UpTo("4.2"),
		Node:     true,
		Run: func(t *T) {
			t.SetConsumerTimeout(time.Second)
			r := t.Raw()
			c := r.Channel()
			q := taken(t, c, "a")
			t.Check("error", c.Error(), heldTooLong(1, 1000))
			t.Check("came back", r.Channel().DrainRequeued(q, 1), []string{"a"})
		},
	},
	{
		ID:       "consumer-timeout/oldest",
		Title:    "up to 4.0 a channel looks at the oldest message only: one behind it that is late waits until it is the oldest",
		Why:      "The time of a queue does not help while the channel holds something else.",
		Source:   measured,
		Releases: Between("3.12", "4.2"),
		Node:     true,
		Run: func(t *T) {
			t.SetConsumerTimeout(time.Minute)
			r := t.Raw()
			c, patient, hasty := r.Channel(), t.QueueName("patient"), t.QueueName("hasty")
			c.Queue(patient)
			c.Queue(hasty, consumerTimeout(int32(500)))
			t.Publish("", patient, "a")
			t.Publish("", hasty, "b")
			c.Consume(patient, "p")
			t.Check("oldest", c.Lines(1), []string{`deliver p 1 "a"`})
			c.Consume(hasty, "h")
			t.Check("behind it", c.Lines(1), []string{`deliver h 2 "b"`})
			other := r.Channel()
			clock := t.QueueName("clock")
			other.Queue(clock, consumerTimeout(int32(500)))
			t.Publish("", clock, "tick")
			t.Check("by itself on another channel", other.Get(clock), `get-ok 1 left 0 "tick"`)
			t.Check("its error", other.Error(), heldTooLong(2, 500))
			t.Check("nothing behind the oldest", c.RoundTrip(), []string{})
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("error", c.Error(), heldTooLong(1, 500))
		},
	},
	{
		ID:         "consumer-timeout/argument-and-policy",
		Title:      "in 4.0 queues of all types can have a time by argument and by policy, of which the lower counts",
		Why:        "Operators bound what applications ask for.",
		Source:     pageConsumers + "#acknowledgement-timeout",
		Releases:   Between("3.12", "4.2"),
		Node:       true,
		Management: true,
		Run: func(t *T) {
			t.SetConsumerTimeout(time.Minute)
			r := t.Raw()
			for _, kind := range []string{"classic", "quorum"} {
				for _, times := range [][2]int32{{500, 30000}, {30000, 500}, {0, 30000}} {
					c, q := r.Channel(), t.QueueName(fmt.Sprint(kind, times[0]))
					c.Queue(q, queueType(kind), consumerTimeout(times[0]))
					t.Publish("", q, "a")
					t.Policy(q, map[string]any{"consumer-timeout": times[1]})
					t.Check(fmt.Sprint(kind, times), c.Get(q), `get-ok 1 left 0 "a"`)
					t.Check(fmt.Sprint(kind, times, " error"), c.Error(), heldTooLong(c.Number, int(min(times[0], times[1]))))
				}
			}
		},
	},
	{
		ID:       "consumer-timeout/quorum-takes-back",
		Title:    "in 4.3 a quorum queue takes back what is held for too long and tells the consumer with basic.cancel",
		Why:      "The other consumers of the channel go on.",
		Source:   pageConsumers + "#acknowledgement-timeout",
		Releases: Since("4.3"),
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			q := quorumWithTimeout(t, c, 300, "a", "b")
			c.Consume(q, "c")
			t.Check("delivered, and cancelled once", c.Lines(3), []string{`deliver c 1 "a"`, `deliver c 2 "b"`, "cancel c nowait"})
			other := r.Channel()
			other.CheckCounts("came back; the consumer still counts", q, Counts{Ready: 2, Consumers: 1})
			other.Send(&wire.BasicGet{Queue: q, NoAck: true})
			again := other.Next()
			t.Check("redelivered", again.String(), `get-ok 1 left 1 redelivered "a"`)
			t.Check("and not failed", again.Header.Properties.Headers, wire.Table{{Key: "x-acquired-count", Value: int64(1)}})
		},
	},
	{
		ID:       "consumer-timeout/quorum-late-settlement",
		Title:    "in 4.3 a consumer that was late gets nothing until it has settled all that was taken back, once, without effect",
		Why:      "A worker that hung and goes on meets no error, and has not acknowledged what others do.",
		Source:   pageConsumers + "#acknowledgement-timeout",
		Releases: Since("4.3"),
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			q := quorumWithTimeout(t, c, 700, "a", "b")
			c.Consume(q, "c")
			t.Check("late", c.Lines(3), []string{`deliver c 1 "a"`, `deliver c 2 "b"`, "cancel c nowait"})
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			r.Channel().CheckCounts("one settled, and nothing delivered", q, Counts{Ready: 2, Consumers: 1})
			t.Check("one settled", c.RoundTrip(), []string{})
			c.Send(&wire.BasicNack{DeliveryTag: 2})
			t.Check("both settled", c.Lines(3), []string{`deliver c 3 redelivered "a"`, `deliver c 4 redelivered "b"`, "cancel c nowait"})
			c.Send(&wire.BasicAck{DeliveryTag: 0, Multiple: true})
			t.Check("all settled", c.Lines(2), []string{`deliver c 5 redelivered "a"`, `deliver c 6 redelivered "b"`})
			t.Check("settled twice", c.Refused(&wire.BasicAck{DeliveryTag: 1}), unknownTag(1, wire.IDBasicAck))
			r.Channel().CheckCounts("in the queue", q, Counts{Ready: 2})
		},
	},
	{
		ID:       "consumer-timeout/quorum-in-transaction",
		Title:    "in 4.3 what a transaction has settled and not committed is late all the same, and the commit has no effect on it",
		Why:      "To the queue the client still holds the message.",
		Source:   measured,
		Releases: Since("4.3"),
		Waits:    true,
		Run: func(t *T) {
			r := t.Raw()
			for _, how := range []wire.Method{&wire.BasicAck{DeliveryTag: 1}, &wire.BasicReject{DeliveryTag: 1, Requeue: true}, &wire.BasicReject{DeliveryTag: 1}} {
				for _, end := range []wire.Method{&wire.TxCommit{}, &wire.TxRollback{}} {
					c := r.Channel()
					q := quorumWithTimeout(t, c, 300, "a")
					Call[*wire.TxSelectOk](c, &wire.TxSelect{})
					c.Consume(q, "c")
					label := describe(how) + ", " + end.ID().String()
					t.Observe(label+": delivered", c.Lines(1))
					c.Send(how)
					t.Observe(label+": late", c.Lines(1))
					other := r.Channel()
					other.CheckCounts(label+": came back", q, Counts{Ready: 1, Consumers: 1})
					Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "c"})
					t.Observe(label+": ended", t.answer(c, end))
					c.Close()
					t.Check(label+": still there", other.DrainRequeued(q, 1), []string{"a"})
				}
			}
		},
	},
	{
		ID:       "consumer-timeout/quorum-goes-to-another",
		Title:    "in 4.3 what was taken back goes to another consumer at once; each message that is late is told of",
		Why:      "That others take over is what the time is for.",
		Source:   pageConsumers + "#acknowledgement-timeout",
		Releases: Since("4.3"),
		Run: func(t *T) {
			r := t.Raw()
			c, other := r.Channel(), r.Channel()
			q := quorumWithTimeout(t, c, 1000, "a")
			c.Consume(q, "c")
			t.Check("first", c.Lines(1), []string{`deliver c 1 "a"`})
			other.Consume(q, "d")
			t.Check("to the other", other.Lines(1), []string{`deliver d 1 redelivered "a"`})
			other.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("told", c.Lines(1), []string{"cancel c nowait"})
			for tag, body := range []string{"b", "c"} {
				t.Publish("", q, body)
				t.Check("new ones too", other.Lines(1), []string{fmt.Sprintf("deliver d %d %q", tag+2, body)})
				other.Send(&wire.BasicAck{DeliveryTag: uint64(tag + 2)})
			}
			t.Check("nothing to the late one", c.RoundTrip(), []string{})
		},
	},
	{
		ID:       "consumer-timeout/quorum-single-active",
		Title:    "in 4.3 another consumer becomes the single active one when that is late",
		Why:      "Otherwise the queue would stand still.",
		Source:   measured,
		Releases: Since("4.3"),
		Run: func(t *T) {
			r := t.Raw()
			c, other, q := r.Channel(), r.Channel(), t.QueueName("q")
			c.Queue(q, queueType("quorum"), consumerTimeout(int32(500)), wire.Field{Key: "x-single-active-consumer", Value: true})
			c.Qos(1, false)
			c.Consume(q, "c")
			other.Consume(q, "d")
			t.Publish("", q, "a", "b")
			t.Check("late", c.Lines(2), []string{`deliver c 1 "a"`, "cancel c nowait"})
			t.Check("the other", other.Lines(2), []string{`deliver d 1 redelivered "a"`, `deliver d 2 "b"`})
		},
	},
	{
		ID:       "consumer-timeout/quorum-closes-channel",
		Title:    "in 4.3 the channel is closed if no consumer can be told: after basic.get, after basic.cancel, or if the client knows no basic.cancel",
		Why:      "A client must learn in some way that it lost a message.",
		Source:   pageConsumers + "#acknowledgement-timeout",
		Releases: Since("4.3"),
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			q := quorumWithTimeout(t, c, 300, "a")
			t.Check("get", c.Get(q), `get-ok 1 left 0 "a"`)
			t.Check("got", c.Error(), heldTooLong(1, -1))

			c = r.Channel()
			c.Consume(q, "c")
			t.Check("consume", c.Lines(1), []string{`deliver c 1 redelivered "a"`})
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "c"})
			t.Check("cancelled before", c.Error(), heldTooLong(2, -1))

			old := t.Socket()
			old.Handshake(Handshake{Properties: wire.Table{{Key: "product", Value: "old"}}})
			c = old.Channel()
			c.Consume(q, "c")
			t.Check("consume without the capability", c.Lines(1), []string{`deliver c 1 redelivered "a"`})
			t.Check("knows no basic.cancel", c.Error(), heldTooLong(1, -1))
			r.Channel().CheckCounts("came back", q, Counts{Ready: 1})
		},
	},
	{
		ID:         "consumer-timeout/quorum-which-time",
		Title:      "in 4.3 a consumer's argument goes before the queue's, and of the queue's argument and policy the lower counts; it is fixed when consuming begins",
		Why:        "Several people set it.",
		Source:     pageConsumers + "#acknowledgement-timeout",
		Releases:   Since("4.3"),
		Management: true,
		Run: func(t *T) {
			const long = 600_000
			r := t.Raw()
			for _, times := range []struct{ argument, policy, consumer int32 }{
				{300, long, -1}, {long, 300, -1}, {long, long, 300}, {300, long, 500}, {long, 0, -1},
			} {
				label := fmt.Sprintf("argument %d, policy %d, consumer %d", times.argument, times.policy, times.consumer)
				c, q := r.Channel(), t.QueueName(fmt.Sprint("q", times.argument, "-", times.policy, "-", times.consumer))
				c.Queue(q, queueType("quorum"), consumerTimeout(times.argument))
				t.Policy(q, map[string]any{"consumer-timeout": times.policy})
				t.Publish("", q, "a")
				consume := &wire.BasicConsume{Queue: q, ConsumerTag: "c"}
				if times.consumer >= 0 {
					consume.Arguments = wire.Table{consumerTimeout(times.consumer)}
				}
				c.ConsumeWith(consume)
				t.Policy(q, map[string]any{"consumer-timeout": long})
				t.Check(label, c.Lines(2), []string{`deliver c 1 "a"`, "cancel c nowait"})
			}
		},
	},
}
