package testkit

// CheckBooks is for tests that check the books while clients are at work.
func CheckBooks(b *Broker) error { return b.check() }
