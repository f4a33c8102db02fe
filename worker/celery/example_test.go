package celery_test

import (
	"encoding/json"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/worker/celery"
)

// What a producer publishes for a task.
func ExampleTask_Publishing() {
	message, err := celery.Task{
		ID:      "5d8a1a5e-7c1b-4d6f-9d53-9a8e8c3f8f11",
		Name:    "tasks.wrapped_main",
		Args:    []json.RawMessage{json.RawMessage("15")},
		ReplyTo: "results",
	}.Publishing()
	fmt.Println(message.Headers["task"], message.Headers["argsrepr"], message.CorrelationId, err)
	fmt.Println(string(message.Body))
	// Output:
	// tasks.wrapped_main (15,) 5d8a1a5e-7c1b-4d6f-9d53-9a8e8c3f8f11 <nil>
	// [[15],{},{"callbacks":null,"errbacks":null,"chain":null,"chord":null}]
}

// What a worker makes of a message whose content it does not read.
func ExampleDecodeTask() {
	_, err := celery.DecodeTask(amqp.Delivery{
		Headers:     amqp.Table{"task": "tasks.wrapped_main", "id": "1"},
		ContentType: "application/x-python-serialize",
	}, nil)
	fmt.Println(err)
	// Output:
	// celery: content disallowed: refusing to read content of type pickle (application/x-python-serialize) (application/json is read; others are if registered)
}
