package release

// DeadLetters is how dead letters differ.
type DeadLetters struct {
	// LastDeath: a dead letter has the headers x-last-death-queue, -reason and -exchange.
	LastDeath bool
	// DropsCC: a dead letter with a routing key of its own loses the header CC.
	DropsCC bool
	// OwnDeathsOnly: an x-death that a client wrote does not count.
	OwnDeathsOnly bool
	// GathersDeaths: each death merges the entries in x-death that have the same queue and reason, and reverses their
	// order.
	GathersDeaths bool
	// LazyForgetsExpiration: a death in a lazy queue has no original-expiration, unless the message was delivered without
	// waiting in the queue.
	LazyForgetsExpiration bool
	// SortsDeaths: the fields of an entry in x-death are sorted once there are others.
	SortsDeaths bool
	// ExpirationFirst: original-expiration comes first in an entry of x-death.
	ExpirationFirst bool
}
