package release

// Quorum is how quorum queues differ.
type Quorum struct {
	// DeliveryLimit is the default delivery limit; 0 is none.
	DeliveryLimit int64
	// NegativeLimitIsNone: a negative delivery limit is none. Otherwise the first failure exceeds it.
	NegativeLimitIsNone bool
	// ReleasedToBack: without a delivery limit, a requeued message goes to the end of the queue.
	ReleasedToBack bool
	// GetCountsFirst: the first basic.get of a message has x-delivery-count 0. The first delivery never has.
	GetCountsFirst bool
	// AcquiredCount: redeliveries carry x-acquired-count, and basic.nack and basic.recover do not count as failures.
	AcquiredCount bool
	// ClassicBlame is which failures a dead letter of a classic queue takes along as its delivery count.
	ClassicBlame Blame
	// QuorumBlame is the same for a quorum queue.
	QuorumBlame Blame
	// Priorities is how a quorum queue treats the priority of messages.
	Priorities Priorities
	// SingleActive is which consumer of a quorum queue follows the single active one.
	SingleActive SingleActive
	// GetSingleText is part of the refusal of basic.get where there is a single active consumer.
	GetSingleText string
	// GlobalQos: basic.qos with global set holds for quorum queues and streams, rather than to be an error.
	GlobalQos bool
	// ConsumersByTag: consumers that can get messages at once are served in the order of their tags, not of their arrival.
	ConsumersByTag bool
	// CountsProperties: limits of bytes count the properties of messages, too.
	CountsProperties bool
	// DropsReversed: messages that a limit drops at once are dead-lettered last to first.
	DropsReversed bool
}

// Priorities is how a quorum queue treats the priority of messages.
type Priorities uint8

// The ways to treat priorities.
const (
	// NoPriorities: all messages are equal.
	NoPriorities Priorities = iota
	// Interleaved: of three messages two are taken from those of priority 5 or more, if there are any, and the third is
	// the older of both heads.
	Interleaved
	// Strict: 32 levels, highest first. A message without a priority has 4, as in AMQP 1.0.
	Strict
)

func (p Priorities) String() string { return [...]string{"none", "two to one", "32 levels"}[p] }

// Blame is which failed deliveries RabbitMQ remembers of a message that is dead-lettered: a quorum queue that it gets to counts
// them as earlier ones.
type Blame uint8

// The ways to blame.
const (
	// NoBlame: none. Messages that were blamed elsewhere arrive as new.
	NoBlame Blame = iota
	// BlameDiscarded: that a consumer's channel ended, and that the message was rejected in the end.
	BlameDiscarded
	// BlameRefused: that a consumer's channel ended, and that the message was refused with basic.reject.
	BlameRefused
)

func (b Blame) String() string {
	return [...]string{"none", "closed channels, rejected", "closed channels, basic.reject"}[b]
}

// SingleActive is which consumer of a queue with x-single-active-consumer becomes the active one.
type SingleActive uint8

// The ways to choose.
const (
	// HighestNext: when the active one goes, the one of the highest priority that has waited longest.
	HighestNext SingleActive = iota
	// LongestNext: the one that has waited longest.
	LongestNext
	// HighestAtOnce: as HighestNext, but one of a higher priority does not wait for the active one to go: that gets no
	// more messages, and is replaced once it has settled those that it has.
	HighestAtOnce
)

func (s SingleActive) String() string {
	return [...]string{"highest priority", "longest waiting", "highest priority, at once"}[s]
}
