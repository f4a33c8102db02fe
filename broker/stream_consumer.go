package broker

import (
	"fmt"
	"regexp"

	"github.com/minirabbit/minirabbit/internal/erlang"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

const (
	argStreamOffset    = "x-stream-offset"
	argStreamFilter    = "x-stream-filter"
	argMatchUnfiltered = "x-stream-match-unfiltered"
	headerStreamFilter = "x-stream-filter-value"
)

// streamReader reads from basic.consume where a consumer of a stream begins and
// what it skips, in RabbitMQ's order: what is wrong with an argument counts before
// the lack of a prefetch. That a consumer is to be exclusive has no effect.
func (ch *Channel) streamReader(m *wire.BasicConsume, q *queue.Queue) (*queue.Reader, error) {
	r, resource := ch.vh.node.release, ch.vh.queueText(q.Name())
	for _, key := range []string{"x-priority", argFailover} {
		if _, set := m.Arguments.Get(key); set && (key != argFailover || r.ChecksFailover) {
			return nil, Errorf(wire.PreconditionFailed, "invalid arg '%s' for %s of queue type rabbit_stream_queue", key, resource)
		}
	}
	reader := &queue.Reader{WholeChunks: r.DeliversWholeChunks}
	if v, set := m.Arguments.Get(argStreamOffset); set {
		if err := ch.vh.readFrom(reader, v, resource); err != nil {
			return nil, err
		}
	}
	switch {
	case ch.prefetch == 0:
		return nil, Errorf(wire.PreconditionFailed, r.StreamPrefetchText, resource)
	case m.NoAck:
		return nil, Errorf(wire.NotImplemented, "automatic acknowledgement not supported by %s %s", r.StreamNoun, resource)
	case ch.globalPrefetch != 0 && !r.GlobalQos:
		return nil, Errorf(wire.NotImplemented, "%s does not support global qos", resource)
	}
	if r.FiltersStreams {
		var err error
		if reader.Skips, err = streamFilter(m.Arguments); err != nil {
			return nil, err
		}
	}
	return reader, nil
}

// readFrom sets where a reader begins: at a name, an offset, a point in time or so
// long ago. RabbitMQ fails over values of other types.
func (vh *VHost) readFrom(reader *queue.Reader, v any, resource string) error {
	if n, ok := integer(v); ok {
		reader.From, reader.Offset = queue.FromOffset, n
		return nil
	}
	if at, ok := v.(wire.Timestamp); ok {
		reader.From, reader.Time = queue.FromTime, secondsInstant(at)
		return nil
	}
	text, isText := v.(string)
	if b, ok := v.([]byte); ok {
		text = string(b)
	}
	switch text {
	case "first":
		reader.From = queue.FromFirst
		return nil
	case "last":
		reader.From = queue.FromLast
		return nil
	case "next":
		reader.From = queue.FromNext
		return nil
	}
	ms, problem := parseAge(text)
	if !isText || problem == noNumber && vh.node.release.FailsOnBadAge {
		return Errorf(wire.InternalError, "")
	}
	if problem != "" {
		return Errorf(wire.PreconditionFailed, "invalid arg '%s' for %s: {invalid_stream_offset_arg,{longstr,%s}}",
			argStreamOffset, resource, latin1(erlang.Format(text, false)))
	}
	reader.From, reader.Time = queue.FromTime, max(0, vh.Now()-queue.Instant(ms)*queue.Millisecond)
	return nil
}

// secondsInstant returns the instant of a timestamp, or the last one that there is.
func secondsInstant(at wire.Timestamp) queue.Instant {
	const last = 1 << 62 / 1_000_000_000
	return queue.Instant(min(at, last)) * 1000 * queue.Millisecond
}

// streamFilter reads the values that a consumer wants of the header
// x-stream-filter-value. As in RabbitMQ, it lets whole chunks through that have
// one of them; clients are to filter again. A message without the header counts
// as one with an empty value, which only a consumer that asks for unfiltered
// messages gets. Values that are no text are ignored.
func streamFilter(args wire.Table) (skips func(chunk []*queue.Message) bool, err error) {
	v, _ := args.Get(argStreamFilter)
	wanted := make(map[string]bool)
	switch v := v.(type) {
	case string:
		wanted[v] = true
	case wire.Array:
		for _, item := range v {
			if value, ok := item.(string); ok {
				wanted[value] = true
			}
		}
		if len(wanted) == 0 {
			return nil, Errorf(wire.InternalError, "")
		}
	default:
		return nil, nil
	}
	if unfiltered, _ := args.Get(argMatchUnfiltered); unfiltered == true {
		wanted[""] = true
	}
	return func(chunk []*queue.Message) bool {
		for _, m := range chunk {
			value, _ := m.Header().Headers.Get(headerStreamFilter)
			text, _ := value.(string)
			if wanted[text] {
				return false
			}
		}
		return true
	}, nil
}

var agePattern = regexp.MustCompile(`^([0-9]*)((?s:.*))$`)

// What is wrong with an age.
const (
	noNumber  = "no number"
	noUnit    = "no unit"
	noAge     = "nothing"
	longestMS = 1 << 53 // longer than anything, and fit to be reckoned with
)

// parseAge reads a duration such as "7D" in milliseconds, or says what is wrong.
// An age of nothing is wrong too. RabbitMQ reads a number of any size.
func parseAge(s string) (ms int64, problem string) {
	m := agePattern.FindStringSubmatch(s)
	if m[1] == "" {
		return 0, noNumber
	}
	const second, day = 1000, 86_400_000
	unit := map[string]int64{"Y": 365 * day, "M": 30 * day, "D": day, "h": 3600 * second, "m": 60 * second, "s": second}[m[2]]
	if unit == 0 {
		return 0, noUnit
	}
	var n int64
	if _, err := fmt.Sscan(m[1], &n); err != nil || n > longestMS/unit {
		return longestMS, ""
	}
	if n == 0 {
		return 0, noAge
	}
	return n * unit, ""
}
