package amqpserver

import (
	"cmp"
	"errors"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/wire"
)

// ErrServerClosed is what Serve returns after Close.
var ErrServerClosed = errors.New("amqpserver: server closed")

// Server serves AMQP 0-9-1 connections of one node.
type Server struct {
	// immutable
	node        *broker.Node
	log         *slog.Logger
	interceptor Interceptor // nil unless somebody wants to know
	gates       gates
	start       func() *wire.ConnectionStart // the first method of every connection, which is not changed

	mu sync.Mutex
	// guarded by mu
	listeners map[net.Listener]struct{}
	conns     map[*conn]struct{}
	opened    uint64 // connections ever

	closed  atomic.Bool    // set with mu held, once
	closing chan struct{}  // closed when closed is set
	running sync.WaitGroup // connections
}

// New returns a server for a node. It serves nothing until Serve is called.
func New(node *broker.Node) *Server {
	return &Server{
		node:      node,
		log:       node.Logger(),
		listeners: make(map[net.Listener]struct{}),
		conns:     make(map[*conn]struct{}),
		closing:   make(chan struct{}),
		start:     sync.OnceValue(func() *wire.ConnectionStart { return newStart(node) }),
	}
}

// Serve accepts connections until the listener fails or the server is closed;
// it returns ErrServerClosed in the latter case. Temporary errors of the listener,
// such as no file descriptors left, are logged and waited out.
func (s *Server) Serve(l net.Listener) error {
	if !s.track(l) {
		l.Close()
		return ErrServerClosed
	}
	defer s.untrack(l)
	var backoff acceptBackoff
	for {
		nc, err := l.Accept()
		switch {
		case err == nil:
			backoff.reset()
			s.ServeConn(nc)
		case s.closed.Load():
			return ErrServerClosed
		case !temporary(err):
			return err
		default:
			delay := backoff.next()
			s.log.Error("cannot accept a connection", "error", err, "retry", delay)
			if !s.sleep(delay) {
				return ErrServerClosed
			}
		}
	}
}

// ServeConn serves one connection in goroutines of its own and returns at once.
func (s *Server) ServeConn(nc net.Conn) {
	c := newConn(s, nc)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() {
		nc.Close()
		return
	}
	s.opened++
	c.number = s.opened
	s.conns[c] = struct{}{}
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		c.serve()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
}

// Close stops the listeners, closes the connections as a broker that shuts down
// does, and returns when all of their goroutines have ended.
func (s *Server) Close() error {
	s.mu.Lock()
	if !s.closed.Swap(true) {
		close(s.closing)
	}
	for l := range s.listeners {
		l.Close()
	}
	conns := s.connsLocked()
	s.mu.Unlock()
	for _, c := range conns {
		c.ending.reach(stopping)
	}
	endSessions(conns)
	paused := s.gates.paused.Load() != nil
	s.Resume()
	for _, c := range conns {
		if paused { // what waited to be sent comes first, and apart
			c.out.halt(func() bool {
				time.Sleep(time.Nanosecond)
				return true
			})
		}
		c.shutDown()
	}
	s.running.Wait()
	return nil
}

// endSessions takes clients out of the broker together, so that none of them is
// still sent what another gives back.
func endSessions(conns []*conn) {
	sessions := make(map[*broker.VHost][]*broker.Connection)
	for _, c := range conns {
		if session := c.entered.Load(); session != nil {
			sessions[session.VHost] = append(sessions[session.VHost], session)
		}
	}
	for vh, all := range sessions {
		vh.Node().Survive(func() {
			vh.Do(func() {
				for _, session := range all {
					session.Close()
				}
			})
		})
	}
}

// connsLocked returns the connections in the order of their opening.
func (s *Server) connsLocked() []*conn {
	return slices.SortedFunc(maps.Keys(s.conns), func(a, b *conn) int { return cmp.Compare(a.number, b.number) })
}

func (s *Server) track(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() {
		return false
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) untrack(l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
}
