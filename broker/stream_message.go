package broker

import (
	"strings"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/wire"
)

// RabbitMQ writes the messages of a stream in the format of AMQP 1.0, which has no
// place for all that those of AMQP 0-9-1 can hold. What it cannot write at all ends
// the publisher's connection, and some of the rest does not come back as it went in.

// checkForStreams refuses a message that is routed to a stream and that RabbitMQ
// cannot write there: one with a decimal number in its headers, or a filter value
// that is no text.
func (vh *VHost) checkForStreams(queues []exchange.Destination, header *wire.Properties) error {
	for _, d := range queues {
		if d.(*queue.Queue).IsStream() {
			return checkForStream(vh.node.release, header.Headers)
		}
	}
	return nil
}

func checkForStream(r *release.Release, headers wire.Table) error {
	for _, f := range headers {
		_, isText := f.Value.(string)
		if f.Key == headerStreamFilter && r.FiltersStreams && !isText || streamKeeps(r, f) && hasDecimal(f.Value) {
			return Errorf(wire.InternalError, "")
		}
	}
	return nil
}

func hasDecimal(v any) bool {
	switch v := v.(type) {
	case wire.Decimal:
		return true
	case wire.Array:
		for _, item := range v {
			if hasDecimal(item) {
				return true
			}
		}
	case wire.Table:
		for _, f := range v {
			if hasDecimal(f.Value) {
				return true
			}
		}
	}
	return false
}

// streamKeeps says whether a header comes back from a stream.
func streamKeeps(r *release.Release, f wire.Field) bool {
	if r.KeepsAnnotations {
		switch {
		case f.Key == "x-exchange", f.Key == "x-routing-key":
			return false
		case f.Key == headerCC, strings.HasPrefix(f.Key, "x-"):
			return true
		}
	}
	switch f.Value.(type) {
	case wire.Array, wire.Table:
		return false
	}
	return true
}

// fromStream returns the message that a consumer of a stream gets.
func fromStream(r *release.Release, m *queue.Message, offset int64) *queue.Message {
	p := m.Header()
	headers := make(wire.Table, 0, len(p.Headers)+1)
	for _, f := range p.Headers {
		if streamKeeps(r, f) {
			headers = append(headers, wire.Field{Key: f.Key, Value: fromStreamValue(r, f.Value)})
		}
	}
	setSorted(&headers, argStreamOffset, offset)
	p.Headers = headers
	p.Flags = p.Flags&^wire.HasClusterID | wire.HasHeaders
	p.Timestamp = inMilliseconds(p.Timestamp)
	if r.SetsDeliveryMode {
		p.Flags |= wire.HasDeliveryMode
		if p.DeliveryMode != 2 {
			p.DeliveryMode = 1
		}
	}
	return m.WithProperties(p.Append(nil))
}

func fromStreamValue(r *release.Release, v any) any {
	switch v := v.(type) {
	case wire.Timestamp:
		return inMilliseconds(v)
	case []byte:
		if r.KeepsAnnotations {
			return string(v)
		}
	case wire.Array:
		all := make(wire.Array, len(v))
		for i, item := range v {
			all[i] = fromStreamValue(r, item)
		}
		return all
	case wire.Table:
		all := make(wire.Table, len(v))
		for i, f := range v {
			all[i] = wire.Field{Key: f.Key, Value: fromStreamValue(r, f.Value)}
		}
		return all
	}
	return v
}

// inMilliseconds returns what is left of a timestamp that was written in
// milliseconds, which do not fit if it is far from the present.
func inMilliseconds(t wire.Timestamp) wire.Timestamp {
	return wire.Timestamp(int64(t*1000) / 1000)
}
