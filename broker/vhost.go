package broker

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// VHost is a virtual host: a namespace of exchanges and queues, and the monitor
// that guards them. Every method but Lock and Name is called with the lock held.
type VHost struct {
	// immutable
	name string
	node *Node

	waiting atomic.Int32 // how many wait for mu

	mu sync.Mutex
	// guarded by mu
	exchanges map[string]*exchange.Exchange
	queues    map[string]*queue.Queue
	// sources holds the source of each binding that leads to a destination,
	// so that deleting the destination finds them.
	sources map[exchange.Destination][]*exchange.Exchange
	router  exchange.Router
	// connections are in order of opening.
	connections []*Connection

	present queue.Instant // zero until asked for in this critical section

	// Scratch for route.
	message exchange.Message
	decoded wire.Properties
	cursor  wire.Cursor
	direct  []exchange.Destination
	// keepsHeaders: there are exchanges that keep or hash properties.
	keepsHeaders bool

	event Event // that the observer is being told of
	stale bool  // scratch space may hold what is deleted

	// publisher is the channel that is publishing, nil for none.
	publisher queue.Publisher

	// replies are the channels with a direct reply-to consumer, by the name
	// that stands for their queue.
	replies map[string]*Channel
	// delayed counts the messages that exchanges hold back, by name.
	delayed map[string]*delayedCount

	// What Unlock has to do.
	cancelled   []*Consumer
	deadLetters []deadLetter
	awake       []*queue.Queue
	later       []func()
	touched     []Flusher

	policies [2]policySet // by PolicyKind
	applied  map[exchange.Destination]*Applied
	// stats counts what channels that are closed have done.
	stats Stats
	// traffic is that of connections that are closed.
	traffic Traffic
	tracing atomic.Bool
	routed  []string // the queues of the last message, for the firehose

	// guarded by node.mu
	limits   Limits
	metadata Metadata

	timers   timers
	watchers []*watcher
	closed   bool

	broken atomic.Pointer[ConnectionError] // why everything is refused, nil while it is not
}

func newVHost(n *Node, name string) *VHost {
	vh := &VHost{
		name:      name,
		node:      n,
		exchanges: make(map[string]*exchange.Exchange),
		queues:    make(map[string]*queue.Queue),
		sources:   make(map[exchange.Destination][]*exchange.Exchange),
		replies:   make(map[string]*Channel),
		delayed:   make(map[string]*delayedCount),
		applied:   make(map[exchange.Destination]*Applied),
	}
	vh.predeclare()
	return vh
}

// Name returns the name of the virtual host.
func (vh *VHost) Name() string { return vh.name }

// Lock begins a critical section. It ends with Unlock, which is deferred, or with Abandon: a
// panic on the way must not keep the lock. Do is shorter.
func (vh *VHost) Lock() {
	if !vh.mu.TryLock() {
		vh.waiting.Add(1)
		vh.mu.Lock()
		vh.waiting.Add(-1)
	}
	vh.present = 0
}

// Unlock ends a critical section. Before it does, consumers hear of their queues'
// end, ready messages are dispatched and dead letters are published: after the
// replies of the section, and so that nobody ever sees them undone.
//
// When the lock is released, what clients are to be sent is written.
//
// If the section panics, Unlock, deferred, abandons it, reports the panic and goes on
// panicking with a *Panic.
func (vh *VHost) Unlock() { vh.exit(recover()) }

// Do calls f in a critical section.
func (vh *VHost) Do(f func()) {
	vh.Lock()
	defer vh.Unlock()
	f()
}

// exit is Unlock. It is called by a deferred function, with what recover has returned.
func (vh *VHost) exit(value any) {
	if value == nil {
		value = vh.finish()
	}
	if value == nil {
		vh.release()
		return
	}
	p := NewPanic(value)
	vh.Abandon(p)
	panic(p)
}

// finish does what is left to do, and returns the panic that it ends in.
func (vh *VHost) finish() (panicked any) {
	defer func() {
		if value := recover(); value != nil {
			panicked = NewPanic(value)
		}
	}()
	vh.Next()
	if !vh.closed && vh.broken.Load() == nil {
		vh.timers.arm(vh)
	}
	vh.forgetScratch()
	return nil
}

// release releases the lock and has written what clients are to be sent.
func (vh *VHost) release() {
	var touched [maxTouched]Flusher
	n := copy(touched[:], vh.touched)
	clear(vh.touched)
	vh.touched = vh.touched[:0]
	vh.mu.Unlock()
	for _, f := range touched[:n] {
		f.Flush()
	}
	if vh.waiting.Load() > 0 {
		// Whoever was woken up runs now. Else a connection that is flooded would take the lock again, and again, until its
		// time of 10 ms is over.
		runtime.Gosched()
	}
}

// forgetScratch lets go of what the scratch space would keep reachable: the connection
// of the last event, and what was deleted.
func (vh *VHost) forgetScratch() {
	if vh.event.VHost != nil {
		vh.event = Event{}
	}
	if vh.stale {
		vh.stale = false
		vh.router.Forget()
		clear(vh.direct[:cap(vh.direct)])
		vh.message = exchange.Message{RoutingKeys: vh.message.RoutingKeys[:0]}
	}
}

// Next ends a critical section and begins another one without releasing the lock:
// commands that have arrived together share the lock, and the instant.
func (vh *VHost) Next() {
	if vh.closed || vh.broken.Load() != nil {
		return
	}
	vh.settle()
	if len(vh.watchers) > 0 {
		vh.notify()
		vh.settle() // a watcher may have taken messages
	}
}

// Flusher is a connection to a client that something was sent to.
type Flusher interface {
	// Flush writes what can be written at once and leaves the rest to
	// somebody else. It is called without locks.
	Flush()
	// Wake has somebody else write. It is called with the lock held.
	Wake()
}

// maxTouched is how many connections a critical section writes to by itself.
const maxTouched = 16

// Touch has something written to a client when the lock is released.
func (vh *VHost) Touch(f Flusher) {
	if len(vh.touched) == maxTouched {
		f.Wake()
		return
	}
	vh.touched = append(vh.touched, f)
}

// Now returns the present: the same instant throughout a critical section.
func (vh *VHost) Now() queue.Instant {
	if vh.present == 0 {
		vh.present = vh.node.clock.now()
	}
	return vh.present
}

// Wake implements [queue.Host].
func (vh *VHost) Wake(q *queue.Queue) {
	if !q.Awake {
		q.Awake = true
		vh.awake = append(vh.awake, q)
	}
}

// Later has f called before the present critical section ends, after what is
// being done now. It is for whoever is called in the midst of a command.
func (vh *VHost) Later(f func()) { vh.later = append(vh.later, f) }

// settle does what the commands of this critical section left to do.
func (vh *VHost) settle() {
	if len(vh.cancelled) > 0 {
		vh.tellCancelled()
	}
	for {
		switch {
		case len(vh.deadLetters) > 0 || len(vh.awake) > 0:
			vh.pass()
		case len(vh.later) > 0:
			vh.callLater()
		default:
			return
		}
	}
}

// callLater calls the first of those that are to be called later, each in its turn.
func (vh *VHost) callLater() {
	f := vh.later[0]
	vh.later[0] = nil
	if vh.later = vh.later[1:]; len(vh.later) == 0 {
		vh.later = nil
	}
	f()
}

// tellCancelled tells clients of consumers whose queues are gone. A channel hears of them
// in order of their tags.
func (vh *VHost) tellCancelled() {
	slices.SortStableFunc(vh.cancelled, func(a, b *Consumer) int { return strings.Compare(a.sub.Tag, b.sub.Tag) })
	slices.Reverse(vh.cancelled)
	for last := len(vh.cancelled) - 1; last >= 0; last-- {
		c := vh.cancelled[last]
		vh.cancelled[last] = nil
		vh.cancelled = vh.cancelled[:last] // first: what panics is not done again
		c.ch.sink.CancelConsumer(c.sub.Tag)
	}
}

// pass dispatches ready messages and publishes the dead letters that there are. A
// queue of RabbitMQ hands on what its consumers have room for before the letters
// that it has sent are anywhere, be it in the same queue.
func (vh *VHost) pass() {
	for i := 0; i < len(vh.awake); i++ {
		q := vh.awake[i]
		q.Awake = false
		if !q.Deleted() {
			q.Dispatch(vh.Now())
			vh.watch(q)
		}
	}
	clear(vh.awake)
	vh.awake = vh.awake[:0]
	for i := 0; i < len(vh.deadLetters); i++ {
		d := vh.deadLetters[i]
		vh.deadLetters[i] = deadLetter{} // first: what panics is not done again
		if d.from != nil {
			vh.publishDeadLetter(d)
		}
	}
	vh.deadLetters = vh.deadLetters[:0]
}
