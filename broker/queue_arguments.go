package broker

import (
	"fmt"
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/internal/erlang"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/wire"
)

const (
	argQueueType       = "x-queue-type"
	argConsumerTimeout = "x-consumer-timeout"
	argMaxAge          = "x-max-age"
	argFilterSize      = "x-stream-filter-size-bytes"

	// maxExpiry is the longest duration that RabbitMQ takes, in milliseconds.
	maxExpiry = 315_360_000_000
	// maxSegment is the largest segment of a stream, in bytes.
	maxSegment = 3_000_000_000
)

// queueArgument is an argument of queue.declare that RabbitMQ knows: which types
// of queue take it, and what its value must be. Others are accepted, and have
// no effect.
type queueArgument struct {
	key   string
	takes string // queue types
	read  func(p *argumentParser, key string, v any, s *queue.Settings)
}

const (
	allTypes        = "classic quorum stream"
	classicOrQuorum = "classic quorum"
)

// queueArguments lists the arguments in the order in which RabbitMQ checks them.
var queueArguments = []queueArgument{
	{"x-expires", classicOrQuorum, func(p *argumentParser, key string, v any, s *queue.Settings) {
		s.Expires = p.duration(key, v, 1)
	}},
	{"x-message-ttl", classicOrQuorum, func(p *argumentParser, key string, v any, s *queue.Settings) {
		s.MessageTTL = p.duration(key, v, 0)
	}},
	{argDeadLetter, classicOrQuorum, func(p *argumentParser, key string, v any, s *queue.Settings) {
		s.DeadLetterExchange, s.DeadLetter = p.text(key, v), true
	}},
	{argDeadLetterKey, classicOrQuorum, func(p *argumentParser, key string, v any, s *queue.Settings) {
		s.DeadLetterRoutingKey, s.DeadLetterRekey = p.text(key, v), true
		if _, set := p.args.Get(argDeadLetter); !set {
			p.fail(key, "routing_key_but_no_dlx_defined")
		}
	}},
	{"x-dead-letter-strategy", "quorum", func(p *argumentParser, key string, v any, s *queue.Settings) {
		s.AtLeastOnce = p.oneOf(key, v, "invalid_dlx_strategy", "at-most-once", "at-least-once") == "at-least-once"
	}},
	{"x-max-length", classicOrQuorum, func(p *argumentParser, key string, v any, s *queue.Settings) {
		s.MaxLength = p.natural(key, v)
	}},
	{"x-max-length-bytes", allTypes, func(p *argumentParser, key string, v any, s *queue.Settings) {
		s.MaxLengthBytes = p.natural(key, v)
	}},
	{"x-max-in-memory-length", "quorum", checkNatural},
	{"x-max-in-memory-bytes", "quorum", checkNatural},
	{"x-max-priority", "classic", func(p *argumentParser, key string, v any, s *queue.Settings) {
		s.MaxPriority = p.natural(key, v)
		if s.MaxPriority.Value > 255 {
			p.fail(key, fmt.Sprintf("{max_value_exceeded,%d}", s.MaxPriority.Value))
		}
	}},
	{"x-overflow", classicOrQuorum, func(p *argumentParser, key string, v any, s *queue.Settings) {
		s.Overflow = queue.Overflow(p.oneOf(key, v, "invalid_overflow",
			string(queue.DropHead), string(queue.RejectPublish), string(queue.RejectPublishDLX)))
	}},
	{"x-queue-mode", "classic", func(p *argumentParser, key string, v any, s *queue.Settings) {
		if mode := p.text(key, v); mode != "default" && mode != "lazy" {
			p.failQuoted(key, "unsupported queue mode '"+mode+"'")
		}
	}},
	{"x-queue-version", "classic", func(p *argumentParser, key string, v any, s *queue.Settings) {
		n := p.natural(key, v).Value
		if !slices.Contains(p.release.QueueVersions, n) {
			p.fail(key, fmt.Sprintf(`"unsupported queue version '%d'"`, n))
		}
	}},
	{"x-single-active-consumer", classicOrQuorum, func(p *argumentParser, key string, v any, s *queue.Settings) {
		b, ok := v.(bool)
		if !ok {
			p.wrongType(key, v)
		}
		s.SingleActiveConsumer = b
	}},
	{argConsumerTimeout, "quorum", func(p *argumentParser, key string, v any, s *queue.Settings) {
		s.ConsumerTimeout = p.natural(key, v)
	}},
	{"x-consumer-disconnected-timeout", "quorum", checkNatural}, // of clients of other nodes
	{"x-quorum-initial-group-size", "quorum", checkPositive},
	{argMaxAge, "stream", func(p *argumentParser, key string, v any, s *queue.Settings) {
		age, problem := parseAge(p.text(key, v))
		p.internalError("", problem == noNumber && p.release.FailsOnBadAge)
		if problem != "" {
			p.fail(key, "invalid_max_age")
		}
		s.MaxAge = queue.Some(age)
	}},
	{"x-stream-max-segment-size-bytes", "stream", func(p *argumentParser, key string, v any, s *queue.Settings) {
		s.SegmentBytes = p.natural(key, v)
		p.later(s.SegmentBytes.Value > maxSegment, "Exceeded max value for %s", key)
	}},
	{argFilterSize, "stream", func(p *argumentParser, key string, v any, s *queue.Settings) {
		n, isNumber := integer(v)
		if !p.release.FilterSizeAlone {
			n, isNumber = p.natural(key, v).Value, true
		}
		p.later(!isNumber || n < 16 || n > 255, p.release.FilterSizeText, key)
	}},
	{"x-initial-cluster-size", "stream", checkPositive},
	{"x-queue-leader-locator", allTypes, func(p *argumentParser, key string, v any, s *queue.Settings) {
		p.oneOf(key, v, "invalid_queue_locator_arg", p.release.LeaderLocators...)
	}},
	{"x-queue-master-locator", "classic", func(p *argumentParser, key string, v any, s *queue.Settings) {
		locator, _ := v.(string)
		if reason, fails := masterLocatorError(p.release, locator); fails && p.lateErr == nil {
			p.lateErr = Errorf(wire.InternalError, "%s", reason)
		}
	}},
	{"x-delivery-limit", "quorum", func(p *argumentParser, key string, v any, s *queue.Settings) {
		// RabbitMQ takes any value and heeds numbers.
		if n, ok := integer(v); ok {
			s.DeliveryLimit = queue.Some(n)
		}
	}},
	{"x-delayed-retry-type", "quorum", func(p *argumentParser, _ string, v any, s *queue.Settings) {
		// RabbitMQ takes any value, here and below.
		text, _ := v.(string)
		s.Retry = queue.Retry(text)
	}},
	{"x-delayed-retry-min", "quorum", func(p *argumentParser, _ string, v any, s *queue.Settings) {
		s.RetryMin.Value, s.RetryMin.Set = integer(v)
	}},
	{"x-delayed-retry-max", "quorum", func(p *argumentParser, _ string, v any, s *queue.Settings) {
		s.RetryMax.Value, s.RetryMax.Set = integer(v)
	}},
}

func checkNatural(p *argumentParser, key string, v any, _ *queue.Settings) { p.natural(key, v) }

func checkPositive(p *argumentParser, key string, v any, _ *queue.Settings) {
	if p.natural(key, v).Value == 0 {
		p.fail(key, "{value_zero,0}")
	}
}

// refusedInOrder are the arguments in the order in which RabbitMQ looks for those that the type of a queue does not
// take, once it has read the values of the others.
var refusedInOrder = []string{
	"x-message-ttl", "x-expires", "x-max-length", "x-overflow", argDeadLetter, argDeadLetterKey, "x-dead-letter-strategy", "x-max-priority",
	"x-single-active-consumer", "x-queue-mode", "x-queue-version", "x-queue-leader-locator", "x-queue-master-locator",
	"x-quorum-initial-group-size", "x-delivery-limit", argConsumerTimeout, "x-consumer-disconnected-timeout", "x-delayed-retry-type",
	"x-delayed-retry-min", "x-delayed-retry-max", "x-max-in-memory-length", "x-max-in-memory-bytes", argMaxAge,
	"x-stream-max-segment-size-bytes", argFilterSize, "x-initial-cluster-size",
}

// parseQueueArguments reads the arguments of queue.declare.
func parseQueueArguments(r *release.Release, args wire.Table, resource string) (queue.Settings, error) {
	p := argumentParser{release: r, args: args, resource: resource, serverNamed: strings.HasPrefix(resource, "queue '"+generatedPrefix+"-")}
	s := queue.Settings{Kind: p.kind()}
	for _, a := range queueArguments {
		if v, set := args.Get(a.key); set && takesArgument(r, s.Kind, a) {
			a.read(&p, a.key, v, &s)
		}
	}
	p.refuseOthers(s.Kind)
	readConsumerTimeout(r, args, &s)
	completeSettings(r, &s)
	if p.err == nil {
		p.err = p.lateErr
	}
	return s, p.err
}

// takesArgument says whether an argument means something to a type of queue.
func takesArgument(r *release.Release, kind queue.Kind, a queueArgument) bool {
	return slices.Contains(strings.Fields(a.takes), string(kind)) && !slices.Contains(r.RefusedArguments.Of(string(kind)), a.key) &&
		!slices.Contains(r.IgnoredArguments.Of(string(kind)), a.key)
}

// argumentParser reads arguments until the first that is wrong.
type argumentParser struct {
	release  *release.Release
	args     wire.Table
	resource string
	// serverNamed: the server made up the queue's name.
	serverNamed bool
	err         error
	// lateErr is what is wrong with an argument that RabbitMQ looks at last.
	lateErr error
}

// refuseOthers refuses the arguments that are for queues of another type.
func (p *argumentParser) refuseOthers(kind queue.Kind) {
	for _, key := range refusedInOrder {
		a := queueArguments[slices.IndexFunc(queueArguments, func(a queueArgument) bool { return a.key == key })]
		_, set := p.args.Get(key)
		if set && !takesArgument(p.release, kind, a) && !slices.Contains(p.release.IgnoredArguments.Of(string(kind)), key) {
			p.refuse("invalid arg '%s' for %s of queue type rabbit_%s_queue", key, p.resource, kind)
		}
	}
}

func (p *argumentParser) kind() queue.Kind {
	v, set := p.args.Get(argQueueType)
	if !set {
		return queue.Classic
	}
	_, isText := v.(string)
	p.internalError("", p.serverNamed && !isText)
	switch kind := p.text(argQueueType, v); queue.Kind(kind) {
	case queue.Classic, queue.Quorum, queue.Stream:
		return queue.Kind(kind)
	case "":
		if p.err == nil && p.release.EmptyQueueType {
			return queue.Classic
		}
		fallthrough
	default:
		if p.serverNamed {
			p.unknownType(kind)
		}
		p.failQuoted(argQueueType, "unsupported queue type '"+kind+"'")
		return queue.Classic
	}
}

// unknownType refuses a type of queue before the queue gets a name.
func (p *argumentParser) unknownType(kind string) {
	switch p.release.UnknownTypeUnnamed {
	case "":
		p.internalError("", true)
	default:
		p.refuse("%s '%s'", p.release.UnknownTypeUnnamed, kind)
	}
}

func (p *argumentParser) refuse(format string, args ...any) {
	if p.err == nil {
		p.err = Errorf(wire.PreconditionFailed, format, args...)
	}
}

// later refuses what RabbitMQ sees only when everything else is in order.
func (p *argumentParser) later(refused bool, format string, args ...any) {
	if refused && p.lateErr == nil {
		p.lateErr = Errorf(wire.PreconditionFailed, format, args...)
	}
}

func (p *argumentParser) internalError(reason string, fails bool) {
	if fails && p.err == nil {
		p.err = Errorf(wire.InternalError, "%s", reason)
	}
}

func (p *argumentParser) fail(key, reason string) {
	p.refuse("invalid arg '%s' for %s: %s", key, p.resource, reason)
}

// failQuoted is fail with a text of which RabbitMQ thinks as of a value.
func (p *argumentParser) failQuoted(key, reason string) {
	p.fail(key, erlang.Quote(reason, !p.release.PlainTexts))
}

func (p *argumentParser) wrongType(key string, v any) {
	p.fail(key, fmt.Sprintf("{unacceptable_type,%s}", erlang.TypeName(v)))
}

func (p *argumentParser) integer(key string, v any) int64 {
	n, ok := integer(v)
	if !ok {
		p.fail(key, fmt.Sprintf(`"expected integer, got %s"`, erlang.TypeName(v)))
	}
	return n
}

func (p *argumentParser) natural(key string, v any) queue.Optional {
	n := p.integer(key, v)
	if n < 0 {
		p.fail(key, fmt.Sprintf("{value_negative,%d}", n))
	}
	return queue.Some(n)
}

func (p *argumentParser) duration(key string, v any, least int64) queue.Optional {
	d := p.natural(key, v)
	switch {
	case d.Value > maxExpiry:
		p.fail(key, fmt.Sprintf("{value_too_large,%d}", d.Value))
	case d.Value < least:
		p.fail(key, fmt.Sprintf("{value_zero,%d}", d.Value))
	}
	return d
}

func (p *argumentParser) text(key string, v any) string {
	s, ok := v.(string)
	if !ok {
		p.wrongType(key, v)
	}
	return s
}

func (p *argumentParser) oneOf(key string, v any, reason string, values ...string) string {
	s := p.text(key, v)
	if !slices.Contains(values, s) {
		p.fail(key, reason)
	}
	return s
}

// masterLocatorError says whether RabbitMQ fails over a value of x-queue-master-locator, and what it then says.
func masterLocatorError(r *release.Release, locator string) (reason string, fails bool) {
	return r.MasterLocatorText, r.MasterLocators != nil && !slices.Contains(r.MasterLocators, locator)
}

// completeSettings sets what no argument says: how queues behave in this release.
func completeSettings(r *release.Release, s *queue.Settings) {
	if s.MaxPriority.Set {
		s.MaxPriority.Value = max(s.MaxPriority.Value, r.LeastMaxPriority)
	}
	s.Blame = r.ClassicBlame
	if s.Kind != queue.Quorum {
		return
	}
	s.Blame, s.SingleActive = r.QuorumBlame, r.SingleActive
	if !s.DeliveryLimit.Set && r.DeliveryLimit > 0 {
		s.DeliveryLimit = queue.Some(r.DeliveryLimit)
	}
	if s.DeliveryLimit.Value < 0 && !r.NegativeLimitIsNone {
		s.DeliveryLimit.Value = 0
	}
	s.ReleasedToBack = r.ReleasedToBack
	s.Priorities = r.Priorities
	s.ConsumersByTag = r.ConsumersByTag
	s.ReleasedIsFailed = !r.AcquiredCount
	s.CountsProperties = r.CountsProperties
	s.DropsReversed = r.DropsReversed
}
