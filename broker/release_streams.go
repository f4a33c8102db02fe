package broker

// streamRules is how releases differ over streams.
type streamRules struct {
	// streamNoun and streamPrefetchText are parts of refusals.
	streamNoun, streamPrefetchText string
	// failsOnBadAge: an age or an interval that does not begin with a digit is an
	// internal error.
	failsOnBadAge bool
	// comparesAges: ages are equivalent if they are as long.
	comparesAges bool
	// filterSizeAlone: x-stream-filter-size-bytes has one refusal for all that is
	// wrong with it.
	filterSizeAlone bool
	// filtersStreams: consumers can ask for messages of certain values.
	filtersStreams bool
	// deliversWholeChunks: the prefetch holds back chunks, not messages.
	deliversWholeChunks bool
	// refusesStreamNack: basic.nack, basic.reject and basic.recover are errors;
	// otherwise they do what basic.ack does.
	refusesStreamNack bool
	// streamsMissDeadLetters: a dead letter that is routed to a stream is lost, as is a
	// message that was delayed.
	streamsMissDeadLetters bool
	// keepsAnnotations: of the headers that hold tables or arrays, those that
	// begin with x- and CC reach consumers of a stream. x-exchange and
	// x-routing-key do not, and bytes come as text.
	keepsAnnotations bool
	// setsDeliveryMode: what comes from a stream has a delivery mode, 1 or 2.
	setsDeliveryMode bool
}

// The rules of 3.10.8, 4.0.5 and 4.3.6.
var (
	streams310 = streamRules{
		streamNoun:             "stream queues",
		streamPrefetchText:     "consumer prefetch count is not set for '%s'",
		failsOnBadAge:          true,
		deliversWholeChunks:    true,
		refusesStreamNack:      true,
		streamsMissDeadLetters: true,
	}
	streams40 = streamRules{
		streamNoun:         "stream",
		streamPrefetchText: "consumer prefetch count is not set for stream %s",
		failsOnBadAge:      true,
		filterSizeAlone:    true,
		filtersStreams:     true,
		keepsAnnotations:   true,
		setsDeliveryMode:   true,
	}
	streams43 = streamRules{
		streamNoun:         "stream",
		streamPrefetchText: "consumer prefetch count is not set for stream %s",
		comparesAges:       true,
		filtersStreams:     true,
		keepsAnnotations:   true,
		setsDeliveryMode:   true,
	}
)
