package conformance

import (
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

// unsendable is how a connection ends that was to be sent a message whose routing key is longer than a short string.
var unsendable = Error{OnConnection, wire.InternalError, "INTERNAL_ERROR", 0}

var textLengthCases = []Case{
	{
		ID:     "text/dead-letter-key-consumed",
		Title:  "a dead letter with a routing key of 256 bytes ends the connection of its consumer, and waits for the next one",
		Why:    "A queue's argument may have any length, and a routing key in a frame may not: one consumer must not take the broker down.",
		Source: measured, Releases: Installable,
		Run: func(t *T) {
			for _, length := range []int{255, 256, 300} {
				d := newLongDeadLetters(t, length)
				consumer := t.Raw().Channel()
				consumer.Consume(d.dlq, "c")
				d.c.Publish("", d.q, "a")
				if length == 255 {
					t.Check("255 bytes", len(consumer.Next().Method.(*wire.BasicDeliver).RoutingKey), length)
					consumer.Close()
					continue
				}
				t.Check("the consumer", consumer.Error(), unsendable)
				d.c.CheckCounts("requeued", d.dlq, Counts{Ready: 1})
			}
		},
	},
	{
		ID:     "text/dead-letter-key-got",
		Title:  "basic.get of a message with a routing key of 256 bytes ends its connection; without acknowledgement the message is lost",
		Why:    "Whoever looks into the queue must know why the connection ends.",
		Source: measured, Releases: Installable,
		Run: func(t *T) {
			d := newLongDeadLetters(t, 256)
			d.c.Publish("", d.q, "a")
			d.c.CheckCounts("dead", d.dlq, Counts{Ready: 1})
			getter := t.Raw().Channel()
			getter.Send(&wire.BasicGet{Queue: d.dlq})
			t.Check("get", getter.Error(), unsendable)
			d.c.CheckCounts("requeued", d.dlq, Counts{Ready: 1})
			getter = t.Raw().Channel()
			getter.Send(&wire.BasicGet{Queue: d.dlq, NoAck: true})
			t.Check("get without acknowledgement", getter.Error(), unsendable)
			d.c.CheckCounts("lost", d.dlq, Counts{})
		},
	},
	{
		ID: "text/http-routing-key", Title: "the HTTP API publishes with a routing key of 300 bytes, which ends the connection of the consumer",
		Why: "A script that publishes by HTTP must not take the broker down.", Source: measured, Management: true, Releases: Installable,
		Run: func(t *T) {
			q, r := t.QueueName("q"), t.Raw()
			c := r.Channel()
			c.Queue(q)
			c.Bind(q, "amq.fanout", "")
			consumer := t.Raw().Channel()
			consumer.Consume(q, "c")
			t.Observe("published", t.Ask("POST", "/api/exchanges/{vhost}/amq.fanout/publish",
				`{"properties":{},"routing_key":"`+strings.Repeat("k", 300)+`","payload":"x","payload_encoding":"string"}`))
			t.Check("the consumer", consumer.Error(), unsendable)
			c.CheckCounts("requeued", q, Counts{Ready: 1})
		},
	},
	{
		ID: "text/http-properties", Title: "the HTTP API of 4.3 refuses properties and names of headers of more than 255 bytes",
		Why: "A short string holds no more.", Source: measured, Management: true, Releases: Only("4.3"),
		Run: func(t *T) {
			q := t.QueueName("q")
			t.Raw().Channel().Queue(q)
			long := strings.Repeat("k", 256)
			for _, properties := range []string{`{"message_id":"` + long + `"}`, `{"correlation_id":"` + long + `"}`, `{"type":"` + long + `"}`,
				`{"app_id":"` + long + `"}`, `{"content_type":"` + long + `"}`, `{"content_encoding":"` + long + `"}`, `{"reply_to":"` + long + `"}`,
				`{"cluster_id":"` + long + `"}`, `{"headers":{"` + long + `":1}}`, `{"headers":{"a":{"` + long + `":1}}}`, `{"message_id":"` + long[1:] + `"}`} {
				t.Observe(properties[:20], t.Ask("POST", "/api/exchanges/{vhost}/amq.default/publish",
					`{"properties":`+properties+`,"routing_key":"`+q+`","payload":"x","payload_encoding":"string"}`))
			}
		},
	},
	{
		ID: "text/firehose-key", Title: "the firehose copies what is published to an exchange with a name of 248 bytes, and the copy ends its consumer's connection",
		Why: "The copy's routing key is the exchange's name and a word before it.", Source: pageFirehose, Management: true, Releases: Installable,
		Run: func(t *T) {
			f := &firehose{t: t, vhost: t.Vhost("v")}
			f.c = f.channel()
			f.c.Queue("traces")
			f.c.Bind("traces", "amq.rabbitmq.trace", "#")
			f.trace(true)
			for _, length := range []int{247, 248, 255} {
				x := strings.Repeat("x", length)
				f.c.Exchange(x, "fanout")
				consumer := f.channel()
				consumer.ConsumeWith(&wire.BasicConsume{Queue: "traces", ConsumerTag: "t", NoAck: true})
				f.c.Publish(x, "k", "a")
				if length == 247 {
					t.Check("247 bytes", len(consumer.Next().Method.(*wire.BasicDeliver).RoutingKey), 255)
					consumer.Close()
					continue
				}
				t.Check("the consumer", consumer.Error(), unsendable)
			}
		},
	},
}

// newLongDeadLetters makes a queue whose messages die at once, and a queue for its dead letters, whose routing key has so many
// bytes.
func newLongDeadLetters(t *T, length int) *deadLetters {
	t.Helper()
	d := &deadLetters{t: t, r: t.Raw(), q: t.QueueName("q"), dlx: t.ExchangeName("dlx"), dlq: t.QueueName("dlq")}
	d.c = d.r.Channel()
	d.c.Exchange(d.dlx, "fanout")
	d.c.Queue(d.dlq)
	d.c.Bind(d.dlq, d.dlx, "")
	d.c.Queue(d.q, append(argument("x-dead-letter-exchange", d.dlx),
		wire.Field{Key: "x-dead-letter-routing-key", Value: strings.Repeat("k", length)}, wire.Field{Key: "x-message-ttl", Value: int32(0)})...)
	return d
}
