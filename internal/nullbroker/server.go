package nullbroker

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
)

// ErrServerClosed is what Serve returns after Close.
var ErrServerClosed = errors.New("nullbroker: server closed")

// Server is a null broker.
type Server struct {
	// KeepBodies has the server keep the body of each message, in memory of its
	// own, until the message is consumed: to see what that costs by itself. It
	// must not be changed after Serve.
	KeepBodies bool

	published atomic.Uint64
	queues    sync.Map // of *queue, by name

	mu sync.Mutex
	// guarded by mu
	listeners []net.Listener
	conns     map[*conn]struct{}
	closed    bool

	running sync.WaitGroup // connections
}

// New returns a server that serves nothing until Serve is called.
func New() *Server { return &Server{conns: make(map[*conn]struct{})} }

// Published returns how many messages have arrived whole.
func (s *Server) Published() uint64 { return s.published.Load() }

// Serve accepts connections until the listener fails or the server is closed; it
// returns ErrServerClosed in the latter case.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	s.listeners = append(s.listeners, l)
	closed := s.closed
	s.mu.Unlock()
	if closed {
		l.Close()
	}
	for {
		nc, err := l.Accept()
		if err != nil {
			if s.isClosed() {
				return ErrServerClosed
			}
			return err
		}
		s.serve(nc)
	}
}

func (s *Server) serve(nc net.Conn) {
	c := newConn(s, nc)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		nc.Close()
		return
	}
	s.conns[c] = struct{}{}
	s.running.Go(func() {
		c.run()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	})
}

// Close stops the listeners, cuts the connections and returns when their
// goroutines have ended.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	for _, l := range s.listeners {
		l.Close()
	}
	for c := range s.conns {
		c.nc.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
	return nil
}

func (s *Server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// queue returns the queue of a name, which there is as soon as it is asked for.
func (s *Server) queue(name string) *queue {
	if q, ok := s.queues.Load(name); ok {
		return q.(*queue)
	}
	q, _ := s.queues.LoadOrStore(name, &queue{})
	return q.(*queue)
}
