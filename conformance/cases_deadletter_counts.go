package conformance

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

// deliveryCounts tells of a delivery what its queue says about earlier ones.
func deliveryCounts(c Command) string {
	redelivered := false
	switch m := c.Method.(type) {
	case *wire.BasicGetOk:
		redelivered = m.Redelivered
	case *wire.BasicDeliver:
		redelivered = m.Redelivered
	default:
		return c.String()
	}
	count := func(name string) any {
		value, _ := c.Header.Properties.Headers.Get(name)
		return value
	}
	return fmt.Sprintf("redelivered %t, acquired %v, failed %v", redelivered, count("x-acquired-count"), count("x-delivery-count"))
}

// once gets a message, lets it be settled, and waits until the channel has told the queue.
func (c *RawChannel) once(queue string, settle func(tag uint64) wire.Method) Command {
	c.raw.t.Helper()
	c.Send(&wire.BasicGet{Queue: queue})
	got := c.Next()
	ok, is := got.Method.(*wire.BasicGetOk)
	if !is {
		c.raw.t.Fatalf("got %v in answer to basic.get, want a message", got)
	}
	c.Send(settle(ok.DeliveryTag))
	return got
}

var deadletterCountsCases = []Case{
	{
		ID:       "deadletter.counts/failures",
		Title:    "in 4.3 a dead letter takes along how often its delivery failed: what was rejected counts, what was nacked does not",
		Why:      "It comes as redelivered, though its new queue has never delivered it, and a quorum queue counts on from there.",
		Source:   measured,
		Releases: Since("4.3"),
		Run: func(t *T) {
			nacked := func(tag uint64) wire.Method { return &wire.BasicNack{DeliveryTag: tag} }
			rejected := func(tag uint64) wire.Method { return &wire.BasicReject{DeliveryTag: tag} }
			nackedBack := func(tag uint64) wire.Method { return &wire.BasicNack{DeliveryTag: tag, Requeue: true} }
			rejectedBack := func(tag uint64) wire.Method { return &wire.BasicReject{DeliveryTag: tag, Requeue: true} }
			for _, kind := range []string{"classic", "quorum"} {
				c, q, dlq := t.Raw().Channel(), t.QueueName(kind), t.QueueName(kind+"-dead")
				c.Queue(dlq, queueType("quorum"))
				c.Queue(q, append(deadLetterTo(dlq), queueType(kind))...)
				for _, way := range []struct {
					label string
					steps []func(uint64) wire.Method
					want  []string // at the first delivery, after a nack, and after a rejection
				}{
					{"nacked", []func(uint64) wire.Method{nacked},
						[]string{"redelivered false, acquired <nil>, failed <nil>", "redelivered true, acquired 1, failed <nil>", "redelivered true, acquired 2, failed 1"}},
					{"rejected", []func(uint64) wire.Method{rejected},
						[]string{"redelivered true, acquired 1, failed 1", "redelivered true, acquired 1, failed 1", "redelivered true, acquired 2, failed 2"}},
					{"nacked back, nacked", []func(uint64) wire.Method{nackedBack, nacked},
						[]string{"redelivered false, acquired <nil>, failed <nil>", "redelivered true, acquired 1, failed <nil>", "redelivered true, acquired 2, failed 1"}},
					{"rejected back, rejected", []func(uint64) wire.Method{rejectedBack, rejected},
						[]string{"redelivered true, acquired 2, failed 2", "redelivered true, acquired 1, failed 2", "redelivered true, acquired 2, failed 3"}},
				} {
					t.Publish("", q, "m")
					for _, step := range way.steps {
						c.CheckCounts(kind+", "+way.label+": there", q, Counts{Ready: 1})
						c.once(q, step)
					}
					var got []string
					for _, step := range []func(uint64) wire.Method{nackedBack, rejectedBack,
						func(tag uint64) wire.Method { return &wire.BasicAck{DeliveryTag: tag} }} {
						c.CheckCounts(kind+", "+way.label+": dead", dlq, Counts{Ready: 1})
						got = append(got, deliveryCounts(c.once(dlq, step)))
					}
					t.Check(kind+", "+way.label, got, way.want)
				}
			}
		},
	},
	{
		ID:       "deadletter.counts/waiting-consumer",
		Title:    "a classic queue that passes a dead letter to a consumer that waits does not look, and a quorum queue does",
		Why:      "The same message comes as redelivered or not, by who was first.",
		Source:   measured,
		Releases: Since("4.3"),
		Run: func(t *T) {
			for _, kind := range []string{"classic", "quorum"} {
				r, q, dlq := t.Raw(), t.QueueName("q-"+kind), t.QueueName(kind)
				c := r.Channel()
				c.Queue(dlq, queueType(kind))
				c.Queue(q, deadLetterTo(dlq)...)
				box := r.letterbox(dlq)
				t.Publish("", q, "m")
				c.reject(q)
				t.Check(kind, deliveryCounts(box.Next()), map[string]string{
					"classic": "redelivered false, acquired <nil>, failed <nil>",
					"quorum":  "redelivered true, acquired 1, failed 1"}[kind])
			}
		},
	},
}
