package broker

import (
	"slices"

	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// Metadata is what a virtual host says of itself. It has no effect, but for the
// type of a queue that is declared without one, since 4.0.
type Metadata struct {
	Description      string
	Tags             []string
	DefaultQueueType string
	Protected        bool // from deletion
}

// defaultMetadata is that of the virtual host "/" of a new node.
var defaultMetadata = Metadata{Description: "Default virtual host"}

// Metadata returns the virtual host's metadata.
func (vh *VHost) Metadata() Metadata {
	vh.node.mu.Lock()
	defer vh.node.mu.Unlock()
	return vh.metadata
}

// SetMetadata replaces the virtual host's metadata.
func (vh *VHost) SetMetadata(m Metadata) {
	vh.node.mu.Lock()
	defer vh.node.mu.Unlock()
	vh.metadata = m
}

// withDefaultType returns the arguments of queue.declare with the virtual host's
// default type, if they name none and there is a default other than classic. A
// type of queue that cannot be as the declaration wants it is no default for it.
func (vh *VHost) withDefaultType(m *wire.QueueDeclare) wire.Table {
	if !vh.node.release.DefaultQueueTypes {
		return m.Arguments
	}
	kind := vh.Metadata().DefaultQueueType
	named, set := m.Arguments.Get(argQueueType)
	switch {
	case kind == "" || kind == string(queue.Classic),
		set && (named != "" || !vh.node.release.EmptyQueueType),
		!m.Durable || m.Exclusive || m.AutoDelete:
		return m.Arguments
	}
	args := slices.DeleteFunc(slices.Clone(m.Arguments), func(f wire.Field) bool { return f.Key == argQueueType })
	return append(args, wire.Field{Key: argQueueType, Value: kind})
}

// Tracing says whether the firehose is on.
func (vh *VHost) Tracing() bool { return vh.tracing.Load() }

// SetTracing switches the firehose on or off.
func (vh *VHost) SetTracing(on bool) { vh.tracing.Store(on) }

// Node returns the node that the virtual host is in.
func (vh *VHost) Node() *Node { return vh.node }

// Closed says that the virtual host has been deleted, or its node closed. It must be locked.
func (vh *VHost) Closed() bool { return vh.closed }

// DeleteVHost removes a virtual host with everything in it and closes its
// connections. It says whether there was one.
func (n *Node) DeleteVHost(name string) bool {
	n.mu.Lock()
	vh := n.vhosts[name]
	delete(n.vhosts, name)
	for _, u := range n.users {
		u.changeLocked(func(s *userState) { s.forget(name) })
	}
	n.mu.Unlock()
	if vh == nil {
		return false
	}
	n.closeConnections(func(c *Connection) bool { return c.VHost == vh }, "vhost '"+name+"' is down")
	if vh.Broken() == nil {
		vh.Do(func() {
			for _, q := range vh.Queues() {
				vh.removeQueue(q)
			}
		})
	}
	vh.mu.Lock()
	defer vh.mu.Unlock()
	vh.closed = true
	vh.timers.alarm.stop()
	vh.notify()
	vh.watchers = nil
	return true
}

// forget drops the permissions in a virtual host that is gone.
func (s *userState) forget(vhost string) {
	s.permissions = changed(s.permissions, vhost, nil)
	for r := range s.topics {
		if r.vhost == vhost {
			s.topics = changed(s.topics, r, nil)
		}
	}
}

// Now returns the node's time.
func (n *Node) Now() queue.Instant { return n.clock.now() }

// SortedVHostNames returns the names of the virtual hosts that a user may enter.
func (u *User) SortedVHostNames() []string {
	var names []string
	for name := range u.state.Load().permissions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
