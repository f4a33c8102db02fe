package amqpserver

import (
	"bytes"
	"errors"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/wire"
)

// channelState says which frames a channel expects.
type channelState uint8

const (
	channelNew     channelState = iota // channel.open has not come
	channelOpen                        // a method may come
	channelHeader                      // basic.publish came, its content header follows
	channelBody                        // the header came, the body follows
	channelClosing                     // channel.close was sent, its answer is awaited
)

// channel is one channel of a connection, owned by the connection's reader.
type channel struct {
	c       *conn
	number  uint16
	vh      *broker.VHost
	session *broker.Channel
	state   channelState
	content content

	// lastQueue is the queue declared last, which an empty name stands for.
	lastQueue string

	// Reused, so that a delivery costs no allocation; guarded by the vhost's
	// lock.
	deliver wire.BasicDeliver
	ack     wire.BasicAck
	nack    wire.BasicNack
	pending confirms

	acked wire.BasicAck // the client's; reused by the reader

	// command is what the interceptor is told of while it is not armed; reused,
	// guarded by the vhost's lock.
	command Command

	struck struck // by interceptors
}

func newChannel(c *conn, number uint16) *channel {
	ch := &channel{c: c, number: number, vh: c.session.VHost}
	ch.command = Command{Peer: &c.peer, Channel: number, ch: ch}
	return ch
}

// frame handles one frame, whose payload is not read yet.
func (ch *channel) frame(head wire.FrameHead) error {
	ch.noticeShut()
	if head.Type == wire.FrameBody && ch.state == channelBody {
		return ch.body(head)
	}
	payload, err := ch.c.in.ReadPayload(head)
	if err != nil {
		return err
	}
	switch head.Type {
	case wire.FrameMethod:
		return ch.method(head, payload)
	case wire.FrameHeader:
		return ch.header(head, payload)
	case wire.FrameBody:
		return ch.unexpected()
	default: // a heartbeat
		return misplaced(head, payload)
	}
}

// unexpected refuses a frame that cannot come in the channel's state. While the
// channel is closing, it is ignored.
func (ch *channel) unexpected() error {
	problem := ""
	switch ch.state {
	case channelClosing:
		return nil
	case channelHeader:
		problem = "expected content header for class 60, got non content header frame instead"
	case channelBody:
		problem = "expected content body, got non content body frame instead"
	default:
		return broker.Errorf(wire.UnexpectedFrame, "expected method frame, got non method frame instead")
	}
	return broker.WithMethod(broker.Errorf(wire.UnexpectedFrame, "%s", problem), wire.IDBasicPublish)
}

// method decodes a method and carries it out, unless its content is to follow.
func (ch *channel) method(head wire.FrameHead, payload []byte) error {
	m, err := ch.decode(head, payload)
	if err != nil {
		return err
	}
	switch ch.state {
	case channelHeader, channelBody:
		return ch.unexpected()
	case channelClosing:
		return ch.drop(m)
	}
	if m == wire.Method(&ch.content.publish) {
		if !ch.c.admit() {
			return errAborted
		}
		ch.state, ch.content.opened = channelHeader, ch.state == channelOpen
		return nil
	}
	if ch.c.armed() {
		ch.c.leave()
		return ch.c.receive(Command{Channel: ch.number, Method: m, ch: ch}, func() error { return ch.execute(m) })
	}
	return ch.execute(m)
}

// decode is conn.decode, but that the most frequent methods are not allocated, and
// that a publishing like the last one is not decoded again.
func (ch *channel) decode(head wire.FrameHead, payload []byte) (m wire.Method, err error) {
	p := &ch.content
	if len(p.encoded) > 0 && bytes.Equal(payload, p.encoded) {
		return &p.publish, nil
	}
	cursor := &ch.c.cursor
	cursor.Reset(payload)
	switch cursor.MethodID() {
	case wire.IDBasicPublish:
		m, p.encoded = &p.publish, p.encoded[:0]
	case wire.IDBasicAck:
		m = &ch.acked
	default:
		return ch.c.decode(head, payload)
	}
	m.Decode(cursor)
	cursor.Finish()
	if err := cursor.Err(); err != nil {
		return nil, decodeError(head, payload, err)
	}
	if m == wire.Method(&p.publish) {
		p.encoded = append(p.encoded, payload...)
	}
	return m, nil
}

// drop ignores what comes between channel.close and its answer.
func (ch *channel) drop(m wire.Method) error {
	switch m.(type) {
	case *wire.ChannelCloseOk:
		ch.c.forget(ch)
	case *wire.ChannelClose:
		ch.c.send(ch.number, &wire.ChannelCloseOk{})
	case *wire.ChannelOpen:
		return broker.WithMethod(errSecondOpen(), m.ID())
	}
	return nil
}

func errNotOpen() error { return broker.Errorf(wire.ChannelError, "expected 'channel.open'") }

func errSecondOpen() error { return broker.Errorf(wire.ChannelError, "second 'channel.open' seen") }

// execute carries out a complete command as one critical section: its effect,
// its reply, and then whatever became deliverable.
func (ch *channel) execute(m wire.Method) error {
	ch.c.enter(ch.vh)
	err := ch.carryOut(m)
	ch.c.next() // not deferred: if the command panics, nothing follows from it yet
	return err
}

func (ch *channel) carryOut(m wire.Method) error {
	if why := ch.vh.Broken(); why != nil {
		return why
	}
	ch.received(m, nil)
	if ch.ended() {
		ch.late(m)
		return nil
	}
	reply, err := ch.handle(m)
	if err != nil {
		return ch.fail(blame(err, m))
	}
	if reply != nil && !ch.struck.unanswered {
		ch.send(reply)
	}
	return nil
}

// fail closes the channel for a channel error. A connection error is passed on.
func (ch *channel) fail(err error) error {
	var e *broker.ChannelError
	if err = broker.Sendable(ch.c.node.Release(), err); !errors.As(err, &e) {
		if ch.session != nil {
			ch.session.Failed()
		}
		return err
	}
	ch.c.log.Error("channel error", "connection", ch.c.name, "channel", ch.number, "error", e)
	ch.session.Close()
	ch.content = content{}
	ch.state = channelClosing
	ch.send(&wire.ChannelClose{ReplyCode: e.Code, ReplyText: e.Text(), FailingMethod: e.Method})
	return nil
}

// send sends a method; the vhost's lock is held.
func (ch *channel) send(m wire.Method) {
	ch.sendConfirms()
	ch.sendNow(m)
}

// sendNow is send, in front of confirms that are not sent yet.
func (ch *channel) sendNow(m wire.Method) {
	c := ch.c
	if c.armed() {
		c.deliver(Command{Channel: ch.number, Method: m, Publishing: ch.struck.answers, ch: ch},
			func(buf []byte) []byte { return wire.AppendMethodFrame(buf, ch.number, m) })
		return
	}
	ch.sent(m, nil)
	ch.post(wire.AppendMethodFrame(c.out.begin(), ch.number, m))
}

// post gives the outbox its buffer back and has it written when the vhost's lock,
// which is held, is released.
func (ch *channel) post(buf []byte) {
	if ch.c.put(buf) {
		ch.vh.Touch(ch.c)
	}
}

// received and sent tell the interceptor of a command while it is not armed. The
// vhost's lock is held.
func (ch *channel) received(m wire.Method, body []byte) { ch.tell(m, body, false) }
func (ch *channel) sent(m wire.Method, body []byte)     { ch.tell(m, body, true) }

func (ch *channel) tell(m wire.Method, body []byte, sent bool) {
	if i := ch.c.server.interceptor; i != nil && !i.Armed() {
		ch.command.Method, ch.command.Body, ch.command.At, ch.command.sent = m, body, ch.vh.Now(), sent
		i.Watch(&ch.command, sent)
	}
}

// handle carries out a method and returns its reply, nil for none.
func (ch *channel) handle(m wire.Method) (wire.Method, error) {
	if ch.state == channelNew {
		if _, ok := m.(*wire.ChannelOpen); !ok {
			return nil, errNotOpen()
		}
	}
	switch m := m.(type) {
	case *wire.ChannelOpen:
		return ch.open()
	case *wire.ChannelClose:
		return ch.close()
	case *wire.ChannelFlow:
		return ch.flow(m)

	case *wire.ExchangeDeclare:
		return ch.exchangeDeclare(m)
	case *wire.ExchangeDelete:
		return ch.exchangeDelete(m)
	case *wire.ExchangeBind:
		return ch.exchangeBind(m)
	case *wire.ExchangeUnbind:
		return ch.exchangeUnbind(m)

	case *wire.QueueDeclare:
		return ch.queueDeclare(m)
	case *wire.QueueBind:
		return ch.queueBind(m)
	case *wire.QueueUnbind:
		return ch.queueUnbind(m)
	case *wire.QueuePurge:
		return ch.queuePurge(m)
	case *wire.QueueDelete:
		return ch.queueDelete(m)

	case *wire.BasicQos:
		return ch.basicQos(m)
	case *wire.BasicConsume:
		return ch.basicConsume(m)
	case *wire.BasicCancel:
		return ch.basicCancel(m)
	case *wire.BasicGet:
		return ch.basicGet(m)
	case *wire.BasicAck:
		return nil, ch.session.Ack(m.DeliveryTag, m.Multiple)
	case *wire.BasicNack:
		return nil, ch.session.Nack(m.DeliveryTag, m.Multiple, m.Requeue)
	case *wire.BasicReject:
		return nil, ch.session.Reject(m.DeliveryTag, m.Requeue)
	case *wire.BasicRecover:
		return ch.basicRecover(m)
	case *wire.BasicRecoverAsync:
		return ch.basicRecoverAsync(m)

	case *wire.ConfirmSelect:
		return ch.confirmSelect(m)
	case *wire.TxSelect:
		return &wire.TxSelectOk{}, ch.session.SelectTx()
	case *wire.TxCommit:
		return &wire.TxCommitOk{}, ch.session.Commit()
	case *wire.TxRollback:
		return &wire.TxRollbackOk{}, ch.session.Rollback()

	case *wire.AccessRequest:
		return &wire.AccessRequestOk{Ticket: 1}, nil
	default:
		return nil, unimplemented(ch.c.node.Release(), m.ID())
	}
}

// unimplemented is the error for a method that a client may not send.
func unimplemented(r *release.Release, id wire.MethodID) error {
	if r.CancelOkFails && id == wire.IDBasicCancelOk {
		return broker.Errorf(wire.InternalError, "")
	}
	return broker.Errorf(wire.CommandInvalid, "unimplemented method")
}

// blame notes the method that failed in an error, but for channel.open, of which
// RabbitMQ refuses one too many before it has a channel.
func blame(err error, m wire.Method) error {
	var e *broker.ConnectionError
	if m.ID() == wire.IDChannelOpen && errors.As(err, &e) && e.Code == wire.NotAllowed {
		return err
	}
	return broker.WithMethod(err, m.ID())
}

// open answers channel.open.
func (ch *channel) open() (wire.Method, error) {
	if ch.state != channelNew {
		return nil, errSecondOpen()
	}
	if err := ch.c.session.CheckChannelLimit(); err != nil {
		return nil, err
	}
	ch.session = ch.c.session.OpenChannel(ch.number, ch)
	ch.state = channelOpen
	return &wire.ChannelOpenOk{}, nil
}

// close answers channel.close: what was not settled goes back, and nothing but
// channel.open may come on this number.
func (ch *channel) close() (wire.Method, error) {
	ch.session.Close()
	ch.c.forget(ch)
	return &wire.ChannelCloseOk{}, nil
}

// flow answers channel.flow. RabbitMQ does not let a client stop deliveries.
func (ch *channel) flow(m *wire.ChannelFlow) (wire.Method, error) {
	if !m.Active {
		return nil, broker.Errorf(wire.NotImplemented, "active=false")
	}
	return &wire.ChannelFlowOk{Active: true}, nil
}
