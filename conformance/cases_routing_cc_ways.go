package conformance

import (
	"net/http"

	"github.com/minirabbit/minirabbit/wire"
)

const pageSenderSelected = "rabbitmq.com/docs/sender-selected"

// ccWayCases are about the ways that copies take, and what counts as a key.
var routingCcWaysCases = []Case{
	{
		ID:     "routing.cc/types",
		Title:  "a topic exchange matches each key of a message, a fanout exchange routes it once, a headers exchange ignores them all",
		Why:    "Each type looks at keys in its own way.",
		Source: pageSenderSelected,
		Run: func(t *T) {
			c := t.Raw().Channel()
			for _, kind := range []string{"topic", "fanout", "headers"} {
				x, first, second := t.ExchangeName(kind), t.QueueName("first-"+kind), t.QueueName("second-"+kind)
				c.Exchange(x, kind)
				c.Queue(first)
				c.Queue(second)
				c.Bind(first, x, "a.*", argument("a", "1")...)
				c.Bind(second, x, "b.#", argument("b", "1")...)
				for _, header := range []wire.Field{keys("CC", "a.1", "b.1", "a.2"), keys("CC", "c"), keys("BCC", "b")} {
					c.PublishWith(&wire.BasicPublish{Exchange: x, RoutingKey: "a.0"}, headers(header, wire.Field{Key: "b", Value: "1"}), wire.Table{header}.String())
				}
				t.Observe(kind, c.drainAll(first, second))
			}
		},
	},
	{
		ID:     "routing.cc/exchanges",
		Title:  "each exchange on the way routes by all keys",
		Why:    "A copy may be for a queue behind another exchange.",
		Source: pageSenderSelected,
		Run: func(t *T) {
			c, x, y := t.Raw().Channel(), t.ExchangeName("x"), t.ExchangeName("y")
			near, far, other := t.QueueName("near"), t.QueueName("far"), t.QueueName("other")
			c.Exchange(x, "direct")
			c.Exchange(y, "direct")
			c.bindExchange(x, y, "k")
			for _, each := range [][3]string{{near, x, "copy"}, {far, y, "copy"}, {other, y, "k"}} {
				c.Queue(each[0])
				c.Bind(each[0], each[1], each[2])
			}
			c.PublishWith(&wire.BasicPublish{Exchange: x, RoutingKey: "none"}, headers(keys("CC", "copy"), keys("BCC", "k")), "m")
			t.Check("queues", c.drainAll(near, far, other), [][]string{{"m"}, {"m"}, {"m"}})
		},
	},
	{
		ID:     "routing.cc/elements",
		Title:  "of the array only strings are keys; other elements are ignored, and delivered",
		Why:    "A number in the list is no queue's name.",
		Source: measured,
		Run: func(t *T) {
			c, a, b := t.Raw().Channel(), t.QueueName("a"), t.QueueName("b")
			c.Queue(a)
			c.Queue(b)
			for i, list := range [][]any{{int32(1), b}, {b, nil, true}, {[]byte(b)}, {wire.Array{b}}, {wire.Table{{Key: "k", Value: b}}}, {}, {""}, {b, b}} {
				body := numbered("m", 8)[i]
				c.PublishWith(&wire.BasicPublish{RoutingKey: a}, headers(keys("CC", list...)), body)
				t.Observe(t.value(wire.Array(list)), c.drainAll(a, b))
			}
		},
	},
	{
		ID:     "routing.cc/names",
		Title:  "only the headers CC and BCC in capitals, at the top level, hold keys",
		Why:    "Other systems have headers of that name.",
		Source: measured,
		Run: func(t *T) {
			c, a, b := t.Raw().Channel(), t.QueueName("a"), t.QueueName("b")
			c.Queue(a)
			c.Queue(b)
			for _, header := range []wire.Field{keys("cc", b), keys("Bcc", b), {Key: "x", Value: wire.Table{keys("CC", b)}}} {
				c.PublishWith(&wire.BasicPublish{RoutingKey: a}, headers(header), "m")
				t.Check(header.Key, c.drainAll(a, b), [][]string{{"m"}, {}})
			}
		},
	},
	{
		ID:     "routing.cc/twice",
		Title:  "where a message has the header CC twice",
		Why:    "A table may have a name more than once.",
		Source: measured,
		Run: func(t *T) {
			c, a, b, d := t.Raw().Channel(), t.QueueName("a"), t.QueueName("b"), t.QueueName("d")
			for _, q := range []string{a, b, d} {
				c.Queue(q)
			}
			c.PublishWith(&wire.BasicPublish{RoutingKey: a}, headers(keys("CC", b), keys("CC", d)), "m")
			t.Observe("queues", c.drainAll(a, b, d))
			c.PublishWith(&wire.BasicPublish{RoutingKey: a}, headers(keys("BCC", b), keys("BCC", d), keys("H", "h")), "m")
			t.Observe("blind", c.drainAll(a, b, d))
		},
	},
	{
		ID:     "routing.cc/confirm",
		Title:  "a message with copies is confirmed once, with a nack if the queue of any copy refuses it",
		Why:    "The publisher cannot tell which queue has it.",
		Source: pageConfirms,
		Run: func(t *T) {
			c, a, b := t.Raw().Channel(), t.QueueName("a"), t.QueueName("b")
			c.Queue(a)
			c.Queue(b, maxLength(1), overflow("reject-publish"))
			c.Confirm()
			for _, want := range []string{"ack 1", "nack 2 multiple"} {
				c.PublishWith(&wire.BasicPublish{RoutingKey: a}, headers(keys("CC", b)), want)
				t.Check(want, c.Lines(1), []string{want})
			}
			t.Check("queues", c.drainAll(a, b), [][]string{{"ack 1", "nack 2 multiple"}, {"ack 1"}})
		},
	},
	{
		ID:     "routing.cc/transaction",
		Title:  "copies are routed when the transaction commits, and none are left of one that is rolled back",
		Why:    "All recipients get it, or none.",
		Source: pageTx,
		Run: func(t *T) {
			c, a, b := t.Raw().Channel(), t.QueueName("a"), t.QueueName("b")
			c.Queue(a)
			c.Queue(b)
			Call[*wire.TxSelectOk](c, &wire.TxSelect{})
			for _, body := range []string{"rolled back", "committed"} {
				c.PublishWith(&wire.BasicPublish{RoutingKey: a}, headers(keys("BCC", b)), body)
				if body == "committed" {
					Call[*wire.TxCommitOk](c, &wire.TxCommit{})
				} else {
					Call[*wire.TxRollbackOk](c, &wire.TxRollback{})
				}
			}
			t.Check("queues", c.drainAll(a, b), [][]string{{"committed"}, {"committed"}})
		},
	},
	{
		ID:     "routing.cc/delivered",
		Title:  "a consumer of a copy gets the routing key of the message, and CC as it was sent",
		Why:    "Who gets a blind copy does not see its own key.",
		Source: pageSenderSelected,
		Run: func(t *T) {
			r := t.Raw()
			c, a, b := r.Channel(), t.QueueName("a"), t.QueueName("b")
			c.Queue(a)
			c.Queue(b)
			box := r.letterbox(b)
			for _, header := range []wire.Field{keys("CC", b), keys("BCC", b)} {
				c.PublishWith(&wire.BasicPublish{RoutingKey: a}, headers(header, wire.Field{Key: "H", Value: "h"}), "m")
				got := box.Next()
				t.Check(header.Key+" key", got.Method.(*wire.BasicDeliver).RoutingKey, a)
				t.Observe(header.Key, got.Header.Properties.Headers.String())
			}
		},
	},
	{
		ID:     "routing.cc/rejected-both",
		Title:  "a CC and a BCC of a wrong type: the text names the one that is looked at first",
		Why:    "One mistake is told at a time.",
		Source: measured,
		Run: func(t *T) {
			q := t.QueueName("q")
			t.Raw().Channel().Queue(q)
			for _, table := range []wire.Table{
				{{Key: "BCC", Value: "x"}, {Key: "CC", Value: int32(1)}}, {{Key: "CC", Value: "x"}, {Key: "BCC", Value: int32(1)}}, {keys("CC", q), {Key: "BCC", Value: "x"}},
			} {
				c := t.Raw().Channel()
				c.PublishWith(&wire.BasicPublish{RoutingKey: q}, headers(table...), "m")
				t.Observe(table.String(), c.Error())
			}
			t.Check("nothing routed", t.Raw().Channel().Drain(q), []string{})
		},
	},
	{
		ID:         "routing.cc/http",
		Title:      "what is published over HTTP has copies too",
		Why:        "The API publishes as a client does.",
		Source:     measured,
		Management: true,
		Run: func(t *T) {
			c, a, b := t.Raw().Channel(), t.QueueName("a"), t.QueueName("b")
			c.Queue(a)
			c.Queue(b)
			for _, header := range []map[string]any{{"CC": []string{b}}, {"BCC": []string{b}}, {"CC": b}} {
				t.Observe(render(header), t.Ask(http.MethodPost, "/api/exchanges/{vhost}/amq.default/publish", map[string]any{
					"properties": map[string]any{"headers": header}, "routing_key": a + "x", "payload": "m", "payload_encoding": "string"}))
				t.Observe("queues", c.drainAll(a, b))
			}
		},
	},
}
