package record

import (
	"fmt"
	"strings"
	"time"

	"github.com/minirabbit/minirabbit/queue"
)

// Kind says what happened to a message.
type Kind string

// What can happen to a message.
const (
	Published    Kind = "published"     // by a client, or by the broker's owner
	Returned     Kind = "returned"      // it was mandatory, and no queue took it
	Routed       Kind = "routed"        // to a queue
	Refused      Kind = "refused"       // by a full queue, or by a fault
	Delivered    Kind = "delivered"     // to a consumer
	Got          Kind = "got"           // by basic.get, or by the broker's owner
	Acked        Kind = "acked"         // by a client
	Rejected     Kind = "rejected"      // by a client, not to come back
	Requeued     Kind = "requeued"      // by a client, or because its channel ended
	Dropped      Kind = "dropped"       // left the queue for the reason given
	DeadLettered Kind = "dead-lettered" // published again to the dead letter exchange
)

// Event is one thing that happened to a message. What does not apply is empty.
type Event struct {
	// Number counts the events of the broker, so that their order is known.
	Number int
	Kind   Kind
	Time   time.Time
	Queue  string
	// Connection is the name that the client gave its connection or, if it
	// gave none, its address. It is empty for what the broker's owner did.
	Connection string
	Channel    uint16
	Consumer   string // tag
	// DeliveryTag is that of the delivery; for a publishing its number if it
	// is to be confirmed.
	DeliveryTag uint64
	Redelivered bool
	NoAck       bool // the delivery needs no acknowledgement
	// Reason says why a message was dropped: "expired", "rejected", "maxlen",
	// "delivery_limit", "purged", "queue deleted" or "lost in restart".
	Reason string
	// DeadLetter is the ID of the message that a dead letter became.
	DeadLetter int
}

// String describes the event without its time.
func (e Event) String() string {
	var s strings.Builder
	s.WriteString(string(e.Kind))
	if e.Queue != "" {
		fmt.Fprintf(&s, " queue=%q", e.Queue)
	}
	if e.Consumer != "" {
		fmt.Fprintf(&s, " consumer=%q", e.Consumer)
	}
	if e.DeliveryTag != 0 {
		fmt.Fprintf(&s, " tag=%d", e.DeliveryTag)
	}
	if e.Redelivered {
		s.WriteString(" redelivered")
	}
	if e.NoAck {
		s.WriteString(" no-ack")
	}
	if e.Reason != "" {
		fmt.Fprintf(&s, " reason=%q", e.Reason)
	}
	if e.DeadLetter != 0 {
		fmt.Fprintf(&s, " as message %d", e.DeadLetter)
	}
	if e.Connection != "" {
		fmt.Fprintf(&s, " by %q channel %d", e.Connection, e.Channel)
	}
	return s.String()
}

// Story is what happened to one message, from its publishing on.
type Story struct {
	ID      int // counts the broker's messages, from 1
	VHost   string
	Message *queue.Message
	Events  []Event
	// Forgotten is how many events after the first are no longer remembered.
	Forgotten int
}
