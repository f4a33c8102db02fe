package nullbroker

import (
	"math"
	"slices"
	"sync"

	"github.com/minirabbit/minirabbit/wire"
)

// queue counts the messages that nobody has taken, and knows who would.
type queue struct {
	mu sync.Mutex
	// guarded by mu
	ready     int
	consumers []*consumer
	turn      int
	content   []byte   // header and body frames of the first message, on channel 0
	kept      [][]byte // bodies of what is ready, if they are kept
	serving   []*consumer
}

// consumer is a subscription.
type consumer struct {
	c       *conn
	channel uint16
	tag     string
	// prefetch is how many deliveries it may have that are not acknowledged,
	// 0 for any number; acked is the tag of the last one that is. What
	// follows is guarded by the queue's lock.
	prefetch int
	acked    uint64
	lastTag  uint64
	// due is how many deliveries it is about to get.
	due int
	// template is a delivery of the queue's message, nil before the first one;
	// guarded by the connection's out.
	template []byte
}

// room returns how many deliveries it may have now.
func (s *consumer) room() int {
	if s.prefetch == 0 {
		return math.MaxInt
	}
	return s.prefetch - int(s.lastTag-s.acked)
}

// add counts n messages and hands out what is ready, as far as the consumers'
// prefetch goes. content is what they look like, of which the first is kept.
func (q *queue) add(n int, content []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.content == nil && n > 0 {
		q.content = slices.Clone(content)
	}
	q.ready += n
	q.serveLocked()
}

// keep keeps the body of a message that add counts later.
func (q *queue) keep(body []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.kept = append(q.kept, body)
}

// forgetLocked drops the bodies of n messages that are not ready any more.
func (q *queue) forgetLocked(n int) {
	n = min(n, len(q.kept))
	clear(q.kept[:n])
	q.kept = q.kept[n:]
}

// serveLocked hands out what is ready, one message to each consumer in turn, as
// brokers of AMQP do: if one consumer got all that has come with a read, the others
// would have nothing to read, and clients much less to do.
func (q *queue) serveLocked() {
	for full := 0; q.ready > 0 && full < len(q.consumers); {
		q.turn++
		c := q.consumers[q.turn%len(q.consumers)]
		if c.due >= c.room() {
			full++
			continue
		}
		full = 0
		if c.due == 0 {
			q.serving = append(q.serving, c)
		}
		c.due++
		q.ready--
	}
	for _, c := range q.serving {
		q.forgetLocked(c.due)
		c.deliver(c.due, q.content)
		c.due = 0
	}
	q.serving = q.serving[:0]
}

// acked notes that a consumer has acknowledged all deliveries up to a tag.
func (q *queue) acked(c *consumer, tag uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	c.acked = max(c.acked, tag)
	q.serveLocked()
}

// take takes one message, if there is one, and returns how many are left.
func (q *queue) take() (content []byte, left int, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ready == 0 {
		return nil, 0, false
	}
	q.ready--
	q.forgetLocked(1)
	return q.content, q.ready, true
}

func (q *queue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ready
}

func (q *queue) purge() (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, q.ready = q.ready, 0
	q.forgetLocked(n)
	return n
}

func (q *queue) subscribe(c *consumer) {
	q.mu.Lock()
	q.consumers = append(q.consumers, c)
	q.mu.Unlock()
}

func (q *queue) unsubscribe(c *consumer) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.consumers = slices.DeleteFunc(q.consumers, func(other *consumer) bool { return other == c })
}

// batch is how many bytes of deliveries are written at once.
const batch = 64 << 10

// deliver writes n deliveries.
func (s *consumer) deliver(n int, content []byte) {
	c := s.c
	c.outMu.Lock()
	defer c.outMu.Unlock()
	if s.template == nil {
		m := wire.BasicDeliver{ConsumerTag: s.tag, RoutingKey: "null"}
		s.template = onChannel(append(wire.AppendMethodFrame(nil, s.channel, &m), content...), s.channel)
	}
	tagAt := frameHead + 4 + 1 + len(s.tag)
	for n > 0 {
		for n > 0 && (len(c.out) == 0 || len(c.out)+len(s.template) <= batch) {
			s.lastTag++
			start := len(c.out)
			c.out = append(c.out, s.template...)
			putUint64(c.out[start+tagAt:], s.lastTag)
			n--
		}
		c.flushLocked()
	}
}

// onChannel sets the channel of all frames in a row and returns them.
func onChannel(frames []byte, channel uint16) []byte {
	for at := 0; at < len(frames); {
		putUint16(frames[at+1:], channel)
		at += frameHead + int(uint32At(frames[at+3:])) + 1
	}
	return frames
}
