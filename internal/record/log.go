package record

import (
	"math"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/queue"
)

// event is an entry of the log. It holds no pointers, so that the garbage collector
// does not look at the log: names are numbers of [names]. It is as long as a line of
// a processor's cache.
type event struct {
	at     queue.Instant
	tag    uint64 // of the delivery; of a dead letter, the ID of the story that it became
	number uint64 // among all events, from 1
	story  uint64 // its ID
	queue, connection,
	consumer, reason uint32
	back               uint32 // so far back in the log is the story's event before, 0 for none
	channel            uint16
	kind               broker.EventKind
	redelivered, noAck bool
}

// nowhere is no place in the log.
const nowhere = math.MaxUint64

// before returns where the log has the story's event before e, which is at a place
// itself, or nowhere.
func (e *event) before(at uint64) uint64 {
	if e.back == 0 {
		return nowhere
	}
	return at - uint64(e.back)
}

func (e *event) rename(use func(uint32) uint32) {
	e.queue, e.connection, e.consumer, e.reason = use(e.queue), use(e.connection), use(e.consumer), use(e.reason)
}

// story is a message's history in the making. It has no pointers either: the
// message is in a list of its own.
type story struct {
	first event
	last  uint64 // where the log has the latest event, nowhere if there is but one
	count uint32 // of events
	vhost uint32
	size  int // of the body; to forget a message, nobody looks at it
}

// fifo is a queue whose elements are numbered from zero on, in a ring that grows.
type fifo[T any] struct {
	ring  []T    // length zero or a power of two
	begin uint64 // number of the oldest element
	count int
}

func (f *fifo[T]) len() int { return f.count }

// end returns the number that the next element will have.
func (f *fifo[T]) end() uint64 { return f.begin + uint64(f.count) }

// at returns an element that is still there, valid until the next push.
func (f *fifo[T]) at(number uint64) *T { return &f.ring[number&uint64(len(f.ring)-1)] }

// push appends an element and returns its place, where an old one may still be.
func (f *fifo[T]) push() *T {
	if f.count == len(f.ring) {
		f.grow()
	}
	f.count++
	return f.at(f.end() - 1)
}

func (f *fifo[T]) grow() {
	old := *f
	f.ring = make([]T, max(16, 2*len(old.ring)))
	for n := old.begin; n < old.end(); n++ {
		*f.at(n) = *old.at(n)
	}
}

// pop forgets the oldest element. Its place is as it was, until another one takes
// it: what must not be kept from garbage collection goes first.
func (f *fifo[T]) pop() {
	f.begin++
	f.count--
}

// names numbers the names that events mention. The empty name is number zero.
type names struct {
	texts  []string
	number map[string]uint32
	limit  int // for many

	// The last ones asked for: mostly they are asked for again.
	lastText       string
	lastNumber     uint32
	lastQueue      string
	queue          uint32
	lastConnection *broker.Connection
	connection     uint32
	lastVHost      *broker.VHost
	vhost          uint32
}

// of returns the number of a name.
func (n *names) of(text string) uint32 {
	if text == "" {
		return 0
	}
	if text == n.lastText {
		return n.lastNumber
	}
	id, known := n.number[text]
	if !known {
		if n.number == nil {
			n.number, n.texts = make(map[string]uint32), []string{""}
		}
		id = uint32(len(n.texts))
		n.texts = append(n.texts, text)
		n.number[text] = id
	}
	n.lastText, n.lastNumber = text, id
	return id
}

func (n *names) ofQueue(q *queue.Queue) uint32 {
	if q == nil {
		return 0
	}
	if name := q.Name(); name != n.lastQueue {
		n.lastQueue, n.queue = name, n.of(name)
	}
	return n.queue
}

// forget lets go of what was asked for last, which may have ended.
func (n *names) forget() { n.lastConnection, n.lastVHost = nil, nil }

func (n *names) ofConnection(c *broker.Connection) uint32 {
	if c == nil {
		return 0
	}
	if c != n.lastConnection {
		n.lastConnection, n.connection = c, n.of(ClientName(c))
	}
	return n.connection
}

func (n *names) ofVHost(vh *broker.VHost) uint32 {
	if vh == nil {
		return 0
	}
	if vh != n.lastVHost {
		n.lastVHost, n.vhost = vh, n.of(vh.Name())
	}
	return n.vhost
}

func (n *names) text(number uint32) string {
	if number == 0 {
		return ""
	}
	return n.texts[number]
}

// many says that there are so many names that it is worth to forget some.
func (n *names) many() bool { return len(n.texts) > max(n.limit, 4096) }

// renew forgets all names but those that are used with the function that it
// returns, which turns an old number into a new one.
func (n *names) renew() (use func(old uint32) uint32) {
	old := n.texts
	*n = names{}
	return func(number uint32) uint32 {
		if number == 0 {
			return 0
		}
		return n.of(old[number])
	}
}
