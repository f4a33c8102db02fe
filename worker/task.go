package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// A Task asks for the largest Fibonacci number below a limit. On the wire it is the JSON object {"limit": 1112} in the
// body of a message; the message id is the task's own.
type Task struct {
	// ID names the task: the message id property of its message, and the correlation id of its result.
	// A Producer gives a random one to a task that has none. ParseTask leaves it empty, as the body does not hold it.
	ID string

	// Limit is what the answer has to be less than: 1 or more, as no Fibonacci number is below 0.
	Limit int64
}

// taskBody is a task's JSON form. The pointer tells a missing limit from a limit of zero.
type taskBody struct {
	Limit *int64 `json:"limit"`
}

// A TaskError says why a message body is not a task, or why a task cannot be published.
type TaskError struct {
	// Reason says what was wrong, and where it helps, what was expected.
	Reason string

	// Body is the message body as it came; nil if the task did not come from a message.
	Body []byte
}

var _ error = (*TaskError)(nil)

// Error gives the reason and the beginning of the body.
func (e *TaskError) Error() string {
	if e.Body == nil {
		return "worker: not a task: " + e.Reason
	}
	const shown = 64
	if len(e.Body) > shown {
		return fmt.Sprintf("worker: not a task: %s: %q and %d bytes more", e.Reason, e.Body[:shown], len(e.Body)-shown)
	}
	return fmt.Sprintf("worker: not a task: %s: %q", e.Reason, e.Body)
}

// ParseTask reads a message body: one JSON object with a whole number "limit" of 1 or more that fits 64 bits, and
// nothing behind it. Members that it does not know are ignored. The error is a *TaskError.
func ParseTask(body []byte) (Task, error) {
	var parsed taskBody
	if err := json.Unmarshal(body, &parsed); err != nil {
		return Task{}, &TaskError{Reason: jsonReason(err), Body: body}
	}
	if parsed.Limit == nil {
		return Task{}, &TaskError{Reason: `"limit" is missing, expected an object like {"limit": 1112}`, Body: body}
	}
	task := Task{Limit: *parsed.Limit}
	if err := task.check(); err != nil {
		return Task{}, &TaskError{Reason: err.Reason, Body: body}
	}
	return task, nil
}

// check reports a task that has no answer. It returns the concrete type because ParseTask adds the body.
func (t Task) check() *TaskError {
	if t.Limit < 1 {
		return &TaskError{Reason: fmt.Sprintf("limit %d is below 1, and no Fibonacci number is less than that", t.Limit)}
	}
	return nil
}

// publishing is the task as a persistent message.
func (t Task) publishing() (amqp.Publishing, error) {
	body, err := json.Marshal(taskBody{Limit: &t.Limit})
	if err != nil {
		return amqp.Publishing{}, fmt.Errorf("worker: task %s: %w", t.ID, err)
	}
	return amqp.Publishing{
		ContentType:  "application/json",
		DeliveryMode: amqp.Persistent,
		MessageId:    t.ID,
		Timestamp:    time.Now(),
		Type:         "task",
		Body:         body,
	}, nil
}

// jsonReason words an error of encoding/json for somebody who knows the message and not our types.
func jsonReason(err error) string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if wrong.Field == "" {
			return fmt.Sprintf("expected a JSON object, got %s", wrong.Value)
		}
		return fmt.Sprintf("%q is %s, expected a whole number that fits 64 bits", wrong.Field, wrong.Value)
	}
	if wrong, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("not JSON: %v at byte %d", wrong, wrong.Offset)
	}
	return "not JSON: " + err.Error()
}
