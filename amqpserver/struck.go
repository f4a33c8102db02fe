package amqpserver

import (
	"sync/atomic"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/wire"
)

// struck is what an interference has left on a channel, from where it was decided to where it
// shows. The zero value is a channel that nobody interfered with.
type struck struct {
	unanswered bool               // the answers to the present command are not sent
	answers    *wire.BasicPublish // what the next confirm answers
	gap        bool               // a confirm was not sent, so none may speak for all before it
	closing    closeProgress
}

// closeStep is how far the server has come with closing a channel for a reason that is not the
// client's last command.
type closeStep uint32

const (
	closeNotDecided closeStep = iota
	closeDecided              // nothing but channel.close may be sent; guarded by the vhost's lock
	closeSent                 // channel.close was sent, and the reader has not noticed
	closeNoticed              // the reader drops what is not the answer
)

// closeProgress is a channel's closeStep. It never goes back.
type closeProgress struct{ reached atomic.Uint32 }

func (c *closeProgress) step() closeStep { return closeStep(c.reached.Load()) }

// reach takes the channel to a step, unless it is there or further.
func (c *closeProgress) reach(s closeStep) (moved bool) {
	for {
		before := c.reached.Load()
		if before >= uint32(s) {
			return false
		}
		if c.reached.CompareAndSwap(before, uint32(s)) {
			return true
		}
	}
}

// shut closes the channel for a reason that is not the client's last command. Any goroutine that
// holds the vhost's lock may call it; the reader notices.
func (ch *channel) shut(e *broker.ChannelError) {
	ch.c.log.Error("channel error", "connection", ch.c.name, "channel", ch.number, "error", e)
	ch.struck.closing.reach(closeSent)
	ch.session.Close()
	ch.send(&wire.ChannelClose{ReplyCode: e.Code, ReplyText: e.Text(), FailingMethod: e.Method})
}

// noticeShut moves the channel to the state that shut asked for.
func (ch *channel) noticeShut() {
	if ch.struck.closing.step() == closeSent && ch.struck.closing.reach(closeNoticed) {
		ch.content = content{}
		ch.state = channelClosing
	}
}

// ended says that a command comes too late for the channel or its connection. A command that
// ends them itself, after its effect, has that, unless somebody else has ended them before. The
// vhost's lock is held.
func (ch *channel) ended() bool {
	if ch.struck.closing.step() == closeSent {
		return true
	}
	return ch.c.ending.phase() >= over && (!ch.struck.unanswered || ch.session != nil && !ch.session.Open())
}

// late answers a command that crossed the channel's end. The vhost's lock is held.
func (ch *channel) late(m wire.Method) {
	ch.noticeShut()
	if _, ok := m.(*wire.ChannelClose); ok {
		ch.send(&wire.ChannelCloseOk{})
	}
}

// unheard says that a command comes behind what ends its channel or connection, and is not sent.
func (c *conn) unheard(cmd *Command) bool {
	if p := c.ending.phase(); p == cut || p >= over && cmd.Channel != 0 {
		return true
	}
	id := cmd.Method.ID()
	return cmd.ch != nil && cmd.ch.struck.closing.step() >= closeDecided && id != wire.IDChannelClose && id != wire.IDChannelCloseOk
}

// followLocked does what comes after a command was sent.
func (ch *channel) followLocked(after func(ch *broker.Channel), e *broker.ChannelError) {
	if after != nil {
		after(ch.session)
	}
	if e != nil && ch.session.Open() {
		ch.shut(e)
	}
}
