package worker

import (
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// A Result is a worker's answer to a task. On the wire it is the sentence of String as text, with everything else in
// the headers "limit", "value", "host" and "time".
type Result struct {
	// TaskID is the message id of the task, carried as the correlation id. It is empty if the task had none.
	TaskID string

	// Limit is the task's, Value the largest Fibonacci number below it.
	Limit, Value int64

	// Host is the name of the machine that did the job.
	Host string

	// Time is when the job was finished, on that machine's clock.
	Time time.Time
}

// String returns the sentence that is the message's body: "Job finished! Result is 987".
func (r Result) String() string { return fmt.Sprintf("Job finished! Result is %d", r.Value) }

// publishing is the result as a persistent message with an id of its own.
func (r Result) publishing(id string) amqp.Publishing {
	return amqp.Publishing{
		ContentType:   "text/plain",
		DeliveryMode:  amqp.Persistent,
		CorrelationId: r.TaskID,
		MessageId:     id,
		Timestamp:     r.Time,
		Type:          "result",
		Headers: amqp.Table{
			"limit": r.Limit,
			"value": r.Value,
			"host":  r.Host,
			"time":  r.Time.Format(time.RFC3339Nano),
		},
		Body: []byte(r.String()),
	}
}

// ParseResult reads a message that a worker published. It fails for a message of another kind, and says what is
// missing.
func ParseResult(d amqp.Delivery) (Result, error) {
	r := Result{TaskID: d.CorrelationId}
	var ok bool
	if r.Limit, ok = d.Headers["limit"].(int64); !ok {
		return Result{}, fmt.Errorf(`worker: not a result: header "limit" is %v, expected a 64-bit integer`, d.Headers["limit"])
	}
	if r.Value, ok = d.Headers["value"].(int64); !ok {
		return Result{}, fmt.Errorf(`worker: not a result: header "value" is %v, expected a 64-bit integer`, d.Headers["value"])
	}
	if r.Host, ok = d.Headers["host"].(string); !ok {
		return Result{}, fmt.Errorf(`worker: not a result: header "host" is %v, expected a string`, d.Headers["host"])
	}
	text, _ := d.Headers["time"].(string)
	var err error
	if r.Time, err = time.Parse(time.RFC3339Nano, text); err != nil {
		return Result{}, fmt.Errorf(`worker: not a result: header "time": %w`, err)
	}
	return r, nil
}
