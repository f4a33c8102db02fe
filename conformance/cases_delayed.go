package conformance

import (
	"fmt"
	"net/http"
	"strings"
	"time"

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
		Releases: Before43, Delayed: true,
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
		Releases: Before43, Delayed: true,
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
		Releases: Before43, Delayed: true, Waits: true,
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
		Releases: Before43, Delayed: true, Waits: true,
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
		},
	},
	{
		ID:       "delayed/properties",
		Title:    "a delayed message keeps its properties, its exchange and its routing key",
		Why:      "A delay is no reason to change a message.",
		Source:   measured,
		Releases: Before43, Delayed: true, Waits: true,
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
		Releases: Before43, Delayed: true,
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
		Releases: Before43, Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			for _, delay := range []int32{1200, 400, 800, 0, 400, 1200, 800, -5, 1} {
				d.publish(fmt.Sprint(delay), delay)
			}
			t.Check("bodies", d.box.bodies(9), []string{"0", "-5", "1", "400", "400", "800", "800", "1200", "1200"})
			for _, body := range numbered("m", 20) {
				d.publish(body, int32(300))
			}
			t.Check("equal delays", d.box.bodies(20), numbered("m", 20))
		},
	},
	{
		ID:       "delayed/mandatory",
		Title:    "a delayed message counts as unroutable when it is published, and is delivered all the same; when it is due nobody is told",
		Why:      "Nobody knows yet what will be bound then.",
		Source:   pageDelayed,
		Releases: Before43, Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			t.Check("delayed", d.mandatory("delayed", int32(300)), []string{`return 312 NO_ROUTE <x> k "delayed"`})
			t.Check("not delayed", d.mandatory("at once", int32(0)), []string{})
			t.Check("delivered", d.box.bodies(2), []string{"at once", "delayed"})
			d.c.Confirm()
			d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "k", Mandatory: true}, delayedBy(int32(300)), "confirmed")
			t.Check("return and confirm", d.c.Lines(2), []string{`return 312 NO_ROUTE <x> k "confirmed"`, "ack 1"})
			d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "none", Mandatory: true}, delayedBy(int32(10)), "to nobody")
			t.Check("return and confirm of one for nobody", d.c.Lines(2), []string{`return 312 NO_ROUTE <x> none "to nobody"`, "ack 2"})
			t.Check("delivered later", d.box.bodies(1), []string{"confirmed"})
			t.Check("nothing more", d.c.RoundTrip(), []string{})
		},
	},
	{
		ID:       "delayed/confirm",
		Title:    "a delayed message is confirmed when it is held, and the publisher hears no more of it, also if its queue refuses it",
		Why:      "A confirm does not tell that it was routed.",
		Source:   measured,
		Releases: Before43, Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			full := t.QueueName("full")
			d.c.Queue(full, maxLength(1), overflow("reject-publish"))
			d.c.Bind(full, d.x, "full")
			d.c.Confirm()
			publish := func(key string, delay any, body string) {
				p := delayedBy(delay)
				p.Flags |= wire.HasDeliveryMode
				p.DeliveryMode = 2
				d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: key}, p, body)
				t.Observe(body, d.c.Lines(1))
			}
			publish("full", int32(0), "fills")
			publish("full", int32(0), "refused")
			publish("full", int32(100), "refused later")
			publish("k", int32(200), "taken later")
			publish("none", int32(100), "for nobody")
			t.Check("delivered", d.box.bodies(1), []string{"taken later"})
			publish("k", int32(0), "taken")
			t.Check("nothing more", d.c.RoundTrip(), []string{})
			t.Check("full", d.c.Drain(full), []string{"fills"})
		},
	},
	{
		ID:       "delayed/publisher-gone",
		Title:    "a delayed message is delivered when its publisher's channel or connection is gone",
		Why:      "Publishers do not wait.",
		Source:   measured,
		Releases: Before43, Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			for i, body := range []string{"channel", "connection"} {
				r := t.Raw()
				c := r.Channel()
				c.Confirm()
				c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "k"}, delayedBy(int32(300)), body)
				c.Lines(1)
				if c.Close(); i == 1 {
					r.Close()
				}
			}
			t.Check("delivered", d.box.bodies(2), []string{"channel", "connection"})
		},
	},
	{
		ID:       "delayed/routed-when-due",
		Title:    "the bindings count that are there when the message is due",
		Why:      "A worker may bind its queue while the message waits.",
		Source:   measured,
		Releases: Before43, Delayed: true, Waits: true,
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
		Releases: Before43, Delayed: true, Waits: true,
		Run: func(t *T) {
			c, x, in, q := t.Raw().Channel(), t.ExchangeName("x"), t.ExchangeName("in"), t.QueueName("q")
			Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{Exchange: x, Type: delayedKind, Internal: true, Arguments: argument("x-delayed-type", "fanout")})
			c.Exchange(in, "fanout")
			c.bindExchange(in, x, "")
			c.Queue(q)
			c.Bind(q, x, "")
			box := c.raw.letterbox(q)
			for _, delay := range []int32{300, 0} {
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
		Releases: Before43, Delayed: true, Waits: true,
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
		Releases: Before43, Delayed: true, Waits: true,
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
		Releases: Before43, Delayed: true, Waits: true,
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
		Releases: Before43, Delayed: true, Waits: true,
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
		ID:       "delayed/transaction",
		Title:    "a delayed message is held from when it is published in a transaction, and delivered also if that is rolled back; the commit returns it if it is mandatory",
		Why:      "Transactions do not extend to what is delayed.",
		Source:   measured,
		Releases: Before43, Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			Call[*wire.TxSelectOk](d.c, &wire.TxSelect{})
			d.publish("rolled back", int32(100))
			Call[*wire.TxRollbackOk](d.c, &wire.TxRollback{})
			d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "k", Mandatory: true}, delayedBy(int32(300)), "held")
			d.publish("at once", int32(0))
			d.c.Send(&wire.TxCommit{})
			t.Observe("commit", d.c.Lines(2))
			t.Observe("delivered", d.box.delays(2))
			t.Observe("nothing more", d.c.RoundTrip())
		},
	},
	{
		ID:       "delayed/expiration",
		Title:    "a message's expiration begins when it comes to its queue",
		Why:      "A delay that is longer than it would else lose every message.",
		Source:   measured,
		Releases: Before43, Delayed: true, Waits: true,
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
		Releases: Before43, Delayed: true, Waits: true,
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
		ID:       "delayed/cc",
		Title:    "copies are routed with the message when it is due",
		Why:      "Who is in CC gets it no earlier.",
		Source:   measured,
		Releases: Before43, Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			for _, header := range []wire.Field{keys("CC", "copy"), keys("BCC", "copy")} {
				q := t.QueueName("copy-" + header.Key)
				d.c.Queue(q)
				d.c.Bind(q, d.x, "copy")
				box := d.r.letterbox(q)
				d.publish("held", int32(200), header)
				d.publish("at once", int32(0), header)
				t.Observe(header.Key, d.box.delays(2))
				t.Observe(header.Key+" copy", box.delays(2))
			}
			d.publish("m", int32(100), wire.Field{Key: "CC", Value: "x"})
			t.Observe("bad CC", d.c.Error())
		},
	},
	{
		ID:       "delayed/exchange-deleted",
		Title:    "messages do not go with their exchange: when they are due, the bindings of the one of its name count, by the old one's type",
		Why:      "A topology may be built anew while messages wait.",
		Source:   measured,
		Releases: Before43, Delayed: true, Waits: true,
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
		Releases: Before43, Delayed: true, Waits: true,
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
		Releases: Before43, Delayed: true, Waits: true,
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
		Releases: Before43, Delayed: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			d.publish("m", int32(100))
			Call[*wire.QueueUnbindOk](d.c, &wire.QueueUnbind{Queue: d.q, Exchange: d.x, RoutingKey: "k"})
			Call[*wire.ExchangeDeleteOk](d.c, &wire.ExchangeDelete{Exchange: d.x, IfUnused: true})
		},
	},
	{
		ID:       "delayed/types",
		Title:    "when they are due, messages are routed as by an exchange of the type that x-delayed-type names",
		Why:      "The type is the user's choice.",
		Source:   pageDelayed,
		Releases: Before43, Delayed: true, Waits: true,
		Run: func(t *T) {
			for _, kind := range []string{"direct", "fanout", "topic", "headers", "x-random"} {
				d := newDelayed(t, kind)
				d.c.Bind(d.q, d.x, "a.*", wire.Field{Key: "h", Value: "1"})
				for _, each := range []struct {
					key string
					h   string
				}{{"k", "0"}, {"a.b", "0"}, {"none", "1"}, {"a.*", "1"}} {
					body := each.key + " " + each.h
					for _, delay := range []int32{0, 100} {
						d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: each.key}, delayedBy(delay, wire.Field{Key: "h", Value: each.h}), fmt.Sprint(body, " ", delay))
					}
				}
				Call[*wire.QueueBindOk](d.c, &wire.QueueBind{Queue: d.q, Exchange: "amq.fanout", RoutingKey: d.x})
				sentinel := t.ExchangeName("sentinel")
				d.c.Exchange(sentinel, delayedKind, argument("x-delayed-type", "fanout")...)
				d.c.Bind(d.q, sentinel, "")
				d.c.PublishWith(&wire.BasicPublish{Exchange: sentinel}, delayedBy(int32(300)), "the last")
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
	{
		ID:       "delayed/match-on-delay",
		Title:    "what a headers exchange sees of x-delay when a message is due",
		Why:      "Bindings may ask for any header.",
		Source:   measured,
		Releases: Before43, Delayed: true, Waits: true,
		Run: func(t *T) {
			for _, sent := range []any{int32(100), int64(100), "100"} {
				d := newDelayed(t, "headers")
				for i, each := range []wire.Table{
					{{Key: "x-match", Value: "any-with-x"}, {Key: "x-delay", Value: int32(100)}}, {{Key: "x-match", Value: "any-with-x"}, {Key: "x-delay", Value: int32(-100)}},
					{{Key: "x-match", Value: "any-with-x"}, {Key: "x-delay", Value: int64(-100)}}, {{Key: "x-match", Value: "any"}, {Key: "x-delay", Value: int32(-100)}},
					{{Key: "x-match", Value: "all-with-x"}, {Key: "x-delay", Value: nil}}, {{Key: "x-match", Value: "any-with-x"}, {Key: "x-delay", Value: "100"}},
				} {
					q := t.QueueName(numbered("q", 10)[i])
					d.c.Queue(q)
					d.c.Bind(q, d.x, "", each...)
					d.publish("m", sent)
					t.Observe("delivered", d.box.delays(1))
					t.Observe(t.value(sent)+" "+each.String(), d.c.Counts(q))
					Call[*wire.QueueUnbindOk](d.c, &wire.QueueUnbind{Queue: q, Exchange: d.x, Arguments: each})
				}
			}
		},
	},
	{
		ID:       "delayed/consistent-hash",
		Title:    "an exchange that delays and hashes sends a key where it goes without a delay",
		Why:      "What belongs together stays together.",
		Source:   measured,
		Releases: Before43, Delayed: true, Waits: true,
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
		Releases: Before43, Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "x-recent-history")
			d.publish("held", int32(200))
			d.publish("at once", int32(0))
			t.Observe("delivered", d.box.delays(1))
			t.Observe("late", d.c.lateBinding(d.x, "late", 1))
			t.Observe("delivered", d.box.delays(1))
			t.Observe("later", d.c.lateBinding(d.x, "later", 2))
		},
	},
	{
		ID:       "delayed/dead-letters",
		Title:    "dead letters may be delayed by their header, and come without delay once they were",
		Why:      "This is how retries are built.",
		Source:   measured,
		Releases: Before43, Delayed: true, Waits: true,
		Run: func(t *T) {
			d := newDelayed(t, "fanout")
			dies := t.QueueName("dies")
			d.c.Queue(dies, argument("x-dead-letter-exchange", d.x)...)
			d.c.Bind(dies, "amq.direct", dies)
			d.c.PublishWith(&wire.BasicPublish{RoutingKey: dies}, delayedBy(int32(200)), "m")
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
		Releases: Before43, Delayed: true, Waits: true,
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
			if t.In(Only310) {
				want = 1
			}
			t.AwaitStream(stream)
			t.Observe("stream", t.Read(stream, "first", 10).delays(want))
		},
	},
	{
		ID:         "delayed/policy",
		Title:      "of a policy's alternate exchange, the one counts that was there when the message was published",
		Why:        "The message is held with the exchange as it was.",
		Source:     measured,
		Releases:   Before43,
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
		Releases:   Before43,
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
		ID:         "delayed/http",
		Title:      "what is published over HTTP is delayed, and said not to be routed",
		Why:        "The API publishes as a client does.",
		Source:     measured,
		Releases:   Before43,
		Delayed:    true,
		Waits:      true,
		Management: true,
		Run: func(t *T) {
			d := newDelayed(t, "direct")
			t.Observe("headers", t.Ask(http.MethodPost, "/api/exchanges/{vhost}/"+d.x+"/publish", map[string]any{
				"properties": map[string]any{"headers": map[string]any{"x-delay": "50", "b": 1, "a": 2}}, "routing_key": "k", "payload": "m", "payload_encoding": "string"}))
			t.Observe("delivered", d.box.delays(1))
			q := t.QueueName("got")
			d.c.Queue(q)
			d.c.Bind(q, d.x, "got")
			d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "got"}, delayedBy(int32(50), wire.Field{Key: "z", Value: "z"}), "m")
			t.arrives(d.c, q, 1)
			t.Observe("got", t.Ask(http.MethodPost, "/api/queues/{vhost}/"+q+"/get", map[string]any{"count": 1, "ackmode": "ack_requeue_true", "encoding": "auto"}))
			t.Observe("got over AMQP", d.c.Get(q))
			for _, delay := range []any{100, "100", 1.5, 0, "soon", true} {
				t.Observe(render(delay), t.Ask(http.MethodPost, "/api/exchanges/{vhost}/"+d.x+"/publish", map[string]any{
					"properties": map[string]any{"headers": map[string]any{"x-delay": delay}}, "routing_key": "k", "payload": "m", "payload_encoding": "string"}))
				if delay != "soon" {
					t.Observe("delivered", d.box.delays(1))
				}
			}
			x := t.ExchangeName("by-http")
			for _, body := range []map[string]any{
				{"type": delayedKind}, {"type": delayedKind, "arguments": map[string]any{"x-delayed-type": "none"}}, {"type": delayedKind, "arguments": map[string]any{"x-delayed-type": 1}},
				{"type": delayedKind, "arguments": map[string]any{"x-delayed-type": delayedKind}}, {"type": delayedKind, "arguments": map[string]any{"x-delayed-type": "topic"}},
			} {
				t.Observe(render(body), t.Ask(http.MethodPut, "/api/exchanges/{vhost}/"+x, body))
			}
		},
	},
	{
		ID:       "delayed/restart",
		Title:    "messages outlive a restart, transient or not, and so does a durable exchange; what is due meanwhile is routed after it",
		Why:      "A reminder for next week survives an upgrade.",
		Source:   pageDelayed,
		Releases: Before43, Delayed: true, Node: true,
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
	{
		ID:       "delayed/permission",
		Title:    "permissions are looked at when a message is published",
		Why:      "When it is due nobody asks for anything.",
		Source:   measured,
		Releases: Before43, Delayed: true, Waits: true, Management: true,
		Run: func(t *T) {
			d := newDelayed(t, "topic")
			user := t.User("user")
			c := t.RawAsPermitted(user, "", ".*", "").Channel()
			c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "k"}, delayedBy(int32(1500)), "m")
			c.Send(&wire.ChannelFlow{Active: true})
			c.Next()
			t.Permit(user.Username, "", "", "")
			t.Observe("delivered", d.box.delays(1))
			t.PermitTopic(user.Username, d.x, "none", "none")
			t.Permit(user.Username, "", ".*", "")
			c = t.RawAs(user).Channel()
			c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "k"}, delayedBy(int32(50)), "topic")
			c.Send(&wire.ChannelFlow{Active: true})
			t.Observe("topic permission", c.Next().String())
		},
	},
}
