package testkit

import (
	"fmt"

	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// QueueView looks at one queue by its name. The queue need not exist yet: one
// that does not is empty.
type QueueView struct {
	b    *Broker
	name string
}

// Queue returns a view of a queue.
func (b *Broker) Queue(name string) QueueView { return QueueView{b, name} }

// Message is a message as a queue holds it.
type Message struct {
	Exchange    string
	RoutingKey  string
	Properties  wire.Properties
	Body        []byte
	Redelivered bool // it was delivered before
}

// Exists says whether the queue is there.
func (v QueueView) Exists() (exists bool) {
	v.look(func(*queue.Queue) { exists = true })
	return exists
}

// Ready returns the number of messages that wait for a consumer.
func (v QueueView) Ready() (n int) {
	v.look(func(q *queue.Queue) { n = q.Len() })
	return n
}

// Unacked returns the number of messages that consumers hold and have not settled.
func (v QueueView) Unacked() (n int) {
	v.look(func(q *queue.Queue) { n = q.Unacked() })
	return n
}

// Consumers returns the number of consumers.
func (v QueueView) Consumers() (n int) {
	v.look(func(q *queue.Queue) { n = len(q.Consumers()) })
	return n
}

// Messages returns the ready messages, the next to be delivered first. They stay
// in the queue.
func (v QueueView) Messages() (all []Message) {
	v.look(func(q *queue.Queue) {
		q.Each(func(e *queue.Entry) { all = append(all, message(e.Message, e.Deliveries() > 0)) })
	})
	return all
}

// Await waits until n messages are ready and takes them out of the queue, the
// oldest first, as a consumer would that acknowledges them. It fails the test if
// they do not come in time: within 10 seconds, or before t's deadline.
func (v QueueView) Await(t T, n int) []Message {
	t.Helper()
	var taken []Message
	v.b.await(t, fmt.Sprintf("queue %q to hold %d ready messages", v.name, n), func() bool {
		q := v.b.vhost.Queue(v.name)
		if q == nil || q.Len() < n {
			return n == 0
		}
		for range n {
			e, _ := q.Get(v.b.vhost.Now(), true)
			taken = append(taken, message(e.Message, e.Redelivered()))
		}
		return true
	})
	return taken
}

// AwaitConsumers waits until the queue has n consumers or more.
func (v QueueView) AwaitConsumers(t T, n int) {
	t.Helper()
	v.b.await(t, fmt.Sprintf("queue %q to have %d consumers", v.name, n), func() bool {
		q := v.b.vhost.Queue(v.name)
		return q != nil && len(q.Consumers()) >= n
	})
}

// AwaitIdle waits until the queue holds nothing: no message is ready and none
// unacked.
func (v QueueView) AwaitIdle(t T) {
	t.Helper()
	v.b.await(t, fmt.Sprintf("queue %q to be idle", v.name), func() bool {
		q := v.b.vhost.Queue(v.name)
		return q == nil || idle(q)
	})
}

func idle(q *queue.Queue) bool { return q.Len() == 0 && q.Unacked() == 0 }

// look calls f with the queue, if it is there, under the vhost's lock.
func (v QueueView) look(f func(q *queue.Queue)) {
	v.b.vhost.Lock()
	defer v.b.vhost.Unlock()
	if q := v.b.vhost.Queue(v.name); q != nil {
		f(q)
	}
}

func message(m *queue.Message, redelivered bool) Message {
	return Message{Exchange: m.Exchange, RoutingKey: m.RoutingKey, Properties: m.Header(), Body: m.Body, Redelivered: redelivered}
}
