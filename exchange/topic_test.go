package exchange_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/wire"
)

// TestTopic holds answers of RabbitMQ 3.10.8, 4.0.5 and 4.3.6, which agree.
func TestTopic(t *testing.T) {
	patterns := []string{"", "#", "*", "#.#", "*.#", "#.*", ".", "*.*", "a", "a.", ".a", "a.#", "#.a", "a..b", "a.*.b",
		"a.#.b", "#.a.#", "*.a.*", "a.#.#.b", "*#", "#.*.#", "a.#.*", "..", "a.*"}
	x := newExchange(t, "x", exchange.Topic)
	for _, pattern := range patterns {
		bind(t, x, newQueue(pattern), pattern, nil)
	}
	tests := []struct{ key, want string }{ // the empty pattern stands as ""
		{"", `"" # #.#`},
		{".", `# #.# #.* #.*.# *.# *.* .`},
		{"a", `# #.# #.* #.*.# #.a #.a.# * *.# a a.#`},
		{"a.", `# #.# #.* #.*.# #.a.# *.# *.* a. a.# a.#.* a.*`},
		{".a", `# #.# #.* #.*.# #.a #.a.# *.# *.* .a`},
		{"a.b", `# #.# #.* #.*.# #.a.# *.# *.* a.# a.#.#.b a.#.* a.#.b a.*`},
		{"a..b", `# #.# #.* #.*.# #.a.# *.# a.# a.#.#.b a.#.* a.#.b a.*.b a..b`},
		{"a.x.b", `# #.# #.* #.*.# #.a.# *.# a.# a.#.#.b a.#.* a.#.b a.*.b`},
		{"..", `# #.# #.* #.*.# *.# ..`},
		{"#", `# #.# #.* #.*.# * *.#`},
		{"*", `# #.# #.* #.*.# * *.#`},
		{"a.#", `# #.# #.* #.*.# #.a.# *.# *.* a.# a.#.* a.*`},
		{"a.b.b", `# #.# #.* #.*.# #.a.# *.# a.# a.#.#.b a.#.* a.#.b a.*.b`},
		{"*#", `# #.# #.* #.*.# * *# *.#`},
		{"b.a.c", `# #.# #.* #.*.# #.a.# *.# *.a.*`},
	}
	var router exchange.Router
	for _, test := range tests {
		t.Run(fmt.Sprintf("key %q", test.key), func(t *testing.T) {
			want := strings.Fields(test.want)
			if want[0] == `""` {
				want[0] = ""
			}
			slices.Sort(want)
			got := names(router.Route(x, key(test.key), nil))
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("patterns that match (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTopicSeveralKeys(t *testing.T) {
	x := newExchange(t, "x", exchange.Topic)
	one, two := newQueue("one"), newQueue("two")
	bind(t, x, one, "a.*", nil)
	bind(t, x, two, "#.z", nil)
	bind(t, x, one, "*.z", nil)
	var router exchange.Router
	tests := []struct {
		name string
		m    *exchange.Message
		want []string
	}{
		{"two patterns of one queue", key("a.z"), []string{"one", "two"}},
		{"CC alone", key("none", "z"), []string{"two"}},
		{"CC and BCC", key("none", "z", "a.b"), []string{"two", "one"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, names(router.Route(x, test.m, nil))); diff != "" {
				t.Errorf("queues (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTopicHashes(t *testing.T) {
	tests := []struct {
		name    string
		pattern string
		rules   exchange.Rules
		want    string
	}{
		{"2 in 4.3", "#.a.#", exchange.Rules{}, ""},
		{"3 in 4.3", "#.a.#.b.#", exchange.Rules{}, "Topic binding key '#.a.#.b.#' uses 3 '#' wildcards, at most 2 are allowed"},
		{"words with # are no wildcards", "#a.b#.#.#", exchange.Rules{}, ""},
		{"4 in 3.10", "#.#.#.#", release310, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			x := newExchange(t, "x", exchange.Topic, exchange.WithRules(test.rules))
			added, err := x.Bind(newQueue("q"), test.pattern, nil)
			if test.want == "" {
				if err != nil || !added {
					t.Errorf("Bind = %v, %v; want true, nil", added, err)
				}
				return
			}
			var refused *exchange.Error
			if !errors.As(err, &refused) || refused.Code != wire.PreconditionFailed || refused.Text != test.want {
				t.Errorf("Bind = %v, %v; want 406 %s", added, err, test.want)
			}
		})
	}
}

// TestTopicWithoutBlowUp would not end if each # were tried with each number of words.
func TestTopicWithoutBlowUp(t *testing.T) {
	x := newExchange(t, "x", exchange.Topic, exchange.WithRules(exchange.Rules{Routing: release.Routing{ManyTopicHashes: true}}))
	bind(t, x, newQueue("no"), strings.Repeat("#.a.", 20)+"#.b", nil)
	bind(t, x, newQueue("yes"), strings.Repeat("#.a.", 20)+"#", nil)
	got := names(exchange.NewRouter(nil).Route(x, key(strings.TrimSuffix(strings.Repeat("a.", 120), ".")), nil))
	if diff := cmp.Diff([]string{"yes"}, got); diff != "" {
		t.Errorf("queues (-want +got):\n%s", diff)
	}
}

// matchesNaively is topic matching by its definition.
func matchesNaively(pattern, words []string) bool {
	switch {
	case len(pattern) == 0:
		return len(words) == 0
	case pattern[0] == "#":
		return matchesNaively(pattern[1:], words) || len(words) > 0 && matchesNaively(pattern, words[1:])
	case len(words) == 0:
		return false
	default:
		return (pattern[0] == "*" || pattern[0] == words[0]) && matchesNaively(pattern[1:], words[1:])
	}
}

func topicWords(key string) []string {
	if key == "" {
		return nil
	}
	return strings.Split(key, ".")
}

// TestTopicAgainstModel adds and removes random bindings and holds each result against the definition.
func TestTopicAgainstModel(t *testing.T) {
	alphabet := []string{"a", "b", "c", "", "*", "#", "#", "ab"}
	random := func(r *rand.Rand, alphabet []string) string {
		words := make([]string, r.IntN(6))
		for i := range words {
			words[i] = alphabet[r.IntN(len(alphabet))]
		}
		return strings.Join(words, ".")
	}
	for seed := range uint64(20) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			x := newExchange(t, "x", exchange.Topic, exchange.WithRules(exchange.Rules{Routing: release.Routing{ManyTopicHashes: true}}))
			var router exchange.Router
			var queues []*queue // the name is the pattern, so a queue has one binding
			for step := range 600 {
				if pattern := random(r, alphabet); r.IntN(3) > 0 {
					if !slices.ContainsFunc(queues, func(q *queue) bool { return string(*q) == pattern }) {
						q := newQueue(pattern)
						queues = append(queues, q)
						bind(t, x, q, pattern, nil)
					}
				} else if len(queues) > 0 {
					i := r.IntN(len(queues))
					if r.IntN(2) == 0 {
						if !x.Unbind(queues[i], string(*queues[i]), nil) {
							t.Fatalf("step %d: Unbind(%q) found nothing", step, *queues[i])
						}
					} else if removed := x.RemoveDestination(queues[i]); len(removed) != 1 {
						t.Fatalf("step %d: RemoveDestination(%q) removed %d bindings, want 1", step, *queues[i], len(removed))
					}
					queues = slices.Delete(queues, i, i+1)
				}
				k := random(r, alphabet[:6])
				want := []string{}
				for _, q := range queues {
					if matchesNaively(topicWords(string(*q)), topicWords(k)) {
						want = append(want, string(*q))
					}
				}
				got := names(router.Route(x, key(k), nil))
				slices.Sort(want)
				slices.Sort(got)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("step %d: patterns that match %q (-want +got):\n%s", step, k, diff)
				}
			}
		})
	}
}
