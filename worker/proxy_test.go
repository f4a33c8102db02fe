package worker

import (
	"fmt"
	"io"
	"net"
	neturl "net/url"
	"sync"
	"testing"

	"github.com/minirabbit/minirabbit/wire"
	"github.com/stretchr/testify/require"
)

// A side is who sends a frame.
type side string

const (
	client side = "client"
	broker side = "broker"
)

// A moment is when in the forwarding of a frame the connection drops.
type moment int

const (
	before  moment = iota // the frame is not forwarded
	halfway               // its first half is
	after                 // it is, and nothing else
)

// A fault strikes once: the first time that the named frame comes along.
type fault struct {
	when   moment
	from   side
	method wire.MethodID
	part   wire.FrameType // 0 means the method frame; otherwise the content's header or body

	// replace, if set, is called instead of dropping the connection: its frame is forwarded in the place of the other.
	replace func(wire.Frame) wire.Frame
}

// A proxy stands between a client and a broker, forwards frames, and lets a fault strike. All it sees goes to an audit.
type proxy struct {
	upstream string // host and port
	url      string
	listener net.Listener
	audit    *audit
	struck   chan struct{} // closed by the strike
	work     sync.WaitGroup

	mu    sync.Mutex
	fault *fault            // guarded by mu; nil once it has struck
	ends  map[net.Conn]bool // guarded by mu: every socket that is open
	ended bool              // guarded by mu
}

// startProxy starts a proxy before the broker at url. It ends with the test.
func startProxy(t *testing.T, url string, f fault) *proxy {
	parsed, err := neturl.Parse(url)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{
		upstream: parsed.Host,
		listener: listener,
		audit:    newAudit(),
		struck:   make(chan struct{}),
		fault:    &f,
		ends:     make(map[net.Conn]bool),
	}
	parsed.Host = listener.Addr().String()
	p.url = parsed.String()
	p.work.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

func (p *proxy) accept() {
	for number := 0; ; number++ {
		near, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		far, err := net.Dial("tcp", p.upstream)
		if err != nil {
			near.Close()
			continue
		}
		if !p.track(near, far) {
			return
		}
		l := &link{proxy: p, name: fmt.Sprint(number), near: near, far: far}
		p.work.Go(func() { l.pump(client, near, far) })
		p.work.Go(func() { l.pump(broker, far, near) })
	}
}

func (p *proxy) track(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		p.ends[conn] = true
		if p.ended {
			conn.Close()
		}
	}
	return !p.ended
}

func (p *proxy) close() {
	p.listener.Close()
	p.mu.Lock()
	p.ended = true
	for conn := range p.ends {
		conn.Close()
	}
	p.mu.Unlock()
	p.work.Wait()
}

// strikes tells whether the fault is due at this frame, and uses it up.
func (p *proxy) strikes(from side, method wire.MethodID, part wire.FrameType) *fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.fault
	if f == nil || f.from != from || f.method != method {
		return nil
	}
	if want := f.part; part != want && !(want == 0 && part == wire.FrameMethod) {
		return nil
	}
	p.fault = nil
	close(p.struck)
	return f
}

// A link is one client's connection through the proxy.
type link struct {
	proxy     *proxy
	name      string
	near, far net.Conn

	mu      sync.Mutex
	dropped bool // guarded by mu: nothing is forwarded any more
}

// pump forwards one direction until either end closes or the connection is dropped.
func (l *link) pump(from side, src, dst net.Conn) {
	defer src.Close() // the other pump sees it as its dst; dst is its to close
	frames := wire.NewReader(src, 0)
	if from == client {
		header, err := frames.ReadProtocolHeader()
		if err != nil || !l.forward(dst, header[:], false) {
			l.drop()
			return
		}
	}
	methods := make(map[uint16]wire.MethodID) // whose content comes on a channel
	for {
		frame, err := frames.ReadFrame()
		if err != nil {
			l.drop()
			return
		}
		if frame.Type == wire.FrameMethod {
			methods[frame.Channel] = wire.NewCursor(frame.Payload).MethodID()
		}
		f := l.proxy.strikes(from, methods[frame.Channel], frame.Type)
		if f != nil && f.replace != nil {
			frame, f = f.replace(frame), nil
		}
		raw := frame.Append(nil)
		if f == nil || f.when == after {
			l.proxy.audit.observe(l.name, from, frame)
		}
		switch {
		case f == nil:
			l.forward(dst, raw, false)
		case f.when == before:
			l.drop()
		case f.when == halfway:
			l.forward(dst, raw[:len(raw)/2], true)
		case f.when == after:
			l.forward(dst, raw, true)
		}
	}
}

// forward writes b, unless the connection has been dropped, and drops it afterwards if it is the last.
func (l *link) forward(dst io.Writer, b []byte, last bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dropped {
		return false
	}
	_, err := dst.Write(b)
	if last || err != nil {
		l.dropLocked()
	}
	return err == nil
}

func (l *link) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dropLocked()
}

// dropLocked ends both directions. It does not close the sockets, as that might throw away what the peer has not read:
// each peer reads to the end and then closes, whereupon the pump that reads from it closes too.
func (l *link) dropLocked() {
	l.dropped = true
	_ = l.near.(*net.TCPConn).CloseWrite()
	_ = l.far.(*net.TCPConn).CloseWrite()
}
