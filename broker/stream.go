package broker

import (
	"slices"
	"strconv"

	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// notForStreams refuses a method that streams do not have.
func (vh *VHost) notForStreams(method string, q *queue.Queue) error {
	return Errorf(wire.NotImplemented, "%s not supported by stream queues %s", method, vh.queueText(q.Name()))
}

// checkStreamSettlement refuses to give back what came from a stream, in releases
// that do.
func (ch *Channel) checkStreamSettlement(ds []delivery, s settlement) error {
	if s == ack || !ch.vh.node.release.RefusesStreamNack {
		return nil
	}
	for i := range ds {
		if ds[i].q.IsStream() {
			return ch.vh.notForStreams("basic.nack and basic.reject", ds[i].q)
		}
	}
	return nil
}

// withAgeInMilliseconds spells x-max-age as RabbitMQ 4.3 compares it.
func withAgeInMilliseconds(args wire.Table) wire.Table {
	v, _ := args.Get(argMaxAge)
	text, _ := v.(string)
	ms, problem := parseAge(text)
	if problem != "" {
		return args
	}
	args = slices.Clone(args)
	args.Set(argMaxAge, strconv.FormatInt(ms, 10))
	return args
}

// streamSettingsUnder returns what is in force for a stream under a policy's
// definition. Unlike with other queues, the policy goes before the arguments.
func streamSettingsUnder(s queue.Settings, definition wire.Table) queue.Settings {
	for key, to := range map[string]*queue.Optional{"max-length-bytes": &s.MaxLengthBytes, "consumer-timeout": &s.ConsumerTimeout} {
		v, _ := definition.Get(key)
		if n, ok := integer(v); ok {
			*to = queue.Some(n)
		}
	}
	v, _ := definition.Get("max-age")
	text, _ := v.(string)
	if age, problem := parseAge(text); problem == "" {
		s.MaxAge = queue.Some(age)
	}
	return s
}

// fixSegments gives a stream that is being declared the size of segments that its
// policy says. It stays, whatever the policies later say.
func (vh *VHost) fixSegments(q *queue.Queue) {
	v, _ := vh.Applied(q).Definition.Get("stream-max-segment-size-bytes")
	if n, ok := integer(v); ok && q.IsStream() {
		q.SetSegmentBytes(n)
	}
}
