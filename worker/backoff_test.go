package worker

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// No chance: the least and the most that a randomDuration can return, or just not.
func none(time.Duration) time.Duration      { return 0 }
func all(limit time.Duration) time.Duration { return limit }

func TestBackoff(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name       string
		first, cap time.Duration
		random     randomDuration
		want       []time.Duration
	}{
		{"doubles up to the cap", 100 * ms, time.Second, none, []time.Duration{100 * ms, 200 * ms, 400 * ms, 800 * ms, time.Second, time.Second}},
		{"jitter takes up to a half", 100 * ms, time.Second, all, []time.Duration{50 * ms, 100 * ms, 200 * ms, 400 * ms, 500 * ms, 500 * ms}},
		{"constant", time.Second, time.Second, none, []time.Duration{time.Second, time.Second, time.Second}},
		{"does not overflow", math.MaxInt64/2 + 1, math.MaxInt64, none, []time.Duration{math.MaxInt64/2 + 1, math.MaxInt64, math.MaxInt64}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := backoff{first: c.first, cap: c.cap, random: c.random}
			for range 2 { // the same again after a reset
				var got []time.Duration
				for range c.want {
					got = append(got, b.next())
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("waits (-want +got):\n%s", diff)
				}
				b.reset()
			}
		})
	}
}
