package conformance

import (
	"fmt"
	"net/http"
	"slices"
)

// policyKey is a setting that a policy can have, with a value that changes nothing a client of one node could see.
type policyKey struct {
	key   string
	value any
	in    Releases
	// unsupported lists the types of queue, and the releases, for which a policy with the setting is none.
	unsupported map[string]Releases
}

var (
	everywhere = map[string]Releases{"classic": AllReleases, "quorum": AllReleases}
	byQuorum   = map[string]Releases{"quorum": AllReleases}
	byClassic  = map[string]Releases{"classic": AllReleases}
	sinceMove  = map[string]Releases{"classic": Since("3.12")}
)

var policyKeys = []policyKey{
	{"alternate-exchange", "nowhere", AllReleases, nil},
	{"consumer-disconnected-timeout", 1000, Since("4.3"), nil},
	{"consumer-timeout", 1800000, Since("3.13"), nil},
	{"dead-letter-strategy", "at-most-once", AllReleases, byClassic},
	{"delivery-limit", 3, AllReleases, byClassic},
	{"ha-mode", "all", UpTo("3.12"), byQuorum},
	{"initial-cluster-size", 1, AllReleases, everywhere},
	{"max-age", "1h", AllReleases, everywhere},
	{"max-in-memory-bytes", 1, AllReleases, sinceMove},
	{"max-in-memory-length", 1, AllReleases, sinceMove},
	{"queue-leader-locator", "balanced", AllReleases, map[string]Releases{"classic": UpTo("3.13")}},
	{"queue-master-locator", "random", UpTo("4.2"), byQuorum},
	{"queue-mode", "lazy", AllReleases, byQuorum},
	{"queue-version", 2, AllReleases, nil},
	{"stream-filter-size-bytes", 20, Since("3.13"), nil},
	{"stream-max-segment-size-bytes", 1000, AllReleases, everywhere},
	{"target-group-size", 1, Since("3.13"), byClassic},
}

var policyCases = []Case{
	{
		ID:         "policy/unsupported-key",
		Title:      "a policy with a key that a type of queue does not support is none for such a queue, and the next one applies",
		Why:        "One key too many takes the limits off a queue.",
		Source:     measured,
		Management: true,
		Run: func(t *T) {
			r := t.Raw()
			for _, kind := range []string{"classic", "quorum"} {
				for _, k := range policyKeys {
					if !t.In(k.in) {
						continue
					}
					c, q := r.Channel(), t.QueueName(kind+"-"+k.key)
					c.Queue(q, queueType(kind))
					t.PolicyOf("policies", q, "-low", 1, map[string]any{"max-length": 2})
					t.PolicyOf("policies", q, "", 2, map[string]any{"max-length": 1, k.key: k.value})
					want := Counts{Ready: 1}
					if t.In(k.unsupported[kind]) {
						want.Ready = 2
					}
					t.Publish("", q, "a", "b", "c", "d")
					c.CheckCounts(q, q, want)
					c.Close()
				}
			}
		},
	},
	{
		ID:         "policy/unsupported-operator-key",
		Title:      "the same holds for operator policies",
		Why:        "An operator's limit can be lost in the same way.",
		Source:     measured,
		Management: true,
		Run: func(t *T) {
			r := t.Raw()
			for _, kind := range []string{"classic", "quorum"} {
				for _, k := range policyKeys {
					operator := []string{"delivery-limit", "max-in-memory-bytes", "max-in-memory-length"}
					if t.In(Since("3.13")) {
						operator = append(operator, "queue-version", "target-group-size")
					}
					if !slices.Contains(operator, k.key) {
						continue
					}
					c, q := r.Channel(), t.QueueName(kind+"-"+k.key)
					c.Queue(q, queueType(kind))
					t.PolicyOf("policies", q, "", 1, map[string]any{"max-length": 2})
					t.PolicyOf("operator-policies", q, "", 2, map[string]any{"max-length": 1, k.key: k.value})
					want := Counts{Ready: 1}
					if t.In(k.unsupported[kind]) {
						want.Ready = 2
					}
					t.Publish("", q, "a", "b", "c", "d")
					c.CheckCounts(q, q, want)
					c.Close()
				}
			}
		},
	},
	{
		ID:         "policy/refused-values",
		Title:      "a policy whose values are none is refused with 400 and a reason",
		Why:        "A policy that is taken and ignored is worse than none.",
		Source:     pageQueues,
		Management: true,
		Run: func(t *T) {
			q := t.QueueName("q")
			for _, p := range []struct {
				key   string
				value any
			}{
				{"max-length", -1}, {"message-ttl", "x"}, {"expires", 0}, {"overflow", "drop-tail"}, {"queue-mode", "quick"}, {"queue-version", 3},
				{"dead-letter-strategy", "twice"}, {"queue-leader-locator", "moon"}, {"queue-master-locator", "random"}, {"delivery-limit", "x"},
				{"consumer-timeout", -1}, {"max-age", "1 hour"}, {"delayed-retry-type", "some"}, {"delayed-retry-min", 0}, {"delayed-retry-max", "x"},
				{"ha-mode", "some"}, {"ha-mode", "exactly"}, {"ha-params", 1}, {"unheard-of", 1},
			} {
				status, answer := t.manage(http.MethodPut, "/api/policies/%2F/"+q,
					map[string]any{"pattern": "^" + q + "$", "definition": map[string]any{p.key: p.value}, "apply-to": "queues"})
				if status < http.StatusBadRequest {
					t.manage(http.MethodDelete, "/api/policies/%2F/"+q, nil)
				}
				t.Observe(fmt.Sprintf("%s %v: status %d", p.key, p.value, status), answer)
			}
		},
	},
}
