package management

import (
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// consumerInfo is what is known of a consumer at one moment.
type consumerInfo struct {
	tag, queue      string
	connection      *broker.Connection
	number          uint16
	arguments       wire.Table
	exclusive       bool
	noAck           bool
	active, blocked bool
	ofStream        bool
	prefetch        int
}

// lookAtConsumer looks at a consumer, whose vhost is locked.
func lookAtConsumer(c *broker.Consumer) consumerInfo {
	ch := c.Channel()
	return consumerInfo{
		tag: c.Tag(), queue: c.Queue().Name(), connection: ch.Connection(), number: ch.Number,
		arguments: c.Arguments(), exclusive: c.Exclusive(), noAck: c.NoAck(), active: c.Active(), blocked: c.Full(), ofStream: c.Queue().IsStream(), prefetch: c.Prefetch(),
	}
}

func (r *request) consumers() {
	hosts, ok := r.visible()
	if !ok {
		return
	}
	r.takeTurn()
	t := things[*broker.Consumer]{name: func(*broker.Consumer) string { return "" }}
	for _, vh := range hosts {
		t.all = append(t.all, r.consumersIn(vh)...)
	}
	t.describe = func(batch []*broker.Consumer, yield func(int, object) bool) bool {
		for i, info := range lookAtConsumers(batch) {
			if !yield(i, r.consumerObject(&info)) {
				return false
			}
		}
		return true
	}
	list(r, t)
}

// consumersIn returns the consumers that the user may see, by queue.
func (r *request) consumersIn(vh *broker.VHost) (all []*broker.Consumer) {
	vh.WalkQueues(func(q *queue.Queue) {
		for _, c := range vh.Consumers(q) {
			if isMonitor(r.user) || c.Channel().Connection().User == r.user {
				all = append(all, c)
			}
		}
	})
	slices.SortStableFunc(all, func(a, b *broker.Consumer) int { return strings.Compare(a.Queue().Name(), b.Queue().Name()) })
	return all
}

// lookAtConsumers looks at some consumers.
func lookAtConsumers(batch []*broker.Consumer) []consumerInfo {
	infos := make([]consumerInfo, 0, len(batch))
	for len(infos) < len(batch) {
		vh := batch[len(infos)].Channel().Connection().VHost
		vh.Do(func() {
			for len(infos) < len(batch) && batch[len(infos)].Channel().Connection().VHost == vh {
				infos = append(infos, lookAtConsumer(batch[len(infos)]))
			}
		})
	}
	return infos
}

func (r *request) consumerObjects(all []consumerInfo) []object {
	items := make([]object, len(all))
	for i := range all {
		items[i] = r.consumerObject(&all[i])
	}
	return items
}

func (r *request) consumerObject(c *consumerInfo) object {
	conn := c.connection
	o := object{
		"consumer_tag": c.tag, "exclusive": c.exclusive, "ack_required": !c.noAck, "prefetch_count": c.prefetch,
		"active": c.active, "activity_status": "up", "arguments": fromTable(c.arguments),
		"queue": object{"name": c.queue, "vhost": conn.VHost.Name()},
		"channel_details": object{
			"name": nameOfChannel(conn, c.number), "number": c.number, "user": conn.User.Name(), "node": nodeName,
			"connection_name": conn.Name, "peer_host": conn.Transport.PeerHost, "peer_port": conn.Transport.PeerPort,
		},
	}
	switch {
	case c.ofStream && !r.api.rules.ActiveReaders:
		o["active"] = false
	case !c.active:
		o["activity_status"] = "waiting"
	case c.blocked && r.api.rules.TellsBlocked:
		o["activity_status"] = "blocked"
	}
	if r.api.rules.ConsumerTimeout {
		o["consumer_timeout"] = consumerTimeout.Milliseconds()
	}
	return o
}
