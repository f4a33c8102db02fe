package management

import (
	"slices"
	"time"

	"github.com/minirabbit/minirabbit/broker"
)

func (r *request) channels() { r.listChannels(func(*broker.Channel) bool { return true }) }

func (r *request) vhostChannels() {
	vh := r.inVHost()
	if vh == nil {
		r.notFound()
		return
	}
	r.listChannels(func(ch *broker.Channel) bool { return ch.Connection().VHost == vh })
}

func (r *request) listChannels(which func(*broker.Channel) bool) {
	r.takeTurn()
	t := things[*broker.Channel]{name: channelName}
	for _, c := range r.seen() {
		t.all = append(t.all, channelsOf(c, which)...)
	}
	t.describe = func(batch []*broker.Channel, yield func(int, object) bool) bool {
		for i, info := range lookAtChannels(batch) {
			if !yield(i, r.channelObject(&info)) {
				return false
			}
		}
		return true
	}
	list(r, t)
}

// channelsOf returns the channels of a connection that are wanted.
func channelsOf(c *broker.Connection, which func(*broker.Channel) bool) []*broker.Channel {
	c.VHost.Lock()
	defer c.VHost.Unlock()
	return slices.DeleteFunc(c.Channels(), func(ch *broker.Channel) bool { return !which(ch) })
}

func (r *request) channel() {
	is := func(ch *broker.Channel) bool { return channelName(ch) == r.vars["name"] }
	for _, c := range r.api.node.Connections() {
		found := channelsOf(c, is)
		if len(found) == 0 {
			continue
		}
		if !r.sees(c) {
			r.notAuthorised(notForUser)
			return
		}
		info := lookAtChannels(found)[0]
		o := r.channelObject(&info)
		o["consumer_details"] = r.consumerObjects(info.consumers)
		o["deliveries"], o["publishes"] = []any{}, []any{} // RabbitMQ fills them in its rates mode "detailed" only
		r.one(o)
		return
	}
	r.notFound()
}

// channelInfo is what is known of a channel at one moment.
type channelInfo struct {
	connection             *broker.Connection
	number                 uint16
	name                   string
	confirms, transactions bool
	prefetch, global       uint16
	unacked                int
	messages, acks         int // uncommitted
	consumers              []consumerInfo
	counts                 counts
}

// lookAtChannels looks at some channels.
func lookAtChannels(batch []*broker.Channel) []channelInfo {
	infos := make([]channelInfo, 0, len(batch))
	for len(infos) < len(batch) {
		infos = lookAtChannelsOf(batch[len(infos)].Connection().VHost, infos, batch)
	}
	return infos
}

// lookAtChannelsOf looks at the next channels of a batch, as long as they are in a vhost.
func lookAtChannelsOf(vh *broker.VHost, infos []channelInfo, batch []*broker.Channel) []channelInfo {
	w := vh.Walk()
	defer w.End()
	for len(infos) < len(batch) && batch[len(infos)].Connection().VHost == vh {
		infos = append(infos, lookAtChannel(batch[len(infos)]))
		w.Step()
	}
	return infos
}

// lookAtChannel looks at a channel, whose vhost is locked.
func lookAtChannel(ch *broker.Channel) channelInfo {
	info := channelInfo{connection: ch.Connection(), number: ch.Number, name: channelName(ch), unacked: ch.Unacked(), counts: channelCounts(ch)}
	info.confirms, info.transactions = ch.Mode()
	info.prefetch, info.global = ch.Prefetch()
	info.messages, info.acks = ch.Uncommitted()
	for _, consumer := range ch.Consumers() {
		info.consumers = append(info.consumers, lookAtConsumer(consumer))
	}
	return info
}

func (r *request) channelObject(ch *channelInfo) object {
	c := ch.connection
	o := object{
		"name": ch.name, "number": ch.number, "node": nodeName, "state": "running",
		"user": c.User.Name(), "user_who_performed_action": c.User.Name(), "vhost": c.VHost.Name(),
		"confirm": ch.confirms, "transactional": ch.transactions,
		"prefetch_count": ch.prefetch, "consumer_count": len(ch.consumers),
		"messages_unacknowledged": ch.unacked, "messages_unconfirmed": 0, "messages_uncommitted": ch.messages, "acks_uncommitted": ch.acks,
		"pending_raft_commands": 0, "garbage_collection": noGarbage,
		"reductions": ch.counts[publish], "reductions_details": noRate,
		"connection_details": connectionDetails(c),
	}
	if r.api.rules.InternalQueues {
		o["cached_segments"] = 0
		if ch.global != 0 && ch.prefetch == 0 {
			o["prefetch_count"] = ch.global // 4.3 has no other kind
		}
	} else if !r.api.rules.StorageVersion {
		o["global_prefetch_count"] = ch.global
	}
	h := r.api.samples.history(channelSubject(c, ch.number), ch.counts)
	addIdle(o, &h)
	r.addStats(o, &h, publishing, delivering)
	return o
}

// addIdle says since when something is idle, if it is.
func addIdle(o object, h *history) {
	if since, idle := h.idleSince(); idle {
		o["idle_since"] = since.UTC().Format(timeFormat)
	}
}

// timeFormat is how RabbitMQ writes a moment.
const timeFormat = "2006-01-02T15:04:05.000+00:00"

func connectionDetails(c *broker.Connection) object {
	return object{"name": c.Name, "peer_host": c.Transport.PeerHost, "peer_port": c.Transport.PeerPort}
}

// consumerTimeout is RabbitMQ's default.
const consumerTimeout = 30 * time.Minute
