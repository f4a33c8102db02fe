package broker

import (
	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/queue"
)

// Restart leaves what survives the restart of a RabbitMQ node: durable exchanges
// and queues, the bindings between them, and in classic queues the persistent
// messages; in 4.3 also transient exchanges and their bindings. Delayed messages
// wait on, as the plug-in keeps them on disk. All connections must have been
// closed. Time goes on meanwhile.
func (n *Node) Restart() {
	for _, vh := range n.VHosts() {
		if vh.Broken() == nil {
			vh.Do(vh.restart)
		}
	}
}

func (vh *VHost) restart() {
	for _, q := range vh.Queues() {
		if !q.Durable {
			vh.loseBindingsTo(q)
			vh.removeQueue(q)
			continue
		}
		q.Restart(vh.Now(), func(m *queue.Message) {
			if vh.observed() {
				vh.observe(&Event{Kind: MessageDropped, Message: m, Queue: q, Reason: reasonRestart})
			}
		})
		vh.watch(q)
	}
	for _, x := range vh.Exchanges() {
		if !x.Durable && !vh.node.release.KeepsTransientExchanges {
			vh.loseBindingsTo(x)
			vh.removeExchange(x)
		}
		if vh.node.release.ForgetsHistory {
			x.SetHistory(exchange.History{})
		}
	}
}

// loseBindingsTo removes the bindings to what does not survive a restart. Up to
// 4.0, no auto-delete exchange goes for that, though they were its last ones.
func (vh *VHost) loseBindingsTo(to exchange.Destination) {
	if vh.node.release.KeepsTransientExchanges {
		return
	}
	for _, x := range vh.sources[to] {
		x.RemoveDestination(to)
	}
	delete(vh.sources, to)
}

// Reset leaves what a new node has: the virtual host "/" with its predeclared
// exchanges, and the user guest. All connections must have been closed.
func (n *Node) Reset() {
	for _, vh := range n.VHosts() {
		if vh.name == "/" && vh.Broken() == nil {
			vh.Do(vh.reset)
		} else {
			n.DeleteVHost(vh.name)
		}
	}
	if n.VHost("/") == nil { // it was broken
		n.AddVHost("/").metadata = defaultMetadata
	}
	n.mu.Lock()
	clear(n.users)
	n.parameters = globalParameters{}
	n.mu.Unlock()
	n.AddUser("guest", "guest", "administrator").Permit("/", allPermissions)
}

func (vh *VHost) reset() {
	for _, kind := range []PolicyKind{UserPolicy, OperatorPolicy} {
		for _, p := range vh.Policies(kind) {
			vh.DeletePolicy(kind, p.Name)
		}
	}
	vh.SetLimits(Limits{})
	vh.SetMetadata(defaultMetadata)
	for _, q := range vh.Queues() {
		vh.removeQueue(q)
	}
	for _, x := range vh.Exchanges() {
		vh.removeExchange(x)
	}
	clear(vh.delayed)
	vh.predeclare()
}
