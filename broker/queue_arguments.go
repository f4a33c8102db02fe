package broker

import (
	"fmt"

	"github.com/minirabbit/minirabbit/internal/erlang"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// maxExpiry is the longest duration that RabbitMQ takes, in milliseconds.
const maxExpiry = 315_360_000_000

// parseQueueArguments reads the arguments of queue.declare. It ignores those
// that RabbitMQ does not know either, and refuses those that it knows and this
// broker does not implement.
func parseQueueArguments(args wire.Table, resource string) (queue.Settings, error) {
	p := argumentParser{args: args, resource: resource}
	var s queue.Settings
	s.Expires = p.duration("x-expires", 1)
	s.MessageTTL = p.duration("x-message-ttl", 0)
	s.DeadLetterExchange, s.DeadLetter = p.text(argDeadLetter)
	s.DeadLetterRoutingKey, s.DeadLetterRekey = p.text(argDeadLetterKey)
	if s.DeadLetterRekey && !s.DeadLetter {
		p.fail(argDeadLetterKey, "routing_key_but_no_dlx_defined")
	}
	s.MaxLength = p.natural("x-max-length")
	s.MaxLengthBytes = p.natural("x-max-length-bytes")
	s.MaxPriority = p.natural("x-max-priority")
	if s.MaxPriority.Value > 255 {
		p.fail("x-max-priority", fmt.Sprintf("{max_value_exceeded,%d}", s.MaxPriority.Value))
	}
	s.Overflow = queue.Overflow(p.oneOf("x-overflow", "invalid_overflow",
		string(queue.DropHead), string(queue.RejectPublish), string(queue.RejectPublishDLX)))
	p.oneOf("x-queue-mode", "invalid_queue_mode", "default", "lazy")
	s.SingleActiveConsumer = p.flag("x-single-active-consumer")
	if p.err == nil {
		p.refuseUnimplemented()
	}
	return s, p.err
}

// argumentParser reads arguments until the first that is wrong.
type argumentParser struct {
	args     wire.Table
	resource string
	err      error
}

func (p *argumentParser) fail(key, reason string) {
	if p.err == nil {
		p.err = Errorf(wire.PreconditionFailed, "invalid arg '%s' for %s: %s", key, p.resource, reason)
	}
}

func (p *argumentParser) wrongType(key string, v any) {
	p.fail(key, fmt.Sprintf("{unacceptable_type,%s}", erlang.TypeName(v)))
}

func (p *argumentParser) natural(key string) queue.Optional {
	v, set := p.args.Get(key)
	if !set {
		return queue.Optional{}
	}
	n, ok := integer(v)
	switch {
	case !ok:
		p.wrongType(key, v)
	case n < 0:
		p.fail(key, fmt.Sprintf("{value_negative,%d}", n))
	}
	return queue.Some(n)
}

func (p *argumentParser) duration(key string, least int64) queue.Optional {
	d := p.natural(key)
	switch {
	case !d.Set:
	case d.Value > maxExpiry:
		p.fail(key, fmt.Sprintf("{value_too_big,%d}", d.Value))
	case d.Value < least:
		p.fail(key, fmt.Sprintf("{value_zero,%d}", d.Value))
	}
	return d
}

func (p *argumentParser) text(key string) (string, bool) {
	v, set := p.args.Get(key)
	if !set {
		return "", false
	}
	s, ok := v.(string)
	if !ok {
		p.wrongType(key, v)
	}
	return s, true
}

func (p *argumentParser) flag(key string) bool {
	v, set := p.args.Get(key)
	if !set {
		return false
	}
	b, ok := v.(bool)
	if !ok {
		p.wrongType(key, v)
	}
	return b
}

func (p *argumentParser) oneOf(key, reason string, values ...string) string {
	s, set := p.text(key)
	if !set {
		return ""
	}
	for _, v := range values {
		if s == v {
			return s
		}
	}
	p.fail(key, reason)
	return ""
}

// refuseUnimplemented refuses what RabbitMQ would act on and this broker cannot:
// to ignore it would let a test pass that production fails.
func (p *argumentParser) refuseUnimplemented() {
	if kind, set := p.text("x-queue-type"); set && p.err == nil && kind != "classic" {
		p.err = Errorf(wire.NotImplemented, "minirabbit does not implement x-queue-type '%s' for %s", kind, p.resource)
	}
	for _, key := range []string{"x-queue-master-locator", "x-queue-leader-locator", "x-dead-letter-strategy", "x-delivery-limit", "x-consumer-timeout"} {
		if _, set := p.args.Get(key); set && p.err == nil {
			p.err = Errorf(wire.NotImplemented, "minirabbit does not implement argument '%s' for %s", key, p.resource)
		}
	}
}
