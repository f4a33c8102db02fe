package celery

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// A Task is a task's message: who is asked to do what, with which arguments, when, and whom to tell.
type Task struct {
	// ID names the task, and Name what to do, such as "tasks.wrapped_main".
	ID, Name string

	// Args and Kwargs are the arguments, each as JSON.
	Args   []json.RawMessage
	Kwargs map[string]json.RawMessage

	// ArgsRepr and KwargsRepr are the arguments for people, as Python writes them. Publishing fills them in if empty.
	ArgsRepr, KwargsRepr string

	// ETA is when to begin at the earliest, Expires when not to begin any more; zero for none. Times that a message
	// gives without a zone are taken as UTC, which is Celery's default (enable_utc).
	ETA, Expires time.Time

	// Retries is how often the task was tried before.
	Retries int

	// SoftLimit and HardLimit bound the task's run; zero for none. The soft one is a request to stop.
	SoftLimit, HardLimit time.Duration

	// ReplyTo is the queue for results; empty if nobody waits for any.
	ReplyTo string

	// CorrelationID is what results carry to be told apart: the ID, if empty.
	CorrelationID string

	// IgnoreResult says that nobody wants the result.
	IgnoreResult bool

	// Root is the first task of the work that this one is part of, Parent the one that sent it. An empty Root stands
	// for the task itself.
	Root, Parent string

	// Group names the group that the task is a member of. GroupIndex is its place there, nil if not told.
	Group      string
	GroupIndex *int

	// Callbacks are sent with the result when the task has succeeded, Errbacks with its ID when it has failed. Chain is
	// what remains to be done with the result, the next step last.
	Callbacks, Errbacks, Chain []Signature

	// Chord is the signature of a chord's body, as JSON. The rpc:// backend has none.
	Chord json.RawMessage

	// Shadow is another name to show, Origin who sent the task, such as gen1234@host, Lang the sender's language.
	Shadow, Origin, Lang string

	// Priority is 0 to 255, of which RabbitMQ heeds as many as the queue's x-max-priority says.
	Priority uint8

	// Transient messages do not survive a restart of the broker.
	Transient bool

	// Protocol is 2, or 1 if the task was read from a message of protocol 1. It has no effect on Publishing.
	Protocol int

	// Headers are all others of the message, kept as they are.
	Headers amqp.Table
}

// contentType and contentEncoding are what Celery sets for JSON.
const (
	contentType     = "application/json"
	contentEncoding = "utf-8"
)

// Publishing returns the task as a message of protocol 2, persistent unless it is transient. A task that expires has
// the time that is left as its expiration property, as Celery's has, so that a broker drops it in time; without
// millisecond left that is 0. It fails for a task without ID or Name, or if arguments are not JSON.
func (t Task) Publishing() (amqp.Publishing, error) { return t.publishing(time.Now()) }

func (t Task) publishing(now time.Time) (amqp.Publishing, error) {
	if t.ID == "" || t.Name == "" {
		return amqp.Publishing{}, fmt.Errorf("celery: task %q with id %q: expected both", t.Name, t.ID)
	}
	body, err := t.body()
	if err != nil {
		return amqp.Publishing{}, fmt.Errorf("celery: task %s with id %s: %w", t.Name, t.ID, err)
	}
	m := amqp.Publishing{
		ContentType:     contentType,
		ContentEncoding: contentEncoding,
		DeliveryMode:    amqp.Persistent,
		Priority:        t.Priority,
		CorrelationId:   orElse(t.CorrelationID, t.ID),
		ReplyTo:         t.ReplyTo,
		Headers:         t.headers(),
		Body:            body,
	}
	if t.Transient {
		m.DeliveryMode = amqp.Transient
	}
	if !t.Expires.IsZero() {
		m.Expiration = strconv.FormatInt(max(0, t.Expires.Sub(now).Milliseconds()), 10)
	}
	return m, nil
}

// headers are all that Celery sets, after the unknown ones.
func (t Task) headers() amqp.Table {
	headers := make(amqp.Table, 16+len(t.Headers))
	maps.Copy(headers, t.Headers)
	headers["lang"] = orElse(t.Lang, "go")
	headers["task"] = t.Name
	headers["id"] = t.ID
	headers["shadow"] = orNil(t.Shadow)
	headers["eta"] = timeOrNil(t.ETA)
	headers["expires"] = timeOrNil(t.Expires)
	headers["group"] = orNil(t.Group)
	headers["group_index"] = nil
	if t.GroupIndex != nil {
		headers["group_index"] = int64(*t.GroupIndex)
	}
	headers["retries"] = int64(t.Retries)
	headers["timelimit"] = []any{secondsOrNil(t.HardLimit), secondsOrNil(t.SoftLimit)}
	headers["root_id"] = orElse(t.Root, t.ID)
	headers["parent_id"] = orNil(t.Parent)
	headers["argsrepr"] = t.ArgsRepr
	if t.ArgsRepr == "" {
		headers["argsrepr"] = ReprArgs(t.Args)
	}
	headers["kwargsrepr"] = t.KwargsRepr
	if t.KwargsRepr == "" {
		headers["kwargsrepr"] = ReprKwargs(t.Kwargs)
	}
	headers["origin"] = orNil(t.Origin)
	headers["ignore_result"] = t.IgnoreResult
	return headers
}

// embedded is the third part of a body of protocol 2.
type embedded struct {
	Callbacks []Signature     `json:"callbacks"`
	Errbacks  []Signature     `json:"errbacks"`
	Chain     []Signature     `json:"chain"`
	Chord     json.RawMessage `json:"chord"`
}

// body is [args, kwargs, {callbacks, errbacks, chain, chord}].
func (t Task) body() ([]byte, error) {
	args, kwargs := t.Args, t.Kwargs
	if args == nil {
		args = []json.RawMessage{}
	}
	if kwargs == nil {
		kwargs = map[string]json.RawMessage{}
	}
	return marshal([]any{args, kwargs, embedded{t.Callbacks, t.Errbacks, t.Chain, t.Chord}})
}

// marshal writes JSON, and < > & as themselves: what was read must not grow when it is written again.
func marshal(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Expired reports whether the task must not begin any more.
func (t *Task) Expired(now time.Time) bool { return !t.Expires.IsZero() && now.After(t.Expires) }

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}
