package conformance

import (
	"net/http"

	"github.com/minirabbit/minirabbit/wire"
)

// delayedChangeCases are about what happens to an exchange while it holds messages.
var delayedChangesCases = []Case{
	{
		ID:       "delayed/exchange-deleted",
		Title:    "messages do not go with their exchange: when they are due, the bindings of the one of its name count, by the old one's type",
		Why:      "A topology may be built anew while messages wait.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			spare, lost := t.ExchangeName("spare"), t.QueueName("lost")
			d := newDelayed(t, "direct", alternate(spare))
			d.c.Exchange(spare, "direct")
			d.c.Queue(lost)
			lostBox := d.r.letterbox(lost)
			d.publish("deleted", int32(2000))
			d.publish("declared again", int32(4000))
			d.c.RoundTrip()
			d.c.Bind(lost, spare, "k")
			Call[*wire.ExchangeDeleteOk](d.c, &wire.ExchangeDelete{Exchange: d.x})
			t.Observe("alternate of a deleted one", lostBox.delays(1))
			d.c.Exchange(d.x, delayedKind, argument("x-delayed-type", "fanout")...)
			d.c.Bind(d.q, d.x, "other")
			t.Observe("by the old type", lostBox.delays(1))
			d.publish("as fanout", int32(0))
			t.Observe("by the new type", d.box.delays(1))
		},
	},
	{
		ID:       "delayed/exchange-of-other-type",
		Title:    "where an exchange of another type has the name of the one that held a message, its bindings count by the rules of the old type; a topic exchange finds none",
		Why:      "An exchange may be declared anew, to delay no longer, while messages wait.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			c, last := t.Raw().Channel(), newDelayed(t, "fanout")
			kinds := []string{"direct", "fanout", "topic", "headers"}
			bound := make(map[string]string)
			for _, old := range append(kinds, "x-random") {
				for _, kind := range kinds {
					name := old + " then " + kind
					x, q := t.ExchangeName("x"), t.QueueName("q")
					bound[name] = q
					c.Exchange(x, delayedKind, argument("x-delayed-type", old)...)
					c.Queue(q)
					c.PublishWith(&wire.BasicPublish{Exchange: x, RoutingKey: "k"}, delayedBy(int32(4000)), "m")
					Call[*wire.ExchangeDeleteOk](c, &wire.ExchangeDelete{Exchange: x})
					c.Exchange(x, kind)
					c.Bind(q, x, "k")
				}
			}
			last.publish("the last", int32(4100))
			t.unrecorded(func() { last.box.delays(1) })
			for _, old := range append(kinds, "x-random") {
				for _, kind := range kinds {
					name := old + " then " + kind
					t.Observe(name, c.Counts(bound[name]))
				}
			}
		},
	},
	{
		ID:       "delayed/auto-delete",
		Title:    "an exchange that is deleted with its last binding has what it held when it is declared again",
		Why:      "The same as with other ways to go.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			r := t.Raw()
			c, x, q := r.Channel(), t.ExchangeName("x"), t.QueueName("q")
			c.Queue(q)
			box := r.letterbox(q)
			declare := &wire.ExchangeDeclare{Exchange: x, Type: delayedKind, AutoDelete: true, Arguments: argument("x-delayed-type", "direct")}
			Call[*wire.ExchangeDeclareOk](c, declare)
			c.Bind(q, x, "k")
			c.PublishWith(&wire.BasicPublish{Exchange: x, RoutingKey: "k"}, delayedBy(int32(1500)), "m")
			Call[*wire.QueueUnbindOk](c, &wire.QueueUnbind{Queue: q, Exchange: x, RoutingKey: "k"})
			t.Observe("gone", t.answer(r.Channel(), &wire.ExchangeDeclare{Exchange: x, Passive: true}))
			Call[*wire.ExchangeDeclareOk](c, declare)
			c.Bind(q, x, "k")
			t.Observe("delivered", box.delays(1))
		},
	},
	{
		ID:       "delayed/if-unused",
		Title:    "messages that wait are no use of an exchange",
		Why:      "Only bindings are.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			d.publish("m", int32(100))
			Call[*wire.QueueUnbindOk](d.c, &wire.QueueUnbind{Queue: d.q, Exchange: d.x, RoutingKey: "k"})
			Call[*wire.ExchangeDeleteOk](d.c, &wire.ExchangeDelete{Exchange: d.x, IfUnused: true})
		},
	},
	{
		ID:         "delayed/policy",
		Title:      "of a policy's alternate exchange, the one counts that was there when the message was published",
		Why:        "The message is held with the exchange as it was.",
		Source:     measured,
		Releases:   UpTo("4.2"),
		Delayed:    true,
		Waits:      true,
		Management: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			spare, lost, last := t.ExchangeName("spare"), t.QueueName("lost"), t.ExchangeName("last")
			d.c.Exchange(spare, "fanout")
			d.c.Queue(lost)
			d.c.Bind(lost, spare, "")
			d.c.Exchange(last, delayedKind, argument("x-delayed-type", "fanout")...)
			d.c.Bind(d.q, last, "")
			publish := func(body string, delay int32) {
				d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "none"}, delayedBy(delay), body)
				d.c.RoundTrip()
			}
			publish("before the policy", 2000)
			remove := t.ExchangePolicy(d.x, map[string]any{"alternate-exchange": spare})
			publish("with the policy", 2000)
			remove()
			d.c.PublishWith(&wire.BasicPublish{Exchange: last}, delayedBy(int32(2200)), "the last")
			d.box.delays(1)
			t.Observe("alternate", d.c.Drain(lost))
		},
	},
	{
		ID:         "delayed/counted",
		Title:      "the HTTP API tells how many messages an exchange that delays holds",
		Why:        "Nobody else knows of them.",
		Source:     pageDelayed,
		Releases:   UpTo("4.2"),
		Delayed:    true,
		Waits:      true,
		Management: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			count := func() any {
				answer, _ := t.Ask(http.MethodGet, "/api/exchanges/{vhost}/"+d.x, nil).Body.(map[string]any)
				return answer["messages_delayed"]
			}
			t.Check("none", count(), 0.0)
			d.publish("a", int32(4000))
			d.publish("b", int32(4000))
			d.publish("c", int32(1500))
			d.publish("d", int32(0))
			d.c.RoundTrip()
			t.Check("three", count(), 3.0)
			list, _ := t.Ask(http.MethodGet, "/api/exchanges/{vhost}", nil).Body.([]any)
			for _, each := range list {
				if x := each.(map[string]any); x["name"] == d.x {
					t.Observe("in the list", []any{x["messages_delayed"], x["type"], x["arguments"]})
				}
			}
			t.Observe("delivered", d.box.bodies(2))
			t.Check("two", count(), 2.0)
		},
	},
	{
		ID:       "delayed/restart",
		Title:    "messages outlive a restart, transient or not, and so does a durable exchange; what is due meanwhile is routed after it",
		Why:      "A reminder for next week survives an upgrade.",
		Source:   pageDelayed,
		Releases: UpTo("4.1"), Delayed: true, Node: true,
		Run: func(t *T) {
			r := t.Raw()
			c, x, passing, q := r.Channel(), t.ExchangeName("x"), t.ExchangeName("transient"), t.QueueName("q")
			c.Exchange(x, delayedKind, argument("x-delayed-type", "topic")...)
			Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{Exchange: passing, Type: delayedKind, Arguments: argument("x-delayed-type", "direct")})
			c.Queue(q)
			c.Bind(q, x, "k.#")
			c.Bind(q, passing, "k")
			for _, each := range []struct {
				exchange   string
				persistent bool
				delay      int32
				body       string
			}{{x, false, 4000, "transient"}, {x, true, 4200, "persistent"}, {passing, true, 4400, "from a transient exchange"}, {x, true, 4600, "the last"}} {
				p := delayedBy(each.delay)
				if each.persistent {
					p.Flags |= wire.HasDeliveryMode
					p.DeliveryMode = 2
				}
				c.PublishWith(&wire.BasicPublish{Exchange: each.exchange, RoutingKey: "k"}, p, each.body)
			}
			c.RoundTrip()
			t.Restart()
			r = t.Raw()
			c = r.Channel()
			c.Exchange(x, delayedKind, argument("x-delayed-type", "topic")...)
			box := r.letterbox(q)
			for {
				m := box.delays(1)
				t.Observe("delivered", m)
				if len(m[0]) >= 8 && m[0][:8] == "the last" {
					break
				}
			}
		},
	},
}
