package testkit

import (
	"fmt"
	"time"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/wire"
)

// Action is what a [Fault] does.
type Action struct {
	name  string
	apply func(s *strike, i *interference)
	// only are the methods that it makes sense for; nil for all but Dial.
	only []Method
	// when: "before" if only that makes sense.
	when string
	// channel says that it concerns the channel, which some methods have not.
	channel bool
	span    int // of commands that it takes to do it once; 0 for 1
	// flush is called when the fault is removed.
	flush func()
}

// String names the action.
func (a Action) String() string { return a.name }

// DropConnection closes the connection without a word, as a network does that
// breaks. What the broker sent before still arrives.
var DropConnection = Action{name: "drop the connection", apply: func(s *strike, i *interference) {
	s.instead(i)
	i.End = amqpserver.Cut
}}

// TearFrame sends the first half of the method, or of the message if it has one,
// and then closes the connection without a word. It is for methods of the broker.
var TearFrame = Action{name: "tear the frame", when: "before", apply: func(s *strike, i *interference) {
	i.Half, i.End = true, amqpserver.Cut
}}

// GoSilent keeps the connection open and says nothing any more, nor listens, until
// the client gives up: what heartbeats are for.
var GoSilent = Action{name: "go silent", apply: func(s *strike, i *interference) {
	s.instead(i)
	i.End = amqpserver.Silent
}}

// Withhold has nothing said: before a client's method, it is ignored; after it,
// its answer is not sent. A method of the broker is not sent.
var Withhold = Action{name: "withhold", apply: func(s *strike, i *interference) {
	if s.sent {
		i.Skip = true
		return
	}
	s.instead(i)
}}

// NackPublish refuses a message: it is lost, and the publisher gets basic.nack if
// it asked for confirms.
var NackPublish = Action{name: "nack the publish", only: []Method{BasicPublish}, when: "before",
	apply: func(_ *strike, i *interference) { i.Skip, i.Answer = true, amqpserver.Nacked }}

// ReturnPublish returns a message with 312 NO_ROUTE, mandatory or not, and then
// confirms it, as RabbitMQ does with what no queue takes.
var ReturnPublish = Action{name: "return the message", only: []Method{BasicPublish}, when: "before",
	apply: func(_ *strike, i *interference) { i.Skip, i.Answer = true, amqpserver.Returned }}

// Refuse turns a dialling client away. Over TCP, its connection is accepted and
// reset; in memory, Dial returns an error that wraps syscall.ECONNREFUSED.
var Refuse = Action{name: "refuse the connection", only: []Method{Dial}}

// RefuseLogin answers credentials as if they were wrong: 403 ACCESS_REFUSED.
var RefuseLogin = Action{name: "refuse the login", only: []Method{Login}, when: "before",
	apply: func(s *strike, i *interference) {
		i.Skip = true
		i.Err = broker.Errorf(wire.AccessRefused, "Login was refused using authentication mechanism PLAIN. For details see the broker logfile.")
	}}

// CancelConsumer cancels the consumer of a delivery or a settlement from the
// broker's side, with basic.cancel, as when its queue is deleted.
var CancelConsumer = Action{name: "cancel the consumer", only: []Method{BasicDeliver, BasicAck, BasicNack, BasicReject, BasicConsumeOk},
	apply: func(s *strike, i *interference) {
		tag := s.command.Consumer
		i.Do = func(ch *broker.Channel) { ch.CancelConsumer(tag) }
	}}

// Redeliver takes a delivery back, behind the client's back, and delivers its
// message again, marked as redelivered. What the client says of the first delivery
// has no effect: an acknowledgement is ignored, if need be the one that struck.
var Redeliver = Action{name: "redeliver", only: []Method{BasicDeliver, BasicAck},
	apply: func(s *strike, i *interference) {
		tag := s.command.DeliveryTag
		i.Skip = !s.sent && !s.after
		i.Do = func(ch *broker.Channel) { ch.TakeBack(tag) }
	}}

// DeliverTwice delivers a message a second time, right behind the first. Both
// deliveries must be settled; the second is marked as redelivered.
var DeliverTwice = Action{name: "deliver twice", only: []Method{BasicDeliver},
	apply: func(s *strike, i *interference) {
		tag := s.command.DeliveryTag
		i.Do = func(ch *broker.Channel) { ch.DeliverAgain(tag) }
	}}

// CloseChannel closes the channel with an AMQP exception of this code, such as
// 406, and a text of your own. RabbitMQ puts the name of the code before it.
func CloseChannel(code int, text string) Action {
	return Action{name: fmt.Sprintf("close the channel with %d %q", code, text), channel: true, apply: func(s *strike, i *interference) {
		s.instead(i)
		i.Skip = i.Skip || s.sent && !s.after
		i.Err = &broker.ChannelError{Reply: broker.Reply{Code: wire.ReplyCode(code), Reason: text, Method: s.cmd.Method.ID()}}
	}}
}

// CloseConnection closes the connection with an AMQP exception of this code, such
// as 320, and a text of your own. RabbitMQ puts the name of the code before it.
func CloseConnection(code int, text string) Action {
	return Action{name: fmt.Sprintf("close the connection with %d %q", code, text), apply: func(s *strike, i *interference) {
		s.instead(i)
		i.Skip = i.Skip || s.sent && !s.after
		i.Err = &broker.ConnectionError{Reply: broker.Reply{Code: wire.ReplyCode(code), Reason: text, Method: s.cmd.Method.ID()}}
	}}
}

// Delay holds a method up, and everything behind it on its connection and in its
// direction: a slow network. Heartbeats wait, too.
func Delay(d time.Duration) Action {
	return Action{name: fmt.Sprintf("delay by %v", d), when: "before", apply: func(_ *strike, i *interference) { i.Delay = d }}
}

// Rate limits what the connection is sent from then on, in bytes per second.
func Rate(bytesPerSecond int) Action {
	return Action{name: fmt.Sprintf("limit to %d bytes per second", bytesPerSecond),
		apply: func(_ *strike, i *interference) { i.Rate = bytesPerSecond }}
}

// Run calls f in a goroutine of its own, to do something at that moment which no
// other action does: to stop the broker, say. The command does not wait for it. The
// broker does at the end.
func Run(f func()) Action {
	return Action{name: "run a function", apply: func(s *strike, i *interference) {
		if s.after {
			i.Do = func(*broker.Channel) { s.faults.spawn(f) }
			return
		}
		s.faults.spawn(f)
	}}
}

// Both does one thing and the other.
func Both(a, b Action) Action {
	both := Action{name: a.name + " and " + b.name, when: a.when, only: a.only, channel: a.channel || b.channel, span: max(a.span, b.span)}
	if both.when == "" {
		both.when = b.when
	}
	if both.only == nil {
		both.only = b.only
	}
	both.apply = func(s *strike, i *interference) {
		a.apply(s, i)
		first := i.Do
		i.Do = nil
		b.apply(s, i)
		second := i.Do
		switch {
		case second == nil:
			i.Do = first
		case first != nil:
			i.Do = func(ch *broker.Channel) {
				first(ch)
				second(ch)
			}
		}
	}
	both.flush = func() {
		for _, f := range []func(){a.flush, b.flush} {
			if f != nil {
				f()
			}
		}
	}
	return both
}

// instead has the command itself undone, as far as that is still possible: a
// client's has no effect before, and no answer after.
func (s *strike) instead(i *interference) {
	switch {
	case s.sent:
	case s.after:
		i.Mute = true
	default:
		i.Skip = true
	}
}
