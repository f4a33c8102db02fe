package testkit

import (
	"slices"
	"sync"
	"time"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/queue"
)

// keepMessages is how many messages the history remembers.
const keepMessages = 10_000

// recorder writes the history. It is called with the vhost's lock held, and its
// own lock is a leaf.
type recorder struct {
	mu sync.Mutex
	// guarded by mu
	stories []*story // in order of publishing
	byMsg   map[*queue.Message]*story
	lastID  int
	events  int            // so far
	acked   map[string]int // by queue
}

// story is a message's history in the making.
type story struct {
	id      int
	message *queue.Message
	events  []Event
	latest  int // the number of its last event, among all
}

var _ broker.Observer = (*recorder)(nil)

func newRecorder() *recorder {
	return &recorder{byMsg: make(map[*queue.Message]*story), acked: make(map[string]int)}
}

var eventKinds = map[broker.EventKind]EventKind{
	broker.MessagePublished:    Published,
	broker.MessageReturned:     Returned,
	broker.MessageRouted:       Routed,
	broker.MessageRefused:      Refused,
	broker.MessageDelivered:    Delivered,
	broker.MessageGot:          Got,
	broker.MessageAcked:        Acked,
	broker.MessageRejected:     Rejected,
	broker.MessageRequeued:     Requeued,
	broker.MessageDropped:      Dropped,
	broker.MessageDeadLettered: DeadLettered,
}

// Observe implements [broker.Observer].
func (r *recorder) Observe(e broker.Event) {
	kind, ok := eventKinds[e.Kind]
	if !ok {
		return
	}
	event := Event{
		Kind: kind, Time: instant(e.Time), Channel: e.Channel, Consumer: e.Consumer,
		DeliveryTag: e.DeliveryTag, Redelivered: e.Redelivered, NoAck: e.NoAck, Reason: string(e.Reason),
	}
	if e.Queue != nil {
		event.Queue = e.Queue.Name()
	}
	if e.Connection != nil {
		event.Connection = clientName(e.Connection)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if kind == Acked {
		r.acked[event.Queue]++
	}
	if e.Dead != nil {
		event.DeadLetter = r.storyLocked(e.Dead).id
	}
	s := r.storyLocked(e.Message)
	r.events++
	event.Number, s.latest = r.events, r.events
	s.events = append(s.events, event)
}

// storyLocked returns a message's story, which may just begin.
func (r *recorder) storyLocked(m *queue.Message) *story {
	s := r.byMsg[m]
	if s != nil {
		return s
	}
	if len(r.stories) >= keepMessages {
		forgotten := r.stories[:keepMessages/4]
		for _, old := range forgotten {
			delete(r.byMsg, old.message)
		}
		r.stories = slices.Delete(r.stories, 0, len(forgotten))
	}
	r.lastID++
	s = &story{id: r.lastID, message: m}
	r.byMsg[m] = s
	r.stories = append(r.stories, s)
	return s
}

func (r *recorder) history() History {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := make(History, len(r.stories))
	for i, s := range r.stories {
		h[i] = s.history()
	}
	return h
}

func (s *story) history() MessageHistory {
	return MessageHistory{ID: s.id, Message: message(s.message, false), Events: slices.Clone(s.events)}
}

// find returns the history of a message for which holds is true. It looks at
// those to which something happened after the events that were seen.
func (r *recorder) find(seen int, holds func(MessageHistory) bool) (found MessageHistory, now int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.stories {
		if s.latest > seen {
			if found := s.history(); holds(found) {
				return found, r.events, true
			}
		}
	}
	return MessageHistory{}, r.events, false
}

func (r *recorder) ackedIn(queue string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.acked[queue]
}

// History returns what has happened to the messages so far. The broker remembers
// the last 10,000 at least by three quarters.
func (b *Broker) History() History {
	b.t.Helper()
	b.needRecording("the history of messages")
	return b.recorder.history()
}

func instant(at queue.Instant) time.Time { return time.Unix(0, int64(at)).UTC() }

// clientName is what a client calls its connection, or else its address.
func clientName(c *broker.Connection) string {
	if v, ok := c.ClientProperties.Get("connection_name"); ok {
		if name, _ := v.(string); name != "" {
			return name
		}
	}
	return c.Name
}
