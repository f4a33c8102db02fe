// Package queue is one queue: its ready messages, its consumers, its limits
// and its expiry. It decides what happens to a message and in which order; who
// carries the message to a client, and under which lock, is its caller's affair.
//
// The package holds no locks, starts no goroutine and reads no clock: every
// function that depends on time takes the present as an [Instant].
//
//	q := queue.New("tasks", queue.Settings{}, host)
//	envelope := &queue.Envelope{RoutingKey: "tasks"}
//	q.Publish(now, &queue.Message{Envelope: envelope, Body: body}, nil)
//	q.AddConsumer(&queue.Consumer{Tag: "worker", Receiver: channel})
//	q.Dispatch(now) // calls channel.Deliver
//
// A message in a queue is an [Entry]. It is ready, or it was handed to a
// receiver that must settle it with Ack, Reject or Requeue, or it is gone. A queue
// of kind [Stream] keeps its entries, and each consumer reads all of them from its
// own place: see [Reader].
package queue
