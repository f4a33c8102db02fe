package testkit

import (
	"fmt"
	"slices"
)

// QueueView looks at one queue by its name. The queue need not exist yet: one
// that does not is empty, unless there is one of this name in another virtual host.
// Then a look or a check fails the test, and says in which.
type QueueView struct {
	vhost VHostView
	name  string
}

// Queue returns a view of a queue in the virtual host "/".
func (b *Broker) Queue(name string) QueueView { return b.VHost("/").Queue(name) }

// String names the queue, as in `queue "tasks"`, with its virtual host if that is
// not "/".
func (v QueueView) String() string { return fmt.Sprintf("queue %q%s", v.name, inVHost(v.vhost.name)) }

// Exists says whether the queue is there.
func (v QueueView) Exists(t T) bool {
	t.Helper()
	s, err := v.find()
	if err != nil {
		fail(t, err)
	}
	return s.exists
}

// Ready returns the number of messages that wait for a consumer. In a stream these
// are all that it keeps.
func (v QueueView) Ready(t T) int { t.Helper(); return v.state(t).ready }

// Unacked returns the number of messages that consumers hold and have not settled.
// A real RabbitMQ knows it with a delay of some seconds: use AwaitUnacked.
func (v QueueView) Unacked(t T) int { t.Helper(); return v.state(t).unacked }

// find returns the queue's state, with exists false if there is no such queue.
func (v QueueView) find() (s queueState, err error) {
	err = v.enter(func(vh vhost) (err error) {
		s, err = vh.queue(v.name)
		return err
	})
	return s, err
}

// state returns the queue's state. It fails the test if the queue is in another
// virtual host only.
func (v QueueView) state(t T) queueState {
	t.Helper()
	s, err := v.find()
	if err != nil {
		fail(t, err)
	}
	if !s.exists {
		v.pointOut(t)
	}
	return s
}

// elsewhere says where a queue is that is not here: nothing if it is nowhere.
func (v QueueView) elsewhere() string {
	var found []string
	v.vhost.b.visit("", func(name string, vh vhost) error {
		s, err := vh.queue(v.name)
		if err == nil && s.exists {
			found = append(found, name)
		}
		return nil
	})
	if len(found) == 0 || slices.Contains(found, v.vhost.name) {
		return ""
	}
	return fmt.Sprintf("no queue %q in virtual host %q; there is one in %s", v.name, v.vhost.name, quoted(found))
}

// pointOut fails the test if there is no such queue here but one in another virtual
// host.
func (v QueueView) pointOut(t T) {
	t.Helper()
	if where := v.elsewhere(); where != "" {
		t.Fatalf("testkit: %s", where)
	}
}

// enter calls f with the queue's virtual host.
func (v QueueView) enter(f func(vh vhost) error) error { return v.vhost.b.node.enter(v.vhost.name, f) }

// Messages returns the ready messages, the next to be delivered first. They stay
// in the queue. On a real RabbitMQ they are taken and put back, and so are marked
// as redelivered afterwards; from a stream, nothing can be taken.
func (v QueueView) Messages(t T) []Message {
	t.Helper()
	return v.messages(t)
}

func (v QueueView) messages(t T) (all []Message) {
	t.Helper()
	err := v.enter(func(vh vhost) (err error) {
		all, err = vh.messages(v.name)
		return err
	})
	if err != nil {
		fail(t, err)
	}
	if len(all) == 0 {
		v.pointOut(t)
	}
	return all
}

// Consumers returns the consumers in the order of their arrival.
func (v QueueView) Consumers(t T) (all []Consumer) {
	t.Helper()
	err := v.enter(func(vh vhost) (err error) {
		all, err = vh.consumers(v.name)
		return err
	})
	if err != nil {
		fail(t, err)
	}
	if len(all) == 0 {
		v.pointOut(t)
	}
	return all
}

// errStream is the error for a message to be taken from a stream.
func errStream(name string) error {
	return fmt.Errorf("queue %q is a stream, from which nothing can be taken; AwaitReady looks at its messages", name)
}

// Take waits until n messages are ready and takes them out of the queue, the
// oldest first, as a consumer would that acknowledges them. It fails the test if
// they do not come in time: within the broker's patience, 10 seconds unless
// WithPatience says otherwise, or before t's context ends; and on a stream, from
// which nothing can be taken.
func (v QueueView) Take(t T, n int) (taken []Message) {
	t.Helper()
	stream, enough := false, false
	v.await(t, "to hold "+counted(n, "ready message"), false, func(vh vhost) (bool, error) {
		if enough {
			return true, nil
		}
		s, err := vh.queue(v.name)
		if stream = s.stream; stream || err != nil {
			return stream, err
		}
		taken, enough, err = vh.take(v.name, n)
		return enough, err
	})
	if stream {
		fail(t, errStream(v.name))
	}
	return taken
}

// AwaitReady waits until n messages or more are ready, and returns all that are.
// They stay in the queue, on a real RabbitMQ as with Messages.
func (v QueueView) AwaitReady(t T, n int) (all []Message) {
	t.Helper()
	v.await(t, "to hold "+counted(n, "ready message"), false, func(vh vhost) (bool, error) {
		s, err := vh.queue(v.name)
		if err != nil || s.ready < n {
			return false, err
		}
		all, err = vh.messages(v.name)
		return len(all) >= n, err
	})
	return all
}

// AwaitUnacked waits until consumers hold n messages or more that they have not
// settled, and returns how many they hold.
func (v QueueView) AwaitUnacked(t T, n int) (unacked int) {
	t.Helper()
	v.awaitState(t, "to have "+counted(n, "unacked message"), false, func(s queueState) bool {
		unacked = s.unacked
		return unacked >= n
	})
	return unacked
}

// AwaitAcked waits until clients have acknowledged n messages or more of this
// queue, since the broker was started, and returns how many they have. Messages
// that the test takes with Take do not count.
func (v QueueView) AwaitAcked(t T, n int) (acked int) {
	t.Helper()
	if v.vhost.b.config.quiet {
		fail(t, errNotRecorded("counting acknowledgements"))
	}
	v.await(t, "to have "+counted(n, "acked message"), false, func(vh vhost) (_ bool, err error) {
		acked, err = vh.acked(v.name)
		return acked >= n, err
	})
	return acked
}

// AwaitConsumers waits until the queue has n consumers or more, and returns how
// many it has.
func (v QueueView) AwaitConsumers(t T, n int) (all int) {
	t.Helper()
	v.awaitState(t, "to have "+counted(n, "consumer"), false, func(s queueState) bool {
		all = s.consumers
		return all >= n
	})
	return all
}

// AwaitNoConsumers waits until the queue has none, as when a worker has been told to
// stop. A queue that is not there has none.
func (v QueueView) AwaitNoConsumers(t T) {
	t.Helper()
	v.awaitNothing(t, "to have no consumers", func(s queueState) bool { return s.consumers == 0 })
}

// AwaitIdle waits until the queue holds nothing: no message is ready and none
// unacked. A stream is idle when its consumers have been handed all that they are
// to read, and have settled it.
func (v QueueView) AwaitIdle(t T) {
	t.Helper()
	v.awaitNothing(t, "to be idle", func(s queueState) bool { return s.idle || !s.exists })
}

// awaitNothing waits for the absence of something. That a queue of another virtual
// host is absent here does not count.
func (v QueueView) awaitNothing(t T, what string, check func(s queueState) bool) {
	t.Helper()
	exists := false
	v.awaitState(t, what, true, func(s queueState) bool {
		exists = s.exists
		return check(s)
	})
	if !exists {
		v.pointOut(t)
	}
}

// AwaitGone waits until there is no such queue.
func (v QueueView) AwaitGone(t T) {
	t.Helper()
	v.awaitState(t, "to be gone", false, func(s queueState) bool { return !s.exists })
}

// awaitState waits until check is true of the queue.
func (v QueueView) awaitState(t T, what string, lasting bool, check func(s queueState) bool) {
	t.Helper()
	v.await(t, what, lasting, func(vh vhost) (bool, error) {
		s, err := vh.queue(v.name)
		return check(s), err
	})
}

// await waits until check is true of the queue's virtual host.
func (v QueueView) await(t T, what string, lasting bool, check func(vh vhost) (bool, error)) {
	t.Helper()
	v.vhost.b.await(t, fmt.Sprintf("%s %s", v, what), wait{
		vhost:   v.vhost.name,
		lasting: lasting,
		see:     func(vh vhost) (any, error) { return check(vh) },
		enough:  func(seen []any) bool { return slices.Contains(seen, any(true)) },
		hint:    v.elsewhere,
	})
}
