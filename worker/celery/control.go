package celery

import (
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// The exchanges of remote control, which kombu calls a mailbox. Commands go to ControlExchange, a fanout; answers to
// ReplyExchange, a direct one. Neither is durable.
const (
	ControlExchange = "celery.pidbox"
	ReplyExchange   = "reply.celery.pidbox"
)

// A Command is what `celery inspect`, `celery control` and others ask of workers.
type Command struct {
	Method    string                     `json:"method"`
	Arguments map[string]json.RawMessage `json:"arguments"`

	// Destination are the nodes that are meant; if there are none, Pattern is for their names, and read as Matcher says,
	// "glob" or "pcre"; if there is no pattern, all nodes are meant.
	Destination []string `json:"destination"`
	Pattern     *string  `json:"pattern"`
	Matcher     *string  `json:"matcher"`

	// Ticket is for the answer to be told apart by. ReplyTo is nil if none is wanted.
	Ticket  string   `json:"ticket,omitempty"`
	ReplyTo *ReplyTo `json:"reply_to,omitempty"`

	// Clock is the sender's logical clock.
	Clock int64 `json:"-"`

	// Expires is when the sender stops listening; zero if it did not say.
	Expires time.Time `json:"-"`
}

// ReplyTo is where an answer goes.
type ReplyTo struct {
	Exchange   string `json:"exchange"`
	RoutingKey string `json:"routing_key"`
}

// DecodeCommand reads a message of remote control.
func DecodeCommand(d amqp.Delivery) (*Command, error) {
	body, err := Accept(nil).body(d)
	if err != nil {
		return nil, fmt.Errorf("celery: remote control: %w", err)
	}
	c := new(Command)
	if err := json.Unmarshal(body, c); err != nil {
		return nil, fmt.Errorf("celery: remote control: %w", err)
	}
	if c.Method == "" {
		return nil, fmt.Errorf(`celery: remote control: "method" is missing`)
	}
	if n, ok := number(d.Headers["clock"]); ok {
		c.Clock = int64(n)
	}
	if n, ok := number(d.Headers["expires"]); ok && n > 0 {
		c.Expires = time.UnixMicro(int64(n * 1e6))
	}
	return c, nil
}

// For reports whether a node of this name is meant.
func (c *Command) For(node string) bool {
	switch {
	case len(c.Destination) > 0:
		return slices.Contains(c.Destination, node)
	case c.Pattern != nil && c.Matcher != nil && *c.Matcher == "pcre":
		matched, err := regexp.MatchString("^(?:"+*c.Pattern+")", node) // Python's match begins at the beginning
		return err == nil && matched
	case c.Pattern != nil && c.Matcher != nil:
		matched, err := path.Match(*c.Pattern, node)
		return err == nil && matched
	}
	return true
}

// Argument reads an argument into a value; it reports whether there is one, null counting as none.
func (c *Command) Argument(name string, to any) (bool, error) {
	raw, ok := c.Arguments[name]
	if !ok || string(raw) == "null" {
		return false, nil
	}
	if err := json.Unmarshal(raw, to); err != nil {
		return false, fmt.Errorf("argument %q: %w", name, err)
	}
	return true, nil
}

// Publishing returns the command as a message for ControlExchange.
func (c Command) Publishing() (amqp.Publishing, error) {
	if c.Arguments == nil {
		c.Arguments = map[string]json.RawMessage{}
	}
	body, err := json.Marshal(c)
	if err != nil {
		return amqp.Publishing{}, fmt.Errorf("celery: remote control: %w", err)
	}
	headers := amqp.Table{"clock": c.Clock, "expires": int64(0)}
	if !c.Expires.IsZero() {
		headers["expires"] = float64(c.Expires.UnixMicro()) / 1e6
	}
	return amqp.Publishing{
		ContentType:     contentType,
		ContentEncoding: contentEncoding,
		DeliveryMode:    amqp.Persistent,
		Headers:         headers,
		Body:            body,
	}, nil
}

// Reply returns a node's answer to the command, for its ReplyTo.
func (c *Command) Reply(node string, answer any, clock int64) (amqp.Publishing, error) {
	body, err := json.Marshal(map[string]any{node: answer})
	if err != nil {
		return amqp.Publishing{}, fmt.Errorf("celery: answer to %s: %w", c.Method, err)
	}
	return amqp.Publishing{
		ContentType:     contentType,
		ContentEncoding: contentEncoding,
		DeliveryMode:    amqp.Transient,
		Headers:         amqp.Table{"ticket": c.Ticket, "clock": clock},
		Body:            body,
	}, nil
}
