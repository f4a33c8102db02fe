package history

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

// Event is a method that a client has sent or been sent, or the end of its connection.
type Event struct {
	Connection int // counts them
	Channel    uint16
	Sent       bool        // by the client
	Method     wire.Method // nil for the end of the connection
	Body       string      // of the message that the method carries
}

// String describes the event.
func (e Event) String() string {
	what, way := "end of the connection", ""
	if e.Method != nil {
		what, way = wire.Format(e.Method), "got "
	}
	if e.Sent {
		way = "sent "
	}
	if e.Body != "" {
		what += fmt.Sprintf(" %q", e.Body)
	}
	return fmt.Sprintf("connection %d, channel %d: %s%s", e.Connection, e.Channel, way, what)
}

// History is what happened on all connections, in order.
type History []Event

// Violation is something in a history that RabbitMQ guarantees not to do.
type Violation struct {
	Guarantee Guarantee
	At        int // index of the event that shows it
	Text      string
}

func (v Violation) String() string { return fmt.Sprintf("event %d: %s: %s", v.At, v.Guarantee, v.Text) }

// Guarantee names what a broker must hold to.
type Guarantee string

// What RabbitMQ guarantees.
const (
	// Published: what is delivered was published.
	Published Guarantee = "only what was published is delivered"
	// Ordered: what one channel publishes to a queue reaches a channel in this order, redeliveries aside.
	Ordered Guarantee = "messages of one channel stay in order"
	// Alone: a message of a queue is with one client at a time, and not delivered again once it is settled.
	Alone Guarantee = "a message is at one consumer"
	// Flagged: a delivery is marked as redelivered unless it is the first one, and only if it may be another.
	Flagged Guarantee = "redeliveries are marked"
	// Confirmed: each confirm is for one publishing, which a queue has if the confirm is positive, and none if negative.
	Confirmed Guarantee = "confirms are for what was enqueued"
	// Limited: no consumer holds more than the prefetch.
	Limited Guarantee = "prefetch is not exceeded"
	// Returned: a message that is returned is so before it is confirmed, and is delivered to nobody.
	Returned Guarantee = "returns precede confirms"
)
