package conformance

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

// Raw is a connection without a client library: a socket and package wire. What it is told to send goes out as it is,
// and everything that arrives is seen, in the order in which it arrived on each channel. It answers nothing by itself
// except closes that a case expects. Its methods end the case when something else comes than what they wait for.
type Raw struct {
	t        *T
	number   int // in the order in which the case's connections were made, from 1
	conn     net.Conn
	reader   *wire.Reader
	frameMax uint32

	inbox      []Command           // complete, and not taken yet
	unfinished map[uint16]*Command // by channel: a method whose content is still arriving
	channels   uint16              // the highest number that Channel has given out
	largest    uint32              // the size of the largest frame that came, all of it
	trace      []string            // the last frames, for a failure's report
}

// traceLength is how many lines of conversation a failing case shows of each raw connection.
const traceLength = 30

// Socket connects to the broker and sends nothing.
func (t *T) Socket() *Raw {
	t.Helper()
	address := net.JoinHostPort(t.uri.Host, strconv.Itoa(t.uri.Port))
	var conn net.Conn
	var err error
	if t.uri.Scheme == "amqps" {
		conn, err = tls.Dial("tcp", address, nil)
	} else {
		conn, err = net.DialTimeout("tcp", address, patience)
	}
	if err != nil {
		t.Fatalf("dialling: %v", err)
	}
	t.sockets++
	r := &Raw{t: t, number: t.sockets, conn: conn, reader: wire.NewReader(conn, 4096), unfinished: make(map[uint16]*Command)}
	t.connections = append(t.connections, conn)
	t.Cleanup(func() {
		if t.Failed() {
			for _, line := range r.trace {
				t.Log(line)
			}
		}
	})
	return r
}

// Raw opens a connection with an ordinary client's handshake, without heartbeats. What the broker says to that is not
// recorded.
func (t *T) Raw() *Raw {
	t.Helper()
	r := t.Socket()
	t.unrecorded(func() { r.Handshake(Handshake{}) })
	return r
}

// Channel0 is the channel that carries the methods of class connection.
func (r *Raw) Channel0() *RawChannel { return &RawChannel{raw: r, Number: 0} }

// Unopened is the channel with that number as it is, open or not.
func (r *Raw) Unopened(number uint16) *RawChannel { return &RawChannel{raw: r, Number: number} }

// Channel opens the next channel. The broker's answer is not recorded.
func (r *Raw) Channel() *RawChannel {
	r.t.Helper()
	r.channels++
	c := r.Unopened(r.channels)
	r.t.unrecorded(c.Open)
	return c
}

// Write sends bytes as they are.
func (r *Raw) Write(b []byte) {
	r.t.Helper()
	r.note("-> %d bytes %.40x", len(b), b)
	r.write(b)
}

func (r *Raw) write(b []byte) {
	r.t.Helper()
	_ = r.conn.SetWriteDeadline(time.Now().Add(patience))
	if _, err := r.conn.Write(b); err != nil {
		r.t.Fatalf("writing: %v", err)
	}
}

// WriteFrame sends a frame with any type and payload, well formed otherwise.
func (r *Raw) WriteFrame(frameType wire.FrameType, channel uint16, payload []byte) {
	r.t.Helper()
	size := len(payload)
	frame := []byte{byte(frameType), byte(channel >> 8), byte(channel), byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)}
	r.note("-> %d frame of type %d, payload %.40x", channel, frameType, payload)
	r.write(append(append(frame, payload...), wire.FrameEnd))
}

// Drop closes the socket without a word, as a client does that crashes.
func (r *Raw) Drop() { _ = r.conn.Close() }

// send sends methods in one write, so that the broker may read them at once.
func (r *Raw) send(channel uint16, methods ...wire.Method) {
	r.t.Helper()
	var frames []byte
	for _, m := range methods {
		frames = wire.AppendMethodFrame(frames, channel, m)
		r.note("-> %d %s", channel, describe(m))
	}
	r.write(frames)
}

// next takes the next command of a channel. Should the broker close the connection instead, its connection.close comes.
func (r *Raw) next(channel uint16) (Command, error) {
	for {
		index := slices.IndexFunc(r.inbox, func(c Command) bool {
			_, closing := c.Method.(*wire.ConnectionClose)
			return c.Channel == channel || closing
		})
		if index >= 0 {
			c := r.inbox[index]
			r.inbox = slices.Delete(r.inbox, index, index+1)
			return c, nil
		}
		if err := r.receive(); err != nil {
			return Command{}, err
		}
	}
}

// receive reads one frame; a command that it completes goes into the inbox.
func (r *Raw) receive() error {
	frame, err := r.readFrame()
	if err != nil {
		return err
	}
	switch frame.Type {
	case wire.FrameHeartbeat:
		return nil
	case wire.FrameMethod:
		m, err := wire.DecodeMethod(bytes.Clone(frame.Payload))
		if err != nil {
			return fmt.Errorf("the broker sent a method that does not decode: %w", err)
		}
		r.note("<- %d %s", frame.Channel, describe(m))
		c := &Command{Channel: frame.Channel, Method: m}
		if m.ID().HasContent() {
			r.unfinished[frame.Channel] = c
			return nil
		}
		r.inbox = append(r.inbox, *c)
		return nil
	case wire.FrameHeader:
		c := r.unfinished[frame.Channel]
		if c == nil || c.Header != nil {
			return fmt.Errorf("the broker sent a content header on channel %d where none belongs", frame.Channel)
		}
		c.Header = new(wire.ContentHeader)
		cursor := wire.NewCursor(bytes.Clone(frame.Payload))
		c.Header.Decode(cursor)
		if err := cursor.Err(); err != nil {
			return fmt.Errorf("the broker sent a content header that does not decode: %w", err)
		}
		r.finish(c)
		return nil
	case wire.FrameBody:
		c := r.unfinished[frame.Channel]
		if c == nil || c.Header == nil {
			return fmt.Errorf("the broker sent a body frame on channel %d where none belongs", frame.Channel)
		}
		c.Body = append(c.Body, frame.Payload...)
		r.finish(c)
		return nil
	default:
		return fmt.Errorf("the broker sent a frame of type %d", frame.Type)
	}
}

// finish moves a command into the inbox once its body is whole.
func (r *Raw) finish(c *Command) {
	if uint64(len(c.Body)) < c.Header.BodySize {
		return
	}
	r.note("<- %d   content of %d bytes", c.Channel, len(c.Body))
	delete(r.unfinished, c.Channel)
	r.inbox = append(r.inbox, *c)
}

// ReadFrame reads the next frame, of whatever type. Its payload is valid until the next read.
func (r *Raw) ReadFrame() (wire.Frame, error) {
	frame, err := r.readFrame()
	if err == nil {
		r.t.event("%d.%d frame of type %d, payload %q", r.number, frame.Channel, frame.Type, frame.Payload)
	}
	return frame, err
}

// readFrame is ReadFrame for what is recorded as a command, or not at all.
func (r *Raw) readFrame() (wire.Frame, error) {
	_ = r.conn.SetReadDeadline(time.Now().Add(patience))
	frame, err := r.reader.ReadFrame()
	if err != nil {
		r.note("<- %v", err)
	}
	r.largest = max(r.largest, uint32(len(frame.Payload))+wire.FrameOverhead)
	return frame, err
}

// ExpectEnd waits until the broker has closed the socket, and tells whether by a reset. Only heartbeats may come before,
// and what has arrived already.
func (r *Raw) ExpectEnd() (reset bool) {
	r.t.Helper()
	r.inbox = nil
	for len(r.inbox) == 0 {
		err := r.receive()
		var timeout net.Error
		switch {
		case err == nil:
		case errors.As(err, &timeout) && timeout.Timeout():
			r.t.Fatalf("the broker keeps the connection open, want it closed")
		default:
			r.t.event("%d closed", r.number)
			return errors.Is(err, syscall.ECONNRESET)
		}
	}
	r.t.Fatalf("the broker sent %v, want the connection closed without a word", r.inbox[0])
	return false
}

// ExpectHeader waits for a protocol header, which a broker sends in answer to one that it does not speak, and then for
// the end of the connection.
func (r *Raw) ExpectHeader() [8]byte {
	r.t.Helper()
	_ = r.conn.SetReadDeadline(time.Now().Add(patience))
	header, err := r.reader.ReadProtocolHeader()
	if err != nil {
		r.t.Fatalf("waiting for a protocol header: %v", err)
	}
	r.note("<- protocol header %q", header[:])
	r.t.event("%d protocol header %q", r.number, header[:])
	r.ExpectEnd()
	return header
}

// Close closes the connection in order.
func (r *Raw) Close() {
	r.t.Helper()
	c := r.Channel0()
	c.Send(&wire.ConnectionClose{ReplyCode: wire.ReplySuccess})
	Expect[*wire.ConnectionCloseOk](c)
	r.Drop() // RabbitMQ leaves this to the client, for half a minute
}

// closeOk acknowledges the broker's close. It may not arrive: RabbitMQ does not wait for it after every error.
func (r *Raw) closeOk() {
	r.note("-> 0 connection.close-ok{}")
	_, _ = r.conn.Write(wire.AppendMethodFrame(nil, 0, &wire.ConnectionCloseOk{}))
}

func (r *Raw) note(format string, values ...any) {
	r.trace = append(r.trace, fmt.Sprintf(format, values...))
	if len(r.trace) > traceLength {
		r.trace = r.trace[1:]
	}
}
