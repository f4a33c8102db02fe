package celery

import (
	"encoding/json"
	"fmt"
)

// A Signature is a task to be sent later: a step of a chain, a callback.
type Signature struct {
	Task   string
	Args   []json.RawMessage
	Kwargs map[string]json.RawMessage

	// Options are those of apply_async, each as JSON: task_id, reply_to, queue, priority, countdown and so on.
	Options map[string]json.RawMessage

	// Immutable signatures are sent with their own arguments only. To others the result that they follow is prepended.
	Immutable bool

	// Subtask is "" for a task. Celery's canvas has "group", "chain", "chord" and others.
	Subtask string

	// other are the members that this package does not know.
	other map[string]json.RawMessage
}

var (
	_ json.Marshaler   = Signature{}
	_ json.Unmarshaler = (*Signature)(nil)
)

// MarshalJSON writes the signature as Celery's own dictionary, with members that it did not know when it was read.
func (s Signature) MarshalJSON() ([]byte, error) {
	members := map[string]any{}
	for name, value := range s.other {
		members[name] = value
	}
	args := s.Args
	if args == nil {
		args = []json.RawMessage{}
	}
	members["task"], members["args"], members["kwargs"], members["options"] = s.Task, args, orEmpty(s.Kwargs), orEmpty(s.Options)
	members["immutable"], members["subtask_type"] = s.Immutable, orNil(s.Subtask)
	return marshal(members)
}

func orEmpty(m map[string]json.RawMessage) map[string]json.RawMessage {
	if m == nil {
		return map[string]json.RawMessage{}
	}
	return m
}

// UnmarshalJSON reads a dictionary with at least "task".
func (s *Signature) UnmarshalJSON(data []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return fmt.Errorf("signature: expected an object: %w", err)
	}
	*s = Signature{}
	for name, to := range map[string]any{"task": &s.Task, "args": &s.Args, "kwargs": &s.Kwargs, "options": &s.Options,
		"immutable": &s.Immutable, "subtask_type": &s.Subtask} {
		if value, ok := members[name]; ok {
			if err := json.Unmarshal(value, to); err != nil {
				return fmt.Errorf("signature: %q: %w", name, err)
			}
			delete(members, name)
		}
	}
	if s.Task == "" {
		return fmt.Errorf(`signature: "task" is missing`)
	}
	if len(members) > 0 {
		s.other = members
	}
	return nil
}

// Option reads an option into a value; it reports whether the signature has it, null counting as not.
func (s Signature) Option(name string, to any) (bool, error) {
	value, ok := s.Options[name]
	if !ok || string(value) == "null" {
		return false, nil
	}
	if err := json.Unmarshal(value, to); err != nil {
		return false, fmt.Errorf("celery: signature of %s: option %q: %w", s.Task, name, err)
	}
	return true, nil
}
