package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/wire"
)

// rawClient is a client that costs next to nothing: it writes frames that were
// encoded before, many at a time, and looks at no more of what it reads than it
// must.
type rawClient struct {
	nc net.Conn
	in *bufio.Reader
}

// raw opens a connection and channel 1.
func (r *run) raw() (*rawClient, error) {
	uri, err := amqp.ParseURI(r.url)
	if err != nil {
		return nil, err
	}
	nc, err := r.dial()
	if err != nil {
		return nil, err
	}
	c := &rawClient{nc: nc, in: bufio.NewReaderSize(nc, 256<<10)}
	if _, err := nc.Write(wire.ProtocolHeader[:]); err != nil {
		return nil, err
	}
	for _, step := range []struct {
		await wire.MethodID
		send  []wire.Method
	}{
		{wire.IDConnectionStart, []wire.Method{&wire.ConnectionStartOk{Mechanism: "PLAIN", Response: []byte("\x00" + uri.Username + "\x00" + uri.Password), Locale: "en_US"}}},
		{wire.IDConnectionTune, []wire.Method{&wire.ConnectionTuneOk{ChannelMax: 2047, FrameMax: 131072}, &wire.ConnectionOpen{VirtualHost: uri.Vhost}}},
	} {
		if _, err := c.await(step.await); err != nil {
			return nil, err
		}
		for _, m := range step.send {
			if err := c.send(0, m); err != nil {
				return nil, err
			}
		}
	}
	if _, err := c.await(wire.IDConnectionOpenOk); err != nil {
		return nil, err
	}
	_, err = c.call(&wire.ChannelOpen{}, wire.IDChannelOpenOk)
	return c, err
}

func (c *rawClient) send(channel uint16, m wire.Method) error {
	_, err := c.nc.Write(wire.AppendMethodFrame(nil, channel, m))
	return err
}

// await reads until a method comes, and passes over everything else.
func (c *rawClient) await(id wire.MethodID) (wire.Method, error) {
	c.nc.SetReadDeadline(time.Now().Add(2 * time.Minute))
	for {
		f, err := c.frame()
		if err != nil {
			return nil, fmt.Errorf("waiting for %s: %w", id, err)
		}
		if f.Type != wire.FrameMethod {
			continue
		}
		switch got := wire.MethodID(binary.BigEndian.Uint32(f.Payload)); got {
		case id:
			return wire.DecodeMethod(f.Payload)
		case wire.IDChannelClose, wire.IDConnectionClose:
			m, _ := wire.DecodeMethod(f.Payload)
			return nil, fmt.Errorf("waiting for %s, the broker sent %s", id, wire.Format(m))
		}
	}
}

// call sends a method on channel 1 and waits for its answer.
func (c *rawClient) call(m wire.Method, answer wire.MethodID) (wire.Method, error) {
	if err := c.send(1, m); err != nil {
		return nil, err
	}
	return c.await(answer)
}

// declare declares a queue and returns the number of messages in it, which the
// broker knows when it has handled all that was sent before.
func (c *rawClient) declare(queue string) (int, error) {
	ok, err := c.call(&wire.QueueDeclare{Queue: queue}, wire.IDQueueDeclareOk)
	if err != nil {
		return 0, err
	}
	return int(ok.(*wire.QueueDeclareOk).MessageCount), nil
}

// close deletes a queue, if it has a name, and hangs up.
func (c *rawClient) close(queue string) {
	if queue != "" {
		c.call(&wire.QueueDelete{Queue: queue}, wire.IDQueueDeleteOk)
	}
	c.send(0, &wire.ConnectionClose{ReplyCode: wire.ReplySuccess})
	c.await(wire.IDConnectionCloseOk)
	c.nc.Close()
}

// rawBatch is how many bytes are written at once.
const rawBatch = 64 << 10

// publishing is a publishing as it goes over the wire.
func publishing(exchange, key string, size int, headers wire.Table) []byte {
	properties := wire.Properties{}
	if headers != nil {
		properties.Flags, properties.Headers = wire.HasHeaders, headers
	}
	b := wire.AppendMethodFrame(nil, 1, &wire.BasicPublish{Exchange: exchange, RoutingKey: key})
	b = wire.AppendHeaderFrame(b, 1, 60, uint64(size), properties.Append(nil))
	return wire.AppendBodyFrames(b, 1, make([]byte, size), 131072)
}

// batches fills buffers of 64 KiB with the publishings that next returns, as many
// buffers as it takes to use n of them.
func batches(n int, next func(i int) []byte) (all [][]byte, messages []int) {
	for i := 0; i < n; {
		var b []byte
		m := 0
		for len(b) == 0 || len(b) < rawBatch && i < n {
			b = append(b, next(i)...)
			m, i = m+1, i+1
		}
		all, messages = append(all, b), append(messages, m)
	}
	return all, messages
}

// flood writes batches for as long as the run lasts, or until limit messages are
// sent, and returns how many these are.
func (c *rawClient) flood(r *run, all [][]byte, messages []int, limit int) (n int, err error) {
	for i := 0; n < limit && (limit < endless || time.Since(r.began) < r.duration && n*r.size < maxBytes); i++ {
		if _, err := c.nc.Write(all[i%len(all)]); err != nil {
			return n, err
		}
		n += messages[i%len(all)]
	}
	return n, nil
}

const endless = math.MaxInt

// frame reads a frame.
func (c *rawClient) frame() (f wire.Frame, err error) {
	var head [7]byte
	if _, err := io.ReadFull(c.in, head[:]); err != nil {
		return f, err
	}
	f.Type, f.Channel = wire.FrameType(head[0]), binary.BigEndian.Uint16(head[1:])
	b := make([]byte, binary.BigEndian.Uint32(head[3:])+1)
	_, err = io.ReadFull(c.in, b)
	f.Payload = b[:len(b)-1]
	return f, err
}

// drain reads n deliveries, all of the size of the first one.
func (c *rawClient) drain(n int) error {
	size := 0
	for body := -1; body != 0; {
		f, err := c.frame()
		if err != nil {
			return err
		}
		size += wire.FrameOverhead + len(f.Payload)
		switch f.Type {
		case wire.FrameHeader:
			body = int(binary.BigEndian.Uint64(f.Payload[4:]))
		case wire.FrameBody:
			body -= len(f.Payload)
		}
	}
	for left := (n - 1) * size; left > 0; {
		discarded, err := c.in.Discard(min(left, 1<<20))
		if err != nil {
			return err
		}
		left -= discarded
	}
	return nil
}
