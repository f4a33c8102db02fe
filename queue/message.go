package queue

import "github.com/minirabbit/minirabbit/wire"

// Instant is a moment in nanoseconds since the Unix epoch. Zero means never.
type Instant int64

// Millisecond is the unit in which AMQP arguments give durations.
const Millisecond Instant = 1_000_000

// Message is a message as it was published. It is immutable once published:
// all queues that it was routed to share it.
type Message struct {
	*Envelope
	Body []byte
	// Story is for the node's observer to tell messages apart by, guarded by
	// the lock of the virtual host. Nobody else looks at it.
	Story uint64
}

// Envelope is all of a message but its body. It is immutable, and shared by the
// messages that a channel publishes alike, one after the other: in a backlog it
// then costs next to nothing.
type Envelope struct {
	Exchange   string
	RoutingKey string
	// Properties holds the property flags and values as they arrived.
	Properties []byte
	// Read, if not nil, are the properties that the broker itself reads and
	// goes on with, where they are others than those that consumers get.
	Read []byte

	// Copies are the routing keys of the headers CC and BCC.
	Copies []string
	// Rewritten says that the Properties are not those that the client sent.
	Rewritten bool
	// Dead says that a queue has dead-lettered the message, so the header
	// x-death is the broker's own.
	Dead bool
	// PropertyBytes is how long the properties of a dead letter were when it was
	// published: what they have grown by does not count against limits.
	PropertyBytes uint32
	// Failures counts the failed deliveries in queues that dead-lettered the
	// message, where the release remembers them.
	Failures uint32

	// What the broker reads from the properties, decoded once.
	Persistent  bool
	Priority    uint8
	HasPriority bool // without one it is 0, in the quorum queues of 4.3 4
	// Expiration is the per-message TTL; it counts if HasExpiration.
	HasExpiration bool
	Expiration    Instant
}

// NewMessage returns a message with an envelope, of which it takes a copy, and of
// its properties too. All of it is one allocation, unless the properties are long or
// the body is large: the envelope may outlive it.
func NewMessage(e *Envelope, body []byte) *Message {
	m := &struct {
		Message
		envelope   Envelope
		properties [56]byte
	}{envelope: *e}
	if len(e.Properties) <= len(m.properties) {
		m.envelope.Properties = m.properties[:copy(m.properties[:], e.Properties):len(e.Properties)]
	} else {
		m.envelope.Properties = append([]byte(nil), e.Properties...)
	}
	if len(body) > largeBody {
		return &Message{Envelope: &m.envelope, Body: body}
	}
	m.Message = Message{Envelope: &m.envelope, Body: body}
	return &m.Message
}

// largeBody is the size from which on a body must not be kept from garbage
// collection by later messages that share the envelope of its message.
const largeBody = 4 << 10

// WithProperties returns a copy of the message with other properties.
func (m *Message) WithProperties(properties []byte) *Message {
	e := *m.Envelope
	e.Properties, e.Read, e.Rewritten = properties, nil, true
	return &Message{Envelope: &e, Body: m.Body}
}

// ReadAs returns a copy of the message that consumers get as it is, and that the
// broker reads with other properties.
func (m *Message) ReadAs(properties []byte) *Message {
	e := *m.Envelope
	e.Read = properties
	return &Message{Envelope: &e, Body: m.Body}
}

// Header decodes the properties of the message.
func (m *Message) Header() wire.Properties { return decoded(m.Properties) }

// Reading decodes the properties as the broker reads them.
func (m *Message) Reading() wire.Properties {
	if m.Read != nil {
		return decoded(m.Read)
	}
	return m.Header()
}

func decoded(properties []byte) (p wire.Properties) {
	p.Decode(wire.NewCursor(properties))
	return p
}

// Entry is a message's place in one queue.
type Entry struct {
	Message *Message
	// position orders the entries of a queue; a requeued entry keeps it.
	position uint64
	// expires is when the entry is due, zero for never.
	expires Instant
	// deliveries counts how often the entry was handed out, failures how often
	// that failed, and blame which of it goes on with a dead letter.
	deliveries, failures, blame uint32
	// direct: the queue does not look at the message's failures elsewhere, or
	// a consumer waited for the entry, and the queue, a classic one, passed it
	// on without a look; or the entry is a stream's.
	direct bool
	// stored: it went among the ready messages when it was published.
	stored bool
	// got says that the entry is unacked and was taken by Get.
	got bool
	// holder is the consumer that has the entry unacked.
	holder *Consumer
}

// Redelivered says of an entry that is handed out whether it had been before,
// or in vain by a queue that dead-lettered it.
func (e *Entry) Redelivered() bool {
	return e.deliveries > 1 || e.Message.Failures > 0 && !e.direct
}

// Deliveries returns how often the entry was handed out.
func (e *Entry) Deliveries() int { return int(e.deliveries) }

// Failures returns how many deliveries by this queue failed; see [Queue.Requeue].
func (e *Entry) Failures() int { return int(e.failures) }

// Reason says why a message left a queue without being acknowledged. The
// values are those of the x-death header.
type Reason string

// The reasons for which RabbitMQ dead-letters.
const (
	Rejected      Reason = "rejected"
	Expired       Reason = "expired"
	MaxLen        Reason = "maxlen"
	DeliveryLimit Reason = "delivery_limit"
)

// Retention is the reason for which a stream drops messages. They are not
// dead-lettered.
const Retention Reason = "retention"
