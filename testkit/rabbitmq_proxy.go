package testkit

import (
	"io"
	"net"
	"sync"
)

// proxy is a network that can fail, between clients and a real RabbitMQ.
type proxy struct {
	listener net.Listener
	dial     func() (net.Conn, error)
	refuses  func(address string) bool
	door     func(c net.Conn) net.Conn // may look at what passes
	running  sync.WaitGroup

	mu sync.Mutex
	// guarded by mu
	conns  map[net.Conn]struct{}
	paused chan struct{} // nil while bytes pass
	closed bool
}

// newProxy listens at a free port and passes everything on to what dial returns,
// through door.
func newProxy(dial func() (net.Conn, error), refuses func(address string) bool, door func(c net.Conn) net.Conn) (*proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: l, dial: dial, refuses: refuses, door: door, conns: make(map[net.Conn]struct{})}
	p.running.Go(p.accept)
	return p, nil
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		if p.refuses(client.RemoteAddr().String()) {
			client.(*net.TCPConn).SetLinger(0) // so that the client sees a reset
			client.Close()
			continue
		}
		p.running.Go(func() { p.pass(p.door(client)) })
	}
}

// pass passes bytes in both directions until one side hangs up.
func (p *proxy) pass(client net.Conn) {
	defer client.Close()
	server, err := p.dial()
	if err != nil {
		return
	}
	defer server.Close()
	if !p.track(client, server) {
		return
	}
	defer p.untrack(client, server)
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
		both.Go(func() {
			io.Copy(gatedWriter{p, way[1]}, way[0])
			client.Close()
			server.Close()
		})
	}
	both.Wait()
}

// gatedWriter writes when the proxy is not paused.
type gatedWriter struct {
	p *proxy
	w io.Writer
}

func (g gatedWriter) Write(b []byte) (int, error) {
	g.p.mu.Lock()
	gate := g.p.paused
	g.p.mu.Unlock()
	if gate != nil {
		<-gate
	}
	return g.w.Write(b)
}

func (p *proxy) track(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.conns[c] = struct{}{}
	}
	return !p.closed
}

func (p *proxy) untrack(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		delete(p.conns, c)
	}
}

// drop cuts all connections.
func (p *proxy) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Close()
	}
}

func (p *proxy) pause() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.paused == nil {
		p.paused = make(chan struct{})
	}
}

func (p *proxy) resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.paused != nil {
		close(p.paused)
		p.paused = nil
	}
}

// close ends the proxy and returns when its goroutines have ended.
func (p *proxy) close() {
	p.listener.Close()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.resume()
	p.drop()
	p.running.Wait()
}
