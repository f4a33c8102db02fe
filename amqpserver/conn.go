package amqpserver

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/wire"
)

const (
	// handshakeTimeout is the time that a client has from connecting to
	// connection.open, as in RabbitMQ.
	handshakeTimeout = 10 * time.Second
	// closeTimeout is how long the server waits at most for a client to answer
	// connection.close, or to hang up after it was answered, as in RabbitMQ.
	closeTimeout = 30 * time.Second
	// silentCloseDelay is the same for a client that has not logged in, or whose
	// frames cannot be told apart any more.
	silentCloseDelay = 3 * time.Second
	// flushTimeout is how long the writer has for what is left when the reader has
	// ended.
	flushTimeout = 5 * time.Second
)

// conn is one connection.
type conn struct {
	// immutable
	server *Server
	node   *broker.Node
	nc     net.Conn
	direct *counted // the same
	log    *slog.Logger
	name   string
	number uint64 // of the server's connections

	// owned by the reader
	in        *wire.Reader
	cursor    wire.Cursor
	channels  map[uint16]*channel
	tuned     tuning
	user      *broker.User
	mechanism string     // of authentication
	client    wire.Table // client properties
	session   *broker.Connection
	batch     batch
	recent    *channel // the one that the last frame was for
	bodies    bodies
	frames    uint64 // received; c.received hears of them before anybody can ask

	// owned by the writer
	sentAtBeat, receivedAtBeat uint64
	beats, silent              int

	// guarded by server.mu
	blocked bool // has been told so

	// for all
	out             outbox
	sending         sendWatch
	peer            Peer
	ending          ending
	interruption    atomic.Pointer[error]
	entered         atomic.Pointer[broker.Connection] // the session, once it is open
	gone            chan struct{}                     // closed to end waits on purpose
	releaseOnce     sync.Once
	rate            atomic.Int64  // bytes a second, 0 for no limit
	resting         atomic.Bool   // does not read, so that silence means nothing
	heartbeat       time.Duration // set before startHeartbeats is sent
	startHeartbeats chan time.Duration
	sent, received  atomic.Uint64 // batches and frames
	readerDone      chan struct{}
	writerDone      chan struct{}
}

// tuning is what a connection agreed on.
type tuning struct {
	channelMax uint16
	frameMax   uint32
}

func newConn(s *Server, nc net.Conn) *conn {
	direct := newCounted(nc)
	nc = direct
	c := &conn{
		gone:            make(chan struct{}),
		server:          s,
		node:            s.node,
		nc:              nc,
		direct:          direct,
		log:             s.log,
		name:            nc.RemoteAddr().String() + " -> " + nc.LocalAddr().String(),
		cursor:          wire.Cursor{StrictText: true},
		channels:        make(map[uint16]*channel),
		out:             newOutbox(),
		startHeartbeats: make(chan time.Duration, 1),
		readerDone:      make(chan struct{}),
		writerDone:      make(chan struct{}),
	}
	c.in = wire.NewReader((*input)(c), 0)
	c.sending.c = c
	c.peer = Peer{Name: c.name, conn: c}
	return c
}

// serve is the connection's reader goroutine; it starts the writer and returns
// when both have ended and the client's traces in the broker are gone.
func (c *conn) serve() {
	go c.write()
	err := c.survive(c.handshake)
	if err == nil {
		err = c.survive(c.run)
	}
	if panicked := c.survive(func() error { c.endBatch(); return nil }); panicked != nil {
		err = panicked
	}
	if panicked := c.survive(func() error { c.end(c.interrupted(err)); return nil }); panicked != nil {
		c.survive(func() error { c.end(panicked); return nil })
	}
	c.survive(func() error { c.endSession(); return nil })
	c.nc.SetWriteDeadline(time.Now().Add(flushTimeout))
	close(c.readerDone)
	<-c.writerDone
	c.sending.stop()
	c.out.close()
	c.reset()
}

// errClosed says that the client closed the connection in good order.
var errClosed = errors.New("connection closed by the client")

// run reads frames until the connection ends and says why it did.
func (c *conn) run() error {
	for {
		head, err := c.in.ReadHead()
		if err != nil {
			return err
		}
		c.frames++
		if c.out.over.Load() {
			c.awaitRoom()
		}
		if !c.gate() {
			return errAborted
		}
		switch c.ending.phase() {
		case alive:
		case stopping, closing:
			return c.ignore(head)
		default:
			return c.outlast()
		}
		if err := c.frame(head); err != nil {
			return err
		}
	}
}

// frame handles one frame, whose payload is not read yet.
func (c *conn) frame(head wire.FrameHead) error {
	if head.Channel == 0 {
		return c.controlFrame(head)
	}
	if c.recent != nil && c.recent.number == head.Channel {
		return c.recent.frame(head)
	}
	ch := c.channels[head.Channel]
	if ch == nil {
		// The limit is for how many channels there are, not for their numbers.
		if len(c.channels) >= int(c.tuned.channelMax) {
			return broker.Errorf(wire.NotAllowed, "number of channels opened (%d) has reached the negotiated channel_max (%d)",
				len(c.channels), c.tuned.channelMax)
		}
		ch = newChannel(c, head.Channel)
		c.channels[head.Channel] = ch
	}
	c.recent = ch
	return ch.frame(head)
}

// forget frees the number of a channel.
func (c *conn) forget(ch *channel) {
	delete(c.channels, ch.number)
	c.recent = nil
}

// controlFrame handles a frame on channel 0.
func (c *conn) controlFrame(head wire.FrameHead) error {
	payload, err := c.in.ReadPayload(head)
	if err != nil {
		return err
	}
	c.received.Store(c.frames)
	c.leave()
	switch head.Type {
	case wire.FrameHeartbeat:
		if head.Size > 0 {
			return frameError(head, payload, "unknown_frame")
		}
		return nil
	case wire.FrameMethod:
		m, err := c.decode(head, payload)
		if err != nil {
			return err
		}
		if c.armed() {
			return c.receive(Command{Method: m}, func() error { return broker.WithMethod(c.handle(m), m.ID()) })
		}
		c.watch(Command{Method: m})
		return broker.WithMethod(c.handle(m), m.ID())
	default:
		return misplaced(head, payload)
	}
}

// handle carries out a method of class connection.
func (c *conn) handle(m wire.Method) error {
	switch m := m.(type) {
	case *wire.ConnectionClose:
		c.endSession()
		c.ending.reach(closing)
		c.reply(&wire.ConnectionCloseOk{})
		return errClosed
	case *wire.ConnectionUpdateSecret:
		return c.updateSecret(m)
	}
	return broker.Errorf(wire.ChannelError, "unexpected method in connection state running")
}

// updateSecret takes a new token for the connection's user. As in RabbitMQ with
// its own user database, where passwords do not expire, it has no effect.
func (c *conn) updateSecret(*wire.ConnectionUpdateSecret) error {
	c.reply(&wire.ConnectionUpdateSecretOk{})
	return nil
}

// decode reads a method from its frame.
func (c *conn) decode(head wire.FrameHead, payload []byte) (wire.Method, error) {
	c.cursor.Reset(payload)
	m := c.cursor.Method()
	if err := c.cursor.Err(); err != nil {
		return nil, decodeError(head, payload, err)
	}
	return m, nil
}

// send appends a method to the outbox.
func (c *conn) send(channel uint16, m wire.Method) {
	if c.armed() {
		c.deliver(Command{Channel: channel, Method: m}, func(buf []byte) []byte { return wire.AppendMethodFrame(buf, channel, m) })
		return
	}
	c.watch(Command{Channel: channel, Method: m, sent: true})
	c.post(wire.AppendMethodFrame(c.out.begin(), channel, m))
}

// post gives the outbox its buffer back and has it written.
func (c *conn) post(buf []byte) {
	if c.put(buf) {
		c.out.signal()
	}
}

// put gives the outbox its buffer back and cuts off a client that never reads. It
// says whether the caller must have the outbox written.
func (c *conn) put(buf []byte) (first bool) {
	first, hopeless := c.out.end(buf)
	if hopeless {
		c.log.Warn("client does not read what it is sent", "connection", c.name, "bytes", len(buf))
		c.reset()
	}
	return first
}

// end closes the connection for the reason that run or handshake gave.
func (c *conn) end(err error) {
	var wireErr error
	var replyErr *broker.ConnectionError
	switch {
	case errors.Is(err, errClosed):
		c.linger()
		return
	case errors.Is(err, errCut):
		c.log.Error("connection cut", "connection", c.name, "error", err)
		return
	case errors.Is(err, errAborted):
		c.log.Debug("connection cut on purpose", "connection", c.name)
		return
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		c.log.Debug("client closed the connection unexpectedly", "connection", c.name)
		return
	case errors.As(err, &replyErr):
	default:
		if wireErr = protocolError(err); !errors.As(wireErr, &replyErr) {
			c.log.Debug("connection broken", "connection", c.name, "error", err)
			return
		}
	}
	c.log.Error("error on AMQP connection", "connection", c.name, "error", replyErr)
	c.endSession()
	switch said := c.close(replyErr); {
	case !said:
		c.awaitCloseOk(shutdownGrace)
	case unreadable(err):
		c.awaitEnd()
	case c.user == nil:
		c.awaitCloseOk(silentCloseDelay)
	default:
		c.linger()
	}
}

// close sends connection.close, after which nothing is sent or handled. It returns
// false if the server has said so already because it is being stopped.
func (c *conn) close(e *broker.ConnectionError) bool {
	if !c.ending.reach(closing) {
		return false
	}
	c.send(0, &wire.ConnectionClose{ReplyCode: e.Code, ReplyText: e.Text(), FailingMethod: e.Method})
	return true
}

// ignore takes no notice of a frame, nor of those behind it, since the server is
// being stopped and has said so with connection.close, or will at once.
func (c *conn) ignore(head wire.FrameHead) error {
	payload, err := c.in.ReadPayload(head)
	if err != nil {
		return err
	}
	if m, _ := wire.DecodeMethod(payload); head.Type != wire.FrameMethod || m == nil || m.ID() != wire.IDConnectionCloseOk {
		c.awaitCloseOk(shutdownGrace)
	}
	return errAborted
}

// awaitCloseOk drops what still comes until the client answers connection.close,
// but no longer than for a time.
func (c *conn) awaitCloseOk(timeout time.Duration) {
	c.listenFor(timeout)
	c.in.SetFrameMax(0)
	for {
		frame, err := c.in.ReadFrame()
		if err != nil {
			return
		}
		if frame.Channel != 0 || frame.Type != wire.FrameMethod {
			continue
		}
		switch m, _ := wire.DecodeMethod(frame.Payload); m.(type) {
		case *wire.ConnectionCloseOk:
			return
		case *wire.ConnectionClose:
			c.send(0, &wire.ConnectionCloseOk{})
		}
	}
}

// awaitEnd drops what still comes until the client hangs up, since it cannot be read.
func (c *conn) awaitEnd() {
	c.listenFor(silentCloseDelay)
	_, _ = io.Copy(io.Discard, c.nc) // which ends one way or the other
}

// listenFor ends reading after a time, which shutDown may shorten.
func (c *conn) listenFor(d time.Duration) {
	c.nc.SetReadDeadline(time.Now().Add(d))
	if c.server.closed.Load() { // and shutDown may have come before
		c.nc.SetReadDeadline(time.Now().Add(shutdownGrace))
	}
}

// linger waits until the client answers, or hangs up: a client that has just sent its
// last method must not see the connection break before it has read the answer. As in
// RabbitMQ, a short heartbeat makes the time short.
func (c *conn) linger() {
	if c.heartbeat > 0 {
		c.awaitCloseOk(min(c.heartbeat, closeTimeout))
		return
	}
	c.awaitCloseOk(closeTimeout)
}

// endSession takes the client out of the broker.
func (c *conn) endSession() {
	if c.session == nil {
		return
	}
	defer c.node.Disconnect(c.session)
	c.session.VHost.Do(c.session.Close)
}

// shutDown ends the connection as a broker does that is being stopped. The reader
// handles nothing any more by then, as stopping says; it may be about to send
// connection.close or its answer, after which nothing follows.
func (c *conn) shutDown() {
	if c.ending.reach(closing) {
		c.send(0, &wire.ConnectionClose{ReplyCode: wire.ConnectionForced,
			ReplyText: wire.ConnectionForced.Text("broker forced connection closure with reason 'shutdown'")})
		c.out.close()
	}
	c.nc.SetReadDeadline(time.Now().Add(shutdownGrace))
	c.release()
}

// shutdownGrace is how long clients have to answer when the server stops.
const shutdownGrace = 200 * time.Millisecond
