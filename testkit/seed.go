package testkit

import "os"

// ImportDefinitions creates what definitions describe: the JSON that RabbitMQ exports as
// definitions.json, with users, virtual hosts, exchanges, queues, bindings and
// policies. It fails the test for what RabbitMQ refuses.
//
// On a real RabbitMQ, virtual hosts and users are created under names that belong to
// the test, as with [WithVHost] and [WithUser]; guest stays as it is.
func (b *Broker) ImportDefinitions(t T, definitions []byte) {
	t.Helper()
	if err := b.node.load(definitions); err != nil {
		fail(t, err)
	}
}

// ImportDefinitionsFile is ImportDefinitions for a file.
func (b *Broker) ImportDefinitionsFile(t T, name string) {
	t.Helper()
	definitions, err := os.ReadFile(name)
	if err != nil {
		fail(t, err)
	}
	b.ImportDefinitions(t, definitions)
}
