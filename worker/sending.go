package worker

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/worker/celery"
)

// A sending is a task with where it goes.
type sending struct {
	task                 *celery.Task
	exchange, routingKey string
	queue                string // to be declared before; empty if an exchange was named
}

// A route sends tasks whose names match a pattern to a queue.
type route struct{ pattern, queue string }

// queueFor says where a task goes whose call does not.
func (cfg *config) queueFor(task string) string {
	for _, r := range cfg.routes {
		if matched, _ := path.Match(r.pattern, task); matched {
			return r.queue
		}
	}
	return cfg.defaultQueue
}

// errChord is how the rpc:// backend answers a chord.
var errChord = celery.NewException("builtins", "NotImplementedError", `The "rpc" result backend does not support chords!`)

// sendings makes tasks of a signature: one, or those of a group. If before is not nil, it is the result that the
// signature follows. The template tells what the tasks have from where they come: parent, root, origin, reply-to.
func (cfg *config) sendings(s celery.Signature, before json.RawMessage, template celery.Task, now time.Time) ([]sending, error) {
	switch s.Subtask {
	case "chord":
		return nil, errChord
	case "group", "chain":
		var steps []celery.Signature
		if err := json.Unmarshal(s.Kwargs["tasks"], &steps); err != nil {
			return nil, fmt.Errorf("worker: signature of a %s: tasks: %w", s.Subtask, err)
		}
		if s.Subtask == "chain" {
			return cfg.chained(steps, before, template, now)
		}
		return cfg.grouped(s, steps, before, template, now)
	}
	one, err := cfg.sending(s, before, template, now)
	if err != nil {
		return nil, err
	}
	return []sending{one}, nil
}

// grouped makes tasks of a group's members.
func (cfg *config) grouped(s celery.Signature, members []celery.Signature, before json.RawMessage, template celery.Task, now time.Time) (all []sending, err error) {
	if _, err := s.Option("task_id", &template.Group); err != nil {
		return nil, err
	}
	template.Group = orElse(template.Group, newID())
	for i, member := range members {
		template.GroupIndex = &i
		each, err := cfg.sendings(member, before, template, now)
		if err != nil {
			return nil, err
		}
		all = append(all, each...)
	}
	return all, nil
}

// chained makes the first task of a chain, which carries the others.
func (cfg *config) chained(steps []celery.Signature, before json.RawMessage, template celery.Task, now time.Time) ([]sending, error) {
	if len(steps) == 0 {
		return nil, errors.New("worker: a chain without steps")
	}
	rest := make([]celery.Signature, 0, len(steps)-1) // the next one last
	for i := len(steps) - 1; i > 0; i-- {
		rest = append(rest, steps[i])
	}
	all, err := cfg.sendings(steps[0], before, template, now)
	for _, each := range all {
		each.task.Chain = append(rest[:len(rest):len(rest)], each.task.Chain...)
	}
	return all, err
}

// sending makes a task of a signature.
func (cfg *config) sending(s celery.Signature, before json.RawMessage, template celery.Task, now time.Time) (sending, error) {
	t := template
	t.Name, t.Args, t.Kwargs = s.Task, s.Args, s.Kwargs
	if before != nil && !s.Immutable {
		t.Args = append([]json.RawMessage{before}, s.Args...)
	}
	var (
		out                                sending
		eta, expires                       json.RawMessage
		countdown, soft, hard              float64
		headers                            map[string]any
		deliveryMode                       int
		options                            = map[string]any{"task_id": &t.ID, "reply_to": &t.ReplyTo, "root_id": &t.Root, "parent_id": &t.Parent}
		link, linkError, chain             []celery.Signature
		exchange, routingKey, queue, chord json.RawMessage
	)
	for name, to := range map[string]any{
		"shadow": &t.Shadow, "retries": &t.Retries, "priority": &t.Priority, "ignore_result": &t.IgnoreResult, "group_id": &t.Group,
		"group_index": &t.GroupIndex, "countdown": &countdown, "eta": &eta, "expires": &expires, "soft_time_limit": &soft, "time_limit": &hard,
		"headers": &headers, "delivery_mode": &deliveryMode, "link": &link, "link_error": &linkError, "chain": &chain, "chord": &chord,
		"exchange": &exchange, "routing_key": &routingKey, "queue": &queue,
	} {
		options[name] = to
	}
	for name, to := range options {
		if _, err := s.Option(name, to); err != nil {
			return sending{}, err
		}
	}
	if chord != nil {
		return sending{}, errChord
	}
	t.ID = orElse(t.ID, newID())
	t.Root = orElse(t.Root, t.ID)
	t.SoftLimit, t.HardLimit = seconds(soft), seconds(hard)
	t.Transient = deliveryMode == 1
	t.Callbacks, t.Errbacks, t.Chain = link, linkError, chain
	if countdown > 0 {
		t.ETA = now.Add(seconds(countdown)).UTC()
	}
	for name, at := range map[string]struct {
		raw json.RawMessage
		to  *time.Time
	}{"eta": {eta, &t.ETA}, "expires": {expires, &t.Expires}} {
		if err := readTime(at.raw, at.to, now); err != nil {
			return sending{}, fmt.Errorf("worker: call of %s: option %q: %w", s.Task, name, err)
		}
	}
	t.Headers = table(headers)
	for name, value := range template.Headers {
		if _, own := t.Headers[name]; !own {
			t.Headers[name] = value
		}
	}
	out.task = &t
	if exchange != nil || routingKey != nil {
		return out, errors.Join(readText(exchange, &out.exchange), readText(routingKey, &out.routingKey))
	}
	if err := readText(queue, &out.queue); err != nil {
		return sending{}, fmt.Errorf("worker: call of %s: option %q: %w", s.Task, "queue", err)
	}
	out.queue = orElse(out.queue, cfg.queueFor(s.Task))
	out.routingKey = out.queue // by the default exchange, as Celery does
	return out, nil
}

func readText(raw json.RawMessage, to *string) error {
	if raw == nil {
		return nil
	}
	return json.Unmarshal(raw, to)
}

// readTime reads a time, or a number of seconds from now.
func readTime(raw json.RawMessage, to *time.Time, now time.Time) (err error) {
	var text string
	var after float64
	switch {
	case raw == nil:
	case json.Unmarshal(raw, &after) == nil:
		*to = now.Add(seconds(after)).UTC()
	case json.Unmarshal(raw, &text) == nil:
		*to, err = celery.ParseTime(text)
	default:
		err = fmt.Errorf("%s, expected a time or a number of seconds", raw)
	}
	return err
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// table makes headers of what JSON gives.
func table(headers map[string]any) amqp.Table {
	t := make(amqp.Table, len(headers))
	for name, value := range headers {
		t[name] = field(value)
	}
	return t
}

func field(value any) any {
	switch v := value.(type) {
	case map[string]any:
		return table(v)
	case []any:
		items := make([]any, len(v))
		for i, item := range v {
			items[i] = field(item)
		}
		return items
	case float64:
		if v == float64(int32(v)) {
			return int32(v)
		}
	}
	return value
}

// newID is a random UUID, as Celery's ids are.
func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	text := hex.EncodeToString(b[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// declareTaskQueue declares a queue as Celery does: durable, and bound by its name to a durable direct exchange of its
// name. The channel is closed if the broker refuses.
func declareTaskQueue(ch *amqp.Channel, name string, arguments amqp.Table) error {
	if err := ch.ExchangeDeclare(name, amqp.ExchangeDirect, true, false, false, false, nil); err != nil {
		return &TopologyError{fmt.Sprintf("exchange %q (direct, durable)", name), err}
	}
	if _, err := ch.QueueDeclare(name, true, false, false, false, arguments); err != nil {
		return &TopologyError{fmt.Sprintf("queue %q (durable, arguments %v)", name, arguments), err}
	}
	if err := ch.QueueBind(name, name, name, false, nil); err != nil {
		return &TopologyError{fmt.Sprintf("binding of %q to %q by key %q", name, name, name), err}
	}
	return nil
}
