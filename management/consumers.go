package management

import (
	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/wire"
)

// consumerInfo is what is known of a consumer at one moment.
type consumerInfo struct {
	tag, queue      string
	connection      *broker.Connection
	channel         string
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
		tag: c.Tag(), queue: c.Queue().Name(), connection: ch.Connection(), channel: channelName(ch), number: ch.Number,
		arguments: c.Arguments(), exclusive: c.Exclusive(), noAck: c.NoAck(), active: c.Active(), blocked: c.Full(), ofStream: c.Queue().IsStream(), prefetch: c.Prefetch(),
	}
}

func (r *request) consumers() {
	hosts, ok := r.visible()
	if !ok {
		return
	}
	var all []consumerInfo
	for _, vh := range hosts {
		vh.Lock()
		for _, q := range vh.Queues() {
			for _, c := range vh.Consumers(q) {
				if isMonitor(r.user) || c.Channel().Connection().User == r.user {
					all = append(all, lookAtConsumer(c))
				}
			}
		}
		vh.Unlock()
	}
	r.list(r.consumerObjects(all))
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
			"name": c.channel, "number": c.number, "user": conn.User.Name(), "node": nodeName,
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
