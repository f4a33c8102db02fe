package memnet

import (
	"context"
	"fmt"
	"net"
	"sync"
)

// Listener accepts connections that are made with Dial.
type Listener struct {
	name    string
	backlog chan *conn
	done    chan struct{}

	mu sync.Mutex
	// guarded by mu
	dialled int
	closed  bool
}

var _ net.Listener = (*Listener)(nil)

// Listen returns a listener. Its name is its address, in logs and errors.
func Listen(name string) *Listener {
	return &Listener{name: name, backlog: make(chan *conn, 1), done: make(chan struct{})}
}

// After has l number its clients on from those of a listener that was closed, so
// that their addresses differ.
func (l *Listener) After(old *Listener) *Listener {
	old.mu.Lock()
	defer old.mu.Unlock()
	l.dialled = old.dialled
	return l
}

// Accept waits for the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.backlog:
		return c, nil
	case <-l.done:
		return nil, &net.OpError{Op: "accept", Net: "memory", Addr: l.Addr(), Err: net.ErrClosed}
	}
}

// Close ends Accept and refuses later dials. Connections that were accepted
// stay open.
func (l *Listener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		close(l.done)
	}
	l.hangUp()
	return nil
}

// hangUp ends a connection that was not accepted before the listener was closed.
func (l *Listener) hangUp() {
	select {
	case c := <-l.backlog:
		c.Close()
	default:
	}
}

// Addr returns the address of the listener.
func (l *Listener) Addr() net.Addr { return Addr(l.name) }

// Dial connects to the listener, which may accept a moment later.
func (l *Listener) Dial(ctx context.Context) (net.Conn, error) {
	l.mu.Lock()
	l.dialled++
	peer := Addr(fmt.Sprintf("%s:%d", l.name, l.dialled))
	l.mu.Unlock()
	client, server := pipe(peer, l.Addr())
	select {
	case <-l.done:
		return nil, l.dialError(net.ErrClosed)
	default:
	}
	select {
	case l.backlog <- server:
		select {
		case <-l.done:
			l.hangUp()
		default:
		}
		return client, nil
	case <-l.done:
		return nil, l.dialError(net.ErrClosed)
	case <-ctx.Done():
		return nil, l.dialError(ctx.Err())
	}
}

func (l *Listener) dialError(err error) error {
	return &net.OpError{Op: "dial", Net: "memory", Addr: l.Addr(), Err: err}
}

// Addr is an address in memory.
type Addr string

// Network returns "memory".
func (Addr) Network() string { return "memory" }

// String returns the name of the listener, with a number for who dialled it.
func (a Addr) String() string { return string(a) }
