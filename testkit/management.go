package testkit

// WithManagement serves RabbitMQ's HTTP API beside AMQP, at a port of its own on
// this machine; see [Broker.ManagementURL].
func WithManagement() Option {
	return func(c *config) { c.management = true }
}

// ManagementURL is where the HTTP API is: http://127.0.0.1:PORT. The user is guest
// and the password guest. It is empty without [WithManagement].
func (b *Broker) ManagementURL() string { return b.node.managementURL() }
