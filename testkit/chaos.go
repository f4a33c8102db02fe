package testkit

import (
	"fmt"
	"iter"
	"time"

	"github.com/minirabbit/minirabbit/internal/fault"
)

// Runner is a test that can run others. *testing.T is one.
type Runner[R any] interface {
	Test
	Run(name string, f func(t R)) bool
}

// SeedRange is a range of seeds for [Chaos].
type SeedRange struct{ first, n uint64 }

// Seeds returns the seeds from 1 to n.
func Seeds(n int) SeedRange { return SeedRange{1, uint64(max(n, 0))} }

// From returns as many seeds from another first one on.
func (s SeedRange) From(first uint64) SeedRange { return SeedRange{first, s.n} }

func (s SeedRange) all() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for i := range s.n {
			if !yield(s.first + i) {
				return
			}
		}
	}
}

// Chaos runs a test once for each seed, with a fresh broker in memory at which many
// things go wrong, as the seed says: see [Broker.Chaos]. The code under test must
// come through all of it.
//
// Each run is a subtest with its seed in its name, and in a bubble of its own, in
// which hours pass at once. bubble makes the bubble and is synctest.Test:
//
//	testkit.Chaos(t, testkit.Seeds(1000), synctest.Test, func(t *testing.T, broker *testkit.Broker) {
//		go worker.Run(t.Context(), broker.URL(), worker.WithConfig(broker.ClientConfig()))
//		...
//	})
//
// (It is a parameter because testkit itself does not import package testing.) What
// test starts must end with it, also when it fails: as with t.Context, or a defer. To
// run one seed again: go test -run 'TestWorkerUnderChaos/seed=17$'. Waits are patient
// for a day of virtual time; options can say otherwise.
//
// The same seed means the same misfortunes, and the broker does the same again to
// whoever does the same again: it has no chance of its own, and what it does to
// several connections at one moment it does in a fixed order. So clients of which
// each does one thing after the other, without chance, have the same run to the last
// method. What a client leaves to chance remains so: a random pause, two goroutines
// that send at the same moment, a select with two cases ready. Such a client meets
// the same misfortunes in a run that may differ; if it fails for a seed, it may take
// some attempts to fail again, as with go test -count=20.
func Chaos[R Runner[R]](t R, seeds SeedRange, bubble func(t R, f func(t R)), test func(t R, broker *Broker), options ...Option) {
	t.Helper()
	for seed := range seeds.all() {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t R) {
			bubble(t, func(t R) {
				broker := Start(t, append([]Option{InMemory(), WithPatience(24 * time.Hour)}, options...)...)
				broker.Chaos(t, seed)
				test(t, broker)
			})
		})
	}
}

// Chaos has things go wrong at the broker from now on, for some minutes and then no
// more: connections break before, after and in the midst of methods, are closed,
// fall silent or slow; dials are refused, publishes nacked or, if they are mandatory,
// returned, confirms late or in other orders; consumers are cancelled, messages
// redelivered; the broker is restarted, killed, paused, or runs short of memory or disk.
//
// Which, when and how often depends on the seed alone. Everything that happens can
// happen at a RabbitMQ, and none of it loses a persistent message in a durable queue
// that was confirmed; Reset, for one, does not. A client needs heartbeats to notice
// silence. If the test fails, the log has the seed and the misfortunes.
func (b *Broker) Chaos(t Test, seed uint64) *Misfortunes {
	t.Helper()
	e := b.needRecording(t, "chaos")
	m := &Misfortunes{b: b, chaos: fault.StartChaos(b.faults, machine{e}, seed)}
	t.Cleanup(func() {
		m.End()
		if t.Failed() {
			report(t, "chaos with seed %d:\n%s", seed, m)
		}
	})
	return m
}

// Misfortunes is what goes wrong for a seed.
type Misfortunes struct {
	b     *Broker
	chaos *fault.Chaos
}

// End ends the chaos: no fault strikes any more, and the broker runs.
func (m *Misfortunes) End() { m.chaos.End() }

// Await waits until everything has gone wrong that goes wrong at a time, and the
// broker runs again. Faults that wait for a method may strike still.
func (m *Misfortunes) Await(t T) {
	t.Helper()
	if why := m.b.patience(t, m.chaos.Done()); why != "" {
		t.Fatalf("testkit: waited for the chaos to end, which did not happen %s", why)
	}
}

// Strikes returns how often faults have struck so far.
func (m *Misfortunes) Strikes() int { return m.chaos.Strikes() }

// String lists the misfortunes.
func (m *Misfortunes) String() string { return m.chaos.String() }

// machine lets chaos stop and start the emulator.
type machine struct{ *emulator }

// Pause implements [fault.Machine].
func (m machine) Pause() { emulatorNetwork{m.emulator}.pause() }

// Resume implements [fault.Machine].
func (m machine) Resume() { emulatorNetwork{m.emulator}.resume() }

// Stop implements [fault.Machine].
func (m machine) Stop() { m.stop() }

// Kill implements [fault.Machine].
func (m machine) Kill() { m.kill() }

// Restart implements [fault.Machine].
func (m machine) Restart() {
	if err := m.restart(); err != nil {
		m.node.Logger().Error("restart failed", "error", err)
	}
}

// SetAlarm implements [fault.Machine].
func (m machine) SetAlarm(resource string, raised bool) { m.setAlarm(Resource(resource), raised) }

// Running implements [fault.Machine].
func (m machine) Running() bool { return restarter{m.emulator}.Running() }
