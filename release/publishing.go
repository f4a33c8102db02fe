package release

// Publishing is how publishing differs.
type Publishing struct {
	// MaxMessageSize is the default limit of a message body, in bytes.
	MaxMessageSize int
	// ChecksDeliveryMode: a delivery mode other than 1 and 2 is an error.
	ChecksDeliveryMode bool
	// ChecksUserIDLast: the user-id is checked after the expiration and the headers.
	ChecksUserIDLast bool
	// SortsHeaders: headers reach a consumer sorted by name, each once.
	SortsHeaders bool
	// SubtractsBCC: each BCC key is removed at its first occurrence among the routing keys, which changes the order in
	// x-death if a key is repeated.
	SubtractsBCC bool
	// CopiesNeedTopicPermission: topic permissions hold for the routing keys in CC and BCC too.
	CopiesNeedTopicPermission bool
	// MalformedReplyFails: a name of a direct reply-to consumer that cannot be read is an internal error, 541. Otherwise there
	// is no such queue.
	MalformedReplyFails bool
	// VolatileQueues: direct reply-to uses a queue type of its own. Otherwise replies bypass routing: they are sent when
	// the message is published, even in a transaction, and are no destination.
	VolatileQueues bool
	// RepliesAreUntraced: the firehose names no queue for a direct reply.
	RepliesAreUntraced bool
	// RepliesMissDeadLetters: a dead letter never reaches a direct reply-to consumer.
	RepliesMissDeadLetters bool
	// TxQueues is which queues get the messages of a transaction.
	TxQueues TxQueues
}

// TxQueues is which queues get what a transaction has published. It is routed when it is published, but a queue may be gone
// when the transaction commits.
type TxQueues uint8

// The ways to commit.
const (
	// TxRenamed: the queues that have the names at commit. The default exchange gives names that no queue has yet.
	TxRenamed TxQueues = iota
	// TxRouted: the queues at the time of publishing. Where a classic one is gone, the transaction does not complete.
	TxRouted
	// TxNamed: as TxRouted, but if no queue has the name, it is an error of the connection, and no queue gets the message.
	TxNamed
)

func (q TxQueues) String() string {
	return [...]string{"by name at commit", "as routed", "as routed, 506 if gone"}[q]
}
