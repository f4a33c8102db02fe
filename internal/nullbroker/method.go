package nullbroker

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

// properties are what clients look at before they use confirms and nacks. They are
// as many as RabbitMQ's, for to read them is the client's cost and not the broker's.
var properties = wire.Table{
	{Key: "capabilities", Value: wire.Table{
		{Key: "publisher_confirms", Value: true},
		{Key: "exchange_exchange_bindings", Value: true},
		{Key: "basic.nack", Value: true},
		{Key: "consumer_cancel_notify", Value: true},
		{Key: "connection.blocked", Value: true},
		{Key: "consumer_priorities", Value: true},
		{Key: "authentication_failure_close", Value: true},
		{Key: "per_consumer_qos", Value: true},
		{Key: "direct_reply_to", Value: true},
	}},
	{Key: "cluster_name", Value: "null@nullbroker"},
	{Key: "copyright", Value: "Nobody's, for it does nothing that anybody could copy"},
	{Key: "information", Value: "The fastest broker that a client could meet"},
	{Key: "platform", Value: "Go"},
	{Key: "product", Value: "nullbroker"},
	{Key: "version", Value: "0.0.0"},
}

// method answers a method. What has no answer is forgotten.
func (c *conn) method(frame []byte) {
	m, err := wire.DecodeMethod(frame[frameHead : len(frame)-1])
	if err != nil {
		c.nc.Close()
		return
	}
	number := channelOf(frame)
	switch m := m.(type) {
	case *wire.BasicGet:
		c.get(number, m)
	case *wire.BasicConsume:
		c.consume(number, m)
	case *wire.BasicQos:
		c.channel(number).prefetch = int(m.PrefetchCount)
		c.reply(number, &wire.BasicQosOk{})
	case *wire.ConfirmSelect:
		c.channel(number).confirms = true
		c.reply(number, &wire.ConfirmSelectOk{})
	case *wire.ChannelClose:
		c.channels[number] = nil
		c.reply(number, &wire.ChannelCloseOk{})
	default:
		if answer := c.canned(m); answer != nil {
			c.reply(number, answer)
		}
	}
}

// canned returns the answer to a method, nil for none.
func (c *conn) canned(m wire.Method) wire.Method {
	switch m := m.(type) {
	case *wire.ConnectionStartOk:
		return &wire.ConnectionTune{ChannelMax: 2047, FrameMax: 131072, Heartbeat: 60}
	case *wire.ConnectionOpen:
		return &wire.ConnectionOpenOk{}
	case *wire.ConnectionClose:
		return &wire.ConnectionCloseOk{}
	case *wire.ChannelOpen:
		return &wire.ChannelOpenOk{}
	case *wire.ExchangeDeclare:
		return &wire.ExchangeDeclareOk{}
	case *wire.ExchangeDelete:
		return &wire.ExchangeDeleteOk{}
	case *wire.ExchangeBind:
		return &wire.ExchangeBindOk{}
	case *wire.QueueDeclare:
		if m.Queue == "" {
			m.Queue = fmt.Sprintf("null.%p.%d", c, len(c.consumers))
		}
		return &wire.QueueDeclareOk{Queue: m.Queue, MessageCount: uint32(c.s.queue(m.Queue).length())}
	case *wire.QueueBind:
		return &wire.QueueBindOk{}
	case *wire.QueuePurge:
		return &wire.QueuePurgeOk{MessageCount: uint32(c.s.queue(m.Queue).purge())}
	case *wire.QueueDelete:
		return &wire.QueueDeleteOk{MessageCount: uint32(c.s.queue(m.Queue).purge())}
	case *wire.BasicCancel:
		return c.cancel(m)
	}
	return nil
}

// consume subscribes. The consume-ok is in the output before deliveries can be, and
// sent when there is a consumer: a client may publish elsewhere once it has it.
func (c *conn) consume(number uint16, m *wire.BasicConsume) {
	if m.ConsumerTag == "" {
		m.ConsumerTag = fmt.Sprintf("null-%d", len(c.consumers))
	}
	c.reply(number, &wire.BasicConsumeOk{ConsumerTag: m.ConsumerTag})
	q := c.s.queue(m.Queue)
	s := &consumer{c: c, channel: number, tag: m.ConsumerTag}
	if !m.NoAck {
		s.prefetch = c.channel(number).prefetch
	}
	c.consumers = append(c.consumers, subscription{q, s})
	q.subscribe(s)
	q.add(0, nil) // serves what is there
}

func (c *conn) cancel(m *wire.BasicCancel) wire.Method {
	for _, s := range c.consumers {
		if s.tag == m.ConsumerTag {
			s.q.unsubscribe(s.consumer)
		}
	}
	return &wire.BasicCancelOk{ConsumerTag: m.ConsumerTag}
}

func (c *conn) get(number uint16, m *wire.BasicGet) {
	content, left, ok := c.s.queue(m.Queue).take()
	if !ok {
		c.reply(number, &wire.BasicGetEmpty{})
		return
	}
	c.outMu.Lock()
	defer c.outMu.Unlock()
	start := len(c.out)
	c.out = wire.AppendMethodFrame(c.out, number, &wire.BasicGetOk{DeliveryTag: 1, RoutingKey: "null", MessageCount: uint32(left)})
	c.out = append(c.out, content...)
	onChannel(c.out[start:], number)
}
