package conformance

import (
	"maps"
	"slices"

	"github.com/minirabbit/minirabbit/wire"
)

// routed publishes a message with each of the keys, and tells which keys went by each of the bindings.
func routed(t *T, kind string, bindings, keys []string) map[string][]string {
	t.Helper()
	c, x := t.Raw().Channel(), t.ExchangeName("x")
	c.Exchange(x, kind)
	queues := make(map[string]string)
	for i, binding := range bindings {
		queues[binding] = t.QueueName(numbered("q", i+1)[i])
		c.Queue(queues[binding])
		c.Bind(queues[binding], x, binding)
	}
	for _, key := range keys {
		c.Publish(x, key, key)
	}
	matched := make(map[string][]string)
	for _, binding := range bindings {
		matched[binding] = c.Drain(queues[binding])
	}
	return matched
}

// headersExchange collects which messages go by which bindings of a headers exchange.
type headersExchange struct {
	t        *T
	c        *RawChannel
	exchange string
	labels   []string          // of the bindings, in order
	queues   map[string]string // by the binding's label
}

func newHeaders(t *T) *headersExchange {
	t.Helper()
	x := &headersExchange{t: t, c: t.Raw().Channel(), exchange: t.ExchangeName("x"), queues: make(map[string]string)}
	x.c.Exchange(x.exchange, "headers")
	return x
}

// bind binds a queue of its own.
func (x *headersExchange) bind(label string, arguments wire.Table) {
	x.t.Helper()
	queue := x.t.QueueName(numbered("q", len(x.queues)+1)[len(x.queues)])
	x.labels, x.queues[label] = append(x.labels, label), queue
	x.c.Queue(queue)
	x.c.Bind(queue, x.exchange, "", arguments...)
}

// publish publishes a message with those headers; nil sends none.
func (x *headersExchange) publish(label string, table wire.Table) {
	x.t.Helper()
	properties := headers(table...)
	if table == nil {
		properties = wire.Properties{}
	}
	x.c.PublishWith(&wire.BasicPublish{Exchange: x.exchange}, properties, label)
}

// check checks which messages went by each binding.
func (x *headersExchange) check(want map[string][]string) {
	x.t.Helper()
	got := make(map[string][]string)
	for _, label := range x.labels {
		got[label] = x.c.Drain(x.queues[label])
	}
	x.t.Check("messages by binding", got, want)
}

var routingCases = []Case{
	{
		ID:     "routing.direct/exact",
		Title:  "a direct exchange routes where the keys are equal, byte by byte, to every such queue",
		Why:    "Wildcards and capitals mean nothing here.",
		Source: pageConcepts,
		Run: func(t *T) {
			matched := routed(t, "direct", []string{"a", "A", "a.*", "#", ""}, []string{"a", "A", "a.b", "a.*", "", "b"})
			t.Check("keys by binding", matched, map[string][]string{
				"a": {"a"}, "A": {"A"}, "a.*": {"a.*"}, "#": {}, "": {""}})
		},
	},
	{
		ID:     "routing.fanout/everything",
		Title:  "a fanout exchange routes to every queue, whatever the keys",
		Why:    "Broadcasts ignore routing keys.",
		Source: pageConcepts,
		Run: func(t *T) {
			matched := routed(t, "fanout", []string{"a", ""}, []string{"a", "b", ""})
			t.Check("keys by binding", matched, map[string][]string{"a": {"a", "b", ""}, "": {"a", "b", ""}})
		},
	},
	{
		ID:     "routing.topic/star",
		Title:  "in a topic binding * stands for exactly one word, which may be empty between dots",
		Why:    "Words are what is between dots; no word at all is not an empty word.",
		Source: pageExchanges + "#topic",
		Run: func(t *T) {
			keys := []string{"", "a", "a.b", "a.", ".", "a..b", "a.b.c", "*"}
			t.Check("keys by binding", routed(t, "topic", []string{"*", "a.*", "*.*", "a.*.b", "*.b.*", "a.b"}, keys), map[string][]string{
				"*": {"a", "*"}, "a.*": {"a.b", "a."}, "*.*": {"a.b", "a.", "."}, "a.*.b": {"a..b"}, "*.b.*": {"a.b.c"}, "a.b": {"a.b"}})
		},
	},
	{
		ID:     "routing.topic/hash",
		Title:  "in a topic binding # stands for any number of words, none included, anywhere and more than once",
		Why:    "It has to be tried with every number of words.",
		Source: pageExchanges + "#topic",
		Run: func(t *T) {
			keys := []string{"", "a", "b", "a.b", "a.b.c", "x.a.y.b.z", "a.", ".a"}
			want := map[string][]string{
				"#": keys, "#.#": keys, "a.#": {"a", "a.b", "a.b.c", "a."}, "#.a": {"a", ".a"},
				"#.b.#": {"b", "a.b", "a.b.c", "x.a.y.b.z"}, "a.#.b": {"a.b"}, "a.#.#.b": {"a.b"},
				"*.#": {"a", "b", "a.b", "a.b.c", "x.a.y.b.z", "a.", ".a"}, "#.*.#.*": {"a.b", "a.b.c", "x.a.y.b.z", "a.", ".a"},
			}
			t.Check("keys by binding", routed(t, "topic", slices.Sorted(maps.Keys(want)), keys), want)
		},
	},
	{
		ID:     "routing.topic/three-hashes",
		Title:  "a topic binding with more than two # works up to 4.0, and is a 406 on 4.3",
		Why:    "Each # multiplies the ways to match.",
		Source: measured,
		Run: func(t *T) {
			if t.In(UpTo("4.2")) {
				t.Check("keys by binding", routed(t, "topic", []string{"#.a.#.b.#"}, []string{"a.b", "b.a", "x.a.y.b.z"}),
					map[string][]string{"#.a.#.b.#": {"a.b", "x.a.y.b.z"}})
				return
			}
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			t.Check("refusal", c.Refused(&wire.QueueBind{Queue: q, Exchange: "amq.topic", RoutingKey: "#.a.#.b.#"}),
				ChannelError(wire.PreconditionFailed, "Topic binding key '#.a.#.b.#' uses 3 '#' wildcards, at most 2 are allowed", wire.IDQueueBind))
		},
	},
	{
		ID:     "routing.topic/literal",
		Title:  "wildcards are wildcards only as whole words, in the binding only, and letters are case sensitive",
		Why:    "A key that is published may hold any characters.",
		Source: pageExchanges + "#topic",
		Run: func(t *T) {
			keys := []string{"", "a", "A", "ab", "a*", "a#", "#", "*", "a.b"}
			t.Check("keys by binding", routed(t, "topic", []string{"", "a", "a*", "a#", "*b", "**", "A", "##"}, keys), map[string][]string{
				"": {""}, "a": {"a"}, "a*": {"a*"}, "a#": {"a#"}, "*b": {}, "**": {}, "A": {"A"}, "##": {}})
		},
	},
	{
		ID:     "routing.topic/unbind",
		Title:  "unbinding one topic pattern leaves the others in force",
		Why:    "Patterns share their first words, and removing one must not prune another.",
		Source: pageExchanges + "#topic",
		Run: func(t *T) {
			c, q, x := t.Raw().Channel(), t.QueueName("q"), t.ExchangeName("x")
			c.Exchange(x, "topic")
			c.Queue(q)
			for _, pattern := range []string{"a.b.c", "a.b", "a.#", "a.*.c"} {
				c.Bind(q, x, pattern)
			}
			unbind := func(pattern string) {
				Call[*wire.QueueUnbindOk](c, &wire.QueueUnbind{Queue: q, Exchange: x, RoutingKey: pattern})
				c.Publish(x, "a.b.c", "a.b.c")
				c.Publish(x, "a.b", "a.b")
				t.Check("without "+pattern, c.Drain(q), map[string][]string{
					"a.#": {"a.b.c", "a.b"}, "a.b.c": {"a.b.c", "a.b"}, "a.b": {"a.b.c"}, "a.*.c": {}}[pattern])
			}
			unbind("a.#")
			unbind("a.b.c")
			unbind("a.b")
			unbind("a.*.c")
		},
	},
	{
		ID:     "routing.headers/all",
		Title:  "x-match all, which is the default, wants every header of the binding, and lets the message have more",
		Why:    "Types count: a number is not a string of its digits.",
		Source: pageConcepts + "#exchange-headers",
		Run: func(t *T) {
			x := newHeaders(t)
			x.bind("two", wire.Table{{Key: "x-match", Value: "all"}, {Key: "a", Value: "1"}, {Key: "b", Value: int32(2)}})
			x.bind("default", wire.Table{{Key: "a", Value: "1"}})
			x.bind("nothing", wire.Table{{Key: "x-match", Value: "all"}})
			x.bind("no arguments", nil)
			x.publish("neither", nil)
			x.publish("one", wire.Table{{Key: "a", Value: "1"}})
			x.publish("both", wire.Table{{Key: "a", Value: "1"}, {Key: "b", Value: int32(2)}})
			x.publish("both and more", wire.Table{{Key: "c", Value: true}, {Key: "b", Value: int32(2)}, {Key: "a", Value: "1"}})
			x.publish("another value", wire.Table{{Key: "a", Value: "1"}, {Key: "b", Value: int32(3)}})
			x.publish("a number as a string", wire.Table{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}})
			x.publish("a string as a number", wire.Table{{Key: "a", Value: int32(1)}, {Key: "b", Value: int32(2)}})
			everything := []string{"neither", "one", "both", "both and more", "another value", "a number as a string", "a string as a number"}
			x.check(map[string][]string{
				"two": {"both", "both and more"}, "nothing": everything, "no arguments": everything,
				"default": {"one", "both", "both and more", "another value", "a number as a string"}})
		},
	},
	{
		ID:     "routing.headers/any",
		Title:  "x-match any wants one header of the binding; a binding without headers matches nothing",
		Why:    "It is the or to the and of all.",
		Source: pageConcepts + "#exchange-headers",
		Run: func(t *T) {
			x := newHeaders(t)
			x.bind("two", wire.Table{{Key: "x-match", Value: "any"}, {Key: "a", Value: "1"}, {Key: "b", Value: int32(2)}})
			x.bind("nothing", wire.Table{{Key: "x-match", Value: "any"}})
			x.publish("neither", nil)
			x.publish("first", wire.Table{{Key: "a", Value: "1"}})
			x.publish("second", wire.Table{{Key: "b", Value: int32(2)}, {Key: "a", Value: "other"}})
			x.publish("wrong values", wire.Table{{Key: "a", Value: "2"}, {Key: "b", Value: "2"}})
			x.check(map[string][]string{"two": {"first", "second"}, "nothing": {}})
		},
	},
	{
		ID:     "routing.headers/x-headers",
		Title:  "headers whose names start with x- are left out of the match, except for all-with-x and any-with-x",
		Why:    "Arguments that steer the broker are not matched by accident.",
		Source: pageConcepts + "#exchange-headers",
		Run: func(t *T) {
			x := newHeaders(t)
			for _, match := range []string{"all", "any", "all-with-x", "any-with-x"} {
				x.bind(match, wire.Table{{Key: "x-match", Value: match}, {Key: "a", Value: "1"}, {Key: "x-b", Value: "2"}})
			}
			x.publish("a", wire.Table{{Key: "a", Value: "1"}})
			x.publish("x-b", wire.Table{{Key: "x-b", Value: "2"}})
			x.publish("both", wire.Table{{Key: "a", Value: "1"}, {Key: "x-b", Value: "2"}})
			x.publish("neither", nil)
			x.check(map[string][]string{
				"all": {"a", "both"}, "any": {"a", "both"}, "all-with-x": {"both"}, "any-with-x": {"a", "x-b", "both"}})
		},
	},
	{
		ID:     "routing.headers/values",
		Title:  "values are compared by type and value; a void in the binding wants the header, whatever its value",
		Why:    "Clients in other languages choose other number types.",
		Source: pageConcepts + "#exchange-headers",
		Run: func(t *T) {
			x := newHeaders(t)
			x.bind("int32", argument("a", int32(1)))
			x.bind("true", argument("a", true))
			x.bind("void", argument("a", nil))
			x.bind("float", argument("a", 1.0))
			x.bind("table", argument("a", wire.Table{{Key: "k", Value: "v"}}))
			x.bind("array", argument("a", wire.Array{"v"}))
			x.bind("bytes", argument("a", []byte("1")))
			x.bind("timestamp", argument("a", wire.Timestamp(1)))
			x.bind("thousand", argument("a", int32(1000)))
			integers := []string{"b", "B", "s", "u", "I", "i", "l"}
			for i, value := range []any{int8(1), uint8(1), int16(1), uint16(1), int32(1), uint32(1), int64(1)} {
				x.publish(integers[i], argument("a", value))
			}
			x.publish("T", argument("a", wire.Timestamp(1)))
			x.publish("f", argument("a", float32(1)))
			x.publish("d", argument("a", 1.0))
			x.publish("S", argument("a", "1"))
			x.publish("x", argument("a", []byte("1")))
			x.publish("t", argument("a", true))
			x.publish("V", argument("a", nil))
			x.publish("D", argument("a", wire.Decimal{Scale: 0, Value: 1}))
			x.publish("F", argument("a", wire.Table{{Key: "k", Value: "v"}}))
			x.publish("A", argument("a", wire.Array{"v"}))
			floats, thousand := []string{"f", "d"}, []string{"T"} // a timestamp is matched in milliseconds
			void := slices.Concat(integers, []string{"T", "f", "d", "S", "x", "t", "V", "D", "F", "A"})
			if t.In(UpTo("3.12")) { // there an integer equals a float, and a timestamp is matched in seconds
				integers = slices.Concat(integers, []string{"T", "f", "d"})
				floats, thousand = integers, nil
			}
			x.check(map[string][]string{"int32": integers, "timestamp": integers, "float": floats, "true": {"t"},
				"bytes": {"S", "x"}, "thousand": thousand, "table": {"F"}, "array": {"A"}, "void": void})
		},
	},
	{
		ID:     "routing.headers/invalid-x-match",
		Title:  "an x-match that is none of the four is a 406",
		Why:    "A typing error must not match nothing in silence.",
		Source: pageConcepts + "#exchange-headers",
		Run: func(t *T) {
			r, q, x := t.Raw(), t.QueueName("q"), t.ExchangeName("x")
			c := r.Channel()
			c.Exchange(x, "headers")
			c.Queue(q)
			t.Check("value", r.Channel().Refused(&wire.QueueBind{Queue: q, Exchange: x, Arguments: argument("x-match", "some")}),
				ChannelError(wire.PreconditionFailed, "Invalid x-match field value <<\"some\">>; expected all, any, all-with-x, or any-with-x", wire.IDQueueBind))
			t.Check("type", r.Channel().Refused(&wire.QueueBind{Queue: q, Exchange: x, Arguments: argument("x-match", int32(1))}),
				ChannelError(wire.PreconditionFailed, "Invalid x-match field type signedint (value 1); expected longstr", wire.IDQueueBind))
		},
	},
	{
		ID:     "routing.headers/key-ignored",
		Title:  "the routing key does not matter to a headers exchange",
		Why:    "It still distinguishes bindings.",
		Source: pageConcepts + "#exchange-headers",
		Run: func(t *T) {
			c, q, x := t.Raw().Channel(), t.QueueName("q"), t.ExchangeName("x")
			c.Exchange(x, "headers")
			c.Queue(q)
			c.Bind(q, x, "one", argument("a", "1")...)
			c.PublishWith(&wire.BasicPublish{Exchange: x, RoutingKey: "another"}, headers(wire.Field{Key: "a", Value: "1"}), "m")
			t.Check("routed", c.Drain(q), []string{"m"})
		},
	},
	{
		ID:     "routing.default/every-queue",
		Title:  "every queue is bound to the default exchange by its name, from its declaration to its deletion",
		Why:    "There is nothing to bind, and nothing to unbind.",
		Source: pageExchanges + "#default-exchange",
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			mandatory := &wire.BasicPublish{RoutingKey: q, Mandatory: true}
			c.PublishWith(mandatory, wire.Properties{}, "early")
			t.Check("before", c.Lines(1), []string{`return 312 NO_ROUTE "" <q> "early"`})
			c.Queue(q)
			c.PublishWith(mandatory, wire.Properties{}, "m")
			t.Check("between", c.Drain(q), []string{"m"})
			Call[*wire.QueueDeleteOk](c, &wire.QueueDelete{Queue: q})
			c.PublishWith(mandatory, wire.Properties{}, "late")
			t.Check("after", c.Lines(1), []string{`return 312 NO_ROUTE "" <q> "late"`})
		},
	},
}
