package conformance

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

// The cases of this file show what minirabbit does otherwise than RabbitMQ. They observe and do not check: what RabbitMQ
// answers is in the recordings, what minirabbit answers in differences.md. They do not show all differences that there
// are to the ledger's knowledge, for any case may be listed there.

// longerThan tells whether the broker keeps the connection for longer than that before it closes it.
func (r *Raw) longerThan(d time.Duration) bool {
	r.t.Helper()
	start := time.Now()
	r.ExpectEnd()
	return time.Since(start) > d
}

// nested gives a table of so many levels.
func nested(levels int) wire.Table {
	table := wire.Table{{Key: "level", Value: "innermost"}}
	for range levels - 1 {
		table = wire.Table{{Key: "t", Value: table}}
	}
	return table
}

var differenceCases = []Case{
	{
		ID:     "difference/silent-wait",
		Title:  "how long the broker keeps a client that cannot log in or breaks the handshake, before it closes the socket without a word",
		Why:    "RabbitMQ slows down those who guess passwords.",
		Source: pageAuthClose,
		Waits:  true,
		Run: func(t *T) {
			r := t.Socket()
			r.Greet()
			r.StartOk(r.complete(Handshake{Mechanism: "X-UNKNOWN"}))
			t.Observe("unknown mechanism: for more than two seconds", r.longerThan(2*time.Second))
			r = t.Socket()
			r.Greet()
			r.Channel0().Send(&wire.ConnectionOpen{VirtualHost: "/"})
			t.Observe("open instead of start-ok: for more than two seconds", r.longerThan(2*time.Second))
		},
	},
	{
		ID:     "difference/words-of-erlang",
		Title:  "what the broker calls an exchange type that is a word to its virtual machine",
		Why:    "The text is the only difference, and programs look at the code.",
		Source: measured,
		Run: func(t *T) {
			for _, kind := range []string{"undefined", "supervisor", "gen_server"} {
				x := t.ExchangeName(kind)
				t.Observe(kind, t.answer(t.Raw().Channel(), &wire.ExchangeDeclare{Exchange: x, Type: kind}))
			}
		},
	},
	{
		ID:     "difference/plug-in-exchanges",
		Title:  "exchange types of plug-ins that RabbitMQ's packages do not bring along",
		Why:    "Tests want them, first of all x-delayed-message.",
		Source: measured,
		Run: func(t *T) {
			for _, kind := range []string{"x-delayed-message", "x-modulus-hash"} {
				x := t.ExchangeName(kind)
				t.Observe(kind, t.answer(t.Raw().Channel(),
					&wire.ExchangeDeclare{Exchange: x, Type: kind, Arguments: argument("x-delayed-type", "direct")}))
			}
		},
	},
	{
		ID:     "difference/deep-tables",
		Title:  "a header of tables in tables, 128 and 129 levels deep",
		Why:    "A decoder that recurses must stop somewhere; RabbitMQ's stops where the frame does.",
		Source: measured,
		Run: func(t *T) {
			for _, levels := range []int{128, 129} {
				r, q := t.Raw(), t.QueueName(fmt.Sprint("q", levels))
				c := r.Channel()
				c.Queue(q)
				c.PublishWith(&wire.BasicPublish{RoutingKey: q}, headers(nested(levels)...), "m")
				// Not with basic.get: this package does not decode deeper tables either.
				c.Send(&wire.QueuePurge{Queue: q})
				t.Observe(fmt.Sprint(levels, " levels"), c.Next().String())
			}
		},
	},
	{
		ID:       "difference/consumer-timeout-tick",
		Title:    "when a channel is closed whose client holds a message for longer than a second, which is the queue's consumer timeout",
		Why:      "RabbitMQ up to 4.0 looks once a minute, so that a client has up to a minute more.",
		Source:   pageConsumers + "#acknowledgement-timeout",
		Releases: Between("3.12", "4.2"),
		Waits:    true,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, consumerTimeout(int32(1000)))
			t.Publish("", q, "m")
			c.Consume(q, "c")
			c.Lines(1)
			_ = c.raw.conn.SetReadDeadline(time.Now().Add(4 * time.Second))
			_, err := c.raw.reader.ReadFrame()
			var timeout net.Error
			t.Observe("still open after four seconds", errors.As(err, &timeout) && timeout.Timeout())
		},
	},
	{
		ID:     "difference/quorum-expires",
		Title:  "when a quorum queue goes that nobody uses for as long as x-expires says, which is 300 ms",
		Why:    "RabbitMQ looks at a quorum queue every five seconds.",
		Source: pageTTL + "#queue-ttl",
		Waits:  true,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q, queueType("quorum"), expires(300))
			c.passes("600")
			t.Observe("300 ms later", t.answer(c, &wire.QueueDeclare{Queue: q, Passive: true}))
		},
	},
	{
		ID:       "difference/amqp-1.0",
		Title:    "what follows the header of AMQP 1.0 with SASL, which 4.x answers with the same",
		Why:      "Clients of AMQP 1.0 find no peer in minirabbit.",
		Source:   "rabbitmq.com/docs/amqp",
		Releases: Since("3.12"),
		Run: func(t *T) {
			r := t.Socket()
			r.Write([]byte("AMQP\x03\x01\x00\x00"))
			_ = r.conn.SetReadDeadline(time.Now().Add(patience))
			var answer [9]byte // the header, and one byte of the frame that offers mechanisms
			n, err := io.ReadFull(r.conn, answer[:])
			t.Observe("answer", string(answer[:min(n, 8)]))
			t.Observe("goes on", err == nil)
		},
	},
	{
		ID:         "difference/statistics",
		Title:      "what the HTTP API tells of a queue right after a publish was confirmed",
		Why:        "RabbitMQ's queues report their numbers every five seconds.",
		Source:     "rabbitmq.com/docs/management#statistics-interval",
		Management: true,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			t.Publish("", q, "m")
			answer, _ := t.Manage(http.MethodGet, "/api/queues/"+url.PathEscape(t.uri.Vhost)+"/"+url.PathEscape(q), nil).(map[string]any)
			t.Observe("counts the message", answer["messages"] == 1.0)
		},
	},
	{
		ID:         "difference/http-paths",
		Title:      "paths beside the API proper, and one of a single release",
		Why:        "They serve people and other tools, not programs under test.",
		Source:     "rabbitmq.com/docs/management",
		Management: true,
		Run: func(t *T) {
			for _, path := range []string{"/api/index.html", "/cli/rabbitmqadmin", "/api/queues/detailed",
				"/api/health/checks/quorum-queues-without-elected-leaders/all-vhosts/pattern/.*"} {
				t.manage(http.MethodGet, path, nil) // which records the status
			}
		},
	},
	{
		ID: "difference/credit", Title: "what a consumer with the argument x-credit gets, which 3.10 heeds",
		Why: "3.10 has it for its plug-in of AMQP 1.0; to others it is a consumer that stops.", Source: measured,
		Run: func(t *T) {
			for _, kind := range notStream {
				c, q := t.Raw().Channel(), t.QueueName(kind)
				c.Queue(q, queueType(kind))
				t.Publish("", q, "a", "b", "c")
				credit := wire.Table{{Key: "credit", Value: int64(2)}, {Key: "drain", Value: false}}
				c.Send(&wire.BasicConsume{Queue: q, ConsumerTag: "c", NoAck: true, Arguments: argument("x-credit", credit)})
				t.Observe(kind, c.Lines(ByRelease(t, On(UpTo("3.13"), 1), On(Since("4.0"), 4))))
			}
		},
	},
	{
		ID: "difference/permission-cache", Title: "what a channel may do after its user has lost a permission that the channel has just made use of",
		Why: "RabbitMQ's channels remember for a while what they were permitted.", Source: measured, Management: true,
		Run: func(t *T) {
			user, q := t.User("user"), t.QueueName("q")
			t.Raw().Channel().Queue(q)
			r := t.RawAsPermitted(user, "", ".*", "")
			used, fresh := r.Channel(), r.Channel()
			used.Confirm()
			used.published(q, wire.Properties{}, "m")
			t.Permit(user.Username, "", "", "")
			used.Publish("", q, "m")
			t.Observe("the same channel", used.Lines(1))
			fresh.Publish("", q, "m")
			t.Observe("another channel", fresh.Lines(1))
		},
	},
}
