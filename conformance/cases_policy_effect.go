package conformance

import "github.com/minirabbit/minirabbit/wire"

// awaitOne waits for a message in one of two queues and tells from which it came.
func (t *T) awaitOne(c *RawChannel, queues ...string) (from string) {
	t.Helper()
	t.unrecorded(func() {
		t.CheckLater("arrived", func() any {
			for _, q := range queues {
				if len(c.Drain(q)) > 0 {
					from = q
				}
			}
			return from != ""
		}, true)
	})
	return from
}

var policyEffectCases = []Case{
	{
		ID: "policy.effect/max-length", Title: "a length that a policy sets holds for what is in the queue, too, and ends with the policy",
		Why: "Operators stop a queue that grows without touching programs.", Source: pageMaxLength, Management: true,
		Run: func(t *T) {
			for _, kind := range notStream {
				c, q := t.Raw().Channel(), t.QueueName(kind)
				c.Queue(q, queueType(kind))
				t.Publish("", q, "a", "b", "c", "d")
				t.Policy(q, map[string]any{"max-length": 2})
				t.Observe(kind+" under the policy", t.left(c, q, "e"))
				t.Unpolicy(q)
				t.Observe(kind+" without", t.left(c, q, "f", "g", "h"))
				t.Policy(q, map[string]any{"max-length-bytes": 2})
				t.Observe(kind+" by bytes", t.left(c, q, "i", "j", "k"))
				t.Policy(q, map[string]any{"max-length": 2, "overflow": "reject-publish"})
				t.Observe(kind+" that refuses", t.confirmed(q, "l", "m", "n", "o"))
			}
		},
	},
	{
		ID: "policy.effect/message-ttl", Title: "a time to live that a policy sets holds for what is published from then on",
		Why: "What is in the queue keeps the time that it was published with.", Source: pageTTL, Management: true,
		Run: func(t *T) {
			for _, kind := range notStream {
				c, q := t.Raw().Channel(), t.QueueName(kind)
				c.Queue(q, queueType(kind))
				t.Policy(q, map[string]any{"message-ttl": 100})
				t.Publish("", q, "a", "b")
				c.passes("400")
				t.Observe(kind+" under the policy", t.left(c, q))
				t.Unpolicy(q)
				t.Publish("", q, "c")
				c.passes("400")
				t.Observe(kind+" without", t.left(c, q))
				t.Publish("", q, "d")
				t.Policy(q, map[string]any{"message-ttl": 100})
				c.passes("400")
				t.Observe(kind+" set later", t.left(c, q))
			}
		},
	},
	{
		ID: "policy.effect/expires", Title: "a queue that a policy makes expire goes when it is not used for so long",
		Why: "Left-over queues are swept this way.", Source: pageTTL + "#queue-ttl", Management: true, Waits: true,
		Run: func(t *T) {
			r := t.Raw()
			c, q, stays := r.Channel(), t.QueueName("q"), t.QueueName("stays")
			c.Queue(q)
			c.Queue(stays)
			t.Policy(q, map[string]any{"expires": 200})
			t.Policy(stays, map[string]any{"expires": 2000})
			t.Unpolicy(stays)
			c.passes("3000")
			t.Check("gone", r.Channel().Refused(&wire.QueueDeclare{Queue: q, Passive: true}), gone(q))
			c.CheckCounts("without the policy", stays, Counts{})
		},
	},
	{
		ID: "policy.effect/dead-letters", Title: "a policy says where dead letters go, unless the queue's arguments do; the routing key may come from the other",
		Why: "Dead lettering is turned on for queues that exist.", Source: pageDLX + "#using-policies", Management: true,
		Run: func(t *T) {
			for _, kind := range notStream {
				c, to, other := t.Raw().Channel(), t.QueueName(kind+"-to"), t.QueueName(kind+"-other")
				c.Queue(to)
				c.Queue(other)
				reject := func(label string, definition map[string]any, arguments ...wire.Field) {
					q := t.QueueName(kind + "-" + label)
					c.Queue(q, append(arguments, queueType(kind))...)
					if definition != nil {
						t.Policy(q, definition)
					}
					t.Publish("", q, "m")
					c.reject(q)
					t.unrecorded(func() { c.CheckCounts("arrived", q, Counts{}) })
					t.Observe(kind+" "+label, t.awaitOne(c, to, other))
				}
				reject("policy", map[string]any{"dead-letter-exchange": "", "dead-letter-routing-key": to})
				reject("both", map[string]any{"dead-letter-exchange": "", "dead-letter-routing-key": to}, deadLetterTo(other)...)
				reject("policy-key", map[string]any{"dead-letter-routing-key": to}, argument("x-dead-letter-exchange", "")...)
				reject("policy-exchange", map[string]any{"dead-letter-exchange": "amq.fanout"}, deadLetterTo(other)...)
			}
		},
	},
	{
		ID: "policy.effect/overflow", Title: "of an overflow behaviour the argument counts for classic queues, and the policy for quorum queues",
		Why: "A publisher relies on being told, and types of queue differ.", Source: pageMaxLength, Management: true,
		Run: func(t *T) {
			for _, kind := range notStream {
				for _, how := range []string{"drop-head", "reject-publish", ""} {
					c, q := t.Raw().Channel(), t.QueueName(kind+"-"+how)
					arguments := []wire.Field{queueType(kind), maxLength(1)}
					if how != "" {
						arguments = append(arguments, overflow(how))
					}
					c.Queue(q, arguments...)
					for _, policy := range []string{"reject-publish", "drop-head"} {
						t.Policy(q, map[string]any{"overflow": policy})
						t.Observe(kind+" argument "+render(how)+", policy "+policy, t.confirmed(q, "a", "b", "c"))
						t.unrecorded(func() { c.Drain(q) })
					}
				}
			}
		},
	},
	{
		ID: "policy.effect/delivery-limit", Title: "a delivery limit that a policy sets holds for quorum queues; of two the lower counts",
		Why: "Poison messages are found at run time.", Source: pageQuorum + "#poison-message-handling", Management: true,
		Run: func(t *T) {
			for _, limit := range []struct {
				label  string
				value  any
				policy int
			}{{"policy alone", nil, 1}, {"lower policy", int32(3), 1}, {"lower argument", int32(1), 3}} {
				c, q := t.Raw().Channel(), t.QueueName("q")
				arguments := quorum()
				if limit.value != nil {
					arguments = append(arguments, wire.Field{Key: "x-delivery-limit", Value: limit.value})
				}
				c.Queue(q, arguments...)
				t.Policy(q, map[string]any{"delivery-limit": limit.policy})
				t.Publish("", q, "m")
				times := 0
				t.unrecorded(func() {
					for ; times < 6; times++ {
						c.Send(&wire.BasicGet{Queue: q})
						got, ok := c.Next().Method.(*wire.BasicGetOk)
						if !ok {
							break
						}
						c.Send(&wire.BasicReject{DeliveryTag: got.DeliveryTag, Requeue: true})
						c.RoundTrip()
					}
				})
				t.Observe(limit.label+": deliveries", times)
				Call[*wire.QueueDeleteOk](c, &wire.QueueDelete{Queue: q})
			}
		},
	},
	{
		ID: "policy.effect/alternate-exchange", Title: "a policy gives exchanges an alternate, unless their arguments do, and takes it away again",
		Why: "What is lost is caught without a redeclaration.", Source: pageAlternate, Management: true,
		Run: func(t *T) {
			c, x, named := t.Raw().Channel(), t.ExchangeName("x"), t.ExchangeName("named")
			caught, other := t.QueueName("caught"), t.QueueName("other")
			c.Queue(caught)
			c.Queue(other)
			policyAE, argumentAE := t.ExchangeName("policy-ae"), t.ExchangeName("argument-ae")
			c.Exchange(policyAE, "fanout")
			c.Exchange(argumentAE, "fanout")
			c.Bind(caught, policyAE, "")
			c.Bind(other, argumentAE, "")
			c.Exchange(x, "direct")
			c.Exchange(named, "direct", argument("alternate-exchange", argumentAE)...)
			for _, exchange := range []string{x, named} {
				t.ExchangePolicy(exchange, map[string]any{"alternate-exchange": policyAE})
				t.Publish(exchange, "nowhere", "m")
				t.Observe("under the policy: "+exchange, [][]string{t.left(c, caught), t.left(c, other)})
				t.Unpolicy(exchange)
				t.Publish(exchange, "nowhere", "m")
				t.Observe("without: "+exchange, [][]string{t.left(c, caught), t.left(c, other)})
			}
		},
	},
	{
		ID: "policy.effect/declared-later", Title: "a policy holds for queues that are declared after it, exclusive and transient ones too, and does not count as an argument",
		Why: "Policies are set up before the programs run.", Source: "rabbitmq.com/docs/policies", Management: true,
		Run: func(t *T) {
			r := t.Raw()
			for _, m := range []*wire.QueueDeclare{{Durable: true}, {Exclusive: true}, {Durable: true, AutoDelete: true}, {Durable: true, Arguments: argument("x-max-length", int32(3))}} {
				c, q := r.Channel(), t.QueueName("q")
				m.Queue = q
				t.Policy(q, map[string]any{"max-length": 2})
				for range 2 {
					Call[*wire.QueueDeclareOk](c, m)
				}
				t.Observe(describe(m), t.left(c, q, "a", "b", "c", "d"))
				Call[*wire.QueueDeleteOk](c, &wire.QueueDelete{Queue: q})
			}
		},
	},
	{
		ID: "policy.effect/dead-letters-later", Title: "where a dead letter goes is decided when it dies, not when it was published or delivered",
		Why: "Operators turn dead letters to another queue while workers hold messages.", Source: pageDLX + "#using-policies", Management: true,
		Run: func(t *T) {
			for _, kind := range notStream {
				c, q, a, b := t.Raw().Channel(), t.QueueName(kind), t.QueueName(kind+"-a"), t.QueueName(kind+"-b")
				c.Queue(a)
				c.Queue(b)
				c.Queue(q, queueType(kind))
				t.Policy(q, map[string]any{"dead-letter-exchange": "", "dead-letter-routing-key": a})
				t.Publish("", q, "1", "2", "3")
				t.Check("held", []string{c.Get(q), c.Get(q), c.Get(q)}, []string{`get-ok 1 left 2 "1"`, `get-ok 2 left 1 "2"`, `get-ok 3 left 0 "3"`})
				t.Policy(q, map[string]any{"dead-letter-exchange": "", "dead-letter-routing-key": b})
				c.Send(&wire.BasicReject{DeliveryTag: 1})
				c.CheckCounts(kind+": changed", b, Counts{Ready: 1})
				t.Policy(q, map[string]any{"max-length": 5})
				c.Send(&wire.BasicReject{DeliveryTag: 2})
				c.RoundTrip()
				t.Policy(q, map[string]any{"dead-letter-exchange": "", "dead-letter-routing-key": a})
				c.Send(&wire.BasicReject{DeliveryTag: 3})
				c.CheckCounts(kind+": changed back", a, Counts{Ready: 1})
				t.Check(kind+": nowhere in between", [][]string{c.Drain(a), c.Drain(b)}, [][]string{{"3"}, {"1"}})
			}
		},
	},
}
