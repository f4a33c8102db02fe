package conformance

import (
	"fmt"
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

// delayedQueueCases are about what queues do with delayed messages.
var delayedQueuesCases = []Case{
	{
		ID:       "delayed/expiration",
		Title:    "a message's expiration begins when it comes to its queue",
		Why:      "A delay that is longer than it would else lose every message.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			p := delayedBy(int32(300))
			p.Flags |= wire.HasExpiration
			p.Expiration = "100"
			d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "k"}, p, "m")
			t.Observe("delivered", d.box.delays(1))
			e := newDeadLetters(t)
			e.c.Bind(e.q, d.x, "dies")
			d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "dies"}, p, "dies")
			t.Observe("letter", e.box.letters(1))
		},
	},
	{
		ID:       "delayed/priority",
		Title:    "a queue with priorities puts what was delayed where its priority says",
		Why:      "A delay is no rank.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			q := t.QueueName("ranked")
			d.c.Queue(q, argument("x-max-priority", int32(5))...)
			d.c.Bind(q, d.x, "ranked")
			for _, each := range []struct {
				priority uint8
				delay    int32
			}{{1, 0}, {5, 200}, {3, 0}, {4, 100}} {
				p := delayedBy(each.delay)
				p.Flags |= wire.HasPriority
				p.Priority = each.priority
				d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "ranked"}, p, fmt.Sprint(each.priority))
			}
			t.arrives(d.c, q, 4)
			t.Check("order", d.c.Drain(q), []string{"5", "4", "3", "1"})
		},
	},
	{
		ID:       "delayed/dead-letters",
		Title:    "dead letters may be delayed by their header, and come without delay once they were",
		Why:      "This is how retries are built.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "fanout")
			dies := t.QueueName("dies")
			d.c.Queue(dies, argument("x-dead-letter-exchange", d.x)...)
			d.c.Bind(dies, "amq.direct", dies)
			d.c.PublishWith(&wire.BasicPublish{RoutingKey: dies}, delayedBy(int32(1000)), "m")
			d.c.reject(dies)
			d.c.PublishWith(&wire.BasicPublish{RoutingKey: dies}, delayedBy(int32(0)), "n")
			d.c.reject(dies)
			t.Observe("letters", d.box.letters(2))
			again := t.ExchangeName("again")
			d.c.Exchange(again, delayedKind, argument("x-delayed-type", "fanout")...)
			d.c.Bind(dies, again, "")
			d.c.PublishWith(&wire.BasicPublish{Exchange: again}, delayedBy(int32(200)), "delayed, then dead")
			t.arrives(d.c, dies, 1)
			d.c.reject(dies)
			t.Observe("letter", d.box.letters(1))
			p := delayedBy("100", wire.Field{Key: "z", Value: "z"})
			p.Flags |= wire.HasDeliveryMode
			p.DeliveryMode = 2
			d.c.PublishWith(&wire.BasicPublish{Exchange: again}, p, "persistent")
			t.arrives(d.c, dies, 1)
			d.c.reject(dies)
			t.Observe("letter of a persistent one", d.box.letters(1))
			d.c.PublishWith(&wire.BasicPublish{Exchange: again}, p, strings.Repeat("long ", 2000))
			t.arrives(d.c, dies, 1)
			d.c.reject(dies)
			t.Observe("letter of a long one", d.box.letters(1))
			quorum := t.QueueName("quorum")
			d.c.Queue(quorum, append(argument("x-dead-letter-exchange", d.x), queueType("quorum"))...)
			d.c.Bind(quorum, d.x, "")
			Call[*wire.QueueUnbindOk](d.c, &wire.QueueUnbind{Queue: d.q, Exchange: d.x, RoutingKey: "k"})
			d.c.PublishWith(&wire.BasicPublish{Exchange: d.x}, p, "to a quorum queue")
			t.arrives(d.c, quorum, 1)
			Call[*wire.QueueUnbindOk](d.c, &wire.QueueUnbind{Queue: quorum, Exchange: d.x})
			d.c.Bind(d.q, d.x, "k")
			ok := Call[*wire.BasicGetOk](d.c, &wire.BasicGet{Queue: quorum})
			d.c.Send(&wire.BasicReject{DeliveryTag: ok.DeliveryTag, Requeue: true})
			t.arrives(d.c, quorum, 1)
			d.c.reject(quorum)
			t.Observe("letter of a quorum queue", d.box.letters(1))
		},
	},
	{
		ID:       "delayed/quorum",
		Title:    "quorum queues and streams get delayed messages, too",
		Why:      "The kind of the queue is not the exchange's matter.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "fanout")
			q, stream := t.QueueName("quorum"), t.QueueName("stream")
			d.c.Queue(q, queueType("quorum"))
			d.c.Queue(stream, queueType("stream"))
			d.c.Bind(q, d.x, "")
			d.c.Bind(stream, d.x, "")
			box := d.r.letterbox(q)
			d.publish("m", int32(100))
			t.Observe("classic", d.box.delays(1))
			t.Observe("quorum", box.delays(1))
			d.publish("n", int32(0))
			t.Observe("classic", d.box.delays(1))
			want := 2
			if t.In(UpTo("3.12")) {
				want = 1
			}
			t.AwaitStream(stream)
			t.Observe("stream", t.Read(stream, "first", 10).delays(want))
		},
	},
}
