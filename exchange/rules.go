package exchange

// Rules says how a release of RabbitMQ routes differently from the newest one that is known here, 4.3, whose rules are
// the zero value.
type Rules struct {
	// LooseHeaders, in 3.10: a headers exchange takes 1 and 1.0 for equal, and compares timestamps by their number of
	// seconds. Otherwise whole numbers equal only whole numbers, and a message's timestamp counts as a number of
	// milliseconds while that of a binding stays one of seconds. Also in 3.10, where a name occurs several times
	// among the headers or in the binding, the first is compared with the first, the second with the second;
	// otherwise the last of the headers counts for all.
	LooseHeaders bool

	// PlainTexts, in 3.10: error texts show strings beyond Latin-1 as bytes.
	PlainTexts bool

	// TypedHashHeader, in 3.10: x-consistent-hash hashes a header together with its type, so that the string "1"
	// and the binary "1" may part ways. Otherwise it hashes the value, and takes a whole number as it is and the
	// first element of an array or table for the whole.
	TypedHashHeader bool

	// EmptyHashHeaderFails, in 4.0: x-consistent-hash fails with 541 over an empty array or table in the header.
	// Otherwise it hashes it as a whole.
	EmptyHashHeaderFails bool

	// HeavyHashBindings, in 3.10 and 4.0: the weight of a binding to an x-consistent-hash exchange may exceed 10,000.
	HeavyHashBindings bool

	// ManyTopicHashes, in 3.10 and 4.0: a topic binding may have more than two words #.
	ManyTopicHashes bool

	// NoPlugins: there are no exchange types of plug-ins, as in a RabbitMQ that has none enabled.
	NoPlugins bool
	// Words are types of plug-ins that are words of Erlang code even where there is no such plug-in, apart by spaces.
	Words string
	// NoLocalRandom, in 3.10: there is no exchange type x-local-random.
	NoLocalRandom bool

	// NoModulusHash, in 3.10 and 4.0: there is no exchange type x-modulus-hash, which then is a plug-in.
	NoModulusHash bool

	// ShortDelay, in 3.10: x-delayed-message takes an int8 for a delay but no binary. It sorts the headers of a message whose
	// delay is over, and writes the x-delay of such a message as an int32. Otherwise it ignores an int8, reads
	// a binary like a string, and writes an int64.
	ShortDelay bool
}
