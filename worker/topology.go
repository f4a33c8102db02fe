package worker

import (
	"errors"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
)

// The topology's names. Everything is durable.
const (
	// TaskExchange is the direct exchange that tasks are published to.
	TaskExchange = "test-exchange"

	// RedPill is the routing key that leads to RedQueue, BluePill the one that leads to BlueQueue.
	RedPill   = "redpill"
	BluePill  = "bluepill"
	RedQueue  = "test-queue1"
	BlueQueue = "test-queue2"

	// ResultExchange is the direct exchange that results are published to, with the routing key ResultKey.
	// ResultQueue is bound to it.
	ResultExchange = "variantCallerExchange"
	ResultKey      = "variantCallerRoutingKey"
	ResultQueue    = "results"

	// DeadLetterExchange is the fanout exchange to which the task queues dead-letter what a worker rejects.
	// DeadLetterQueue is bound to it. A message keeps its routing key, and RabbitMQ notes its queue in x-death.
	DeadLetterExchange = "test-dead-letters"
	DeadLetterQueue    = "test-dead-letters"
)

// A TopologyError says which declaration the broker refused. It wraps the *amqp091.Error that closed the channel, if
// that is why.
type TopologyError struct {
	Declaration string // such as `queue "test-queue1" (durable, x-dead-letter-exchange "test-dead-letters")`
	Err         error
}

var _ error = (*TopologyError)(nil)

// Error gives the declaration and the broker's answer, and the way out if the thing exists with other properties.
func (e *TopologyError) Error() string {
	text := fmt.Sprintf("worker: declare %s: %v", e.Declaration, e.Err)
	if refusal, ok := errors.AsType[*amqp.Error](e.Err); ok && refusal.Code == amqp.PreconditionFailed {
		text += " (it exists with other properties: delete it when it is empty and let the worker declare it anew," +
			" or make its owner declare it like this)"
	}
	return text
}

// Unwrap returns the broker's answer.
func (e *TopologyError) Unwrap() error { return e.Err }

// DeclareTopology declares the exchanges, queues and bindings of the system. It can be repeated: declaring what is
// there with the same properties changes nothing. If something exists with others, the broker refuses with 406
// PRECONDITION_FAILED and closes the channel; the error is then a *TopologyError, as it is for every other refusal.
func DeclareTopology(ch *amqp.Channel) error {
	for _, x := range []struct{ name, kind string }{
		{TaskExchange, amqp.ExchangeDirect},
		{ResultExchange, amqp.ExchangeDirect},
		{DeadLetterExchange, amqp.ExchangeFanout},
	} {
		if err := ch.ExchangeDeclare(x.name, x.kind, true, false, false, false, nil); err != nil {
			return &TopologyError{fmt.Sprintf("exchange %q (%s, durable)", x.name, x.kind), err}
		}
	}
	for _, q := range []struct {
		name, exchange, key string
		deadLetters         bool
	}{
		{DeadLetterQueue, DeadLetterExchange, "", false}, // before the queues that dead-letter to it
		{ResultQueue, ResultExchange, ResultKey, false},
		{RedQueue, TaskExchange, RedPill, true},
		{BlueQueue, TaskExchange, BluePill, true},
	} {
		var arguments amqp.Table
		declaration := fmt.Sprintf("queue %q (durable)", q.name)
		if q.deadLetters {
			arguments = amqp.Table{"x-dead-letter-exchange": DeadLetterExchange}
			declaration = fmt.Sprintf("queue %q (durable, x-dead-letter-exchange %q)", q.name, DeadLetterExchange)
		}
		if _, err := ch.QueueDeclare(q.name, true, false, false, false, arguments); err != nil {
			return &TopologyError{declaration, err}
		}
		if err := ch.QueueBind(q.name, q.key, q.exchange, false, nil); err != nil {
			return &TopologyError{fmt.Sprintf("binding of %q to %q by key %q", q.name, q.exchange, q.key), err}
		}
	}
	return nil
}
