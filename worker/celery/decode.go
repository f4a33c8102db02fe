package celery

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// DecodeTask reads a task's message, of protocol 2 or 1. The error is a *MessageError, with as much of the task as could
// be read, so that somebody may be told.
func DecodeTask(d amqp.Delivery, accept Accept) (*Task, error) {
	t := &Task{
		CorrelationID: d.CorrelationId,
		ReplyTo:       d.ReplyTo,
		Priority:      d.Priority,
		Transient:     d.DeliveryMode == amqp.Transient,
		Headers:       maps.Clone(d.Headers),
		Protocol:      2,
	}
	var named bool
	if t.Name, named = d.Headers["task"].(string); named {
		t.ID, _ = d.Headers["id"].(string)
	}
	fail := func(kind ErrorKind, err error) (*Task, error) {
		return nil, &MessageError{Kind: kind, Task: *t, Reason: err.Error()}
	}
	body, err := accept.body(d)
	if err != nil && named {
		return fail(kindOf(err), err)
	}
	if err != nil {
		return fail(NotCelery, fmt.Errorf("no header %q, and not protocol 1: %w", "task", err))
	}
	var members map[string]json.RawMessage
	if object := bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")); object {
		if err := json.Unmarshal(body, &members); err != nil && named {
			return fail(Malformed, notJSON(body, "an object", err))
		} else if err != nil {
			return fail(NotCelery, notJSON(body, "an object", err))
		}
	}
	switch {
	case members != nil && (named || members["task"] != nil):
		t.Protocol = 1
		err = t.readProtocol1(members)
	case named:
		err = t.readProtocol2(body)
	default:
		return fail(NotCelery, errors.New(`no header "task", and no object with a member "task" for a body`))
	}
	if err == nil && (t.ID == "" || t.Name == "") {
		err = fmt.Errorf("task %q with id %q: expected both", t.Name, t.ID)
	}
	if err != nil {
		return fail(kindOf(err), err)
	}
	if t.ArgsRepr == "" {
		t.ArgsRepr = ReprArgs(t.Args)
	}
	if t.KwargsRepr == "" {
		t.KwargsRepr = ReprKwargs(t.Kwargs)
	}
	return t, nil
}

// malformed is an error about a body that is not JSON of the right shape.
type malformed struct{ error }

func kindOf(err error) ErrorKind {
	switch {
	case errors.As(err, new(malformed)):
		return Malformed
	case errors.As(err, new(disallowed)):
		return Disallowed
	default:
		return Invalid
	}
}

// readProtocol2 reads headers and body, and takes the headers that it knows out of Headers.
func (t *Task) readProtocol2(body []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(body, &parts); err != nil {
		return notJSON(body, "[args, kwargs, {…}]", err)
	}
	if len(parts) != 3 {
		return malformed{fmt.Errorf("body: an array of %d, expected [args, kwargs, {…}]", len(parts))}
	}
	if err := t.readArguments(parts[0], parts[1]); err != nil {
		return err
	}
	var embed embedded
	if err := json.Unmarshal(parts[2], &embed); err != nil {
		return malformed{fmt.Errorf("body: callbacks, errbacks, chain, chord: %w", err)}
	}
	t.Callbacks, t.Errbacks, t.Chain, t.Chord = embed.Callbacks, embed.Errbacks, embed.Chain, notNull(embed.Chord)
	return t.readFields(fieldsOf(t.Headers))
}

// readArguments reads args and kwargs. Celery says that keyword arguments must be a mapping, and rejects others.
func (t *Task) readArguments(args, kwargs json.RawMessage) error {
	if len(args) > 0 {
		if err := json.Unmarshal(args, &t.Args); err != nil {
			return errors.New("task arguments must be a list")
		}
	}
	if len(kwargs) > 0 && string(kwargs) != "null" {
		if err := json.Unmarshal(kwargs, &t.Kwargs); err != nil {
			return errors.New("task keyword arguments must be a mapping")
		}
	}
	return nil
}

// readProtocol1 reads a body that holds everything.
func (t *Task) readProtocol1(members map[string]json.RawMessage) error {
	if members["taskset"] != nil {
		members["group"] = members["taskset"] // which was its name before
	}
	var embed embedded
	t.Name, t.ID = orElse(textOf(members["task"]), t.Name), orElse(textOf(members["id"]), t.ID) // for whoever is told of errors
	for name, to := range map[string]any{"callbacks": &embed.Callbacks, "errbacks": &embed.Errbacks, "chord": &embed.Chord} {
		if value := members[name]; value != nil {
			if err := json.Unmarshal(value, to); err != nil {
				return malformed{fmt.Errorf("body: %q: %w", name, err)}
			}
		}
	}
	t.Callbacks, t.Errbacks, t.Chord = embed.Callbacks, embed.Errbacks, notNull(embed.Chord)
	fields := make(map[string]any, len(members))
	for name, value := range members {
		var v any
		if err := json.Unmarshal(value, &v); err != nil {
			return malformed{fmt.Errorf("body: %q: %w", name, err)}
		}
		fields[name] = v
	}
	for name, value := range fieldsOf(t.Headers) { // a message that is half protocol 2 has them there
		fields[name] = value
	}
	if err := t.readFields(fields); err != nil {
		return err
	}
	return t.readArguments(members["args"], members["kwargs"])
}

// textOf is a text's value, or empty if it is something else.
func textOf(raw json.RawMessage) (text string) {
	_ = json.Unmarshal(raw, &text)
	return text
}

func notNull(raw json.RawMessage) json.RawMessage {
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// known are the headers of protocol 2.
var known = []string{"lang", "task", "id", "shadow", "eta", "expires", "group", "group_index", "retries", "timelimit",
	"root_id", "parent_id", "argsrepr", "kwargsrepr", "origin", "ignore_result"}

// fieldsOf takes the known ones out of headers.
func fieldsOf(headers amqp.Table) map[string]any {
	fields := make(map[string]any, len(known))
	for _, name := range known {
		if value, ok := headers[name]; ok {
			fields[name] = value
			delete(headers, name)
		}
	}
	delete(headers, "compression") // of the body that was read, not of the one to be written
	return fields
}

// readFields reads what is about the task, from headers or from JSON.
func (t *Task) readFields(fields map[string]any) error {
	for name, to := range map[string]*string{"lang": &t.Lang, "task": &t.Name, "id": &t.ID, "shadow": &t.Shadow, "group": &t.Group,
		"root_id": &t.Root, "parent_id": &t.Parent, "argsrepr": &t.ArgsRepr, "kwargsrepr": &t.KwargsRepr, "origin": &t.Origin} {
		switch value := fields[name].(type) {
		case nil:
		case string:
			*to = value
		default:
			return fmt.Errorf("invalid %s value %v: expected a text", name, value)
		}
	}
	for name, to := range map[string]*time.Time{"eta": &t.ETA, "expires": &t.Expires} {
		switch value := fields[name].(type) {
		case nil:
		case time.Time:
			*to = value
		case string:
			read, err := ParseTime(value)
			if err != nil {
				return fmt.Errorf("invalid %s value %w", name, err)
			}
			*to = read
		default:
			return fmt.Errorf("invalid %s value %v: expected a text", name, value)
		}
	}
	t.IgnoreResult, _ = fields["ignore_result"].(bool)
	if n, ok := number(fields["retries"]); ok {
		t.Retries = int(n)
	} else if fields["retries"] != nil {
		return fmt.Errorf("invalid retries value %v: expected a number", fields["retries"])
	}
	if n, ok := number(fields["group_index"]); ok {
		index := int(n)
		t.GroupIndex = &index
	}
	return t.readLimits(fields["timelimit"])
}

// readLimits reads [hard, soft], each a number of seconds or nothing.
func (t *Task) readLimits(value any) error {
	limits, ok := value.([]any)
	if value != nil && (!ok || len(limits) != 2) {
		return fmt.Errorf("invalid timelimit value %v: expected two numbers of seconds", value)
	}
	for i, limit := range limits {
		n, ok := number(limit)
		if limit != nil && !ok {
			return fmt.Errorf("invalid timelimit value %v: expected two numbers of seconds", value)
		}
		*[]*time.Duration{&t.HardLimit, &t.SoftLimit}[i] = time.Duration(n * float64(time.Second))
	}
	return nil
}

// number reads any of the numbers that a header may be.
func number(value any) (float64, bool) {
	switch n := value.(type) {
	case int:
		return float64(n), true
	case int8:
		return float64(n), true
	case byte:
		return float64(n), true
	case int16:
		return float64(n), true
	case int32:
		return float64(n), true
	case int64:
		return float64(n), true
	case float32:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}
