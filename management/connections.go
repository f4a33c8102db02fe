package management

import (
	"slices"
	"strconv"
	"time"

	"github.com/minirabbit/minirabbit/broker"
)

// closeReason is what a client reads whose connection was closed here.
const closeReason = "Closed via management plugin"

// seen returns the connections that the user may see: monitors see all.
func (r *request) seen() []*broker.Connection {
	var all []*broker.Connection
	for _, c := range r.api.node.Connections() {
		if r.sees(c) {
			all = append(all, c)
		}
	}
	return all
}

func (r *request) sees(c *broker.Connection) bool { return isMonitor(r.user) || c.User == r.user }

func (r *request) connections() { r.listConnections(func(*broker.Connection) bool { return true }) }

func (r *request) vhostConnections() {
	vh := r.inVHost()
	if vh == nil {
		r.notFound()
		return
	}
	r.listConnections(func(c *broker.Connection) bool { return c.VHost == vh })
}

func (r *request) listConnections(which func(*broker.Connection) bool) {
	r.takeTurn()
	list(r, things[*broker.Connection]{
		all:  slices.DeleteFunc(r.seen(), func(c *broker.Connection) bool { return !which(c) }),
		name: func(c *broker.Connection) string { return c.Name },
		describe: func(batch []*broker.Connection, yield func(int, object) bool) bool {
			for i, c := range batch {
				if !yield(i, r.connectionObject(c, false)) {
					return false
				}
			}
			return true
		},
	})
}

// connectionsOfUser lists, in RabbitMQ's way, not much.
func (r *request) connectionsOfUser() {
	all := []object{}
	for _, c := range r.seen() {
		if c.User.Name() == r.vars["user"] {
			all = append(all, object{"name": c.Name, "vhost": c.VHost.Name(), "user": c.User.Name(), "node": nodeName})
		}
	}
	r.list(all)
}

// findConnection returns the connection in the path. It answers the request and
// returns nil if there is none, or none for this user.
func (r *request) findConnection() *broker.Connection {
	for _, c := range r.api.node.Connections() {
		if c.Name == r.vars["name"] {
			if !r.sees(c) {
				r.notAuthorised(notForUser)
				return nil
			}
			return c
		}
	}
	r.notFound()
	return nil
}

func (r *request) connection() {
	if c := r.findConnection(); c != nil {
		r.one(r.connectionObject(c, true))
	}
}

func (r *request) connectionChannels() {
	c := r.findConnection()
	if c == nil {
		return
	}
	r.listChannels(func(ch *broker.Channel) bool { return ch.Connection() == c })
}

// closeConnection closes a connection. The header X-Reason says why.
func (r *request) closeConnection() {
	if c := r.findConnection(); c != nil {
		r.api.node.CloseConnection(c, r.closeReason())
		r.noContent()
	}
}

func (r *request) closeConnectionsOfUser() {
	for _, c := range r.seen() {
		if c.User.Name() == r.vars["user"] {
			r.api.node.CloseConnection(c, r.closeReason())
		}
	}
	r.noContent()
}

func (r *request) closeReason() string {
	if reason := r.Header.Get("X-Reason"); reason != "" {
		return reason
	}
	return closeReason
}

// connectionObject describes a connection. What there is none of is null in
// lists and empty in detail, as in RabbitMQ.
func (r *request) connectionObject(c *broker.Connection, detail bool) object {
	var channels int
	c.VHost.Do(func() { channels = len(c.Channels()) })
	t, passed := &c.Transport, traffic(c)
	o := object{
		"name": c.Name, "node": nodeName, "type": "network", "protocol": "AMQP 0-9-1", "state": "running",
		"user": c.User.Name(), "user_who_performed_action": c.User.Name(), "vhost": c.VHost.Name(),
		"host": t.Host, "port": t.Port, "peer_host": t.PeerHost, "peer_port": t.PeerPort,
		"auth_mechanism": t.Mechanism, "channel_max": t.ChannelMax, "frame_max": t.FrameMax, "timeout": int(t.Heartbeat / time.Second),
		"channels": channels, "connected_at": int64(c.ConnectedAt) / int64(time.Millisecond),
		"client_properties":  fromTable(c.ClientProperties),
		"garbage_collection": noGarbage,
		"recv_cnt":           passed.Received, "send_cnt": passed.Sent, "send_pend": 0,
		"reductions": passed.Received, "reductions_details": noRate,
		"ssl": false,
	}
	if name, set := c.ClientProperties.Get("connection_name"); set {
		o["user_provided_name"] = fromValue(name)
	}
	absent := []string{"peer_cert_issuer", "peer_cert_subject", "peer_cert_validity", "ssl_cipher", "ssl_hash", "ssl_key_exchange", "ssl_protocol"}
	if r.api.rules.CertificateSerial {
		absent = append(absent, "peer_cert_serial_number")
	}
	for _, key := range absent {
		if o[key] = nil; detail {
			o[key] = ""
		}
	}
	h := r.api.samples.history(connectionSubject(c), connectionCounts(c))
	r.detailed(o, &h, "data_rates", received, sent)
	return o
}

// noGarbage is what Erlang says of a process's memory.
var noGarbage = object{"fullsweep_after": 65535, "max_heap_size": 0, "min_bin_vheap_size": 46422, "min_heap_size": 233, "minor_gcs": 0}

func channelName(ch *broker.Channel) string { return nameOfChannel(ch.Connection(), ch.Number) }

func nameOfChannel(c *broker.Connection, number uint16) string {
	return c.Name + " (" + strconv.Itoa(int(number)) + ")"
}
