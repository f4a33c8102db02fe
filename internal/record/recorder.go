package record

import (
	"slices"
	"sync"
	"time"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/queue"
)

// Limits bound what a [Recorder] remembers. Zero is no limit.
type Limits struct {
	// Messages is how many messages are remembered. When there are more, the
	// oldest quarter of them is forgotten.
	Messages int
	// Bytes is how long the bodies of these may be, together.
	Bytes int
	// Events is how many events of one message are remembered: the first and
	// the latest.
	Events int
}

// Recorder writes the history of messages. It is a [broker.Observer].
type Recorder struct {
	limits Limits // immutable

	mu sync.Mutex
	// guarded by mu
	stories []*story // in order of publishing
	byMsg   map[*queue.Message]*story
	bytes   int // of their bodies
	lastID  int
	events  int            // so far
	acked   map[string]int // by queue
}

// story is a message's history in the making.
type story struct {
	Story
	latest int // the number of its last event, among all
}

var _ broker.Observer = (*Recorder)(nil)

// NewRecorder returns a recorder without a history.
func NewRecorder(limits Limits) *Recorder {
	return &Recorder{limits: limits, byMsg: make(map[*queue.Message]*story), acked: make(map[string]int)}
}

var kinds = map[broker.EventKind]Kind{
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
func (r *Recorder) Observe(e broker.Event) {
	kind, ok := kinds[e.Kind]
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
		event.Connection = ClientName(e.Connection)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if kind == Acked {
		r.acked[event.Queue]++
	}
	if e.Dead != nil {
		event.DeadLetter = r.storyLocked(e.VHost, e.Dead).ID
	}
	s := r.storyLocked(e.VHost, e.Message)
	r.events++
	event.Number, s.latest = r.events, r.events
	if limit := r.limits.Events; limit > 0 && len(s.Events) >= max(2, limit) {
		gone := len(s.Events) / 2
		s.Events = slices.Delete(s.Events, 1, 1+gone)
		s.Forgotten += gone
	}
	s.Events = append(s.Events, event)
}

// storyLocked returns a message's story, which may just begin.
func (r *Recorder) storyLocked(vh *broker.VHost, m *queue.Message) *story {
	s := r.byMsg[m]
	if s != nil {
		return s
	}
	r.makeRoomLocked(len(m.Body))
	r.lastID++
	s = &story{Story: Story{ID: r.lastID, Message: m}}
	if vh != nil {
		s.VHost = vh.Name()
	}
	r.byMsg[m] = s
	r.bytes += len(m.Body)
	r.stories = append(r.stories, s)
	return s
}

// makeRoomLocked forgets old messages, if one more with a body of a size would
// break the limits.
func (r *Recorder) makeRoomLocked(size int) {
	n, freed := 0, 0
	if limit := r.limits.Messages; limit > 0 && len(r.stories) >= limit {
		n = max(1, limit/4)
	}
	for i, old := range r.stories {
		if tooLong := r.limits.Bytes > 0 && r.bytes-freed+size > r.limits.Bytes; i >= n && !tooLong {
			break
		}
		n = max(n, i+1)
		freed += len(old.Message.Body)
		delete(r.byMsg, old.Message)
	}
	r.bytes -= freed
	r.stories = slices.Delete(r.stories, 0, n)
}

// History returns the stories of the messages that are remembered, in the order
// of their publishing.
func (r *Recorder) History() []Story {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Story, len(r.stories))
	for i, s := range r.stories {
		all[i] = s.copy()
	}
	return all
}

func (s *story) copy() Story {
	c := s.Story
	c.Events = slices.Clone(c.Events)
	return c
}

// Latest returns at most n stories for which holds is true, the latest published
// first, and how many are remembered at all. holds must not change the story.
func (r *Recorder) Latest(n int, holds func(*Story) bool) (found []Story, of int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range slices.Backward(r.stories) {
		if len(found) == n {
			break
		}
		if holds(&s.Story) {
			found = append(found, s.copy())
		}
	}
	return found, len(r.stories)
}

// Find returns the first story for which holds is true. It looks at those to which
// something happened after the first seen events of the broker, and returns how
// many events there are now.
func (r *Recorder) Find(seen int, holds func(Story) bool) (found Story, now int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.stories {
		if s.latest > seen {
			if found := s.copy(); holds(found) {
				return found, r.events, true
			}
		}
	}
	return Story{}, r.events, false
}

// Acked returns how many deliveries from a queue have been acknowledged.
func (r *Recorder) Acked(queue string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.acked[queue]
}

func instant(at queue.Instant) time.Time { return time.Unix(0, int64(at)).UTC() }

// ClientName is what a client calls its connection, or else its address.
func ClientName(c *broker.Connection) string {
	if v, ok := c.ClientProperties.Get("connection_name"); ok {
		if name, _ := v.(string); name != "" {
			return name
		}
	}
	return c.Name
}
