// Package broker is a RabbitMQ node without its network: virtual hosts with
// exchanges, queues and bindings, users and their permissions, and what the
// channels of a connection can do with them.
//
// A [VHost] is a monitor. Whoever uses it, or anything that belongs to it,
// takes its lock first and leaves with Unlock, which delivers whatever became
// deliverable in between:
//
//	vh.Lock()
//	defer vh.Unlock()
//	q, err := vh.DeclareQueue(nil, &wire.QueueDeclare{Queue: "tasks"})
//
// So every AMQP method is one critical section and there is one total order of
// events in a virtual host. Nothing in this package blocks while it holds the
// lock. What must reach a client goes through its [Sink], which appends to a
// buffer. Locks of two virtual hosts are never held together, and a vhost's lock
// is taken before any other lock of the broker's users.
package broker
