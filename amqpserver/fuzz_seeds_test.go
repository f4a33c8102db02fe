package amqpserver_test

import "github.com/minirabbit/minirabbit/wire"

// session writes frames in the short form of FuzzConnection's inputs.
type session []byte

func (s *session) method(channel uint16, m wire.Method) {
	*s = appendCompact(*s, wire.FrameMethod, channel, m.Append(nil))
}

func (s *session) publish(channel uint16, m *wire.BasicPublish, p wire.Properties, body string) {
	s.method(channel, m)
	frame := wire.AppendHeaderFrame(nil, channel, wire.IDBasicPublish.Class(), uint64(len(body)), p.Append(nil))
	*s = appendCompact(*s, wire.FrameHeader, channel, frame[7:len(frame)-1])
	if body != "" {
		*s = appendCompact(*s, wire.FrameBody, channel, []byte(body))
	}
}

// scripts are sessions that between them use all kinds of queues and exchanges.
func scripts() (all [][]byte) {
	kinds := map[string]wire.Table{
		"classic": {{Key: "x-max-length", Value: int32(2)}, {Key: "x-dead-letter-exchange", Value: ""}, {Key: "x-dead-letter-routing-key", Value: "dead"},
			{Key: "x-max-priority", Value: int32(255)}},
		"quorum": {{Key: "x-queue-type", Value: "quorum"}, {Key: "x-delivery-limit", Value: int32(2)}},
		"stream": {{Key: "x-queue-type", Value: "stream"}, {Key: "x-max-length-bytes", Value: int64(1000)}},
	}
	for _, kind := range []string{"classic", "quorum", "stream"} {
		all = append(all, queueScript(kinds[kind], kind == "stream"))
	}
	for _, kind := range []string{"direct", "fanout", "topic", "headers", "x-consistent-hash", "x-recent-history", "x-delayed-message"} {
		all = append(all, exchangeScript(kind))
	}
	return all
}

// queueScript declares a queue, publishes to it and settles what comes in every way.
func queueScript(arguments wire.Table, stream bool) []byte {
	s := &session{}
	s.method(1, &wire.QueueDeclare{Queue: "dead"})
	s.method(1, &wire.QueueDeclare{Queue: "q", Durable: true, Arguments: arguments})
	s.method(1, &wire.ConfirmSelect{})
	properties := wire.Properties{Flags: wire.HasHeaders | wire.HasDeliveryMode | wire.HasPriority | wire.HasExpiration | wire.HasReplyTo,
		DeliveryMode: 2, Priority: 7, Expiration: "60000", ReplyTo: "amq.rabbitmq.reply-to",
		Headers: wire.Table{{Key: "CC", Value: wire.Array{[]byte("dead")}}, {Key: "BCC", Value: wire.Array{[]byte("q")}}}}
	s.method(2, &wire.BasicQos{PrefetchCount: 2})
	consume := wire.Table{{Key: "x-priority", Value: int32(3)}}
	if stream {
		consume = wire.Table{{Key: "x-stream-offset", Value: "first"}}
	}
	s.method(2, &wire.BasicConsume{Queue: "q", ConsumerTag: "c", Arguments: consume})
	s.method(1, &wire.BasicConsume{Queue: "amq.rabbitmq.reply-to", NoAck: true})
	for range 5 {
		s.publish(1, &wire.BasicPublish{RoutingKey: "q", Mandatory: true}, properties, "body")
	}
	s.method(2, &wire.BasicReject{DeliveryTag: 1, Requeue: !stream})
	s.method(2, &wire.BasicNack{DeliveryTag: 2})
	s.method(2, &wire.BasicAck{DeliveryTag: 0, Multiple: true})
	s.method(2, &wire.BasicCancel{ConsumerTag: "c"})
	if stream {
		return *s
	}
	s.method(2, &wire.BasicRecover{Requeue: true})
	s.method(3, &wire.ChannelOpen{})
	s.method(3, &wire.TxSelect{})
	s.publish(1, &wire.BasicPublish{RoutingKey: "q"}, wire.Properties{}, "body")
	s.method(3, &wire.BasicGet{Queue: "q"})
	s.publish(3, &wire.BasicPublish{RoutingKey: "q"}, wire.Properties{}, "")
	s.method(3, &wire.BasicAck{DeliveryTag: 1})
	s.method(3, &wire.TxRollback{})
	s.method(3, &wire.BasicNack{DeliveryTag: 1, Requeue: true})
	s.method(3, &wire.TxCommit{})
	s.method(1, &wire.QueuePurge{Queue: "q"})
	s.method(2, &wire.QueueDelete{Queue: "q"})
	s.method(2, &wire.ChannelClose{ReplyCode: 200})
	return *s
}

// exchangeScript binds to an exchange, by exchanges too, and publishes to it.
func exchangeScript(kind string) []byte {
	s := &session{}
	arguments := wire.Table{{Key: "alternate-exchange", Value: "amq.fanout"}, {Key: "x-delayed-type", Value: "topic"}, {Key: "x-recent-history-length", Value: int32(3)},
		{Key: "hash-header", Value: "h"}}
	s.method(1, &wire.QueueDeclare{Exclusive: true})
	s.method(1, &wire.ExchangeDeclare{Exchange: "x", Type: kind, AutoDelete: true, Arguments: arguments})
	s.method(1, &wire.QueueBind{Exchange: "x", RoutingKey: "10", Arguments: wire.Table{{Key: "x-match", Value: "any"}, {Key: "h", Value: int32(1)}}})
	key := "a.*.#"
	if kind == "x-consistent-hash" {
		key = "3"
	}
	s.method(1, &wire.QueueBind{Exchange: "x", RoutingKey: key})
	s.method(1, &wire.ExchangeBind{Destination: "x", Source: "amq.topic", RoutingKey: "9"})
	s.method(1, &wire.ExchangeBind{Destination: "amq.topic", Source: "x", RoutingKey: "7"})
	headers := wire.Table{{Key: "h", Value: int32(1)}, {Key: "x-delay", Value: int32(1)}, {Key: "t", Value: wire.Table{{Key: "d", Value: 1.5}}}}
	for _, key := range []string{"a.b", "7", ""} {
		s.publish(2, &wire.BasicPublish{Exchange: "x", RoutingKey: key}, wire.Properties{Flags: wire.HasHeaders, Headers: headers}, "body")
	}
	s.method(1, &wire.QueueUnbind{Exchange: "x", RoutingKey: key})
	s.method(1, &wire.ExchangeUnbind{Destination: "x", Source: "amq.topic", RoutingKey: "9"})
	s.method(1, &wire.ExchangeDelete{Exchange: "x"})
	s.method(2, &wire.ChannelFlow{Active: true})
	return *s
}
