package broker

import (
	"maps"

	"github.com/minirabbit/minirabbit/wire"
)

// The limits that RabbitMQ knows for a virtual host and for a user.
const (
	MaxConnections = "max-connections"
	MaxQueues      = "max-queues"   // of a virtual host
	MaxChannels    = "max-channels" // of a user
)

// Limits are limits by name. It is immutable. A negative one is none.
type Limits map[string]int64

func (l Limits) with(name string, value *int64) Limits {
	l = maps.Clone(l)
	switch {
	case value == nil:
		delete(l, name)
	case l == nil:
		l = Limits{name: *value}
	default:
		l[name] = *value
	}
	return l
}

// reached returns the limit of this name if n is at or above it.
func (l Limits) reached(name string, n int) (limit int64, reached bool) {
	limit, set := l[name]
	return limit, set && limit >= 0 && int64(n) >= limit
}

// Limits returns the virtual host's limits: max-connections and max-queues.
func (vh *VHost) Limits() Limits {
	vh.node.mu.Lock()
	defer vh.node.mu.Unlock()
	return vh.limits
}

// SetLimits replaces the virtual host's limits.
func (vh *VHost) SetLimits(l Limits) {
	vh.node.mu.Lock()
	defer vh.node.mu.Unlock()
	vh.limits = maps.Clone(l)
}

// SetLimit sets one of the virtual host's limits; a nil value clears it.
func (vh *VHost) SetLimit(name string, value *int64) {
	vh.node.mu.Lock()
	defer vh.node.mu.Unlock()
	vh.limits = vh.limits.with(name, value)
}

// checkQueueLimit refuses one queue more than the virtual host may have.
func (vh *VHost) checkQueueLimit(name string) error {
	if limit, reached := vh.Limits().reached(MaxQueues, len(vh.queues)); reached {
		return Errorf(wire.PreconditionFailed, "cannot declare queue '%s': queue limit in vhost '%s' (%d) is reached", name, vh.name, limit)
	}
	return nil
}

// CheckChannelLimit refuses one channel more than the connection's user may
// have open.
func (c *Connection) CheckChannelLimit() error {
	limit, reached := c.User.Limits().reached(MaxChannels, int(c.User.channels.Load()))
	if !reached {
		return nil
	}
	release, name := c.VHost.node.release, c.User.name
	if release.ChannelLimitNamesNode {
		name = nodeName
	}
	return Errorf(wire.NotAllowed, release.ChannelLimitText, name, limit)
}

// checkConnectionLimits refuses one connection more than the virtual host or
// the user may have. The caller holds n.mu.
func (n *Node) checkConnectionLimits(c *Connection) error {
	inVHost, ofUser := 0, 0
	for _, other := range n.connections {
		if other.VHost == c.VHost {
			inVHost++
		}
		if other.User == c.User {
			ofUser++
		}
	}
	if limit, reached := c.VHost.limits.reached(MaxConnections, inVHost); reached {
		return Errorf(wire.NotAllowed, "access to vhost '%s' refused for user '%s': connection limit (%d) is reached", c.VHost.name, c.User.name, limit)
	}
	if limit, reached := c.User.Limits().reached(MaxConnections, ofUser); reached {
		return Errorf(wire.NotAllowed, "connection refused for user '%s': user connection limit (%d) is reached", c.User.name, limit)
	}
	return nil
}
