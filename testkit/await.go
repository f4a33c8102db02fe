package testkit

import (
	"time"
)

// patience is how long a wait lasts before it fails the test.
const patience = 10 * time.Second

// AwaitIdle waits until no queue of the broker holds anything: no message is
// ready and none unacked.
func (b *Broker) AwaitIdle(t T) {
	t.Helper()
	b.await(t, "the broker to be idle", func() bool {
		for _, q := range b.vhost.Queues() {
			if !idle(q) {
				return false
			}
		}
		return true
	})
}

// await waits until check is true, woken by the broker, and fails the test with
// what is there instead if it does not come true in time. check is called with
// the vhost's lock held, and not again once it was true.
func (b *Broker) await(t T, what string, check func() bool) {
	t.Helper()
	b.vhost.Lock()
	done, forget := b.vhost.Await(check)
	b.vhost.Unlock()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	why := ""
	select {
	case <-done:
		return
	case <-timeout.C:
		why = "within " + patience.String()
	case <-t.Context().Done():
		why = "before the test's context ended"
	}
	forget()
	select {
	case <-done: // at the last moment
	default:
		t.Fatalf("testkit: waited for %s, which did not happen %s. There is:\n%s", what, why, b.Dump())
	}
}
