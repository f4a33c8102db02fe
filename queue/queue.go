package queue

import (
	"fmt"

	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/wire"
)

// Host is what a queue needs of the node that it lives in.
type Host interface {
	// DeadLetter takes a message that left q after so many deliveries failed that
	// are remembered.
	// It is called only if the settings name a dead letter exchange, and must
	// not call back into q.
	// stored says that the queue had kept it, and not only passed it on.
	DeadLetter(q *Queue, m *Message, failures uint32, reason Reason, stored bool)
	// Wake asks that Dispatch be called before the present command ends.
	Wake(q *Queue)
}

// Queue is one queue. See the package documentation for who may call it when.
type Queue struct {
	name string
	host Host

	// As declared.
	Durable    bool
	Exclusive  bool
	AutoDelete bool
	Arguments  wire.Table
	// Owner is whoever declared the queue exclusive, nil otherwise.
	Owner any

	// Awake and Watched are the host's: that Dispatch is due, and the moment
	// at which it will next look at the queue's deadline, zero for none.
	Awake   bool
	Watched Instant
	// OnDrop, if not nil, is told of each message that leaves the queue
	// without an acknowledgement, for any reason but Purge and Delete.
	OnDrop func(m *Message, reason Reason)

	settings     Settings
	ready        ready
	stream       *stream // nil unless it is one
	consumers    consumers
	nextPosition uint64
	lastUsed     Instant
	deleted      bool
	blocked      bool               // see blocks
	publishers   map[Publisher]bool // that a quorum queue which refuses has met
	exempt       map[Publisher]bool // those of them that are not blocked with it
	headExpires  Instant            // when what was last seen at the head is due
	look         bool               // Dispatch is to look at the head

	got                         int // unacked that were taken by Get
	withheld                    int // dead letters, see withheld.go
	withheldBytes               int64
	delayed                     []delayed // see retry.go
	delayedBytes                int64
	lingering                   int // consumers that are gone and hold unacked messages
	unacked                     int
	unackedBytes                int64
	counts                      Counts
	persistent, persistentBytes int64 // ready and unacked
}

// Counts is what has happened in a queue since it was declared.
type Counts struct {
	Published uint64 // entered the queue
	Delivered uint64 // handed out, redeliveries included
	NoAck     uint64 // of these, without acknowledgement
	// Redelivered were handed out before.
	Redelivered uint64
	// Got were taken by get, GotNoAck of these without acknowledgement, and
	// GotEmpty is how often get found nothing.
	Got, GotNoAck, GotEmpty uint64
	Acked                   uint64 // settled by ack, or handed out without acknowledgement
	Requeued                uint64
	Dropped                 uint64 // expired, rejected, over a limit, purged
}

// New returns an empty queue.
func New(name string, s Settings, host Host, now Instant) *Queue {
	q := &Queue{name: name, host: host, settings: s, lastUsed: now}
	q.ready.init(&q.settings)
	if s.Kind == Stream {
		q.stream = newStream()
	}
	q.consumers.single, q.consumers.choice = s.SingleActiveConsumer, s.SingleActive
	return q
}

// Name returns the queue's name.
func (q *Queue) Name() string { return q.name }

// IsQueue tells a queue from an exchange where a binding can lead to either.
func (q *Queue) IsQueue() bool { return true }

// QueueType returns the type of the queue as x-queue-type names it.
func (q *Queue) QueueType() string { return string(q.Kind()) }

// Settings returns what is in force.
func (q *Queue) Settings() Settings { return q.settings }

// Kind returns the type of the queue, never empty.
func (q *Queue) Kind() Kind {
	if q.settings.Kind == "" {
		return Classic
	}
	return q.settings.Kind
}

// ConsumerTimeout returns the queue's own limit for how long a message may be
// held.
func (q *Queue) ConsumerTimeout() Optional { return q.settings.ConsumerTimeout }

// Len returns the number of ready messages; in a stream, of all that it keeps.
func (q *Queue) Len() int {
	if q.stream != nil {
		return q.stream.length
	}
	return q.ready.length
}

// Unacked returns the number of messages that were handed out and are not settled.
func (q *Queue) Unacked() int { return q.unacked }

// Bytes returns the body bytes of the ready messages and of the unacked ones.
func (q *Queue) Bytes() (ready, unacked int64) {
	if q.stream != nil {
		return q.stream.bytes, q.unackedBytes
	}
	return q.ready.bytes, q.unackedBytes
}

// Counts returns what has happened so far.
func (q *Queue) Counts() Counts { return q.counts }

// Deleted says that the queue is gone; settling its messages has no effect.
func (q *Queue) Deleted() bool { return q.deleted }

// Each calls f for every ready message in the order in which it would leave.
func (q *Queue) Each(f func(e *Entry)) {
	if q.stream != nil {
		q.stream.each(f)
		return
	}
	q.ready.each(f)
}

// Publish puts m at the end of the queue, or straight into the hands of a
// consumer that waits. It returns false if the queue refuses m because it is
// full and its overflow is reject-publish. A quorum queue refuses one publisher and
// not another: from says who it is. It refuses nothing that nobody
// in particular publishes, nil, as RabbitMQ with dead letters and what an exchange
// has kept.
func (q *Queue) Publish(now Instant, m *Message, from Publisher) (accepted bool) {
	if q.stream != nil {
		q.publishToStream(now, m)
		return true
	}
	if q.refuses(m, from) {
		return false
	}
	e := Entry{Message: m, position: q.nextPosition, expires: q.expiry(now, m), direct: q.settings.Blame == release.NoBlame}
	q.nextPosition++
	q.counts.Published++
	q.enter(m)
	if q.ready.length == 0 && len(q.consumers.all) > 0 {
		if c := q.consumers.take(); c != nil {
			e.direct = e.direct || q.settings.Kind == Classic
			q.ready.countTurn()
			q.deliver(c, e)
			return true
		}
	}
	if ttl := q.settings.MessageTTL; q.settings.Kind == Classic && ttl.Set && ttl.Value == 0 && !q.settings.DeadLetter {
		q.drop(&e, Expired) // at once, whatever is in front of it
		return true
	}
	e.stored = true
	q.ready.push(e)
	switch {
	case q.settings.Kind == Quorum:
		q.blocks()
		q.dropHead()
		q.dropDue(now)
	case q.dropHead() || q.ready.length == 1:
		q.dropDue(now)
	default:
		// RabbitMQ does not look whether the message went to the head, with a
		// priority: there it stays until the queue is looked at again.
	}
	if len(q.consumers.all) > 0 {
		q.host.Wake(q)
	}
	return true
}

// Dispatch applies the limits to what was requeued and hands ready messages to
// consumers until either run out.
func (q *Queue) Dispatch(now Instant) {
	if q.stream != nil {
		q.dispatchStream(now)
		return
	}
	if q.settings.Kind == Quorum {
		q.dispatchQuorum(now)
		if q.dropHead() {
			q.dropDue(now)
		}
		q.noteLimits()
		return
	}
	if q.dropHead(); q.look {
		q.look = false
		q.dropDue(now)
	} else {
		q.Expire(now)
	}
	for q.ready.length > 0 {
		c := q.consumers.take()
		if c == nil {
			return
		}
		q.deliver(c, q.ready.take())
		q.dropDue(now)
	}
}

func (q *Queue) deliver(c *Consumer, e Entry) {
	q.handOut(&e, c.NoAck)
	if !c.NoAck {
		e.holder = c
		c.held++
	}
	c.Receiver.Deliver(q, e)
	if q.settings.Kind == Quorum {
		q.consumers.leave(c) // one of a classic queue goes when it would be its turn again
	}
}

func (q *Queue) handOut(e *Entry, noAck bool) {
	e.deliveries++
	q.counts.Delivered++
	if e.deliveries > 1 {
		q.counts.Redelivered++
	}
	if noAck {
		q.counts.Acked++
		q.counts.NoAck++
		q.leave(e.Message)
		return
	}
	q.unacked++
	q.unackedBytes += q.ready.size(e.Message)
}

// Get takes the message at the head. Unless noAck, the caller settles it. It is
// not for streams.
func (q *Queue) Get(now Instant, noAck bool) (e Entry, ok bool) {
	q.Touch(now)
	q.Expire(now)
	if q.ready.length == 0 {
		q.counts.GotEmpty++
		return Entry{}, false
	}
	e = q.ready.take()
	q.handOut(&e, noAck)
	if !noAck {
		e.got = true
		q.got++
	}
	q.counts.Got++
	if noAck {
		q.counts.GotNoAck++
	}
	q.noteLimits()
	if q.settings.Kind == Quorum && !noAck {
		q.host.Wake(q) // what is due goes later: it still counts as ready
	} else {
		q.dropDue(now)
	}
	return e, true
}

// Purge removes the ready messages, and those that are held back, and returns how
// many there were. They are
// not dead-lettered. It is not for streams.
func (q *Queue) Purge(now Instant) int {
	q.Expire(now)
	n := q.ready.length + len(q.delayed)
	q.counts.Dropped += uint64(n)
	q.Each(func(e *Entry) { q.leave(e.Message) })
	for i := range q.delayed {
		q.leave(q.delayed[i].Message)
	}
	q.ready.init(&q.settings)
	q.delayed, q.delayedBytes = nil, 0
	return n
}

// Delete ends the queue and returns the consumers that it had.
func (q *Queue) Delete() []*Consumer {
	all := q.consumers.all
	q.deleted = true
	q.ready.init(&q.settings)
	if q.stream != nil {
		q.stream = newStream()
	}
	q.consumers = consumers{}
	q.unacked, q.unackedBytes = 0, 0
	q.delayed, q.delayedBytes = nil, 0
	return all
}

// Consumers returns the consumers in order of arrival.
func (q *Queue) Consumers() []*Consumer { return q.consumers.all }

// ConsumerCount returns how many consumers there are. For a quorum queue, as in
// RabbitMQ, those that wait to become the single active one do not count, while
// a consumer that was cancelled does until it has settled what it holds, and so
// does each unacked message that was taken by Get.
func (q *Queue) ConsumerCount() int {
	if q.stream != nil {
		return 0 // none counts
	}
	n := len(q.consumers.all)
	if q.settings.Kind != Quorum {
		return n
	}
	if q.consumers.single {
		n = min(n, 1)
	}
	return n + q.lingering + q.got
}

// ActiveConsumer says whether c is one that the queue serves: all are, but for
// a queue with a single active consumer.
func (q *Queue) ActiveConsumer(c *Consumer) bool {
	return !q.consumers.single || q.consumers.current() == c
}

// AddConsumer subscribes c.
func (q *Queue) AddConsumer(c *Consumer) {
	if q.stream != nil {
		if c.Reader == nil {
			c.Reader = new(Reader)
		}
		c.Reader.begin(q.stream)
	}
	if c.held > 0 {
		q.lingering-- // see Inherit
	}
	q.consumers.add(c)
	q.host.Wake(q)
}

// RemoveConsumer ends c's subscription. What was handed to it stays unacked.
func (q *Queue) RemoveConsumer(now Instant, c *Consumer) {
	if q.consumers.remove(c) {
		if c.gone = true; c.held > 0 {
			q.lingering++
		}
		q.Touch(now)
		q.host.Wake(q)
	}
}

// PassOver tells that c does not settle what it has. Of a queue with a single
// active consumer, another one becomes it, if there is one that is ready.
func (q *Queue) PassOver(c *Consumer) { q.consumers.passOver(c) }

// Unblock tells that c, which was not ready, may be ready again.
func (q *Queue) Unblock(c *Consumer) {
	if q.deleted {
		return
	}
	if !q.consumers.single {
		q.consumers.unblock(c)
	}
	if q.Len() > 0 {
		q.host.Wake(q)
	}
}

// Check returns an error if the queue's books do not balance: every message
// that entered is ready, unacked or settled, exactly one of them.
func (q *Queue) Check() error {
	if q.deleted {
		return nil
	}
	n, bytes := 0, int64(0)
	q.Each(func(e *Entry) {
		n++
		bytes += q.ready.size(e.Message)
	})
	if readyBytes, _ := q.Bytes(); n != q.Len() || bytes != readyBytes {
		return fmt.Errorf("queue %q: holds %d messages of %d bytes, but counts %d of %d", q.name, n, bytes, q.Len(), readyBytes)
	}
	if q.stream != nil {
		return q.checkStream()
	}
	held := uint64(q.ready.length + q.unacked + len(q.delayed))
	if q.unacked < 0 || q.counts.Published != held+q.counts.Acked+q.counts.Dropped {
		return fmt.Errorf("queue %q: %d messages entered, but %d are ready, %d unacked, %d acked and %d dropped",
			q.name, q.counts.Published, q.ready.length, q.unacked, q.counts.Acked, q.counts.Dropped)
	}
	return nil
}
