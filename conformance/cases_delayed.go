package conformance

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

const pageDelayed = "github.com/rabbitmq/rabbitmq-delayed-message-exchange"

// delayedKind is an exchange type of the plug-in rabbitmq_delayed_message_exchange.
const delayedKind = "x-delayed-message"

// delayed is an exchange that delays, and a queue that is bound to it with the key k and consumed from.
type delayed struct {
	t   *T
	r   *Raw
	c   *RawChannel // for anything
	x   string
	q   string
	box *RawChannel // consumes q without acknowledgement
}

// newDelayed declares it all. The exchange routes as one of that kind; the arguments are more of its own.
func newDelayed(t *T, kind string, arguments ...wire.Field) *delayed {
	t.Helper()
	d := &delayed{t: t, r: t.Raw(), x: t.ExchangeName("x"), q: t.QueueName("q")}
	d.c = d.r.Channel()
	d.c.Exchange(d.x, delayedKind, append(argument("x-delayed-type", kind), arguments...)...)
	d.c.Queue(d.q)
	d.c.Bind(d.q, d.x, "k")
	d.box = d.r.letterbox(d.q)
	return d
}

// publish publishes a message with the key k and a delay, and more headers.
func (d *delayed) publish(body string, delay any, more ...wire.Field) {
	d.t.Helper()
	d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "k"}, delayedBy(delay, more...), body)
}

// delayedBy are properties with a header x-delay, and more headers before it.
func delayedBy(delay any, more ...wire.Field) wire.Properties {
	return headers(append(more, wire.Field{Key: "x-delay", Value: delay})...)
}

// delays takes n deliveries and gives their bodies, each with its headers.
func (c *RawChannel) delays(n int) []string {
	c.raw.t.Helper()
	all := make([]string, n)
	for i := range all {
		command := c.Next()
		all[i] = string(command.Body)
		if command.Header != nil && len(command.Header.Properties.Headers) > 0 {
			all[i] += " " + command.Header.Properties.Headers.String()
		}
	}
	return all
}

// mandatory publishes a mandatory message with the key k, and gives what comes back until the broker has routed it.
func (d *delayed) mandatory(body string, delay any) []string {
	d.t.Helper()
	d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "k", Mandatory: true}, delayedBy(delay), body)
	return d.c.RoundTrip()
}

var delayedCases = []Case{
	{
		ID:       "delayed/type",
		Title:    "x-delayed-type has to be the name of another exchange type",
		Why:      "Who forgets it learns of it at once.",
		Source:   pageDelayed,
		Releases: UpTo("4.2"), Delayed: true,
		Run: func(t *T) {
			declare := func(label string, arguments ...wire.Field) {
				x := t.ExchangeName("x")
				t.Observe(label, t.answer(t.Raw().Channel(), &wire.ExchangeDeclare{Exchange: x, Type: delayedKind, Durable: true, Arguments: arguments}))
			}
			declare("none")
			for _, kind := range []any{"", "rounddirect", "x-delayed-message", int32(1), []byte("direct"), []byte("x-delayed-message"), true, nil, wire.Table{}} {
				declare(t.value(kind), argument("x-delayed-type", kind)...)
			}
			for _, kind := range []string{"direct", "fanout", "topic", "headers", "x-consistent-hash", "x-random", "x-recent-history"} {
				declare(kind, argument("x-delayed-type", kind)...)
			}
			declare("arguments of that type", append(argument("x-delayed-type", "x-recent-history"), argument("x-recent-history-length", "many")...)...)
			declare("and another", append(argument("x-delayed-type", "x-consistent-hash"), argument("hash-header", int32(1))...)...)
			declare("twice", append(argument("x-delayed-type", "direct"), argument("x-delayed-type", "none")...)...)
		},
	},
	{
		ID:       "delayed/redeclare",
		Title:    "what of an exchange that delays has to be equal when it is declared again",
		Why:      "Programs of different versions declare the same exchange.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true,
		Run: func(t *T) {
			x := t.ExchangeName("x")
			declare := func(label string, kind string, arguments ...wire.Field) {
				t.Observe(label, t.answer(t.Raw().Channel(), &wire.ExchangeDeclare{Exchange: x, Type: kind, Durable: true, Arguments: arguments}))
			}
			direct := wire.Field{Key: "x-delayed-type", Value: "direct"}
			declare("first", delayedKind, direct)
			declare("same", delayedKind, direct)
			declare("other type", delayedKind, argument("x-delayed-type", "topic")...)
			declare("unknown type", delayedKind, argument("x-delayed-type", "none")...)
			declare("no type", delayedKind)
			declare("itself", delayedKind, argument("x-delayed-type", delayedKind)...)
			declare("direct", "direct", direct)
			declare("direct without", "direct")
			declare("other argument", delayedKind, direct, wire.Field{Key: "x-other", Value: "1"})
			declare("alternate", delayedKind, direct, alternate("amq.fanout"))
			y := t.ExchangeName("y")
			t.Raw().Channel().Exchange(y, "direct")
			t.Observe("a direct exchange", t.answer(t.Raw().Channel(), &wire.ExchangeDeclare{Exchange: y, Type: delayedKind, Durable: true, Arguments: wire.Table{direct}}))
		},
	},
	{
		ID:       "delayed/values",
		Title:    "x-delay may be a number of any size, or a string of one; a message that was delayed has it negated",
		Why:      "Clients encode numbers as they like.",
		Source:   pageDelayed,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			for _, delay := range []any{int8(100), uint8(100), int16(100), uint16(100), int32(100), uint32(100), int64(100), float32(100.9), 100.9,
				"100", "+100", "0100", []byte("100"), int32(0), int32(-100), int64(-100), "-100", "0", 0.9, -0.9, -100.9, int64(1) << 32, int64(1) << 40, "4294967296", 1e12, 1e30,
				true, false, wire.Timestamp(100), wire.Array{int32(100)}, wire.Table{{Key: "a", Value: int32(100)}}} {
				d.publish(t.value(delay), delay)
				t.Observe(t.value(delay), d.box.delays(1))
			}
			d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "k"}, wire.Properties{}, "no headers")
			t.Observe("none", d.box.delays(1))
		},
	},
	{
		ID:       "delayed/headers",
		Title:    "what becomes of a delayed message's other headers, their order, and a second x-delay",
		Why:      "Consumers see what the publisher sent.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			for _, table := range []wire.Table{
				{{Key: "z", Value: int8(1)}, {Key: "x-delay", Value: int32(50)}, {Key: "a", Value: "s"}, {Key: "B", Value: []byte("b")}},
				{{Key: "x-delay", Value: int32(50)}, {Key: "x-delay", Value: int32(60)}, {Key: "a", Value: "s"}},
				{{Key: "a", Value: "1"}, {Key: "x-delay", Value: "50"}, {Key: "a", Value: "2"}, {Key: "x-other", Value: wire.Table{{Key: "x-delay", Value: int32(5)}}}},
				{{Key: "X-Delay", Value: int32(50)}},
				{{Key: "x-delay", Value: int32(0)}, {Key: "x-delay", Value: int32(60)}, {Key: "a", Value: "s"}},
			} {
				d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "k"}, headers(table...), "m")
				t.Observe(table.String(), d.box.delays(1))
			}
			requester, p := d.r.requester("r"), delayedBy(int32(50), wire.Field{Key: "z", Value: "z"})
			p.Flags |= wire.HasReplyTo
			p.ReplyTo = "amq.rabbitmq.reply-to"
			requester.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "k"}, p, "m")
			t.Observe("a request for a direct reply", d.box.delays(1))
		},
	},
	{
		ID:       "delayed/properties",
		Title:    "a delayed message keeps its properties, its exchange and its routing key",
		Why:      "A delay is no reason to change a message.",
		Source:   measured,
		Releases: UpTo("4.1"), Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "topic")
			d.c.Bind(d.q, d.x, "#")
			p := delayedBy(int32(50))
			p.Flags |= wire.HasContentType | wire.HasContentEncoding | wire.HasDeliveryMode | wire.HasPriority | wire.HasCorrelationID | wire.HasReplyTo |
				wire.HasExpiration | wire.HasMessageID | wire.HasTimestamp | wire.HasType | wire.HasAppID
			p.ContentType, p.ContentEncoding, p.DeliveryMode, p.Priority, p.CorrelationID, p.ReplyTo = "text/plain", "utf-8", 2, 3, "c", "r"
			p.Expiration, p.MessageID, p.Timestamp, p.Type, p.AppID = "60000", "m", 1, "t", "a"
			d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "some.key"}, p, "m")
			d.box.Next()
			t.mark("delivered")
		},
	},
	{
		ID:       "delayed/refused-values",
		Title:    "an x-delay of a string that is no whole number, or a decimal, breaks the connection, and nothing is routed",
		Why:      "The plug-in fails on it.",
		Source:   measured,
		Releases: UpTo("4.2"), Delayed: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			for _, delay := range []any{"soon", "", " 5", "5 ", "5.0", "1e3", "0x10", "1_000", "٥", "--5", []byte("soon"), []byte{}, []byte("1.5"), wire.Decimal{Scale: 0, Value: 50}, wire.Decimal{Scale: 1, Value: 500}, nil} {
				c := t.Raw().Channel()
				c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "k"}, delayedBy(delay), t.value(delay))
				c.Send(&wire.ExchangeDeclare{Exchange: "amq.direct", Passive: true})
				t.Observe(t.value(delay), c.Next().String())
			}
			d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "k"}, wire.Properties{}, "the last")
			for {
				if m := d.box.delays(1); m[0] == "the last" {
					break
				}
			}
		},
	},
	{
		ID:       "delayed/order",
		Title:    "messages come in the order of when they are due, and equal delays in the order in which they were published",
		Why:      "This is what delays are for.",
		Source:   pageDelayed,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			for _, delay := range []int32{1800, 600, 1200, 0, 600, 1800, 1200, -5, 1} {
				d.publish(fmt.Sprint(delay), delay)
			}
			t.Check("bodies", d.box.bodies(9), []string{"0", "-5", "1", "600", "600", "1200", "1200", "1800", "1800"})
			for _, body := range numbered("m", 20) {
				d.publish(body, int32(300))
			}
			t.Check("equal delays", d.box.bodies(20), numbered("m", 20))
		},
	},
	{
		ID:       "delayed/types",
		Title:    "when they are due, messages are routed as by an exchange of the type that x-delayed-type names",
		Why:      "The type is the user's choice.",
		Source:   pageDelayed,
		Releases: UpTo("4.2"), Delayed: true, Waits: true,
		Run: func(t *T) {
			for _, kind := range []string{"direct", "fanout", "topic", "headers", "x-random"} {
				d := newDelayed(t, kind)
				d.c.Bind(d.q, d.x, "a.*", wire.Field{Key: "h", Value: "1"})
				for _, each := range []struct {
					key string
					h   string
				}{{"k", "0"}, {"a.b", "0"}, {"none", "1"}, {"a.*", "1"}} {
					body := each.key + " " + each.h
					for _, delay := range []int32{0, 500} {
						d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: each.key}, delayedBy(delay, wire.Field{Key: "h", Value: each.h}), fmt.Sprint(body, " ", delay))
					}
				}
				Call[*wire.QueueBindOk](d.c, &wire.QueueBind{Queue: d.q, Exchange: "amq.fanout", RoutingKey: d.x})
				sentinel := t.ExchangeName("sentinel")
				d.c.Exchange(sentinel, delayedKind, argument("x-delayed-type", "fanout")...)
				d.c.Bind(d.q, sentinel, "")
				d.c.PublishWith(&wire.BasicPublish{Exchange: sentinel}, delayedBy(int32(700)), "the last")
				var all []string
				for {
					body := d.box.bodies(1)[0]
					if body == "the last" {
						break
					}
					all = append(all, body)
				}
				t.Observe(kind, all)
			}
		},
	},
}
