package testkit

import (
	"fmt"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/queue"
)

// QueueView looks at one queue by its name. The queue need not exist yet: one
// that does not is empty.
type QueueView struct {
	b    *Broker
	name string
}

// Queue returns a view of a queue.
func (b *Broker) Queue(name string) QueueView { return QueueView{b, name} }

// Exists says whether the queue is there.
func (v QueueView) Exists() bool { return v.state().exists }

// Ready returns the number of messages that wait for a consumer. In a stream these
// are all that it keeps.
func (v QueueView) Ready() int { return v.state().ready }

// Unacked returns the number of messages that consumers hold and have not settled.
// A real RabbitMQ knows it with a delay of some seconds: use AwaitUnacked.
func (v QueueView) Unacked() int { return v.state().unacked }

// Consumers returns the number of consumers.
func (v QueueView) Consumers() int { return v.state().consumers }

// queueState is what there is to count.
type queueState struct {
	exists                    bool
	ready, unacked, consumers int
	idle                      bool
}

func stateOf(q *queue.Queue) queueState {
	return queueState{true, q.Len(), q.Unacked(), len(q.Consumers()), idle(q)}
}

func (v QueueView) state() (s queueState) {
	v.b.t.Helper()
	if v.b.real != nil {
		return v.b.real.state(v.name)
	}
	v.look(func(q *queue.Queue) { s = stateOf(q) })
	return s
}

// Messages returns the ready messages, the next to be delivered first. They stay
// in the queue. On a real RabbitMQ they are taken and put back, and so are marked
// as redelivered afterwards; from a stream, nothing can be taken.
func (v QueueView) Messages() (all []Message) {
	v.b.t.Helper()
	if v.b.real != nil {
		return v.b.real.peek(v.b.t, v.name)
	}
	v.look(func(q *queue.Queue) { all = ready(q) })
	return all
}

func ready(q *queue.Queue) (all []Message) {
	q.Each(func(e *queue.Entry) { all = append(all, message(e.Message, e.Deliveries() > 0)) })
	return all
}

// ConsumerList describes the consumers in the order of their arrival.
func (v QueueView) ConsumerList() (all []Consumer) {
	v.b.t.Helper()
	if v.b.real != nil {
		return v.b.real.consumersOf(v.b.t, v.name)
	}
	v.look(func(q *queue.Queue) { all = consumers(q) })
	return all
}

func consumers(q *queue.Queue) (all []Consumer) {
	for _, c := range q.Consumers() {
		if consumer, ok := c.Receiver.(*broker.Consumer); ok {
			all = append(all, describeConsumer(consumer))
		}
	}
	return all
}

// Await waits until n messages are ready and takes them out of the queue, the
// oldest first, as a consumer would that acknowledges them. It fails the test if
// they do not come in time: within the broker's patience, 10 seconds unless
// WithPatience says otherwise, or before t's context ends; and on a stream, from
// which nothing can be taken.
func (v QueueView) Await(t T, n int) []Message {
	t.Helper()
	if v.b.real != nil {
		return v.b.real.take(t, v.name, n)
	}
	var taken []Message
	stream := false
	v.b.await(t, fmt.Sprintf("queue %q to hold %s", v.name, counted(n, "ready message")), func() bool {
		q := v.b.vhost.Queue(v.name)
		if q == nil || q.Len() < n {
			return n == 0
		}
		if stream = q.IsStream(); stream {
			return true
		}
		for range n {
			e, _ := q.Get(v.b.vhost.Now(), true)
			v.b.took(q, &e)
			taken = append(taken, message(e.Message, e.Redelivered()))
		}
		v.b.vhost.Wake(q) // what is at the head now may expire
		return true
	})
	if stream {
		t.Fatalf("testkit: queue %q is a stream, from which nothing can be taken; AwaitReady looks at its messages", v.name)
	}
	return taken
}

// AwaitReady waits until n messages or more are ready, and returns all that are.
// They stay in the queue, on a real RabbitMQ as with Messages.
func (v QueueView) AwaitReady(t T, n int) (all []Message) {
	t.Helper()
	if v.b.real != nil {
		v.awaitState(t, "to hold "+counted(n, "ready message"), false, func(s queueState) bool { return s.ready >= n })
		return v.b.real.peek(t, v.name)
	}
	v.await(t, "to hold "+counted(n, "ready message"), func(q *queue.Queue) bool {
		if q == nil || q.Len() < n {
			return n == 0
		}
		all = ready(q)
		return true
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
// that the test takes with Await do not count.
func (v QueueView) AwaitAcked(t T, n int) (acked int) {
	t.Helper()
	if v.b.real != nil {
		v.b.real.await(t, fmt.Sprintf("%s of queue %q to be acked", counted(n, "message"), v.name), false, func() bool {
			acked = v.b.real.acked(v.name)
			return acked >= n
		})
		return acked
	}
	v.b.needRecording("counting acknowledgements")
	v.b.await(t, fmt.Sprintf("%s of queue %q to be acked", counted(n, "message"), v.name), func() bool {
		acked = v.b.recorder.Acked(v.name)
		return acked >= n
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
	v.awaitState(t, "to have no consumers", true, func(s queueState) bool { return s.consumers == 0 })
}

// AwaitIdle waits until the queue holds nothing: no message is ready and none
// unacked. A stream is idle when its consumers have been handed all that they are
// to read, and have settled it.
func (v QueueView) AwaitIdle(t T) {
	t.Helper()
	v.awaitState(t, "to be idle", true, func(s queueState) bool { return s.idle || !s.exists })
}

// AwaitGone waits until there is no such queue.
func (v QueueView) AwaitGone(t T) {
	t.Helper()
	v.awaitState(t, "to be gone", false, func(s queueState) bool { return !s.exists })
}

// awaitState waits until check is true of the queue, on a real RabbitMQ for long
// enough to believe it if it is lasting.
func (v QueueView) awaitState(t T, what string, lasting bool, check func(s queueState) bool) {
	t.Helper()
	if v.b.real != nil {
		v.b.real.await(t, fmt.Sprintf("queue %q %s", v.name, what), lasting, func() bool { return check(v.b.real.state(v.name)) })
		return
	}
	v.await(t, what, func(q *queue.Queue) bool {
		if q == nil {
			return check(queueState{})
		}
		return check(stateOf(q))
	})
}

// await waits for something of the queue, which is nil while it is not there.
func (v QueueView) await(t T, what string, check func(q *queue.Queue) bool) {
	t.Helper()
	v.b.await(t, fmt.Sprintf("queue %q %s", v.name, what), func() bool { return check(v.b.vhost.Queue(v.name)) })
}

// look calls f with the queue, if it is there, under the vhost's lock.
func (v QueueView) look(f func(q *queue.Queue)) {
	v.b.vhost.Lock()
	defer v.b.vhost.Unlock()
	if q := v.b.vhost.Queue(v.name); q != nil {
		f(q)
	}
}
