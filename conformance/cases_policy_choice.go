package conformance

import (
	"fmt"
	"net/http"

	"github.com/minirabbit/minirabbit/wire"
)

// kept is how many of some bodies a queue keeps: its length, if it has one.
func (t *T) kept(c *RawChannel, queue string) int {
	t.Helper()
	return len(t.left(c, queue, numbered("m", 9)...))
}

var policyChoiceCases = []Case{
	{
		ID: "policy.choice/priority", Title: "of several policies the one with the highest priority holds alone; without it the next one does",
		Why: "Exceptions are made this way.", Source: "rabbitmq.com/docs/policies#priorities", Management: true,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			t.PolicyOf("policies", q, "-low", -1, map[string]any{"max-length": 1})
			t.Observe("-1", t.kept(c, q))
			t.PolicyOf("policies", q, "-high", 10, map[string]any{"max-length": 3})
			t.Observe("-1 and 10", t.kept(c, q))
			t.PolicyOf("policies", q, "-middle", 9, map[string]any{"max-length": 2})
			t.Observe("-1, 9 and 10", t.kept(c, q))
			t.PolicyOf("policies", q, "-high", 10, map[string]any{"queue-mode": "lazy"})
			t.Observe("10 sets something else", t.kept(c, q))
			t.Unpolicy(q + "-high")
			t.Observe("without 10", t.kept(c, q))
			t.Unpolicy(q + "-middle")
			t.Unpolicy(q + "-low")
			t.Observe("without any", t.kept(c, q))
		},
	},
	{
		ID: "policy.choice/operator", Title: "an operator policy limits another: of two lengths the lower counts; what only one sets holds",
		Why: "Operators protect the node from what users ask for.", Source: "rabbitmq.com/docs/policies#operator-policies", Management: true,
		Run: func(t *T) {
			for _, kind := range notStream {
				for _, test := range []struct{ argument, user, operator int }{
					{0, 0, 2}, {0, 2, 3}, {0, 3, 2}, {2, 0, 3}, {3, 0, 2}, {4, 3, 2}, {2, 3, 4}, {3, 2, 4}, {3, 4, 2},
				} {
					c, q := t.Raw().Channel(), t.QueueName("q")
					arguments := []wire.Field{queueType(kind)}
					if test.argument > 0 {
						arguments = append(arguments, maxLength(int32(test.argument)))
					}
					c.Queue(q, arguments...)
					if test.user > 0 {
						t.PolicyOf("policies", q, "", 0, map[string]any{"max-length": test.user})
					}
					t.PolicyOf("operator-policies", q, "", 0, map[string]any{"max-length": test.operator})
					t.Observe(fmt.Sprintf("%s: argument %d, policy %d, operator %d", kind, test.argument, test.user, test.operator), t.kept(c, q))
				}
			}
			c, q := t.Raw().Channel(), t.QueueName("merged")
			c.Queue(q)
			t.PolicyOf("policies", q, "", 0, map[string]any{"overflow": "reject-publish", "max-length-bytes": 1000})
			t.PolicyOf("operator-policies", q, "", 0, map[string]any{"max-length": 2})
			t.Observe("merged", t.confirmed(q, "a", "b", "c", "d"))
		},
	},
	{
		ID: "policy.choice/operator-keys", Title: "an operator policy takes some keys only",
		Why: "An operator learns at once what cannot be limited.", Source: "rabbitmq.com/docs/policies#operator-policies", Management: true,
		Run: func(t *T) {
			q := t.QueueName("q")
			for _, each := range []struct {
				key   string
				value any
			}{
				{"message-ttl", 1}, {"expires", 1}, {"max-length", 1}, {"max-length-bytes", 1}, {"delivery-limit", 1}, {"max-in-memory-length", 1},
				{"overflow", "drop-head"}, {"dead-letter-exchange", "x"}, {"dead-letter-routing-key", "k"}, {"dead-letter-strategy", "at-most-once"},
				{"alternate-exchange", "x"}, {"consumer-timeout", 1}, {"queue-mode", "lazy"}, {"queue-version", 2}, {"ha-mode", "all"},
				{"max-age", "1h"}, {"queue-leader-locator", "balanced"}, {"target-group-size", 1}, {"stream-max-segment-size-bytes", 1000},
				{"max-priority", 1}, {"single-active-consumer", true}, {"max-length", -1}, {"message-ttl", "x"},
			} {
				path := t.policyPath("operator-policies", q)
				status, answer := t.manage(http.MethodPut, path, map[string]any{"pattern": "^none$", "definition": map[string]any{each.key: each.value}, "apply-to": "queues"})
				if status < http.StatusBadRequest {
					t.manage(http.MethodDelete, path, nil)
				}
				t.Observe(fmt.Sprintf("%s %v: status %d", each.key, each.value, status), answer)
			}
		},
	},
	{
		ID: "policy.choice/apply-to", Title: "a policy holds for the types of queue, or the exchanges, that it is for",
		Why: "A policy for quorum queues must leave the others alone; 3.10 does not know the types.", Source: "rabbitmq.com/docs/policies", Management: true,
		Run: func(t *T) {
			c := t.Raw().Channel()
			for _, to := range []string{"all", "queues", "classic_queues", "quorum_queues", "streams", "exchanges", "Queues", ""} {
				for _, kind := range notStream {
					q := t.QueueName(kind + "-" + to)
					c.Queue(q, queueType(kind))
					path := t.policyPath("policies", q)
					status, answer := t.manage(http.MethodPut, path, map[string]any{"pattern": exactly(q), "definition": map[string]any{"max-length": 2}, "apply-to": to})
					if status >= http.StatusBadRequest {
						t.Observe(fmt.Sprintf("%q, %s: status %d", to, kind, status), answer)
						continue
					}
					t.Observe(fmt.Sprintf("%q, %s", to, kind), t.kept(c, q))
					t.manage(http.MethodDelete, path, nil)
				}
			}
		},
	},
	{
		ID: "policy.choice/pattern", Title: "a pattern matches anywhere in a name, by the case of its letters and byte for byte, and an empty one everything",
		Why: "A policy without anchors reaches further than it looks.", Source: "rabbitmq.com/docs/policies#what-is-policy", Management: true,
		Run: func(t *T) {
			vhost := t.Vhost("v")
			c := t.RawIn(vhost).Channel()
			for _, name := range []string{"orders", "my.orders", "orders.eu", "ORDERS", "örders"} {
				c.Queue(name)
			}
			for _, pattern := range []string{"orders", "^orders", "orders$", "^orders$", "", ".*", "(?i)^orders$", "^my|eu$", "ö", `^my\.`, "my.orders", "[A-Z]+", "^.{6}$"} {
				t.Manage(http.MethodPut, "/api/policies/"+vhost+"/p", map[string]any{"pattern": pattern, "definition": map[string]any{"max-length": 1}, "apply-to": "queues"})
				var matched []string
				t.unrecorded(func() {
					for _, name := range []string{"orders", "my.orders", "orders.eu", "ORDERS", "örders"} {
						c.Publish("", name, "a", "b")
						if len(c.Drain(name)) == 1 {
							matched = append(matched, name)
						}
					}
				})
				t.Observe(render(pattern), matched)
			}
		},
	},
	{
		ID: "policy.choice/definition", Title: "a definition is a JSON object with at least one key, and its faults are told in an order",
		Why: "A typing error in a policy is found when it is set.", Source: measured, Management: true,
		Run: func(t *T) {
			path := t.policyPath("policies", t.UniqueName("p"))
			t.Cleanup(func() { t.Ask("DELETE", path, nil) })
			for _, definition := range []string{`{"max-length":1.5}`, `{"max-length":null}`, `{"max-length":true}`, `{"max-length":99999999999999999999}`, `{"max-length":[1]}`,
				`{"max-length":{"a":1}}`, `{"message-ttl":-1,"max-length":-1}`, `{"max-length":-1,"unheard-of":1,"also-unheard-of":"x"}`, `{"overflow":1}`, `{"overflow":""}`,
				`{"dead-letter-exchange":1}`, `{"dead-letter-routing-key":null}`, `{"alternate-exchange":true}`, `{"expires":-5}`, `{"message-ttl":315360000001}`,
				`{"expires":315360000001}`, `{"delivery-limit":-1}`, `{"max-priority":5}`, `{"delayed-retry-type":"all"}`, `{"delayed-retry-type":"disabled"}`,
				`{"delayed-retry-min":100,"delayed-retry-max":50}`, `{"delayed-retry-type":"failed","unheard-of":1}`, `{"delayed-retry-type":"all","max-length":-1}`, `[]`, `"x"`, `[["max-length",1]]`} {
				t.Observe(definition, t.Ask("PUT", path, `{"pattern":"^none$","definition":`+definition+`}`))
			}
		},
	},
	{
		ID: "policy.choice/three-limits", Title: "of an argument, a policy and an operator policy the lowest limit counts, each by itself",
		Why: "Programs, their owners and operators each set limits.", Source: "rabbitmq.com/docs/policies#operator-policies", Management: true,
		Run: func(t *T) {
			for _, kind := range notStream {
				c, q := t.Raw().Channel(), t.QueueName(kind)
				c.Queue(q, queueType(kind), maxLength(5), wire.Field{Key: "x-max-length-bytes", Value: int32(50)})
				t.Policy(q, map[string]any{"max-length": 3, "max-length-bytes": 3000})
				t.PolicyOf("operator-policies", q, "", 0, map[string]any{"max-length": 4, "max-length-bytes": 20})
				t.Observe(kind, t.left(c, q, "a", "b", "c", "d", "e", "f"))
				t.Unpolicy(q)
				t.Observe(kind+" without the policy", t.left(c, q, "a", "b", "c", "d", "e", "f"))
				t.Observe(kind+" by bytes", t.left(c, q, "0123456789", "1123456789", "2123456789"))
			}
		},
	},
}
