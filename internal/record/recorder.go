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

// Recording is the two records of one node. Either may be nil.
type Recording struct {
	History *Recorder
	Trace   *Trace
}

// Recorder writes the history of messages. It is a [broker.Observer].
//
// It is told of every message that a test sends, so an event costs no allocation
// and holds no pointer: events are small entries in one log, and become readable
// when somebody reads them. See event.
type Recorder struct {
	limits Limits // immutable

	mu sync.Mutex
	// guarded by mu
	stories  fifo[story]          // in order of publishing, the one with the ID n at n-1
	messages fifo[*queue.Message] // of the stories
	log      fifo[event]          // but for those that begin a story
	events   uint64               // so far
	bytes    int                  // of the bodies
	names    names
	acked    map[queueNumber]int
}

// queueNumber is a queue by the numbers of its names.
type queueNumber struct{ vhost, queue uint32 }

var _ broker.Observer = (*Recorder)(nil)

// NewRecorder returns a recorder without a history.
func NewRecorder(limits Limits) *Recorder {
	return &Recorder{limits: limits, acked: make(map[queueNumber]int)}
}

var kinds = [...]Kind{
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
func (r *Recorder) Observe(e *broker.Event) {
	if int(e.Kind) >= len(kinds) {
		r.mu.Lock()
		r.names.forget()
		r.mu.Unlock()
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	tag := e.DeliveryTag
	if e.Dead != nil {
		tag = r.storyLocked(e.VHost, e.Dead)
	}
	entry := r.entryLocked(r.storyLocked(e.VHost, e.Message))
	r.events++
	entry.number = r.events
	entry.at, entry.tag, entry.kind, entry.channel = e.Time, tag, e.Kind, e.Channel
	entry.redelivered, entry.noAck = e.Redelivered, e.NoAck
	entry.consumer, entry.reason = r.names.of(e.Consumer), r.names.of(string(e.Reason))
	entry.queue, entry.connection = r.names.ofQueue(e.Queue), r.names.ofConnection(e.Connection)
	if e.Kind == broker.MessageAcked {
		r.acked[queueNumber{r.names.ofVHost(e.VHost), entry.queue}]++
	}
}

// entryLocked returns the place for a story's next event, with what was there before
// but for the story, and makes room in the log.
func (r *Recorder) entryLocked(story uint64) *event {
	s := r.stories.at(story - 1)
	if s.count++; s.count == 1 {
		s.first.story = story
		return &s.first
	}
	at := r.log.end()
	e := r.log.push()
	if e.story, e.back = story, 0; s.last != nowhere {
		e.back = uint32(at - s.last)
	}
	s.last = at
	for r.log.begin < at {
		oldest := r.log.at(r.log.begin)
		if oldest.story-1 >= r.stories.begin && !r.tooManyLocked() {
			break
		}
		r.log.pop()
	}
	return e
}

// tooManyLocked says that the log is longer than the limits of messages and of
// their events together allow.
func (r *Recorder) tooManyLocked() bool {
	l := r.limits
	return l.Events > 0 && l.Messages > 0 && r.log.len() > l.Messages*min(l.Events, 16)+l.Events
}

// storyLocked returns the ID of a message's story, which may just begin.
func (r *Recorder) storyLocked(vh *broker.VHost, m *queue.Message) uint64 {
	if id := m.Story; id > r.stories.begin {
		return id
	}
	r.makeRoomLocked(len(m.Body))
	r.bytes += len(m.Body)
	*r.messages.push() = m
	*r.stories.push() = story{last: nowhere, size: len(m.Body), vhost: r.names.ofVHost(vh)}
	m.Story = r.stories.end()
	return m.Story
}

// makeRoomLocked forgets old messages, if one more with a body of a size would
// break the limits.
func (r *Recorder) makeRoomLocked(size int) {
	n := 0
	if limit := r.limits.Messages; limit > 0 && r.stories.len() >= limit {
		n = max(1, limit/4)
	}
	for r.stories.len() > 0 {
		if tooLong := r.limits.Bytes > 0 && r.bytes+size > r.limits.Bytes; n <= 0 && !tooLong {
			break
		}
		old := r.stories.at(r.stories.begin)
		r.bytes -= old.size
		r.stories.pop()
		*r.messages.at(r.messages.begin) = nil
		r.messages.pop()
		n--
	}
	if r.names.many() {
		r.forgetNamesLocked()
	}
}

// forgetNamesLocked keeps the names that are in use.
func (r *Recorder) forgetNamesLocked() {
	use := r.names.renew()
	for i := r.stories.begin; i < r.stories.end(); i++ {
		s := r.stories.at(i)
		s.vhost = use(s.vhost)
		s.first.rename(use)
	}
	for i := r.log.begin; i < r.log.end(); i++ {
		r.log.at(i).rename(use)
	}
	acked := r.acked
	r.acked = make(map[queueNumber]int, len(acked))
	for q, n := range acked {
		r.acked[queueNumber{use(q.vhost), use(q.queue)}] = n
	}
	r.names.limit = 2 * len(r.names.texts)
}

// History returns the stories of the messages that are remembered, in the order
// of their publishing.
func (r *Recorder) History() []Story {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Story, 0, r.stories.len())
	for id := r.stories.begin + 1; id <= r.stories.end(); id++ {
		all = append(all, r.tellLocked(id))
	}
	return all
}

// tellLocked makes a story readable.
func (r *Recorder) tellLocked(id uint64) Story {
	s := r.stories.at(id - 1)
	limit := int(s.count)
	if r.limits.Events > 0 {
		limit = min(limit, max(2, r.limits.Events))
	}
	var events []Event
	for at := s.last; at != nowhere && at >= r.log.begin && len(events) < limit-1; at = r.log.at(at).before(at) {
		events = append(events, r.readLocked(r.log.at(at)))
	}
	if s.count > 0 {
		events = append(events, r.readLocked(&s.first))
	}
	slices.Reverse(events)
	return Story{ID: int(id), VHost: r.names.text(s.vhost), Message: *r.messages.at(id - 1), Events: events, Forgotten: int(s.count) - len(events)}
}

func (r *Recorder) readLocked(e *event) Event {
	told := Event{
		Number: int(e.number), Kind: kinds[e.kind], Time: instant(e.at), Queue: r.names.text(e.queue),
		Connection: r.names.text(e.connection), Channel: e.channel, Consumer: r.names.text(e.consumer), DeliveryTag: e.tag,
		Redelivered: e.redelivered, NoAck: e.noAck, Reason: r.names.text(e.reason),
	}
	if told.Kind == DeadLettered {
		told.DeliveryTag, told.DeadLetter = 0, int(e.tag)
	}
	return told
}

// Latest returns at most n stories for which holds is true, the latest published
// first, and how many are remembered at all.
func (r *Recorder) Latest(n int, holds func(*Story) bool) (found []Story, of int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id := r.stories.end(); id > r.stories.begin && len(found) < n; id-- {
		if s := r.tellLocked(id); holds(&s) {
			found = append(found, s)
		}
	}
	return found, r.stories.len()
}

// Find returns the first story for which holds is true. It looks at those to which
// something happened after the first seen events of the broker, and returns how
// many events there are now.
func (r *Recorder) Find(seen int, holds func(Story) bool) (found Story, now int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id := r.stories.begin + 1; id <= r.stories.end(); id++ {
		if r.latestLocked(id) > uint64(seen) {
			if found := r.tellLocked(id); holds(found) {
				return found, int(r.events), true
			}
		}
	}
	return Story{}, int(r.events), false
}

// latestLocked returns the number of a story's last event.
func (r *Recorder) latestLocked(id uint64) uint64 {
	s := r.stories.at(id - 1)
	if s.last == nowhere || s.last < r.log.begin {
		return s.first.number
	}
	return r.log.at(s.last).number
}

// Acked returns how many deliveries from a queue have been acknowledged.
func (r *Recorder) Acked(vhost, queue string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.acked[queueNumber{r.names.of(vhost), r.names.of(queue)}]
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
