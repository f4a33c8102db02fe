package testkit_test

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
	"github.com/minirabbit/minirabbit/wire"
)

// rawConn is a client that allocates nothing once it is connected, so that what is
// counted is the broker's.
type rawConn struct {
	t    testing.TB
	conn net.Conn
	buf  [64 << 10]byte
}

func dialRaw(t testing.TB, b *testkit.Broker) *rawConn {
	conn, err := b.Dial("", "")
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	c := &rawConn{t: t, conn: conn}
	conn.SetDeadline(time.Now().Add(time.Minute))
	c.write(wire.ProtocolHeader[:])
	c.frame()
	c.write(wire.AppendMethodFrame(nil, 0, &wire.ConnectionStartOk{Mechanism: "PLAIN", Response: []byte("\x00guest\x00guest"), Locale: "en_US"}))
	c.frame()
	c.write(wire.AppendMethodFrame(nil, 0, &wire.ConnectionTuneOk{ChannelMax: 2047, FrameMax: 131072}))
	c.call(0, &wire.ConnectionOpen{VirtualHost: "/"})
	c.call(1, &wire.ChannelOpen{})
	return c
}

func (c *rawConn) write(b []byte) {
	if _, err := c.conn.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

// call sends a method and reads the one frame that answers it.
func (c *rawConn) call(channel uint16, m wire.Method) {
	c.write(wire.AppendMethodFrame(nil, channel, m))
	c.frame()
}

// frame reads a frame and returns its size as a whole.
func (c *rawConn) frame() int {
	if _, err := io.ReadFull(c.conn, c.buf[:7]); err != nil {
		c.t.Fatal(err)
	}
	size := int(binary.BigEndian.Uint32(c.buf[3:])) + 1
	c.skip(size)
	return 7 + size
}

// skip reads n bytes.
func (c *rawConn) skip(n int) {
	for n > 0 {
		got, err := c.conn.Read(c.buf[:min(n, len(c.buf))])
		if err != nil {
			c.t.Fatal(err)
		}
		n -= got
	}
}

// repeated is n times the same bytes.
func repeated(n int, b []byte) (all []byte) {
	for range n {
		all = append(all, b...)
	}
	return all
}

// TestAllocations holds what a message costs the broker: an allocation for a publish
// and, as small bodies share theirs, a part of another one; none for its delivery and
// its acknowledgement. What grows now and then, such as a queue, is a small part of
// one. Consumer tags are as long as those that the client makes up in a test, and
// names as in a service.
func TestAllocations(t *testing.T) {
	const messages, tags = 1000, "ctag-/tmp/go-build0123456789/b001/package.test-"
	const keptQueue, takenQueue, ackedQueue = "orders.of.the.shop.kept", "orders.of.the.shop.taken", "orders.of.the.shop.acked"
	for name, options := range map[string][]testkit.Option{
		"with history": {testkit.InMemory()}, "without": {testkit.InMemory(), testkit.WithoutRecording()},
		"over TCP": nil,
	} {
		t.Run(name, func(t *testing.T) {
			broker := testkit.Start(t, options...)
			publisher, consumer := dialRaw(t, broker), dialRaw(t, broker)
			for _, queue := range []string{keptQueue, takenQueue, ackedQueue} {
				publisher.call(1, &wire.QueueDeclare{Queue: queue})
			}
			batch := func(queue string) []byte {
				one := wire.AppendMethodFrame(nil, 1, &wire.BasicPublish{RoutingKey: queue})
				one = wire.AppendHeaderFrame(one, 1, 60, 128, []byte{0x10, 0, 2}) // persistent
				one = wire.AppendBodyFrames(one, 1, make([]byte, 128), 0)
				return repeated(messages, one)
			}
			qos := wire.AppendMethodFrame(nil, 1, &wire.BasicQos{}) // answered when all before it is done
			check := func(what string, f func()) {
				for range 20 { // until rings and buffers have their sizes
					f()
				}
				n := testing.AllocsPerRun(20, f) / messages
				t.Logf("%s: %.3f allocations a message", what, n)
				if n > 1.3 {
					t.Errorf("%s: %.3f allocations a message, expected 1.3 at most", what, n)
				}
			}

			kept := append(batch(keptQueue), qos...)
			check("publish", func() {
				publisher.write(kept)
				publisher.frame()
			})

			// A delivery has the size of the first one.
			consumer.call(1, &wire.BasicConsume{Queue: takenQueue, ConsumerTag: tags + "1", NoAck: true})
			taken := batch(takenQueue)
			publisher.write(taken)
			size := consumer.frame() + consumer.frame() + consumer.frame()
			consumer.skip((messages - 1) * size)
			check("publish and deliver", func() {
				publisher.write(taken)
				consumer.skip(messages * size)
			})

			// Consumers have other tags, of the same length.
			consumer.call(1, &wire.BasicConsume{Queue: ackedQueue, ConsumerTag: tags + "2"})
			acked, tag := batch(ackedQueue), uint64(messages*(1+41)) // that the consumer has had
			ack := wire.AppendMethodFrame(nil, 1, &wire.BasicAck{})
			check("publish, deliver and ack", func() {
				publisher.write(acked)
				consumer.skip(messages * size)
				for range messages {
					tag++
					binary.BigEndian.PutUint64(ack[11:], tag)
					consumer.write(ack)
				}
				consumer.write(qos)
				consumer.frame()
			})
		})
	}
}
