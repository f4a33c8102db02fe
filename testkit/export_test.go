package testkit

// CheckBooks is for tests that check the books while clients are at work.
func (b *Broker) CheckBooks() error { return b.check() }
