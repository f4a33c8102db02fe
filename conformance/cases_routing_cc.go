package conformance

import "github.com/minirabbit/minirabbit/wire"

var routingCcCases = []Case{
	{
		ID:     "routing.cc/further-keys",
		Title:  "a message is routed by the keys in its CC and BCC headers too, and each queue gets it once",
		Why:    "Sender-selected distribution lets a publisher address several queues with one message.",
		Source: "rabbitmq.com/docs/sender-selected",
		Run: func(t *T) {
			c, a, b, d := t.Raw().Channel(), t.QueueName("a"), t.QueueName("b"), t.QueueName("d")
			for _, q := range []string{a, b, d} {
				c.Queue(q)
			}
			c.PublishWith(&wire.BasicPublish{RoutingKey: a}, headers(keys("CC", b, a), keys("BCC", d, b)), "m")
			t.Check("queues", [][]string{c.Drain(a), c.Drain(b), c.Drain(d)}, [][]string{{"m"}, {"m"}, {"m"}})
		},
	},
	{
		ID:     "routing.cc/headers-kept",
		Title:  "the CC header is delivered and the BCC header is not; the routing key stays the one published with",
		Why:    "The blind recipients must stay blind.",
		Source: "rabbitmq.com/docs/sender-selected",
		Run: func(t *T) {
			c, a, b := t.Raw().Channel(), t.QueueName("a"), t.QueueName("b")
			c.Queue(a)
			c.Queue(b)
			c.PublishWith(&wire.BasicPublish{RoutingKey: a}, headers(keys("CC", b), wire.Field{Key: "H", Value: "h"}, keys("BCC", "nobody")), "m")
			for _, q := range []string{a, b} {
				c.Send(&wire.BasicGet{Queue: q, NoAck: true})
				got := c.Next()
				t.Check("key in "+q, got.Method.(*wire.BasicGetOk).RoutingKey, a)
				t.Check("headers in "+q, got.Header.Properties.Headers, wire.Table{keys("CC", b), {Key: "H", Value: "h"}})
			}
			c.PublishWith(&wire.BasicPublish{RoutingKey: a}, headers(keys("BCC", b)), "m")
			c.Send(&wire.BasicGet{Queue: a, NoAck: true})
			t.Check("only BCC leaves a table without entries", c.Next().Header.Properties, headers())
		},
	},
	{
		ID:     "routing.cc/not-a-list",
		Title:  "a CC or BCC header that is not an array is a 406",
		Why:    "A single key in a string is a common mistake.",
		Source: "rabbitmq.com/docs/sender-selected",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			r.Channel().Queue(q)
			for _, name := range []string{"CC", "BCC"} {
				for _, value := range notNames {
					c := r.Channel()
					c.PublishWith(&wire.BasicPublish{RoutingKey: q}, headers(wire.Field{Key: name, Value: value.value}), "m")
					t.Check(name+" as "+value.kind, c.Error(), ChannelError(wire.PreconditionFailed,
						`invalid message: {unacceptable_type_in_header,"`+name+`",`+value.kind+"}", wire.IDBasicPublish))
				}
			}
			c := r.Channel()
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, headers(keys("CC", int32(1), true)), "m")
			t.Check("an array of other things", t.answer(c, &wire.BasicGet{Queue: q}), `get-ok 1 left 0 "m"`)
		},
	},
	{
		ID:     "routing.cc/mandatory",
		Title:  "a mandatory message that only a CC key routes does not come back",
		Why:    "It reached somebody.",
		Source: "rabbitmq.com/docs/sender-selected",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.PublishWith(&wire.BasicPublish{RoutingKey: q + "x", Mandatory: true}, headers(keys("CC", q)), "m")
			t.Check("nothing comes back", c.RoundTrip(), []string{})
			t.Check("routed", c.Drain(q), []string{"m"})
			c.PublishWith(&wire.BasicPublish{RoutingKey: q + "x", Mandatory: true}, headers(keys("BCC", q+"y")), "m")
			got := c.Next()
			t.Check("returned", got.String(), `return 312 NO_ROUTE "" <q>x "m"`)
			t.Check("returned without its BCC", got.Header.Properties.Headers, wire.Table{})
		},
	},
}
