package history

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/minirabbit/minirabbit/wire"
)

// Check returns what in a history violates a guarantee, in order of the events. It understands publishings to the default
// exchange, and to others by the bindings that were made in the history, whatever their keys. Message bodies must differ.
// Queues must not order by priority, expire or drop messages, or take back what a client holds for long. What is still in
// a queue at the end counts as lost: it is to be consumed before, but from queues that were purged or deleted.
func Check(h History) []Violation {
	c := &checker{channels: make(map[place]*channel), messages: make(map[string]*message), copies: make(map[copyOf]*copied),
		bindings: make(map[string][]string), emptied: make(map[string]bool)}
	for i, e := range h {
		c.at = i
		c.event(e)
	}
	c.conclude()
	slices.SortStableFunc(c.violations, func(a, b Violation) int { return cmp.Compare(a.At, b.At) })
	return c.violations
}

type checker struct {
	at         int
	channels   map[place]*channel
	all        []*channel
	messages   map[string]*message // by body
	copies     map[copyOf]*copied
	order      []*copied           // in order of their first events
	bindings   map[string][]string // from exchange to queues
	emptied    map[string]bool     // queues that were purged or deleted
	violations []Violation
}

// place is where a channel is. Several use a number, one after the other.
type place struct {
	connection int
	number     uint16
}

// channel is a channel of a connection until it is closed.
type channel struct {
	place
	confirming bool
	published  []*message
	consumers  map[string]*consumer
	prefetch   int
	holds      map[uint64]*hold
	asked      []int    // when requests were sent that are not answered
	gets       []string // queues of basic.get that are not answered
	proofs     []proof
	last       map[stream]int // the number of the last message that was delivered for the first time
	ended      bool
	used       map[string]int // when the channel first asked for messages of a queue
}

// proof is a request that was answered: the channel was there after it was sent, and had done what it was sent before.
type proof struct{ sent int }

// stream is what stays in order: what a channel publishes to a queue.
type stream struct {
	from  *channel
	queue string
}

type consumer struct {
	queue    string
	noAck    bool
	prefetch int
	holds    int
}

type message struct {
	body               string
	from               *channel
	number             int // among those of its channel, from one
	queues             []string
	confirmed, refused bool
	confirmedAt        int
	returned           bool
}

// copyOf is a message in a queue.
type copyOf struct{ queue, body string }

type copied struct {
	copyOf
	message *message
	holds   []*hold
}

// hold is a delivery.
type hold struct {
	*copied
	channel     *channel
	consumer    *consumer // nil for basic.get
	at          int
	redelivered bool
	noAck       bool
	settled     int // when the client sent so, 0 for never
	requeued    bool
}

func (c *checker) violate(at int, g Guarantee, format string, args ...any) {
	c.violations = append(c.violations, Violation{Guarantee: g, At: at, Text: fmt.Sprintf(format, args...)})
}

func (c *checker) event(e Event) {
	if e.Method == nil {
		for at, ch := range c.channels {
			if at.connection == e.Connection {
				c.end(ch)
			}
		}
		return
	}
	if e.Channel == 0 {
		return
	}
	at := place{e.Connection, e.Channel}
	ch := c.channels[at]
	if ch == nil {
		ch = &channel{place: at, consumers: make(map[string]*consumer), holds: make(map[uint64]*hold), last: make(map[stream]int), used: make(map[string]int)}
		c.channels[at] = ch
		c.all = append(c.all, ch)
	}
	if e.Sent {
		c.sent(ch, e)
	} else {
		c.received(ch, e)
	}
}

// end frees the number of a channel.
func (c *checker) end(ch *channel) {
	ch.ended = true
	delete(c.channels, ch.place)
}

// sent handles what a client asks for.
func (c *checker) sent(ch *channel, e Event) {
	if isRequest(e.Method) {
		ch.asked = append(ch.asked, c.at)
	}
	switch m := e.Method.(type) {
	case *wire.ConfirmSelect:
		ch.confirming = true
	case *wire.BasicQos:
		ch.prefetch = int(m.PrefetchCount)
	case *wire.BasicConsume:
		ch.consumers[m.ConsumerTag] = &consumer{queue: m.Queue, noAck: m.NoAck, prefetch: ch.prefetch}
		ch.use(m.Queue, c.at)
	case *wire.BasicGet:
		ch.gets = append(ch.gets, m.Queue)
		ch.use(m.Queue, c.at)
		if m.NoAck {
			ch.gets[len(ch.gets)-1] = m.Queue + noAckGet
		}
	case *wire.BasicPublish:
		c.publish(ch, m, e.Body)
	case *wire.BasicAck:
		c.settle(ch, m.DeliveryTag, m.Multiple, false)
	case *wire.BasicNack:
		c.settle(ch, m.DeliveryTag, m.Multiple, m.Requeue)
	case *wire.BasicReject:
		c.settle(ch, m.DeliveryTag, false, m.Requeue)
	case *wire.BasicRecover:
		c.settle(ch, 0, true, true)
	case *wire.QueueBind:
		c.bindings[m.Exchange] = append(c.bindings[m.Exchange], m.Queue)
	case *wire.QueueDelete:
		c.emptied[m.Queue] = true
	case *wire.QueuePurge:
		c.emptied[m.Queue] = true
	}
}

// noAckGet marks a basic.get without acknowledgement; no name of a queue has it.
const noAckGet = "\x00no-ack"

func (ch *channel) use(queue string, at int) {
	if _, used := ch.used[queue]; !used {
		ch.used[queue] = at
	}
}

// isRequest says whether a method has an answer that comes when everything before it is done.
func isRequest(m wire.Method) bool {
	switch m := m.(type) {
	case *wire.QueueDeclare:
		return !m.NoWait
	case *wire.BasicConsume:
		return !m.NoWait
	case *wire.BasicCancel:
		return !m.NoWait
	case *wire.ChannelOpen, *wire.ConfirmSelect, *wire.BasicQos, *wire.BasicGet, *wire.ChannelClose, *wire.QueuePurge, *wire.QueueDelete, *wire.BasicRecover,
		*wire.QueueBind, *wire.ExchangeDeclare:
		return true
	}
	return false
}

// received handles what a client is told.
func (c *checker) received(ch *channel, e Event) {
	switch m := e.Method.(type) {
	case *wire.BasicDeliver:
		if s := ch.consumers[m.ConsumerTag]; s != nil {
			c.deliver(ch, s, s.queue, m.DeliveryTag, m.Redelivered, s.noAck, e.Body)
		}
		return
	case *wire.BasicAck:
		c.confirm(ch, m.DeliveryTag, m.Multiple, true)
		return
	case *wire.BasicNack:
		c.confirm(ch, m.DeliveryTag, m.Multiple, false)
		return
	case *wire.BasicReturn:
		c.returned(e.Body)
		return
	case *wire.BasicCancel:
		return
	case *wire.ChannelClose:
		c.end(ch)
		return
	case *wire.BasicGetOk:
		if len(ch.gets) > 0 {
			queue, noAck := cutNoAck(ch.gets[0])
			ch.gets = ch.gets[1:]
			c.deliver(ch, nil, queue, m.DeliveryTag, m.Redelivered, noAck, e.Body)
		}
	case *wire.BasicGetEmpty:
		ch.gets = ch.gets[min(1, len(ch.gets)):]
	}
	if len(ch.asked) > 0 { // any other is an answer
		ch.proofs = append(ch.proofs, proof{ch.asked[0]})
		ch.asked = ch.asked[1:]
	}
	if _, closed := e.Method.(*wire.ChannelCloseOk); closed {
		c.end(ch)
	}
}
