package amqpserver_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/internal/frametap"
	"github.com/minirabbit/minirabbit/internal/record"
	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/wire"
)

// What a connection may allocate: something for being there, and so much for each byte that it received. The most
// expensive byte is one of a queue.declare with 255 priorities.
const (
	memoryOfConnection = 2 << 20
	memoryOfByte       = 1 << 10
)

// FuzzConnection: whatever a client sends, the server answers in frames that decode, ends the connection when the client
// does, and allocates in proportion to what it received; the books balance afterwards, and nobody is connected.
//
// How the bytes are sent decides the first of them. In a raw stream they are all that the client sends. Otherwise the
// client has logged in and opened two channels. Its frames are then taken from the bytes, each with a head of three: type
// and channel, and the length of the payload. So a mutation does not break all the frames that follow.
func FuzzConnection(f *testing.F) {
	recorded, err := filepath.Glob("../wire/testdata/*.client.frames")
	if err != nil || len(recorded) == 0 {
		f.Fatalf("there are no recorded streams: %v", err)
	}
	for _, name := range recorded {
		stream, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append([]byte{rawStream}, stream...))
		f.Add(append([]byte{0}, compact(f, stream)...))
	}
	for _, script := range scripts() {
		for n := range release.All() {
			f.Add(append([]byte{byte(n)}, script...))
		}
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) == 0 || len(input) > 64<<10 {
			return
		}
		history := record.NewRecorder(record.Limits{Messages: 100, Bytes: 1 << 20, Events: 100})
		node := broker.NewNode(broker.Options{Release: releaseOf(input[0]), Observer: history,
			OnPanic: func(p *broker.Panic) { t.Errorf("%v\n\n%s", p, p.Stack) }})
		defer node.Close()
		server := amqpserver.New(node)
		if input[0]&traced != 0 {
			server.SetInterceptor(&record.Trace{})
		}
		client := newScripted(streamOf(input))
		before := allocated()
		server.ServeConn(client)
		select {
		case <-client.closed:
		case <-time.After(20 * time.Second):
			panic("the server does not end a connection that its client has ended")
		}
		server.Close()
		if got, most := allocated()-before, memoryOfConnection+memoryOfByte*uint64(len(client.stream)); got > most {
			t.Errorf("%d bytes allocated %d, at most %d are in proportion", len(client.stream), got, most)
		}
		if _, err := frametap.Check(client.sent.Bytes()); err != nil && !bytes.HasPrefix(client.sent.Bytes(), []byte("AMQP")) {
			t.Errorf("the server sent: %v", err)
		}
		if err := node.Check(); err != nil {
			t.Error(err)
		}
		for _, vh := range node.VHosts() {
			vh.Lock()
			if n := len(vh.Connections()); n != 0 {
				t.Errorf("there are %d connections", n)
			}
			for _, q := range vh.Queues() {
				if q.Exclusive || q.Unacked() != 0 || len(q.Consumers()) != 0 {
					t.Errorf("queue %q is exclusive (%t), or has %d unacked messages and %d consumers", q.Name(), q.Exclusive, q.Unacked(), len(q.Consumers()))
				}
			}
			vh.Unlock()
		}
		history.History()
	})
}

// The first byte of an input: the release, and these.
const (
	rawStream = 0x80
	traced    = 0x40
)

func releaseOf(first byte) *release.Release {
	all := release.All()
	return all[int(first&0x3f)%len(all)]
}

// streamOf is what a client sends.
func streamOf(input []byte) []byte {
	rest := input[1:]
	if input[0]&rawStream != 0 {
		return rest
	}
	stream := login()
	for len(rest) >= compactHead {
		size := min(int(binary.BigEndian.Uint16(rest[1:])), len(rest)-compactHead)
		frame := wire.Frame{Type: wire.FrameType(rest[0] >> 4), Channel: uint16(rest[0] & 0xf), Payload: rest[compactHead : compactHead+size]}
		stream = frame.Append(stream)
		rest = rest[compactHead+size:]
	}
	return stream
}

const compactHead = 3

// compact is the inverse of streamOf but for the frames that log in.
func compact(f *testing.F, stream []byte) (b []byte) {
	frames := wire.NewReader(bytes.NewReader(stream[len(wire.ProtocolHeader):]), 0)
	for {
		frame, err := frames.ReadFrame()
		if err != nil {
			return b
		}
		if frame.Channel > 0 && len(frame.Payload) <= 0xffff {
			b = appendCompact(b, frame.Type, frame.Channel, frame.Payload)
		}
	}
}

func appendCompact(b []byte, kind wire.FrameType, channel uint16, payload []byte) []byte {
	b = binary.BigEndian.AppendUint16(append(b, byte(kind)<<4|byte(channel)), uint16(len(payload)))
	return append(b, payload...)
}

// login is what a client sends until it has channels 1 and 2.
func login() []byte {
	b := wire.ProtocolHeader[:]
	b = wire.AppendMethodFrame(b[:len(b):len(b)], 0, &wire.ConnectionStartOk{Mechanism: "PLAIN", Response: []byte("\x00guest\x00guest"), Locale: "en_US",
		ClientProperties: wire.Table{{Key: "capabilities", Value: wire.Table{{Key: "consumer_cancel_notify", Value: true}}}}})
	b = wire.AppendMethodFrame(b, 0, &wire.ConnectionTuneOk{ChannelMax: 2047, FrameMax: 131072})
	b = wire.AppendMethodFrame(b, 0, &wire.ConnectionOpen{VirtualHost: "/"})
	b = wire.AppendMethodFrame(b, 1, &wire.ChannelOpen{})
	return wire.AppendMethodFrame(b, 2, &wire.ChannelOpen{})
}

// scripted is a client that sends a stream and hangs up.
type scripted struct {
	stream []byte
	read   int
	sent   bytes.Buffer // by the server, whose only writer it has
	closed chan struct{}
	done   bool
}

var _ net.Conn = (*scripted)(nil)

func newScripted(stream []byte) *scripted {
	return &scripted{stream: stream, closed: make(chan struct{})}
}

func (s *scripted) Read(p []byte) (int, error) {
	if s.read == len(s.stream) {
		return 0, io.EOF
	}
	n := copy(p, s.stream[s.read:])
	s.read += n
	return n, nil
}

func (s *scripted) Write(p []byte) (int, error) { return s.sent.Write(p) }

func (s *scripted) Close() error {
	if !s.done {
		s.done = true
		close(s.closed)
	}
	return nil
}

func (s *scripted) LocalAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5672} }
func (s *scripted) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 50000}
}
func (s *scripted) SetDeadline(time.Time) error      { return nil }
func (s *scripted) SetReadDeadline(time.Time) error  { return nil }
func (s *scripted) SetWriteDeadline(time.Time) error { return nil }

// allocated is how many bytes the process has allocated, ever.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// TestFuzzSeeds: the scripts that FuzzConnection begins with are carried out: the server refuses nothing of them.
func TestFuzzSeeds(t *testing.T) {
	for i, script := range scripts() {
		node := broker.NewNode(broker.Options{})
		defer node.Close()
		server := amqpserver.New(node)
		client := newScripted(streamOf(append([]byte{byte(len(release.All()) - 1)}, script...)))
		server.ServeConn(client)
		<-client.closed
		server.Close()
		frames := wire.NewReader(&client.sent, 0)
		n := 0
		for ; ; n++ {
			frame, err := frames.ReadFrame()
			if err != nil {
				break
			}
			if frame.Type != wire.FrameMethod {
				continue
			}
			m, err := wire.DecodeMethod(frame.Payload)
			if err != nil {
				t.Fatal(err)
			}
			switch m.(type) {
			case *wire.ChannelClose, *wire.ConnectionClose:
				t.Errorf("script %d: the server sent %s", i, wire.Format(m))
			}
		}
		if n < 12 {
			t.Errorf("script %d: the server sent %d frames", i, n)
		}
	}
}
