package release

// Protocol is how connections and channels differ.
type Protocol struct {
	// Copyright is in the server properties.
	Copyright string
	// Platform is the Erlang release in the server properties.
	Platform string
	// AnswersAMQP10: an unknown protocol header is answered with that of AMQP 1.0 instead of AMQP 0-9-1.
	AnswersAMQP10 bool
	// Mechanisms lists the SASL mechanisms on offer, separated by spaces.
	Mechanisms string
	// LoginMustBeText: in AMQPLAIN, a LOGIN that is not a string fails to decode. Otherwise it is an unknown user.
	LoginMustBeText bool
	// MinFrameMax is the least frame-max that a client may choose.
	MinFrameMax uint32
	// MaxBodySize is the largest body size that a content header may declare.
	MaxBodySize uint64
	// RefusesExcessBody: a body longer than its header declares is an error.
	RefusesExcessBody bool
	// CancelOkFails: basic.cancel-ok from a client is an internal error, 541.
	CancelOkFails bool
	// LongTextFails: a reply text that is too long and not ASCII is an internal error, 541.
	LongTextFails bool
	// QosPerConsumer: basic.qos with global set is the prefetch of each consumer to come, not that of the channel.
	QosPerConsumer bool
	// ConsumerTimeouts is who looks after deliveries that stay unacknowledged for too long.
	ConsumerTimeouts ConsumerTimeouts
}

// ConsumerTimeouts is how a release treats deliveries that stay unacknowledged for too long.
type ConsumerTimeouts uint8

// The ways to time out.
const (
	// ChannelTimeouts: the channel checks the oldest unacknowledged delivery only; if it is late, the channel is closed.
	// The time is the node's, whatever the queue says.
	ChannelTimeouts ConsumerTimeouts = iota
	// QueuedChannelTimeouts is the same, and queues of all types can have a time of their own, which is looked up when it
	// is over.
	QueuedChannelTimeouts
	// QueueTimeouts: quorum queues check every delivery, and no other queue does. The message is requeued, and the consumer
	// gets no more until its client has settled the late delivery. The time is fixed when the consumer starts.
	QueueTimeouts
)

func (t ConsumerTimeouts) String() string {
	return [...]string{"channel", "channel, by queue", "quorum queue"}[t]
}
