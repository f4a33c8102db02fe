package broker

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/minirabbit/minirabbit/internal/lists"
	"github.com/minirabbit/minirabbit/wire"
)

// Transport is the network side of a connection, as the protocol server knows
// it. The zero value stands for none.
type Transport struct {
	PeerHost, Host string
	PeerPort, Port int
	Mechanism      string
	ChannelMax     int
	FrameMax       int
	Heartbeat      time.Duration
	// Traffic returns what has passed so far. It may be called at any time.
	Traffic func() Traffic
	// Close closes the connection for a reason that the client is told. It
	// returns at once and may be called at any time, more than once.
	Close func(e *ConnectionError)
}

// Traffic counts bytes, and the pieces in which they came and went.
type Traffic struct {
	ReceivedBytes, SentBytes uint64
	Received, Sent           uint64
}

func (t *Traffic) add(u Traffic) {
	t.ReceivedBytes += u.ReceivedBytes
	t.SentBytes += u.SentBytes
	t.Received += u.Received
	t.Sent += u.Sent
}

// Churn counts what came and went in a node since it was started.
type Churn struct {
	ConnectionCreated, ConnectionClosed       atomic.Uint64
	ChannelCreated, ChannelClosed             atomic.Uint64
	QueueDeclared, QueueCreated, QueueDeleted atomic.Uint64
	attempts                                  [2]struct{ succeeded, failed atomic.Uint64 } // by Protocol
}

// Protocol is what somebody logs in by.
type Protocol uint8

// The protocols that a node speaks.
const (
	AMQP Protocol = iota
	HTTP
)

// CountAttempt counts an attempt to log in.
func (n *Node) CountAttempt(p Protocol, succeeded bool) {
	if succeeded {
		n.churn.attempts[p].succeeded.Add(1)
	} else {
		n.churn.attempts[p].failed.Add(1)
	}
}

// Attempts returns how many attempts to log in there were.
func (n *Node) Attempts(p Protocol) (succeeded, failed uint64) {
	return n.churn.attempts[p].succeeded.Load(), n.churn.attempts[p].failed.Load()
}

// ResetAttempts has the counts of attempts to log in begin at zero.
func (n *Node) ResetAttempts() {
	for i := range n.churn.attempts {
		n.churn.attempts[i].succeeded.Store(0)
		n.churn.attempts[i].failed.Store(0)
	}
}

// Churn returns the node's counters.
func (n *Node) Churn() *Churn { return &n.churn }

// Connect enters a connection in its virtual host, or refuses it, for a limit or
// else because its user may not enter.
func (n *Node) Connect(c *Connection) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.vhosts[c.VHost.name] != c.VHost {
		return Errorf(wire.NotAllowed, "vhost %s not found", c.VHost.name)
	}
	if why := c.VHost.Broken(); why != nil {
		return why
	}
	if err := n.checkConnectionLimits(c); err != nil {
		return err
	}
	if !c.User.MayEnter(c.VHost.name) {
		return Errorf(wire.NotAllowed, "access to vhost '%s' refused for user '%s'", c.VHost.name, c.User.name)
	}
	c.ConnectedAt = n.Now()
	c.impersonates = c.User.HasTag("impersonator")
	c.ended = make(chan struct{})
	n.connections = append(n.connections, c)
	n.churn.ConnectionCreated.Add(1)
	return nil
}

// Disconnect removes a connection whose session has ended. To do it again has no
// effect. No lock of a virtual host may be held.
func (n *Node) Disconnect(c *Connection) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var open bool
	if n.connections, open = lists.Remove(n.connections, c); open {
		n.churn.ConnectionClosed.Add(1)
		close(c.ended)
	}
}

// Connections returns the open connections by name.
func (n *Node) Connections() []*Connection {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := slices.Clone(n.connections)
	slices.SortFunc(all, func(a, b *Connection) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// CloseConnection closes a connection with code 320 and a reason, and waits for
// a moment until its session has ended.
func (n *Node) CloseConnection(c *Connection, reason string) {
	n.closeConnections(func(other *Connection) bool { return other == c }, reason)
}

// closePatience is how long a close waits for the session's end.
const closePatience = 2 * time.Second

func (n *Node) closeConnections(which func(c *Connection) bool, reason string) {
	var closing []*Connection
	for _, c := range n.Connections() {
		if which(c) && c.Transport.Close != nil {
			c.Transport.Close(&ConnectionError{Reply{Code: wire.ConnectionForced, Reason: reason}})
			closing = append(closing, c)
		}
	}
	patience := time.NewTimer(closePatience)
	defer patience.Stop()
	for _, c := range closing {
		select {
		case <-c.ended:
		case <-patience.C:
			return
		}
	}
}
