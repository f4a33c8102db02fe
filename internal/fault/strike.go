package fault

import (
	"fmt"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/wire"
)

// strike is one strike of a fault at a command.
type strike struct {
	engine  *Engine
	in      *Injected
	cmd     *amqpserver.Command
	command *Command
	moment  Moment
}

// receive says what a command suffers that has arrived.
func (x *strike) receive() *amqpserver.ReceiveInterference {
	i := &amqpserver.ReceiveInterference{Apart: x.in.fault.Apart}
	for _, s := range x.in.fault.Do.inOrder() {
		x.receiveStep(s, i)
	}
	return i
}

func (x *strike) receiveStep(s Step, i *amqpserver.ReceiveInterference) {
	switch s.Kind {
	case Delay:
		i.Delay = s.For
	case Rate:
		i.Rate = s.N
	case Redeliver:
		i.Effect = amqpserver.NoEffect
		i.Before = then(i.Before, x.act(s.Kind))
	case CancelConsumer:
		if x.moment == Before {
			i.Before = then(i.Before, x.act(s.Kind))
		} else {
			i.After = then(i.After, x.act(s.Kind))
		}
	case Nack:
		i.Effect = amqpserver.Nacked
	case Return:
		i.Effect = amqpserver.Returned
	case Withhold:
		x.insteadOfEffect(i)
	case RefuseLogin:
		x.insteadOfEffect(i)
		x.refuseLogin(i)
	case DropConnection:
		x.insteadOfEffect(i)
		i.End = amqpserver.Cut
	case GoSilent:
		x.insteadOfEffect(i)
		i.End = amqpserver.Silent
	case CloseConnection, CloseChannel:
		x.insteadOfEffect(i)
		i.Err = x.closing(s)
	case Run:
		if x.moment == Before {
			x.engine.spawn(s.Func)
		} else {
			i.After = then(i.After, func(*broker.Channel) { x.engine.spawn(s.Func) })
		}
	}
}

// insteadOfEffect has the command itself undone, as far as that is still possible: before it, it
// has no effect; after it, no answer.
func (x *strike) insteadOfEffect(i *amqpserver.ReceiveInterference) {
	switch {
	case i.Effect != amqpserver.FullEffect:
	case x.moment == After:
		i.Effect = amqpserver.Unanswered
	default:
		i.Effect = amqpserver.NoEffect
	}
}

// refuseLogin answers credentials as if they were wrong. As in RabbitMQ, a client that did not
// declare the capability finds the connection closed.
func (x *strike) refuseLogin(i *amqpserver.ReceiveInterference) {
	m, _ := x.cmd.Method.(*wire.ConnectionStartOk)
	session := broker.Connection{ClientProperties: m.ClientProperties}
	if !session.Capability("authentication_failure_close") {
		i.End = amqpserver.Cut
		return
	}
	i.Err = broker.Errorf(wire.AccessRefused, "Login was refused using authentication mechanism %s. For details see the broker logfile.", m.Mechanism)
}

// send says what a command suffers that is about to be sent.
func (x *strike) send() *amqpserver.SendInterference {
	i := &amqpserver.SendInterference{Apart: x.in.fault.Apart}
	for _, s := range x.in.fault.Do.inOrder() {
		x.sendStep(s, i)
	}
	return i
}

func (x *strike) sendStep(s Step, i *amqpserver.SendInterference) {
	switch s.Kind {
	case Delay:
		i.Delay = s.For
	case Rate:
		i.Rate = s.N
	case DeliverTwice, Redeliver, CancelConsumer:
		i.After = then(i.After, x.act(s.Kind))
	case Withhold:
		i.Part = amqpserver.Nothing
	case Postpone:
		i.Part = amqpserver.Nothing
		confirm, line := clone(x.cmd.Method), x.cmd.Line()
		x.engine.later(s.For, func() { x.engine.send(line, confirm) })
	case ConfirmInBatches, ConfirmInReverse:
		i.Part = amqpserver.Nothing
		i.Instead = x.in.held.add(x.cmd, s)
	case DropConnection:
		x.insteadOfSending(i)
		i.End = amqpserver.Cut
	case TearFrame:
		i.Part, i.End = amqpserver.Half, amqpserver.Cut
	case GoSilent:
		x.insteadOfSending(i)
		i.End = amqpserver.Silent
	case CloseConnection, CloseChannel:
		x.insteadOfSending(i)
		i.Err = x.closing(s)
	case Run:
		if x.moment == Before {
			x.engine.spawn(s.Func)
		} else {
			i.After = then(i.After, func(*broker.Channel) { x.engine.spawn(s.Func) })
		}
	}
}

func (x *strike) insteadOfSending(i *amqpserver.SendInterference) {
	if x.moment == Before {
		i.Part = amqpserver.Nothing
	}
}

// closing is the error that closes the channel or the connection.
func (x *strike) closing(s Step) error {
	reply := broker.Reply{Code: wire.ReplyCode(s.Code), Reason: s.Text, Method: x.cmd.Method.ID()}
	if s.Kind == CloseChannel {
		return &broker.ChannelError{Reply: reply}
	}
	return &broker.ConnectionError{Reply: reply}
}

// act returns what is done to the command's consumer or delivery.
func (x *strike) act(k Kind) func(*broker.Channel) {
	tag, consumer := x.command.DeliveryTag, x.command.Consumer
	return func(ch *broker.Channel) {
		if ch == nil || !ch.Open() {
			return
		}
		switch k {
		case DeliverTwice:
			ch.DeliverAgain(tag)
		case Redeliver:
			ch.TakeBack(tag)
		case CancelConsumer:
			ch.CancelConsumer(consumer)
		}
	}
}

// then returns what calls f, if there is one, and g behind it.
func then(f, g func(*broker.Channel)) func(*broker.Channel) {
	if f == nil {
		return g
	}
	return func(ch *broker.Channel) {
		f(ch)
		g(ch)
	}
}

// clone copies a method, which the broker will use again.
func clone(m wire.Method) wire.Method {
	copied, err := wire.DecodeMethod(m.Append(nil))
	if err != nil {
		panic(fmt.Sprintf("fault: %s does not survive its own encoding: %v", m.ID(), err))
	}
	return copied
}
