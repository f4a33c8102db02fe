package load

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"testing"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/internal/memnet"
	"github.com/minirabbit/minirabbit/wire"
)

// server is a broker in memory, which records nothing.
type server struct {
	node     *broker.Node
	amqp     *amqpserver.Server
	listener *memnet.Listener
	served   chan struct{}
}

func serve() *server {
	s := &server{node: broker.NewNode(broker.Options{}), listener: memnet.Listen("memory"), served: make(chan struct{})}
	s.amqp = amqpserver.New(s.node)
	go func() {
		defer close(s.served)
		s.amqp.Serve(s.listener)
	}()
	return s
}

func (s *server) close() {
	s.amqp.Close()
	<-s.served
	s.node.Close()
}

// client is a connection with one channel, or more.
type client struct {
	b  *testing.B
	nc net.Conn
}

func (s *server) dial(b *testing.B) net.Conn {
	nc, err := s.listener.Dial(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	return nc
}

// login is what a client sends until it has so many channels.
func login(channels int) []byte {
	start := &wire.ConnectionStartOk{Mechanism: "PLAIN", Response: []byte("\x00guest\x00guest"), Locale: "en_US"}
	out := wire.AppendMethodFrame(append([]byte(nil), wire.ProtocolHeader[:]...), 0, start)
	out = wire.AppendMethodFrame(out, 0, &wire.ConnectionTuneOk{ChannelMax: 2047, FrameMax: 131072})
	out = wire.AppendMethodFrame(out, 0, &wire.ConnectionOpen{VirtualHost: "/"})
	for ch := range channels {
		out = wire.AppendMethodFrame(out, uint16(ch+1), &wire.ChannelOpen{})
	}
	return out
}

func (s *server) connect(b *testing.B, channels int) *client {
	c := &client{b, s.dial(b)}
	c.write(login(channels))
	for range channels {
		c.await(wire.IDChannelOpenOk)
	}
	return c
}

func (c *client) write(p []byte) {
	if _, err := c.nc.Write(p); err != nil {
		c.b.Error(err)
	}
}

func (c *client) method(m wire.Method) { c.write(wire.AppendMethodFrame(nil, 1, m)) }

// await reads until a method comes.
func (c *client) await(id wire.MethodID) {
	var head [7]byte
	for {
		if _, err := io.ReadFull(c.nc, head[:]); err != nil {
			c.b.Fatalf("waiting for %s: %v", id, err)
		}
		payload := make([]byte, binary.BigEndian.Uint32(head[3:])+1)
		if _, err := io.ReadFull(c.nc, payload); err != nil {
			c.b.Fatal(err)
		}
		if wire.FrameType(head[0]) != wire.FrameMethod {
			continue
		}
		switch got := wire.MethodID(binary.BigEndian.Uint32(payload)); got {
		case id:
			return
		case wire.IDChannelClose, wire.IDConnectionClose:
			m, _ := wire.DecodeMethod(payload[:len(payload)-1])
			c.b.Fatalf("waiting for %s, the broker sent %s", id, wire.Format(m))
		}
	}
}

func (c *client) call(m wire.Method, answer wire.MethodID) {
	c.method(m)
	c.await(answer)
}

// publishing is a publishing as it goes over the wire.
func publishing(exchange, key string, body int) []byte {
	out := wire.AppendMethodFrame(nil, 1, &wire.BasicPublish{Exchange: exchange, RoutingKey: key})
	out = wire.AppendHeaderFrame(out, 1, wire.IDBasicPublish.Class(), uint64(body), nil)
	return wire.AppendBodyFrames(out, 1, make([]byte, body), 131072)
}
