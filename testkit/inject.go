package testkit

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/minirabbit/minirabbit/wire"
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
//   - On a real RabbitMQ, only Dial can be refused; other faults skip the test.
//   - Without faults, none of this costs anything but the look whether there are
//     some.
//
// The test fails at once if the action makes no sense for the method.
func (b *Broker) Inject(f Fault) *Injected {
	b.t.Helper()
	if b.real != nil && f.When.method == Dial {
		b.real.needProxy(b.t) // which can do that
	} else {
		b.needRecording("faults inside the broker")
	}
	if err := f.check(); err != nil {
		b.t.Fatalf("testkit: %v", err)
	}
	in := &Injected{b: b, fault: f, changed: make(chan struct{})}
	span := max(1, f.Do.span)
	switch f.Times {
	case 0:
		in.left = span
	case Always:
		in.left = Always
	default:
		in.left = f.Times * span
	}
	in.want = max(1, f.Times*span)
	b.faults.add(in)
	return in
}

func (f *Fault) check() error {
	w, a := f.When, f.Do
	switch {
	case w.method == "":
		return fmt.Errorf("fault without a method: begin When with Before or After")
	case a.name == "":
		return fmt.Errorf("fault %s without an action in Do", w)
	case f.Times < Always || w.nth < 0:
		return fmt.Errorf("fault %s: negative number", w)
	case a.only == nil && w.method == Dial, a.only != nil && !slices.Contains(a.only, w.method):
		return fmt.Errorf("fault %s: cannot %s there", w, a)
	case a.channel && strings.HasPrefix(string(w.method), "connection."):
		return fmt.Errorf("fault %s: cannot %s, there is no channel yet", w, a)
	case a.when == "before" && w.after:
		return fmt.Errorf("fault %s: can %s only before it", w, a)
	}
	if w.mandatory && w.method != BasicPublish && w.method != BasicReturn && w.method != Confirm {
		return fmt.Errorf("fault %s: only a publishing is mandatory", w)
	}
	d, known := directions[w.method]
	if !known {
		return fmt.Errorf("fault %s: there is no method %q", w, w.method)
	}
	if d.fromClient && a.name == TearFrame.name {
		return fmt.Errorf("fault %s: only what the broker sends can be torn", w)
	}
	return nil
}

// direction says who sends a method.
type direction struct{ fromClient bool }

// directions has all methods.
var directions = func() map[Method]direction {
	all := map[Method]direction{Dial: {true}, Confirm: {false}}
	for class := uint32(10); class <= 90; class++ {
		for method := uint32(10); method <= 120; method++ {
			if id := wire.MethodID(class<<16 | method); wire.NewMethod(id) != nil {
				all[Method(id.String())] = direction{fromClient: id.FromClient()}
			}
		}
	}
	return all
}()

// Injected is a fault that was injected.
type Injected struct {
	b     *Broker
	fault Fault
	want  int // strikes that Await waits for

	mu sync.Mutex
	// guarded by mu
	seen    int // commands that matched
	left    int // strikes to come, Always for no end
	strikes int
	changed chan struct{} // closed and replaced at each strike
}

// Strikes returns how often the fault has struck.
func (in *Injected) Strikes() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.strikes
}

// Await waits until the fault has struck as often as it was told to, or once if
// that is always, and returns how often that is.
func (in *Injected) Await(t T) int {
	t.Helper()
	return in.AwaitStrikes(t, in.want)
}

// AwaitStrikes waits until the fault has struck n times or more, and returns how
// often that is.
func (in *Injected) AwaitStrikes(t T, n int) int {
	t.Helper()
	for {
		in.mu.Lock()
		strikes, seen, changed := in.strikes, in.seen, in.changed
		in.mu.Unlock()
		if strikes >= n {
			return strikes
		}
		if why := in.b.patience(t, changed); why != "" {
			t.Fatalf("testkit: waited for the fault %q to strike %s, which did not happen %s: it struck %s, and its place was reached %s. There is:\n%s",
				in, counted(n, "time"), why, counted(strikes, "time"), counted(seen, "time"), in.b.summary())
		}
	}
}

// Remove ends the fault. What it holds back, such as confirms for a batch, is
// sent.
func (in *Injected) Remove() {
	in.b.faults.remove(in)
	in.mu.Lock()
	in.left = 0
	in.mu.Unlock()
	if in.fault.Do.flush != nil {
		in.fault.Do.flush()
	}
}

// String describes the fault.
func (in *Injected) String() string { return fmt.Sprintf("%s: %s", in.fault.When, in.fault.Do) }

// strike counts a command that matched and, if the fault strikes, calls apply. Once
// the fault is removed, that is over.
func (in *Injected) strike(apply func()) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.left == 0 {
		return false
	}
	in.seen++
	if in.seen < in.fault.When.nth {
		return false
	}
	if in.left > 0 {
		in.left--
	}
	in.strikes++
	apply()
	close(in.changed)
	in.changed = make(chan struct{})
	return true
}
