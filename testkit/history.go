package testkit

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/minirabbit/minirabbit/internal/record"
)

// EventKind says what happened to a message.
type EventKind string

// What can happen to a message.
const (
	Published    EventKind = EventKind(record.Published)    // by a client, or by the test
	Returned     EventKind = EventKind(record.Returned)     // it was mandatory, and no queue took it
	Routed       EventKind = EventKind(record.Routed)       // to a queue
	Refused      EventKind = EventKind(record.Refused)      // by a full queue, or by a fault
	Delivered    EventKind = EventKind(record.Delivered)    // to a consumer
	Got          EventKind = EventKind(record.Got)          // by basic.get, or by Take
	Acked        EventKind = EventKind(record.Acked)        // by a client
	Rejected     EventKind = EventKind(record.Rejected)     // by a client, not to come back
	Requeued     EventKind = EventKind(record.Requeued)     // by a client, or because its channel ended
	Dropped      EventKind = EventKind(record.Dropped)      // left the queue for the reason given
	DeadLettered EventKind = EventKind(record.DeadLettered) // published again to the dead letter exchange
)

// Event is one thing that happened to a message. What does not apply is empty.
type Event struct {
	Number int // counts the events of the broker, so that their order is known
	Kind   EventKind
	Time   time.Time
	Queue  string

	// Connection is the name that the client gave its connection or, if it gave
	// none, its address. It is empty for what the test did.
	Connection  string
	Channel     uint16
	Consumer    string // tag
	DeliveryTag uint64 // for a publishing, its number if it is to be confirmed
	Redelivered bool
	NoAck       bool // the delivery needs no acknowledgement

	// Reason says why a message was dropped: "expired", "rejected", "maxlen",
	// "delivery_limit", "purged", "queue deleted" or "lost in restart".
	Reason     string
	DeadLetter int // the ID of the message that a dead letter became
}

// String describes the event without its time.
func (e Event) String() string {
	return record.Event{Number: e.Number, Kind: record.Kind(e.Kind), Time: e.Time, Queue: e.Queue, Connection: e.Connection,
		Channel: e.Channel, Consumer: e.Consumer, DeliveryTag: e.DeliveryTag, Redelivered: e.Redelivered, NoAck: e.NoAck,
		Reason: e.Reason, DeadLetter: e.DeadLetter}.String()
}

func toEvent(e record.Event) Event {
	return Event{Number: e.Number, Kind: EventKind(e.Kind), Time: e.Time, Queue: e.Queue, Connection: e.Connection,
		Channel: e.Channel, Consumer: e.Consumer, DeliveryTag: e.DeliveryTag, Redelivered: e.Redelivered, NoAck: e.NoAck,
		Reason: e.Reason, DeadLetter: e.DeadLetter}
}

// MessageHistory is all that happened to a message, from its publishing on.
type MessageHistory struct {
	ID      int    // counts the broker's messages, from 1
	VHost   string // the virtual host that it was published in
	Message Message
	Events  []Event
}

// History is what happened to messages, in the order of their publishing.
type History []MessageHistory

const (
	// keepMessages is how many messages the history remembers, and keepBytes
	// how many bytes their bodies may have together.
	keepMessages = 10_000
	keepBytes    = 64 << 20
)

// History returns what has happened to the messages so far. The broker remembers
// the last 10,000 at least by three quarters, but of large ones no more than have
// 64 MiB of bodies together.
func (b *Broker) History(t T) History {
	t.Helper()
	b.needRecording(t, "the history of messages")
	return toHistory(b.recorder.History())
}

func toHistory(stories []record.Story) History {
	h := make(History, len(stories))
	for i, s := range stories {
		h[i] = toMessageHistory(s)
	}
	return h
}

func toMessageHistory(s record.Story) MessageHistory {
	m := MessageHistory{ID: s.ID, VHost: s.VHost, Message: toMessage(s.Message, false), Events: make([]Event, len(s.Events))}
	for i, e := range s.Events {
		m.Events[i] = toEvent(e)
	}
	return m
}

// Queue returns the messages that were routed to a queue, and of their events
// those of this queue.
func (h History) Queue(name string) History {
	var found History
	for _, m := range h {
		if !slices.ContainsFunc(m.Events, func(e Event) bool { return e.Queue == name }) {
			continue
		}
		m.Events = slices.DeleteFunc(slices.Clone(m.Events), func(e Event) bool { return e.Queue != "" && e.Queue != name })
		found = append(found, m)
	}
	return found
}

// VHost returns the messages of a virtual host.
func (h History) VHost(name string) History {
	return h.Where(func(m MessageHistory) bool { return m.VHost == name })
}

// RoutingKey returns the messages that were published with a routing key.
func (h History) RoutingKey(key string) History {
	return h.Where(func(m MessageHistory) bool { return m.Message.RoutingKey == key })
}

// Exchange returns the messages that were published to an exchange.
func (h History) Exchange(name string) History {
	return h.Where(func(m MessageHistory) bool { return m.Message.Exchange == name })
}

// Where returns the messages for which a predicate holds.
func (h History) Where(holds func(MessageHistory) bool) History {
	var found History
	for _, m := range h {
		if holds(m) {
			found = append(found, m)
		}
	}
	return found
}

// String tells all stories, one after the other.
func (h History) String() string {
	var s strings.Builder
	for _, m := range h {
		s.WriteString(m.String())
	}
	return s.String()
}

// Count returns how often something happened to the message.
func (m MessageHistory) Count(kind EventKind) (n int) {
	for _, e := range m.Events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// Deliveries returns how often the message was handed to a client.
func (m MessageHistory) Deliveries() int { return m.Count(Delivered) + m.Count(Got) }

// Acks returns how often the message was acknowledged, once for each queue at
// most. A delivery without acknowledgement does not count.
func (m MessageHistory) Acks() int { return m.Count(Acked) }

// Queues returns the queues that the message was routed to.
func (m MessageHistory) Queues() (names []string) {
	for _, e := range m.Events {
		if e.Kind == Routed {
			names = append(names, e.Queue)
		}
	}
	return names
}

// String tells the story, one line for each event, with times counted from the
// publishing.
func (m MessageHistory) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "message %d%s to exchange %q with routing key %q: %s\n", m.ID, inVHost(m.VHost), m.Message.Exchange, m.Message.RoutingKey, shorten(m.Message.Body))
	for _, e := range m.Events {
		fmt.Fprintf(&s, "  %9s  %s\n", "+"+e.Time.Sub(m.Events[0].Time).Round(time.Millisecond).String(), e)
	}
	return s.String()
}

// shorten quotes a body, or its beginning.
func shorten(body []byte) string {
	if len(body) > dumpBody {
		return fmt.Sprintf("%q… (%d bytes)", body[:dumpBody], len(body))
	}
	return fmt.Sprintf("%q", body)
}
