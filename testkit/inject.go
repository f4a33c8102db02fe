package testkit

import (
	"strings"

	"github.com/minirabbit/minirabbit/internal/fault"
)

// Inject makes the broker misbehave from now on. The contract:
//
//   - A fault strikes where its When says, the first time that it is true, or as
//     often as Times says. A strike concerns the one connection that the method
//     is on, and the one channel.
//   - Before a client's method: it has arrived whole, with its message, and has
//     had no effect. The actions that end something, or that answer it, take the
//     place of the effect. Others come before it.
//   - After a client's method: it has had its whole effect, and other clients may
//     have seen it. Its answer (the -ok method, the confirm, the return) has not
//     been sent, and will not be if the action ends something. Consumers on the
//     same connection may get deliveries still, unless it is dropped or silent.
//   - Before a method of the broker's: what it tells has happened in the broker,
//     and the client has not heard of it: the message is unacked, the publish is
//     routed, the queue declared. Everything that was sent before still arrives.
//   - After a method of the broker's: it has been written to the socket. Whether
//     the client has read it is the client's affair.
//   - If several faults wait for the same method, the one that was injected first
//     strikes, and the others do not see the method.
//   - A connection or channel that a fault ends is ended for the broker, too, at
//     once: what it has not settled is requeued.
//   - A strike is counted when it is decided, which is before its effect.
//   - Faults strike in all virtual hosts, unless InVHost says otherwise.
//   - On a real RabbitMQ, only Dial can be refused; other faults skip the test.
//   - Without faults, none of this costs anything but the look whether there are
//     some.
//
// The test fails at once if the action cannot be carried out as a whole at the
// method, and for a place that no method can ever match. If a test fails, its log
// tells of the faults that have not struck.
func (b *Broker) Inject(t T, f Fault) *Injected {
	t.Helper()
	if _, emulated := b.node.(*emulator); !emulated && f.When.where.Method == Dial {
		b.network(t) // which can do that
	} else {
		b.needRecording(t, "faults inside the broker")
	}
	in, err := b.faults.Inject(fault.Fault{When: f.When.where, Do: f.Do.steps, Times: f.Times})
	if err != nil {
		t.Fatalf("testkit: %v", err)
	}
	return &Injected{b: b, in: in}
}

// Injected is a fault that was injected.
type Injected struct {
	b  *Broker
	in *fault.Injected
}

// Strikes returns how often the fault has struck.
func (in *Injected) Strikes() int { return in.in.State().Strikes }

// Await waits until the fault has struck as often as it was told to, or once if
// that is always, and returns how often that is.
func (in *Injected) Await(t T) int {
	t.Helper()
	return in.AwaitStrikes(t, in.in.Wanted())
}

// AwaitStrikes waits until the fault has struck n times or more, and returns how
// often that is.
func (in *Injected) AwaitStrikes(t T, n int) int {
	t.Helper()
	for {
		state, changed := in.in.Watch()
		if state.Strikes >= n {
			return state.Strikes
		}
		if why := in.b.patience(t, changed); why != "" {
			t.Fatalf("testkit: waited for the fault %q to strike %s, which did not happen %s: it struck %s, and its place was reached %s. There is:\n%s",
				in, counted(n, "time"), why, counted(state.Strikes, "time"), counted(state.Matched, "time"), in.b.summary())
		}
	}
}

// Remove ends the fault. What it holds back, such as confirms for a batch, is
// sent.
func (in *Injected) Remove() { in.in.Remove() }

// String describes the fault.
func (in *Injected) String() string { return in.in.String() }

// logIdleFaults tells of the faults that have not struck.
func (b *Broker) logIdleFaults(t Test) {
	if lines := b.faults.Idle(world{b}); len(lines) > 0 {
		report(t, "faults that have not struck:\n  %s", strings.Join(lines, "\n  "))
	}
}

// world tells of a broker why a fault may not have struck.
type world struct{ b *Broker }

// VHosts implements [fault.World].
func (w world) VHosts() []string { return w.b.node.vhosts() }

// HasQueue implements [fault.World].
func (w world) HasQueue(name, queue string) (exists bool) {
	err := w.b.node.enter(name, func(vh vhost) error {
		state, err := vh.queue(queue)
		exists = state.exists
		return err
	})
	return exists && err == nil
}
