package release

import "github.com/minirabbit/minirabbit/wire"

// Exchanges is how exchanges differ.
type Exchanges struct {
	// UnknownExchangeType is the reply code for one: 503 closes the connection, 406 the channel.
	UnknownExchangeType wire.ReplyCode
	Routing
	// EmptyReplayText is what 541 says when a message that x-recent-history kept reaches no queue through a bound exchange.
	EmptyReplayText string
	// UndoesReplay: the binding is then not made, and the history of the exchanges on the way is lost.
	UndoesReplay bool
	// SendsDelayedAsPublished: consumers of a classic queue get a message that x-delayed-message held with the properties
	// that its publisher sent. x-delay is negated in routing, dead letters and the HTTP API only. Otherwise, or if the
	// broker has changed the properties before, or from a quorum queue, consumers get the negated x-delay.
	SendsDelayedAsPublished bool
	// KeepsTransientExchanges: they survive a restart.
	KeepsTransientExchanges bool
	// ForgetsHistory: what x-recent-history exchanges keep is lost in a restart.
	ForgetsHistory bool
}

// Routing is how package exchange differs. Its zero value is the newest release.
type Routing struct {
	// LooseHeaders: a headers exchange takes 1 and 1.0 for equal, and compares timestamps as seconds. Otherwise whole
	// numbers equal only whole numbers, and a message's timestamp counts as milliseconds while a binding's counts as
	// seconds. Where a name is repeated among the headers or in the binding, the first is compared with the first, the
	// second with the second; otherwise the last of the headers counts for all.
	LooseHeaders bool
	// PlainTexts: error texts show strings beyond Latin-1 as bytes.
	PlainTexts bool
	// TypedHashHeader: x-consistent-hash hashes a header together with its type, so that the string "1" and the binary "1"
	// can differ. Otherwise it hashes the value; whole numbers count as they are, and arrays and tables by their first
	// element.
	TypedHashHeader bool
	// EmptyHashHeaderFails: x-consistent-hash fails with 541 if the header is an empty array or table. Otherwise it hashes
	// it as a whole.
	EmptyHashHeaderFails bool
	// HeavyHashBindings: the weight of a binding to x-consistent-hash may exceed 10,000.
	HeavyHashBindings bool
	// ManyTopicHashes: a topic binding may have more than two words #.
	ManyTopicHashes bool
	// Words are types of plug-ins that are known words even without the plug-in, separated by spaces.
	Words string
	// NoLocalRandom: there is no exchange type x-local-random.
	NoLocalRandom bool
	// NoModulusHash: there is no exchange type x-modulus-hash, which then belongs to a plug-in.
	NoModulusHash bool
	// ShortDelay: x-delayed-message takes an int8 as delay but no binary. It sorts the headers of a message when the delay
	// is over, and writes x-delay as an int32. Otherwise it ignores an int8, reads a binary like a string, and writes an
	// int64.
	ShortDelay bool
}
