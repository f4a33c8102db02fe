package celery

import "fmt"

// An ErrorKind says what is wrong with a message.
type ErrorKind int

// What is wrong with a message, and what Celery 5.2 does then.
const (
	// NotCelery: not a task of any protocol. Celery rejects it, or if it has a content type that is not read,
	// acknowledges it.
	NotCelery ErrorKind = iota
	// Disallowed: a content type, an encoding or a compression that is not read. Celery rejects it.
	Disallowed
	// Malformed: a body that is not JSON, or not of a task's shape. Celery acknowledges it, and so drops it.
	Malformed
	// Invalid: a task with a wrong header or wrong kinds of arguments, such as an eta that is no time. Celery rejects it.
	Invalid
)

// String names the kind.
func (k ErrorKind) String() string {
	switch k {
	case NotCelery:
		return "not a Celery message"
	case Disallowed:
		return "content disallowed"
	case Malformed:
		return "cannot decode"
	case Invalid:
		return "invalid task"
	}
	return fmt.Sprintf("ErrorKind(%d)", int(k))
}

// A MessageError says why a message is not a task that can be done.
type MessageError struct {
	Kind   ErrorKind
	Reason string

	// Task is what could be read: at least, if the message has them, ID, Name, ReplyTo and CorrelationID.
	Task Task
}

var _ error = (*MessageError)(nil)

// Error gives the kind and the reason.
func (e *MessageError) Error() string { return fmt.Sprintf("celery: %s: %s", e.Kind, e.Reason) }

// Exception is how Python's side is told: the class that Celery itself would have raised.
func (e *MessageError) Exception() *Exception {
	switch e.Kind {
	case Disallowed:
		return NewException("kombu.exceptions", "ContentDisallowed", e.Reason)
	case Malformed:
		return NewException("kombu.exceptions", "DecodeError", e.Reason)
	default:
		return NewException("celery.exceptions", "InvalidTaskError", e.Reason)
	}
}
