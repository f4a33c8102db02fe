package queue

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

// Settings is what a queue's arguments and policies say of its behaviour. The
// zero value is a plain queue without limits.
type Settings struct {
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
}
