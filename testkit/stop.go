package testkit

// Stop ends the broker as an operator does: clients are told with connection.close
// and code 320, have 200 ms to answer, and further ones are refused. What is in the
// broker stays there for Restart. To stop a broker that is stopped has no effect.
func (b *Broker) Stop(t T) {
	t.Helper()
	b.need(t, "stopping the broker").stop()
}

// Kill is Stop without a word to the clients, as when the machine fails.
func (b *Broker) Kill(t T) {
	t.Helper()
	b.need(t, "stopping the broker").kill()
}

// Restart stops the broker, if it runs, and starts it again at the same address.
// Durable exchanges and queues, the bindings between them and persistent messages
// are still there, and nothing else but, in 4.3, transient exchanges: RabbitMQ keeps
// them since then. Faults that were injected remain.
func (b *Broker) Restart(t T) {
	t.Helper()
	if err := b.need(t, "restarting the broker").restart(); err != nil {
		t.Errorf("testkit: %v", err)
	}
}

// Reset stops the broker, if it runs, and starts it again with nothing in it.
// Faults that were injected remain, and so does the history.
func (b *Broker) Reset(t T) {
	t.Helper()
	e := b.need(t, "restarting the broker")
	if err := e.again(e.node.Reset); err != nil {
		t.Errorf("testkit: %v", err)
	}
}

// Pause stops the broker as a debugger would: clients stay connected and can even
// connect, but hear nothing until Resume. On a real RabbitMQ, its network is paused.
func (b *Broker) Pause(t T) {
	t.Helper()
	b.network(t).pause()
}

// Resume ends Pause.
func (b *Broker) Resume(t T) {
	t.Helper()
	b.network(t).resume()
}

// network returns what can fail between clients and broker.
func (b *Broker) network(t T) network {
	t.Helper()
	n, err := b.node.network()
	if err != nil {
		fail(t, err)
	}
	return n
}

// Resource is something that a broker can run short of.
type Resource string

// The resources for which RabbitMQ raises alarms.
const (
	Memory Resource = "memory"
	Disk   Resource = "disk"
)

// RaiseAlarm has the broker run short of a resource. As in RabbitMQ, a connection
// that publishes is blocked then: it is told so with connection.blocked, and nothing
// that it sends is looked at, that message neither, until the alarm is cleared.
// Others notice nothing.
func (b *Broker) RaiseAlarm(t T, r Resource) {
	t.Helper()
	b.need(t, "raising alarms").setAlarm(r, true)
}

// ClearAlarm ends the alarm for a resource.
func (b *Broker) ClearAlarm(t T, r Resource) {
	t.Helper()
	b.need(t, "raising alarms").setAlarm(r, false)
}
