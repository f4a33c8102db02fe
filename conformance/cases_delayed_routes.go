package conformance

import (
	"fmt"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

// delayedRouteCases are about the way that a delayed message takes.
var delayedRoutesCases = []Case{
	{
		ID:       "delayed/routed-when-due",
		Title:    "the bindings count that are there when the message is due",
		Why:      "A worker may bind its queue while the message waits.",
		Source:   measured,
		Releases: UpTo("4.1"), Delayed: true, Waits: true,
		Run: func(t *T) {
			for _, kind := range []string{"direct", "fanout", "topic", "headers"} {
				d := newDelayed(t, kind)
				late, gone := t.QueueName("late"), t.QueueName("gone")
				d.c.Queue(gone)
				d.c.Bind(gone, d.x, "k")
				d.c.Queue(late)
				d.publish("m", int32(1500))
				d.publish("n", int32(1510))
				Call[*wire.QueueUnbindOk](d.c, &wire.QueueUnbind{Queue: gone, Exchange: d.x, RoutingKey: "k"})
				d.c.Bind(late, d.x, "k")
				t.Check(kind, d.box.bodies(2), []string{"m", "n"})
				d.c.CheckCounts(kind+" late", late, Counts{Ready: 2})
				t.Check(kind+" gone", d.c.Drain(gone), []string{})
			}
		},
	},
	{
		ID:       "delayed/internal",
		Title:    "an internal exchange may delay what comes to it by a binding",
		Why:      "It is an exchange like any other.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			c, x, in, q := t.Raw().Channel(), t.ExchangeName("x"), t.ExchangeName("in"), t.QueueName("q")
			Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{Exchange: x, Type: delayedKind, Internal: true, Arguments: argument("x-delayed-type", "fanout")})
			c.Exchange(in, "fanout")
			c.bindExchange(in, x, "")
			c.Queue(q)
			c.Bind(q, x, "")
			box := c.raw.letterbox(q)
			for _, delay := range []int32{1000, 0} {
				c.PublishWith(&wire.BasicPublish{Exchange: in, RoutingKey: "k", Mandatory: true}, delayedBy(delay), "m")
				t.Observe("returned", c.RoundTrip())
			}
			t.Observe("delivered", box.delays(2))
			c.PublishWith(&wire.BasicPublish{Exchange: x}, delayedBy(int32(10)), "m")
			t.Observe("published to it", c.Error())
		},
	},
	{
		ID:       "delayed/exchanges",
		Title:    "a message is held by each exchange that delays and that it comes to directly, and no more once it was held",
		Why:      "Bindings between exchanges work in both directions.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			in, y, far, near := t.ExchangeName("in"), t.ExchangeName("y"), t.QueueName("far"), t.QueueName("near")
			d.c.Exchange(in, "fanout")
			d.c.Exchange(y, delayedKind, argument("x-delayed-type", "fanout")...)
			d.c.bindExchange(in, d.x, "")
			d.c.bindExchange(d.x, y, "k")
			for _, q := range []string{far, near} {
				d.c.Queue(q)
			}
			d.c.Bind(far, y, "")
			d.c.Bind(near, in, "")
			farBox, nearBox := d.r.letterbox(far), d.r.letterbox(near)
			d.publish("one after the other", int32(100))
			t.Observe("first", d.box.delays(1))
			t.Observe("second", farBox.delays(1))
			d.c.PublishWith(&wire.BasicPublish{Exchange: in, RoutingKey: "k", Mandatory: true}, delayedBy(int64(200)), "through a fanout exchange")
			t.Observe("near", nearBox.delays(1))
			t.Observe("held", d.box.delays(1))
			t.Observe("held and passed on", farBox.delays(1))
			t.Check("not returned", d.c.RoundTrip(), []string{})
			d.c.bindExchange(in, y, "")
			d.c.PublishWith(&wire.BasicPublish{Exchange: in, RoutingKey: "k"}, delayedBy("200"), "held twice")
			t.Observe("near again", nearBox.delays(1))
			t.Observe("held once", d.box.delays(1))
			t.Observe("held twice", farBox.delays(2))
		},
	},
	{
		ID:       "delayed/circle",
		Title:    "exchanges that delay may be bound in a circle",
		Why:      "A message is held once.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "fanout")
			y := t.ExchangeName("y")
			d.c.Exchange(y, delayedKind, argument("x-delayed-type", "fanout")...)
			d.c.bindExchange(y, d.x, "")
			d.c.bindExchange(d.x, y, "")
			d.c.bindExchange(d.x, d.x, "")
			d.c.Bind(d.q, y, "")
			d.publish("m", int32(100))
			d.publish("n", int32(300))
			t.Check("delivered", d.box.bodies(2), []string{"m", "n"})
		},
	},
	{
		ID:       "delayed/alternate",
		Title:    "the alternate gets a delayed message at once, and once more if nothing is bound when it is due",
		Why:      "A held message counts as not routed.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			spare, lost := t.ExchangeName("spare"), t.QueueName("lost")
			c := t.Raw().Channel()
			c.Exchange(spare, "fanout")
			c.Queue(lost)
			c.Bind(lost, spare, "")
			lostBox := c.raw.letterbox(lost)
			d := newDelayed(t, "direct", alternate(spare))
			t.Check("returned", d.mandatory("m", int32(100)), []string{})
			t.Observe("alternate", lostBox.delays(1))
			t.Observe("when due", d.box.delays(1))
			d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "none"}, delayedBy(int32(100)), "n")
			t.Observe("alternate at once, and when due", lostBox.delays(2))
		},
	},
	{
		ID:       "delayed/alternate-delays",
		Title:    "an alternate exchange may delay",
		Why:      "What cannot be routed may be tried later.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "fanout")
			first := t.ExchangeName("first")
			d.c.Exchange(first, "direct", alternate(d.x))
			d.c.PublishWith(&wire.BasicPublish{Exchange: first, RoutingKey: "none", Mandatory: true}, delayedBy(int32(100)), "m")
			t.Observe("returned", d.c.RoundTrip())
			t.Observe("delivered", d.box.delays(1))
		},
	},
	{
		ID:       "delayed/match-on-delay",
		Title:    "what a headers exchange sees of x-delay when a message is due",
		Why:      "Bindings may ask for any header.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			bindings := []wire.Table{
				{{Key: "x-match", Value: "any-with-x"}, {Key: "x-delay", Value: int32(100)}},
				{{Key: "x-match", Value: "any-with-x"}, {Key: "x-delay", Value: int32(-100)}},
				{{Key: "x-match", Value: "any-with-x"}, {Key: "x-delay", Value: int64(-100)}},
				{{Key: "x-match", Value: "any"}, {Key: "x-delay", Value: int32(-100)}},
				{{Key: "x-match", Value: "all-with-x"}, {Key: "x-delay", Value: nil}},
				{{Key: "x-match", Value: "any-with-x"}, {Key: "x-delay", Value: "100"}},
			}
			d, last := newDelayed(t, "headers"), newDelayed(t, "direct")
			var queues []string
			for i, arguments := range bindings {
				queues = append(queues, t.QueueName(numbered("q", len(bindings))[i]))
				d.c.Queue(queues[i])
				d.c.Bind(queues[i], d.x, "", arguments...)
			}
			for _, sent := range []any{int32(100), int64(100), "100"} {
				d.publish("m", sent)
				last.publish("later than that", int32(400))
				t.unrecorded(func() { last.box.delays(1) })
				for i, arguments := range bindings {
					t.Observe(t.value(sent)+" "+arguments.String(), d.c.Drain(queues[i]))
				}
			}
		},
	},
	{
		ID:       "delayed/consistent-hash",
		Title:    "an exchange that delays and hashes sends a key where it goes without a delay",
		Why:      "What belongs together stays together.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			c, x := t.Raw().Channel(), t.ExchangeName("x")
			c.Exchange(x, delayedKind, argument("x-delayed-type", "x-consistent-hash")...)
			queues := []string{t.QueueName("q0"), t.QueueName("q1"), t.QueueName("q2")}
			for _, q := range queues {
				c.Queue(q)
				c.Bind(q, x, "1")
			}
			for _, delay := range []int32{0, 100} {
				for _, key := range numbered("k", 12) {
					c.PublishWith(&wire.BasicPublish{Exchange: x, RoutingKey: key}, delayedBy(delay), key)
				}
				var all int
				for start := time.Now(); all < 12 && time.Since(start) < patience; {
					all = 0
					t.unrecorded(func() {
						for _, q := range queues {
							all += int(c.Counts(q).Ready)
						}
					})
				}
				t.Observe(fmt.Sprint("delayed by ", delay), c.drainAll(queues...))
			}
			t.Observe("bad weight", t.answer(c, &wire.QueueBind{Queue: queues[0], Exchange: x, RoutingKey: "heavy"}))
		},
	},
	{
		ID:       "delayed/recent-history",
		Title:    "an exchange that delays and remembers remembers messages when they are due",
		Why:      "Who comes late sees what has been delivered.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "x-recent-history")
			d.publish("held", int32(1500))
			d.publish("at once", int32(0))
			t.Observe("delivered", d.box.delays(1))
			t.Observe("late", d.c.lateBinding(d.x, "late", 1))
			t.Observe("delivered", d.box.delays(1))
			t.Observe("later", d.c.lateBinding(d.x, "later", 2))
		},
	},
}
