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
	if s == ack || !ch.vh.node.release.refusesStreamNack {
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
