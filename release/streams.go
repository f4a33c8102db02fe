package release

// Streams is how streams differ over AMQP 0-9-1.
type Streams struct {
	// StreamNoun is how refusals call them.
	StreamNoun string
	// StreamPrefetchText refuses a consumer without a prefetch.
	StreamPrefetchText string
	// FailsOnBadAge: an age or interval that does not begin with a digit is an internal error, 541. Otherwise it is 406.
	FailsOnBadAge bool
	// ComparesAges: different spellings of x-max-age are equivalent if they are equally long.
	ComparesAges bool
	// FilterSizeAlone: x-stream-filter-size-bytes has one refusal for all that can be wrong with it.
	FilterSizeAlone bool
	// FiltersStreams: x-stream-filter of basic.consume selects messages.
	FiltersStreams bool
	// DeliversWholeChunks: the prefetch holds back chunks, not messages.
	DeliversWholeChunks bool
	// RefusesStreamNack: basic.nack, basic.reject and basic.recover are errors. Otherwise they work as basic.ack.
	RefusesStreamNack bool
	// StreamsMissDeadLetters: a dead letter that is routed to a stream is lost, as is a delayed message.
	StreamsMissDeadLetters bool
	// KeepsAnnotations: of the headers that hold tables or arrays, those that begin with x- and CC reach the consumers of a
	// stream. x-exchange and x-routing-key do not, and bytes come as text.
	KeepsAnnotations bool
	// SetsDeliveryMode: messages from a stream have a delivery mode, 1 or 2.
	SetsDeliveryMode bool
}
