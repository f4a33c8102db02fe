package testkit

import "os"

// Load creates what definitions describe: the JSON that RabbitMQ exports as
// definitions.json, with users, virtual hosts, exchanges, queues, bindings and
// policies. It fails the test for what RabbitMQ refuses.
//
// On a real RabbitMQ, virtual hosts and users are created under names that belong to
// the test, as with [WithVHost] and [WithUser]; guest stays as it is.
func (b *Broker) Load(definitions []byte) {
	b.t.Helper()
	if err := b.node.load(definitions); err != nil {
		fail(b.t, err)
	}
}

// LoadFile is Load for a file.
func (b *Broker) LoadFile(name string) {
	b.t.Helper()
	definitions, err := os.ReadFile(name)
	if err != nil {
		fail(b.t, err)
	}
	b.Load(definitions)
}
