package celery

import (
	"encoding/json"
	"fmt"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
)

// A State is how far a task has come.
type State string

// Celery's states. A task is pending as long as nothing is known of it.
const (
	Pending  State = "PENDING"
	Received State = "RECEIVED"
	Started  State = "STARTED"
	Retry    State = "RETRY"
	Success  State = "SUCCESS"
	Failure  State = "FAILURE"
	Revoked  State = "REVOKED"
)

// Final reports whether the state is a task's last.
func (s State) Final() bool { return s == Success || s == Failure || s == Revoked }

// A Result is a message of the rpc:// result backend: a task's state, and what came of it.
type Result struct {
	TaskID string
	State  State

	// Value is what the task returned, as JSON, if it has succeeded, or what a worker tells of itself if the task has
	// started.
	Value json.RawMessage

	// Exception is why it failed, was revoked or is to be tried again; Traceback is where, for people.
	Exception *Exception
	Traceback string

	// Children are the ids of the tasks that it sent.
	Children []string
}

// resultBody is a result's JSON.
type resultBody struct {
	TaskID    string          `json:"task_id"`
	Status    State           `json:"status"`
	Result    json.RawMessage `json:"result"`
	Traceback *string         `json:"traceback"`
	Children  json.RawMessage `json:"children"`
}

// Publishing returns the result as a message for the queue that its task names as reply_to, with the task's
// correlation id. It is transient, as the queue is.
func (r Result) Publishing(correlationID string) (amqp.Publishing, error) {
	body := resultBody{TaskID: r.TaskID, Status: r.State, Result: r.Value}
	if r.Exception != nil {
		encoded, err := json.Marshal(r.Exception)
		if err != nil {
			return amqp.Publishing{}, fmt.Errorf("celery: result of %s: %w", r.TaskID, err)
		}
		body.Result = encoded
	}
	if r.Traceback != "" {
		body.Traceback = &r.Traceback
	}
	children := make([]any, len(r.Children)) // [[[id, parent], group], …]
	for i, id := range r.Children {
		children[i] = []any{[]any{id, nil}, nil}
	}
	var err error
	if body.Children, err = json.Marshal(children); err != nil {
		return amqp.Publishing{}, fmt.Errorf("celery: result of %s: %w", r.TaskID, err)
	}
	encoded, err := marshal(body)
	if err != nil {
		return amqp.Publishing{}, fmt.Errorf("celery: result of %s: %w", r.TaskID, err)
	}
	return amqp.Publishing{
		ContentType:     contentType,
		ContentEncoding: contentEncoding,
		DeliveryMode:    amqp.Transient,
		CorrelationId:   orElse(correlationID, r.TaskID),
		Body:            encoded,
	}, nil
}

// DecodeResult reads a message of a result queue.
func DecodeResult(d amqp.Delivery, accept Accept) (*Result, error) {
	raw, err := accept.body(d)
	if err != nil {
		return nil, fmt.Errorf("celery: result: %w", err)
	}
	var body resultBody
	if err := json.Unmarshal(raw, &body); err != nil {
		return nil, fmt.Errorf("celery: result: %w", err)
	}
	if body.Status == "" {
		return nil, fmt.Errorf(`celery: result: "status" is missing`)
	}
	r := &Result{TaskID: orElse(body.TaskID, d.CorrelationId), State: body.Status, Value: body.Result}
	if body.Traceback != nil {
		r.Traceback = *body.Traceback
	}
	if r.State == Failure || r.State == Revoked || r.State == Retry {
		r.Value, r.Exception = nil, new(Exception)
		if err := json.Unmarshal(body.Result, r.Exception); err != nil {
			r.Exception = NewException("", "Exception", string(body.Result))
		}
	}
	r.Children = childrenOf(body.Children)
	return r, nil
}

// childrenOf reads the ids in [[[id, parent], group], …].
func childrenOf(raw json.RawMessage) (ids []string) {
	var children [][]json.RawMessage
	if json.Unmarshal(raw, &children) != nil {
		return nil
	}
	for _, child := range children {
		var named []json.RawMessage
		var id string
		if len(child) > 0 && json.Unmarshal(child[0], &named) == nil && len(named) > 0 && json.Unmarshal(named[0], &id) == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// An Exception is a Python exception: a class by its module and name, and what it was made with. A Go task that fails
// with one decides what the Python side raises; errors of other types are raised as builtins.RuntimeError.
type Exception struct {
	Module string            `json:"exc_module"`
	Type   string            `json:"exc_type"`
	Args   []json.RawMessage `json:"exc_message"`
}

var _ error = (*Exception)(nil)

// NewException makes an exception such as builtins.ValueError("broken"). Arguments that are not JSON become text.
func NewException(module, class string, args ...any) *Exception {
	e := &Exception{Module: module, Type: class, Args: []json.RawMessage{}}
	for _, arg := range args {
		encoded, err := json.Marshal(arg)
		if err != nil {
			encoded, _ = json.Marshal(fmt.Sprint(arg)) // of a string, it cannot fail
		}
		e.Args = append(e.Args, encoded)
	}
	return e
}

// Error is how Python shows it at the end of a traceback: "ValueError: broken".
func (e *Exception) Error() string {
	if message := e.Message(); message != "" {
		return e.name() + ": " + message
	}
	return e.name()
}

// Repr is how Python represents it: "ValueError('broken', 17)".
func (e *Exception) Repr() string {
	args := make([]string, len(e.Args))
	for i, arg := range e.Args {
		args[i] = Repr(arg)
	}
	return e.Type + "(" + strings.Join(args, ", ") + ")"
}

// Message is the exception's text: its argument, or all of them if there are several.
func (e *Exception) Message() string {
	switch len(e.Args) {
	case 0:
		return ""
	case 1:
		var text string
		if json.Unmarshal(e.Args[0], &text) == nil {
			return text
		}
		return Repr(e.Args[0])
	}
	return ReprArgs(e.Args)
}

// name is the class, with its module unless that is builtins.
func (e *Exception) name() string {
	if e.Module == "" || e.Module == "builtins" {
		return e.Type
	}
	return e.Module + "." + e.Type
}

// Is reports whether target is an exception of the same class, for errors.Is.
func (e *Exception) Is(target error) bool {
	other, ok := target.(*Exception)
	return ok && e.Module == other.Module && e.Type == other.Type
}

// UnmarshalJSON reads {"exc_type", "exc_message", "exc_module"}; the message may be a list of arguments or one.
func (e *Exception) UnmarshalJSON(data []byte) error {
	var members struct {
		Module  *string         `json:"exc_module"`
		Type    string          `json:"exc_type"`
		Message json.RawMessage `json:"exc_message"`
	}
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	*e = Exception{Type: members.Type}
	if members.Module != nil {
		e.Module = *members.Module
	}
	if json.Unmarshal(members.Message, &e.Args) != nil && len(members.Message) > 0 {
		e.Args = []json.RawMessage{members.Message}
	}
	return nil
}
