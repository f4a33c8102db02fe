package broker

import (
	"slices"

	"github.com/minirabbit/minirabbit/internal/lists"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// Connection is a client's presence in a virtual host: it owns exclusive queues
// and has channels. Its fields are immutable but for what the lock of its
// virtual host guards.
type Connection struct {
	// Name tells connections apart in logs and listings.
	Name             string
	User             *User
	VHost            *VHost
	ClientProperties wire.Table
	Transport        Transport
	ConnectedAt      queue.Instant

	// impersonates: the user had the tag impersonator on logging in.
	impersonates bool

	ended chan struct{} // closed by Node.Disconnect

	// guarded by the vhost's mutex
	channels  []*Channel // in order of opening
	failed    *Channel   // over whose error the connection ends, nil for none
	exclusive []*queue.Queue
}

// Capability says whether the client declared a capability, such as
// "consumer_cancel_notify".
func (c *Connection) Capability(name string) bool {
	capabilities, _ := c.ClientProperties.Get("capabilities")
	t, _ := capabilities.(wire.Table)
	v, _ := t.Get(name)
	on, _ := v.(bool)
	return on
}

// Check returns RabbitMQ's refusal if the connection's user lacks a permission;
// kind is "exchange" or "queue".
func (c *Connection) Check(want Permission, kind, name string) error {
	return c.User.Check(c.VHost, want, kind, name)
}

// Resume lets the consumers of all channels go on after the client fell behind.
func (c *Connection) Resume() {
	for _, ch := range c.channels {
		ch.unblockAll()
	}
}

// Open lets the client into the virtual host.
func (c *Connection) Open() {
	c.VHost.connections = append(c.VHost.connections, c)
	c.observe(ConnectionOpened)
}

// Close ends the connection's channels and deletes its exclusive queues. A
// second call has no effect. What a channel held over whose error the connection
// ends has gone on to consumers before the other channels give back theirs.
func (c *Connection) Close() {
	vh := c.VHost
	var open bool
	if vh.connections, open = lists.Remove(vh.connections, c); !open {
		return
	}
	if vh.Broken() != nil {
		c.User.channels.Add(-int64(len(c.channels)))
		c.channels = nil
		return
	}
	vh.traffic.add(c.traffic())
	defer c.observe(ConnectionClosed)
	if c.failed != nil {
		c.failed.Close()
		vh.pass()
	}
	for len(c.channels) > 0 {
		c.channels[len(c.channels)-1].Close()
	}
	for len(c.exclusive) > 0 {
		c.VHost.removeQueue(c.exclusive[0])
	}
}

func (c *Connection) observe(kind EventKind) {
	if c.VHost.observed() {
		c.VHost.observe(&Event{Kind: kind, Connection: c})
	}
}

// traffic returns what has passed on the connection.
func (c *Connection) traffic() Traffic {
	if c.Transport.Traffic == nil {
		return Traffic{}
	}
	return c.Transport.Traffic()
}

// Traffic returns what has passed on the connections to the virtual host, open and closed. It must be locked.
func (vh *VHost) Traffic() Traffic {
	all := vh.traffic
	for _, c := range vh.connections {
		all.add(c.traffic())
	}
	return all
}

// Connections returns the connections in order of opening.
func (vh *VHost) Connections() []*Connection { return slices.Clone(vh.connections) }

// Channels returns the connection's channels in order of opening.
func (c *Connection) Channels() []*Channel { return slices.Clone(c.channels) }
