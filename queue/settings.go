package queue

import "github.com/minirabbit/minirabbit/release"

// Optional is a number that may be absent; zero is a value like any other.
type Optional struct {
	Value int64
	Set   bool
}

// Some is an Optional that is there.
func Some(n int64) Optional { return Optional{Value: n, Set: true} }

// Overflow says what a queue does with a message beyond its limits.
type Overflow string

// The values of x-overflow.
const (
	DropHead         Overflow = "drop-head"
	RejectPublish    Overflow = "reject-publish"
	RejectPublishDLX Overflow = "reject-publish-dlx"
)

// Kind is a type of queue: the value of x-queue-type.
type Kind string

// The types of queue.
const (
	Classic Kind = "classic"
	Quorum  Kind = "quorum"
	Stream  Kind = "stream"
)

// Settings is what a queue's arguments and policies say of its behaviour. The
// zero value is a plain queue without limits.
type Settings struct {
	// Kind is Classic if empty.
	Kind Kind

	// MessageTTL is the time that a message may wait, in milliseconds.
	MessageTTL Optional
	// Expires is the time that the queue may be unused, in milliseconds.
	Expires Optional
	// MaxLength and MaxLengthBytes limit the ready messages and the bytes of
	// their bodies.
	MaxLength      Optional
	MaxLengthBytes Optional
	// Overflow is DropHead if empty.
	Overflow Overflow

	// DeadLetterExchange takes messages that are rejected, expire or are
	// dropped, if DeadLetter is set. Its name may be empty.
	DeadLetter         bool
	DeadLetterExchange string
	// DeadLetterRoutingKey replaces the routing keys of a dead letter, if
	// DeadLetterRekey is set.
	DeadLetterRekey      bool
	DeadLetterRoutingKey string

	// MaxPriority is the highest priority that the queue tells apart. Without
	// it there is one level.
	MaxPriority Optional
	// SingleActiveConsumer serves one consumer at a time.
	SingleActiveConsumer bool
	// ConsumerTimeout is the time that a client may hold a message, in
	// milliseconds. It is for whoever hands out the messages to enforce.
	ConsumerTimeout Optional

	// SingleActive says which consumer the single active one is.
	SingleActive release.SingleActive
	// Blame says which failures a message is blamed for when it goes on.
	Blame release.Blame

	// What follows is for quorum queues; see quorum.go.

	// DeliveryLimit is how often a delivery may fail before the message is
	// dead-lettered; a negative number is no limit.
	DeliveryLimit Optional
	// AtLeastOnce withholds a dead letter until it has arrived, see
	// DeadLettersAtLeastOnce.
	AtLeastOnce bool
	// Priorities says how a quorum queue heeds the priority of messages.
	Priorities release.Priorities
	// ReleasedToBack sends a message that a client gave back to the end of
	// the queue, unless there is a DeliveryLimit.
	ReleasedToBack bool
	// ReleasedIsFailed counts a message that a client gave back as a failed
	// delivery.
	ReleasedIsFailed bool

	// ConsumersByTag serves consumers in order of their tags where several
	// get something at once, otherwise in order of arrival.
	ConsumersByTag bool
	// CountsProperties counts the properties of a message, as they are
	// encoded, among its bytes.
	CountsProperties bool

	// DropsReversed has what a limit drops at once die last to first.
	DropsReversed bool

	// Retry holds back what comes back, for RetryMin milliseconds, or with
	// RetryMax longer after each failure; see retry.go.
	Retry              Retry
	RetryMin, RetryMax Optional

	// What follows is for streams; see stream.go. MaxLengthBytes limits the size
	// of their segments.

	// MaxAge is for how long a stream keeps messages, in milliseconds.
	MaxAge Optional
	// SegmentBytes is the size beyond which no chunk is added to a segment, half
	// a gigabyte by default.
	SegmentBytes Optional
}

// limitsDeliveries says whether there is a delivery limit.
func (s *Settings) limitsDeliveries() bool { return s.DeliveryLimit.Set && s.DeliveryLimit.Value >= 0 }

// GoesToBack says whether what a client gives back goes to the end of the queue.
func (s Settings) GoesToBack() bool { return s.ReleasedToBack && !s.limitsDeliveries() }
