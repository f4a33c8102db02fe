package conformance

import "github.com/minirabbit/minirabbit/wire"

// requester opens a channel that consumes direct replies under that tag.
func (r *Raw) requester(tag string) *RawChannel {
	r.t.Helper()
	c := r.Channel()
	c.ConsumeWith(&wire.BasicConsume{Queue: replyTo, NoAck: true, ConsumerTag: tag})
	return c
}

// replyTo is the pseudo-queue of direct reply-to.
const replyTo = "amq.rabbitmq.reply-to"

// withReplyTo are properties that ask for a reply.
func withReplyTo(to string) wire.Properties {
	return wire.Properties{Flags: wire.HasReplyTo, ReplyTo: to}
}

// request publishes a request to a queue and gives the name to which the reply has to be published.
func (c *RawChannel) request(queue string) (name string) {
	c.raw.t.Helper()
	c.PublishWith(&wire.BasicPublish{RoutingKey: queue}, withReplyTo(replyTo), "request")
	c.Send(&wire.BasicGet{Queue: queue, NoAck: true})
	command := c.Next()
	if command.Header == nil {
		c.raw.t.Fatalf("got %v in answer to basic.get, want the request", command)
	}
	return command.Header.Properties.ReplyTo
}
