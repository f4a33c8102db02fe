package conformance

import (
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

// delayedRetry are the arguments of a quorum queue that holds back what comes back: of what type, and for how many
// milliseconds.
func delayedRetry(kind string, least any, more ...wire.Field) wire.Table {
	return append(quorum(wire.Field{Key: "x-delayed-retry-type", Value: kind}, wire.Field{Key: "x-delayed-retry-min", Value: least}), more...)
}

func delayedRetryMax(ms any) wire.Field { return wire.Field{Key: "x-delayed-retry-max", Value: ms} }

func retryPolicy(kind string, least int) map[string]any {
	return map[string]any{"delayed-retry-type": kind, "delayed-retry-min": least}
}

// giveBack takes a message from a queue on a channel of its own, which is left open, and returns it.
func (r *Raw) giveBack(queue string, how wire.Method) {
	r.t.Helper()
	r.t.unrecorded(func() {
		c := r.Channel()
		Call[*wire.BasicGetOk](c, &wire.BasicGet{Queue: queue})
		switch how.(type) {
		case *wire.ChannelClose:
			c.Close()
		case *wire.BasicRecover:
			Call[*wire.BasicRecoverOk](c, how)
		default:
			c.Send(how)
			c.RoundTrip()
		}
	})
}

// returns are the ways in which a client gives back its first message.
var returns = []wire.Method{&wire.BasicNack{DeliveryTag: 1, Requeue: true}, &wire.BasicReject{DeliveryTag: 1, Requeue: true},
	&wire.BasicRecover{Requeue: true}, &wire.ChannelClose{ReplyCode: wire.ReplySuccess}}

var quorumRetryCases = []Case{
	{
		ID: "quorum-retry/types", Title: "type all delays what comes back, failed only what failed, returned only what did not",
		Why: "A worker that rejects gets the same message again at once otherwise.", Source: pageQuorum + "#delayed-retry", Releases: Since("4.3"), Waits: true,
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			var queues []string
			for _, kind := range []string{"all", "failed", "returned", "disabled", "sometimes"} {
				for _, how := range returns {
					q := t.QueueName(kind + ", " + how.ID().String())
					queues = append(queues, q)
					c.Queue(q, delayedRetry(kind, int32(30000))...)
					t.Publish("", q, "m")
					r.giveBack(q, how)
				}
			}
			c.passes("700") // what a channel had comes back after it has closed
			for _, q := range queues {
				t.Observe(q+": back", t.answer(c, &wire.BasicGet{Queue: q, NoAck: true}) != "get-empty")
			}
		},
	},
	{
		ID: "quorum-retry/values", Title: "the minimum is a positive number, or nothing is delayed; a maximum below it counts",
		Why: "A delay that is misspelt is none, and nothing tells.", Source: measured, Releases: Since("4.3"), Waits: true,
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			for _, values := range [][2]any{{nil, int32(30000)}, {int32(0), int32(30000)}, {"30000", int32(30000)}, {int64(30000), nil},
				{int32(30000), "x"}, {int32(-1), nil}, {float64(30000), nil}, {int32(30000), int32(0)}} {
				q := t.QueueName("q")
				c.Queue(q, delayedRetry("all", values[0], delayedRetryMax(values[1]))...)
				t.Publish("", q, "m")
				r.giveBack(q, returns[0])
				t.Observe(render(values)+": at once", t.answer(c, &wire.BasicGet{Queue: q, NoAck: true}) != "get-empty")
			}
		},
	},
	{
		ID: "quorum-retry/growth", Title: "with a maximum the delay grows with the failures, up to it; without one it does not",
		Why: "A service that is down must not be asked more and more often.", Source: pageQuorum + "#delayed-retry", Releases: Since("4.3"), Waits: true,
		Run: func(t *T) {
			for _, most := range []any{nil, int32(500)} {
				for _, how := range []wire.Method{returns[0], returns[1]} {
					r := t.Raw()
					c, q := r.Channel(), t.QueueName("q")
					c.Queue(q, delayedRetry("all", int32(200), delayedRetryMax(most))...)
					t.Publish("", q, "m")
					var least []bool
					for i := range 3 {
						start := time.Now()
						r.giveBack(q, how)
						t.unrecorded(func() { c.CheckCounts("back", q, Counts{Ready: 1}) })
						floor := []time.Duration{200, 400, 500}[i]
						if most == nil || how == returns[0] {
							floor = 200
						}
						least = append(least, time.Since(start) > (floor-100)*time.Millisecond)
					}
					t.Observe(render(most)+", "+how.ID().String()+": as long as it should", least)
				}
			}
		},
	},
	{
		ID: "quorum-retry/order", Title: "what comes back goes before what was not delivered; it is not ready until then, and purged with the others",
		Why: "Counts and order show in dashboards and in tests.", Source: measured, Releases: Since("4.3"), Waits: true,
		Run: func(t *T) {
			r := t.Raw()
			c, q := r.Channel(), t.QueueName("q")
			c.Queue(q, delayedRetry("all", int32(700))...)
			t.Publish("", q, "a", "b", "c")
			r.giveBack(q, returns[0])
			r.giveBack(q, returns[1])
			t.Publish("", q, "d")
			c.CheckCounts("while they wait", q, Counts{Ready: 2})
			c.CheckCounts("once they are back", q, Counts{Ready: 4})
			t.Observe("order", c.Drain(q))

			t.Publish("", q, "a", "b", "c")
			r.giveBack(q, returns[0])
			t.Observe("purged", Call[*wire.QueuePurgeOk](c, &wire.QueuePurge{Queue: q}).MessageCount)
			c.passes("1000")
			t.Observe("later", c.Drain(q))

			t.Publish("", q, "a", "b", "c")
			r.giveBack(q, returns[0])
			t.Observe("deleted", Call[*wire.QueueDeleteOk](c, &wire.QueueDelete{Queue: q}).MessageCount)
		},
	},
	{
		ID: "quorum-retry/consumer", Title: "a consumer gets what it gave back when the delay is over",
		Why: "Workers consume, and do not ask.", Source: pageQuorum + "#delayed-retry", Releases: Since("4.3"), Waits: true,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, delayedRetry("failed", int32(500))...)
			t.Publish("", q, "a", "b")
			c.Qos(1, false)
			c.Consume(q, "c")
			t.Observe("first", c.Lines(1))
			c.Send(&wire.BasicReject{DeliveryTag: 1, Requeue: true})
			t.Observe("next", c.Lines(1))
			c.Send(&wire.BasicAck{DeliveryTag: 2})
			t.Observe("again", c.Lines(1))
		},
	},
	{
		ID: "quorum-retry/limits", Title: "a delivery limit and a length count what is held back as every queue of its type does; its time to live goes on",
		Why: "Retries must end.", Source: measured, Releases: Since("4.3"), Waits: true,
		Run: func(t *T) {
			r := t.Raw()
			c, dead := r.Channel(), t.QueueName("dead")
			c.Queue(dead)
			q := t.QueueName("delivery-limit")
			c.Queue(q, append(delayedRetry("all", int32(3000), wire.Field{Key: "x-delivery-limit", Value: int32(0)}), deadLetterTo(dead)...)...)
			t.Publish("", q, "m")
			r.giveBack(q, returns[1])
			c.CheckCounts("dead at once", dead, Counts{Ready: 1})
			c.Drain(dead)

			q = t.QueueName("length")
			c.Queue(q, append(delayedRetry("all", int32(2000), maxLength(2)), deadLetterTo(dead)...)...)
			t.Publish("", q, "a", "b")
			r.giveBack(q, returns[0])
			t.Publish("", q, "c", "d")
			c.CheckCounts("dropped", dead, Counts{Ready: 2})
			t.Observe("which", c.Drain(dead))
			c.passes("2500")
			t.Observe("left", c.Drain(q))
			t.Observe("dropped later", c.Drain(dead))

			q = t.QueueName("ttl")
			c.Queue(q, append(delayedRetry("all", int32(4000), messageTTL(500)), deadLetterTo(dead)...)...)
			t.Publish("", q, "a")
			r.giveBack(q, returns[0])
			c.passes("700")
			t.Observe("expired while it waits", c.Drain(dead))
			c.passes("4000")
			t.Observe("then", c.Drain(dead))
			t.Observe("left of it", c.Drain(q))
		},
	},
	{
		ID: "quorum-retry/policy", Title: "a policy delays, unless arguments do; it holds for what comes back from then on",
		Why: "Operators slow down a loop.", Source: pageQuorum + "#delayed-retry", Releases: Since("4.3"), Management: true, Waits: true,
		Run: func(t *T) {
			r := t.Raw()
			c, q := r.Channel(), t.QueueName("q")
			c.Queue(q, quorum()...)
			t.Publish("", q, "m")
			atOnce := func(label string) {
				r.giveBack(q, returns[0])
				got := t.answer(c, &wire.BasicGet{Queue: q, NoAck: true})
				t.Observe(label+": at once", got != "get-empty")
				t.Publish("", q, "m")
			}
			atOnce("no policy")
			t.Policy(q, retryPolicy("all", 5000))
			atOnce("policy")
			t.Unpolicy(q)
			atOnce("no policy again")
			for _, both := range []struct {
				label    string
				argument wire.Table
				policy   map[string]any
			}{
				{"type failed by argument, all by policy", delayedRetry("failed", int32(3000)), retryPolicy("all", 3000)},
				{"type all by argument, disabled by policy", delayedRetry("all", int32(3000)), map[string]any{"delayed-retry-type": "disabled"}},
				{"3 s by argument, 100 ms by policy", delayedRetry("all", int32(3000)), retryPolicy("all", 100)},
				{"100 ms by argument, 3 s by policy", delayedRetry("all", int32(100)), retryPolicy("all", 3000)},
			} {
				q = t.QueueName("both")
				c.Queue(q, both.argument...)
				t.Publish("", q, "m")
				t.Policy(q, both.policy)
				r.giveBack(q, returns[0])
				c.passes("600")
				t.Observe(both.label+": soon", t.answer(c, &wire.BasicGet{Queue: q, NoAck: true}) != "get-empty")
			}
		},
	},
}
