package conformance

import (
	"strconv"

	"github.com/minirabbit/minirabbit/wire"
)

var ttlHeadCases = []Case{
	{
		ID:    "ttl.head/overtaken",
		Title: "a classic queue does not look at a message that comes to its head by its priority: though due, it is delivered",
		Why: "RabbitMQ looks at the head when a message comes into an empty queue, when one has left or come back, and when " +
			"the head that it last saw is due.",
		Source: pageTTL,
		Run: func(t *T) {
			r := t.Raw()
			c, q := r.Channel(), t.QueueName("q")
			c.queueOfPriorities(q, 10)
			overtaken := func() {
				c.publishExpiring(q, "head", 0, "")
				c.publishExpiring(q, "due", 9, "0")
				c.CheckCounts("both", q, Counts{Ready: 2})
			}
			overtaken()
			t.Check("got", c.Drain(q), []string{"due", "head"})
			overtaken()
			t.Check("purged", Call[*wire.QueuePurgeOk](c, &wire.QueuePurge{Queue: q}).MessageCount, uint32(2))
			overtaken()
			consumer := r.Channel()
			consumer.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "c", NoAck: true})
			t.Check("delivered", consumer.Lines(2), []string{`deliver c 1 "due"`, `deliver c 2 "head"`})
		},
	},
	{
		ID:     "ttl.head/looked-at-again",
		Title:  "what overtook the head of a classic queue and is due goes when a message leaves or comes back",
		Why:    "The head that is got may be followed by one that is due.",
		Source: pageTTL,
		Run: func(t *T) {
			c, left, back := t.Raw().Channel(), t.QueueName("left"), t.QueueName("back")
			c.queueOfPriorities(left, 10)
			for i, p := range []int{0, 5, 9} {
				c.publishExpiring(left, strconv.Itoa(i), p, map[int]string{5: "0"}[p])
			}
			t.Check("the one before it was got", c.Drain(left), []string{"2", "0"})

			c.queueOfPriorities(back, 10)
			c.publishExpiring(back, "a", 0, "")
			t.Check("held", c.Get(back), `get-ok 3 left 0 "a"`)
			c.publishExpiring(back, "b", 0, "")
			c.publishExpiring(back, "due", 9, "0")
			c.CheckCounts("before", back, Counts{Ready: 2})
			c.Send(&wire.BasicNack{DeliveryTag: 3, Requeue: true})
			c.CheckCounts("after", back, Counts{Ready: 2})
			t.Check("remain", c.Drain(back), []string{"a", "b"})
		},
	},
	{
		ID:     "ttl.head/of-each-priority",
		Title:  "in the quorum queues of 4.3 what is due goes from the head of its priority, earlier it has to be the next to leave",
		Why:    "Quorum queues keep the messages of each priority apart, since 4.3 32 of them.",
		Source: pageTTL,
		Run: func(t *T) {
			r := t.Raw()
			c, publisher := r.Channel(), r.Channel()
			publisher.Confirm()
			publish := func(queue, body string, priority int, expiration string) {
				publisher.publishExpiring(queue, body, priority, expiration)
				Expect[*wire.BasicAck](publisher)
			}
			drained := func(label string, before43, since43 uint32, publishAll func(queue string), want ...string) {
				q := t.QueueName(label)
				c.Queue(q, quorum()...)
				publishAll(q)
				c.passes("300") // an expiration of 0 is due a millisecond later
				c.CheckCounts(label, q, Counts{Ready: ByRelease(t, On(UpTo("4.2"), before43), On(Since("4.3"), since43))})
				t.Check(label+": remain", c.Drain(q), want)
			}
			drained("alone", 2, 1, func(q string) {
				publish(q, "first", 9, "")
				publish(q, "due", -1, "0")
			}, "first")
			drained("behind", 3, 3, func(q string) {
				publish(q, "first", 9, "")
				publish(q, "second", 4, "")
				publish(q, "due", -1, "0")
			}, "first", "second")
			drained("behind-returned", 2, 1, func(q string) {
				publish(q, "returned", -1, "")
				ok := Call[*wire.BasicGetOk](c, &wire.BasicGet{Queue: q})
				c.Send(&wire.BasicNack{DeliveryTag: ok.DeliveryTag, Requeue: true})
				c.CheckCounts("returned", q, Counts{Ready: 1})
				publish(q, "due", -1, "0")
			}, "returned")
			drained("later", 3, 1, func(q string) {
				publish(q, "first", 9, "")
				publish(q, "due", -1, "100")
				publish(q, "due, too", 1, "50")
			}, "first")
		},
	},
	{
		ID:     "ttl.head/after-a-limit",
		Title:  "what is due goes from a quorum queue when a new limit has dropped what was in front of it",
		Why:    "A policy changes limits while messages wait.",
		Source: pageTTL,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, quorum()...)
			c.publishExpiring(q, "first", -1, "")
			c.publishExpiring(q, "due", -1, "0")
			c.CheckCounts("before", q, Counts{Ready: 2})
			t.Policy(q, map[string]any{"max-length": 1})
			c.CheckCounts("after", q, Counts{})
		},
	},
}
