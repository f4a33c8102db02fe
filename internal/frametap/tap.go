package frametap

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
)

// A Tap is a proxy in front of a broker.
type Tap struct {
	target   string // immutable
	listener net.Listener
	running  sync.WaitGroup

	mu       sync.Mutex
	closed   bool // guarded by mu, as are those below
	conns    []net.Conn
	sessions []*recording
	failures []error // of connections to the target
}

// A Session is what both sides of one connection sent. The client's bytes begin with the protocol header.
type Session struct {
	Client, Server []byte
}

// Start listens on a free port of the loopback interface and passes each connection on to the target, a host and port.
func Start(target string) (*Tap, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	t := &Tap{target: target, listener: listener}
	t.running.Go(t.accept)
	return t, nil
}

// Addr returns the host and port to dial.
func (t *Tap) Addr() string { return t.listener.Addr().String() }

// Close stops listening, drops the connections that still exist and returns once nothing runs any more. The error
// tells of connections that could not be passed on.
func (t *Tap) Close() error {
	t.mu.Lock()
	t.closed = true
	conns := t.conns
	t.mu.Unlock()
	err := t.listener.Close()
	for _, conn := range conns {
		conn.Close()
	}
	t.running.Wait()
	return errors.Join(append(t.failures, err)...)
}

// Sessions returns the connections so far, in the order in which they were made.
func (t *Tap) Sessions() []Session {
	t.mu.Lock()
	recordings := t.sessions
	t.mu.Unlock()
	sessions := make([]Session, len(recordings))
	for i, r := range recordings {
		sessions[i] = Session{Client: r.client.bytes(), Server: r.server.bytes()}
	}
	return sessions
}

type recording struct {
	client, server record
}

// A record is a buffer that one goroutine writes and another may read.
type record struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.Write(p)
}

func (r *record) bytes() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Clone(r.buf.Bytes())
}

func (t *Tap) accept() {
	for {
		client, err := t.listener.Accept()
		if err != nil {
			return // closed
		}
		server, err := net.Dial("tcp", t.target)
		if err != nil {
			client.Close()
			t.mu.Lock()
			t.failures = append(t.failures, err)
			t.mu.Unlock()
			continue
		}
		t.pass(client, server)
	}
}

// pass starts the two directions of a connection. The end of one is passed on, too; the other goes on until its own.
func (t *Tap) pass(client, server net.Conn) {
	session := &recording{}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		client.Close()
		server.Close()
		return
	}
	t.conns = append(t.conns, client, server)
	t.sessions = append(t.sessions, session)
	t.running.Go(func() { forward(server, client, &session.client) })
	t.running.Go(func() { forward(client, server, &session.server) })
}

// forward copies from one side to the other and keeps a copy, which it has before the other side does.
func forward(to, from net.Conn, keep io.Writer) {
	_, err := io.Copy(io.MultiWriter(keep, to), from)
	if tcp, ok := to.(*net.TCPConn); ok && err == nil {
		tcp.CloseWrite()
		return
	}
	to.Close()
	from.Close()
}
