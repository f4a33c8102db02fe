package nullbroker

import (
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
	content   []byte // header and body frames of the first message, on channel 0
}

// consumer is a subscription.
type consumer struct {
	c       *conn
	channel uint16
	tag     string
	// template is a delivery of the queue's message, nil before the first one;
	// guarded by the connection's out.
	template []byte
	lastTag  uint64
}

// add counts n messages and hands all that are ready to the consumer whose turn
// it is. content is what they look like, of which the first is kept.
func (q *queue) add(n int, content []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.content == nil && n > 0 {
		q.content = slices.Clone(content)
	}
	q.ready += n
	if len(q.consumers) == 0 || q.ready == 0 {
		return
	}
	q.turn++
	q.consumers[q.turn%len(q.consumers)].deliver(q.ready, q.content)
	q.ready = 0
}

// take takes one message, if there is one, and returns how many are left.
func (q *queue) take() (content []byte, left int, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ready == 0 {
		return nil, 0, false
	}
	q.ready--
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
