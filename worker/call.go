package worker

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/minirabbit/minirabbit/worker/celery"
)

// A Call is a task to be sent: Celery's signature. It is immutable: its methods return another. What is wrong with a
// call is told when it is sent.
type Call struct {
	signature celery.Signature
	err       error // the first that a method met
}

// NewCall makes a call of the task of this name with positional arguments, each of which must have a form in JSON.
func NewCall(task string, args ...any) Call {
	c := Call{signature: celery.Signature{Task: task, Args: []json.RawMessage{}}}
	if task == "" {
		c.err = fmt.Errorf("worker: a call of a task without a name")
	}
	for i, arg := range args {
		encoded, err := json.Marshal(arg)
		if err != nil && c.err == nil {
			c.err = fmt.Errorf("worker: call of %s: argument number %d: %w", task, i+1, err)
		}
		c.signature.Args = append(c.signature.Args, encoded)
	}
	return c
}

// Kwarg adds a keyword argument.
func (c Call) Kwarg(name string, value any) Call {
	c.signature.Kwargs = maps.Clone(c.signature.Kwargs)
	if c.signature.Kwargs == nil {
		c.signature.Kwargs = map[string]json.RawMessage{}
	}
	encoded, err := json.Marshal(value)
	if err != nil && c.err == nil {
		c.err = fmt.Errorf("worker: call of %s: argument %q: %w", c.signature.Task, name, err)
	}
	c.signature.Kwargs[name] = encoded
	return c
}

// option sets one of apply_async's.
func (c Call) option(name string, value any) Call {
	c.signature.Options = maps.Clone(c.signature.Options)
	if c.signature.Options == nil {
		c.signature.Options = map[string]json.RawMessage{}
	}
	encoded, err := json.Marshal(value)
	if err != nil && c.err == nil {
		c.err = fmt.Errorf("worker: call of %s: option %q: %w", c.signature.Task, name, err)
	}
	c.signature.Options[name] = encoded
	return c
}

// Countdown has the task begin after d at the earliest, counted from when it is sent.
func (c Call) Countdown(d time.Duration) Call { return c.option("countdown", d.Seconds()) }

// ETA has the task begin at t at the earliest.
func (c Call) ETA(t time.Time) Call { return c.option("eta", celery.FormatTime(t)) }

// Expires has the task revoked if it has not begun d after it was sent.
func (c Call) Expires(d time.Duration) Call { return c.option("expires", d.Seconds()) }

// ExpiresAt has the task revoked if it has not begun by t.
func (c Call) ExpiresAt(t time.Time) Call { return c.option("expires", celery.FormatTime(t)) }

// Priority sets the message's priority, which matters in queues with x-max-priority.
func (c Call) Priority(p uint8) Call { return c.option("priority", p) }

// OnQueue sends the task to this queue instead of the one that the client's routes say.
func (c Call) OnQueue(name string) Call { return c.option("queue", name) }

// ByExchange sends the task to an exchange, which must be there, with a routing key.
func (c Call) ByExchange(exchange, routingKey string) Call {
	return c.option("exchange", exchange).option("routing_key", routingKey)
}

// IgnoreResult asks for no result. To wait for one then ends only with the context.
func (c Call) IgnoreResult() Call { return c.option("ignore_result", true) }

// TimeLimits bounds the task's run instead of what its definition says; zero means none.
func (c Call) TimeLimits(soft, hard time.Duration) Call {
	if soft > 0 {
		c = c.option("soft_time_limit", soft.Seconds())
	}
	if hard > 0 {
		c = c.option("time_limit", hard.Seconds())
	}
	return c
}

// ID gives the task an id of your own instead of a random one: to send it again under the same, for one.
func (c Call) ID(id string) Call { return c.option("task_id", id) }

// Shadow gives the task another name to show in logs and monitors.
func (c Call) Shadow(name string) Call { return c.option("shadow", name) }

// Retries says how often the task was tried before.
func (c Call) Retries(n int) Call { return c.option("retries", n) }

// Transient lets the message die with the broker.
func (c Call) Transient() Call { return c.option("delivery_mode", 1) }

// Header adds a header to the message: a text, a number, a bool, or lists and maps of these.
func (c Call) Header(name string, value any) Call {
	headers := map[string]any{}
	if _, err := c.signature.Option("headers", &headers); err != nil && c.err == nil {
		c.err = err
	}
	headers[name] = value
	return c.option("headers", headers)
}

// Then sends other calls when this one has succeeded, each with its result before their own arguments.
func (c Call) Then(calls ...Call) Call { return c.links("link", calls) }

// Catch sends other calls when this one has failed, each with its id before their own arguments.
func (c Call) Catch(calls ...Call) Call { return c.links("link_error", calls) }

func (c Call) links(option string, calls []Call) Call {
	var all []celery.Signature
	if _, err := c.signature.Option(option, &all); err != nil && c.err == nil {
		c.err = err
	}
	for _, call := range calls {
		if call.err != nil && c.err == nil {
			c.err = call.err
		}
		all = append(all, call.signature)
	}
	return c.option(option, all)
}

// Immutable has the call sent with its own arguments only, where it follows another.
func (c Call) Immutable() Call {
	c.signature.Immutable = true
	return c
}
