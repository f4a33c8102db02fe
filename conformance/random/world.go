package random

import (
	"slices"

	"github.com/minirabbit/minirabbit/wire"
)

// A world is what a program has brought about so far, as far as the generator looks at it to write a next step that
// means something. Where it is wrong, the program is only less interesting.
type world struct {
	queues    []string
	declared  map[string]bool // queues that there have been
	exchanges []string
	bindings  []wire.Method // queue.bind and exchange.bind, to be undone
	policies  []string
	channels  map[Place]*channelState
	bodies    int
	waits     int
	waitable  bool // something expires soon
}

type channelState struct {
	unsettled   []uint64
	consumerOf  map[uint64]string // by delivery
	lastTag     uint64
	transaction bool
	confirms    bool
	consumers   map[string]consumerState // by tag
}

type consumerState struct {
	queue string
	noAck bool
}

func newWorld() *world {
	return &world{channels: make(map[Place]*channelState), declared: make(map[string]bool)}
}

func (w *world) channel(at Place) *channelState {
	if w.channels[at] == nil {
		w.channels[at] = &channelState{consumers: make(map[string]consumerState), consumerOf: make(map[uint64]string)}
	}
	return w.channels[at]
}

// see takes note of a step and of what came of it on the emulator.
func (w *world) see(step Step, o Outcome, arrived map[Place][]command) {
	w.queues = nil
	for _, q := range o.Queues {
		w.queues = append(w.queues, q.Name)
		w.declared[q.Name] = true
	}
	if !failed(arrived[step.At]) {
		w.done(step)
	}
	for at, all := range arrived {
		for _, c := range all {
			w.arrived(at, c, step)
		}
	}
}

// leavesToChance says whether what has arrived ends a connection of which one channel holds deliveries while another
// one consumes, or holds some too. RabbitMQ ends its channels one after the other, so that the other may get them for a
// moment, or forever if it takes without acknowledgement. Measured with three channels on all releases, the order is any,
// but that the channel over whose error the connection ends goes first, unless that is an internal error.
func (w *world) leavesToChance(step Step, arrived map[Place][]command) bool {
	for connection := range connections {
		end := arrived[Place{connection, 0}]
		if len(end) == 0 {
			continue
		}
		first := Place{connection, 0}
		if m, refused := end[0].method.(*wire.ConnectionClose); refused && m.ReplyCode != wire.InternalError {
			first = step.At
		}
		for at, holder := range w.channels {
			for other, ch := range w.channels {
				if at.Connection == connection && other.Connection == connection && at != other && len(holder.unsettled) > 0 &&
					(len(ch.consumers) > 0 || len(ch.unsettled) > 0 && at != first && other != first) {
					return true
				}
			}
		}
	}
	return false
}

// failed says whether the channel was closed over the step.
func failed(arrived []command) bool {
	return slices.ContainsFunc(arrived, func(c command) bool {
		_, closed := c.method.(*wire.ChannelClose)
		return closed
	})
}

// arrived takes note of one command.
func (w *world) arrived(at Place, c command, step Step) {
	ch := w.channel(at)
	switch m := c.method.(type) {
	case *wire.BasicDeliver:
		ch.lastTag = m.DeliveryTag
		if !ch.consumers[m.ConsumerTag].noAck {
			ch.unsettled = append(ch.unsettled, m.DeliveryTag)
			ch.consumerOf[m.DeliveryTag] = m.ConsumerTag
		}
	case *wire.BasicGetOk:
		ch.lastTag = m.DeliveryTag
		if get, ok := step.Method.(*wire.BasicGet); ok && !get.NoAck {
			ch.unsettled = append(ch.unsettled, m.DeliveryTag)
		}
	case *wire.BasicCancel:
		delete(ch.consumers, m.ConsumerTag)
	case *wire.ChannelClose, *wire.ChannelCloseOk:
		delete(w.channels, at)
	case *wire.ConnectionClose, *wire.ConnectionCloseOk, *broken:
		for place := range w.channels {
			if place.Connection == at.Connection {
				delete(w.channels, place)
			}
		}
	}
}

// done takes note of a step that was not refused.
func (w *world) done(step Step) {
	ch := w.channel(step.At)
	switch m := step.Method.(type) {
	case *wire.ExchangeDeclare:
		if !slices.Contains(w.exchanges, m.Exchange) {
			w.exchanges = append(w.exchanges, m.Exchange)
		}
	case *wire.ExchangeDelete:
		w.exchanges = slices.DeleteFunc(w.exchanges, func(x string) bool { return x == m.Exchange })
	case *wire.QueueBind, *wire.ExchangeBind:
		w.bindings = append(w.bindings, m)
	case *wire.BasicConsume:
		ch.consumers[m.ConsumerTag] = consumerState{m.Queue, m.NoAck}
	case *wire.BasicCancel:
		delete(ch.consumers, m.ConsumerTag)
	case *wire.TxSelect:
		ch.transaction = true
	case *wire.ConfirmSelect:
		ch.confirms = true
	case *wire.BasicAck:
		ch.settle(m.DeliveryTag, m.Multiple)
	case *wire.BasicNack:
		ch.settle(m.DeliveryTag, m.Multiple)
	case *wire.BasicReject:
		ch.settle(m.DeliveryTag, false)
	case *wire.BasicRecover, *wire.BasicRecoverAsync:
		ch.unsettled = nil
	}
	switch {
	case step.Wait:
		w.waits++
	case step.Policy != nil:
		w.policies = slices.DeleteFunc(w.policies, func(p string) bool { return p == step.Policy.Name })
		if step.Policy.Definition != nil {
			w.policies = append(w.policies, step.Policy.Name)
		}
	}
}

func (ch *channelState) settle(tag uint64, multiple bool) {
	ch.unsettled = slices.DeleteFunc(ch.unsettled, func(t uint64) bool {
		return t == tag || multiple && (t < tag || tag == 0)
	})
}

// consumes gives the one queue that a channel consumes from, if there is one.
func (ch *channelState) consumes() (string, bool) {
	for _, c := range ch.consumers {
		return c.queue, true
	}
	return "", false
}

// holdsFrom says whether deliveries to a consumer of this tag, which has been cancelled, are not settled.
func (ch *channelState) holdsFrom(tag string) bool {
	_, there := ch.consumers[tag]
	return !there && slices.ContainsFunc(ch.unsettled, func(t uint64) bool { return ch.consumerOf[t] == tag })
}
