package testkit

// DropConnections cuts all connections without a word, as a network does that
// breaks. New ones are welcome. On a real RabbitMQ a proxy does it, which tests are
// given the address of.
func (b *Broker) DropConnections(t T) {
	t.Helper()
	b.network(t).drop()
}

// CloseConnections closes all connections to all virtual hosts as an administrator
// does in RabbitMQ's web page: with 320 CONNECTION_FORCED and the text of the reason.
func (b *Broker) CloseConnections(t T, reason string) {
	t.Helper()
	if err := b.node.closeConnections(reason); err != nil {
		fail(t, err)
	}
}
