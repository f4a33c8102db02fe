package conformance

import "github.com/minirabbit/minirabbit/wire"

// copies is a queue whose dead letters are routed by their keys: k to one queue, copy to another.
type copies struct {
	*deadLetters
	x            string // the exchange to publish to
	main, copies *RawChannel
}

func newCopies(t *T, arguments ...wire.Field) *copies {
	t.Helper()
	r := t.Raw()
	d := &deadLetters{t: t, r: r, c: r.Channel(), q: t.QueueName("q"), dlx: t.ExchangeName("dlx")}
	x, main, copied := t.ExchangeName("x"), t.QueueName("main"), t.QueueName("copied")
	d.c.Exchange(x, "direct")
	d.c.Exchange(d.dlx, "direct")
	d.c.Queue(d.q, append(argument("x-dead-letter-exchange", d.dlx), arguments...)...)
	d.c.Bind(d.q, x, "k")
	d.c.Queue(main)
	d.c.Bind(main, d.dlx, "k")
	d.c.Queue(copied)
	d.c.Bind(copied, d.dlx, "copy")
	return &copies{d, x, r.letterbox(main), r.letterbox(copied)}
}

// publish publishes with headers, and rejects what comes.
func (d *copies) publish(body string, header ...wire.Field) {
	d.t.Helper()
	d.c.PublishWith(&wire.BasicPublish{Exchange: d.x, RoutingKey: "k"}, headers(header...), body)
	d.c.CheckCounts("published", d.q, Counts{Ready: 1})
	d.c.reject(d.q)
}

var deadletterCcCases = []Case{
	{
		ID:     "deadletter.cc/kept-key",
		Title:  "without a dead letter routing key the keys in CC route the dead letter too, and are in x-death",
		Why:    "The recipients of copies get the dead letter, too.",
		Source: pageDLX + "#routing",
		Run: func(t *T) {
			d := newCopies(t)
			d.publish("m", keys("CC", "copy", "other"))
			t.CheckLetters("by its key", d.main, `m to <dlx> k; rejected 1 in <q> from <x> [k copy other]; first rejected in <q> from <x>; last rejected in <q> from <x>; {CC=["copy", "other"]}`)
			t.CheckLetters("by CC", d.copies, `m to <dlx> k; rejected 1 in <q> from <x> [k copy other]; first rejected in <q> from <x>; last rejected in <q> from <x>; {CC=["copy", "other"]}`)
		},
	},
	{
		ID:     "deadletter.cc/own-key",
		Title:  "with a dead letter routing key CC routes no more; 3.10 drops the header, later releases keep it",
		Why:    "The key of the queue replaces all keys of the message.",
		Source: pageDLX + "#routing",
		Run: func(t *T) {
			d := newCopies(t, wire.Field{Key: "x-dead-letter-routing-key", Value: "k"})
			d.publish("m", keys("CC", "copy"))
			t.CheckLetters("by the queue's key", d.main, ByRelease(t,
				On(UpTo("3.12"), `m to <dlx> k; rejected 1 in <q> from <x> [k copy]; first rejected in <q> from <x>`),
				On(Since("3.13"), `m to <dlx> k; rejected 1 in <q> from <x> [k copy]; first rejected in <q> from <x>; last rejected in <q> from <x>; {CC=["copy"]}`)))
			d.c.Publish(d.dlx, "copy", "marker")
			t.Check("not by CC", d.copies.bodies(1), []string{"marker"})
		},
	},
	{
		ID:     "deadletter.cc/bcc",
		Title:  "BCC routes the dead letter too, and is not in x-death",
		Why:    "The header is gone, but the broker remembers the keys.",
		Source: pageDLX + "#routing",
		Run: func(t *T) {
			d := newCopies(t)
			d.publish("m", keys("BCC", "copy"))
			t.CheckLetters("by its key", d.main, `m to <dlx> k; rejected 1 in <q> from <x> [k]; first rejected in <q> from <x>; last rejected in <q> from <x>`)
			t.Check("by BCC", d.copies.bodies(1), []string{"m"})
		},
	},
	{
		ID:     "deadletter.cc/bcc-repeats",
		Title:  "a key in BCC that the message has elsewhere, too, is taken from x-death once",
		Why:    "RabbitMQ subtracts the list of hidden keys from the list of all.",
		Source: measured,
		Run: func(t *T) {
			for _, header := range [][]wire.Field{
				{keys("CC", "copy"), keys("BCC", "k")},
				{keys("CC", "copy"), keys("BCC", "copy")},
				{keys("CC", "copy", "k"), keys("BCC", "k", "none")},
				{keys("CC", "copy", "copy"), keys("BCC", "k", "copy", "k")},
				{keys("CC", "k")},
			} {
				d := newCopies(t)
				d.publish("m", header...)
				t.Observe(render(wire.Table(header)), d.main.letters(1))
			}
		},
	},
	{
		ID:     "deadletter.cc/several-hops",
		Title:  "CC goes on routing from hop to hop while no queue sets a key",
		Why:    "A message with copies multiplies in a chain of dead letter exchanges.",
		Source: measured,
		Run: func(t *T) {
			r := t.Raw()
			c, x, a, b, d := r.Channel(), t.ExchangeName("x"), t.QueueName("a"), t.QueueName("b"), t.QueueName("d")
			c.Exchange(x, "direct")
			dead := argument("x-dead-letter-exchange", x)
			c.Queue(a, dead...)
			c.Queue(b, dead...)
			c.Queue(d)
			c.Bind(b, x, "k")
			c.Bind(d, x, "copy")
			c.PublishWith(&wire.BasicPublish{RoutingKey: a}, headers(keys("CC", "k")), "m")
			c.CheckCounts("published", a, Counts{Ready: 1})
			c.reject(a)
			c.CheckCounts("by CC", b, Counts{Ready: 1})
			c.reject(b)
			c.CheckCounts("again", b, Counts{Ready: 1})
			t.CheckLetters("twice", r.letterboxOnceFull(b), `m to <x> <a>; rejected 1 in <b> from <x> [<a> k]; rejected 1 in <a> from "" [<a> k]; first rejected in <a> from ""; last rejected in <b> from <x>; {CC=["k"]}`)
		},
	},
}
