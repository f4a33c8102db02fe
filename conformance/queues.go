package conformance

import (
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

// limited declares a queue of a type with limits.
func (t *T) limited(c *RawChannel, kind string, arguments ...wire.Field) (queue string) {
	t.Helper()
	queue = t.QueueName(kind)
	c.Queue(queue, append(arguments, queueType(kind))...)
	return queue
}

// queueOfPriorities declares a queue with x-max-priority.
func (c *RawChannel) queueOfPriorities(queue string, highest int, arguments ...wire.Field) {
	c.raw.t.Helper()
	c.Queue(queue, append(argument("x-max-priority", int32(highest)), arguments...)...)
}

// taken declares a queue with messages and gets each of them: their tags count from 1.
func taken(t *T, c *RawChannel, bodies ...string) (queue string) {
	t.Helper()
	queue = t.QueueName("q")
	c.Queue(queue)
	c.Publish("", queue, bodies...)
	for range bodies {
		c.Send(&wire.BasicGet{Queue: queue})
		Expect[*wire.BasicGetOk](c)
	}
	return queue
}

// bodies takes n deliveries and gives their bodies.
func (c *RawChannel) bodies(n int) []string {
	c.raw.t.Helper()
	all := make([]string, n)
	for i := range all {
		command := c.Next()
		if _, ok := command.Method.(*wire.BasicDeliver); !ok {
			c.raw.t.Fatalf("got %v on channel %d, want a delivery", command, c.Number)
		}
		all[i] = string(command.Body)
	}
	return all
}

// drainAll is Drain for several queues.
func (c *RawChannel) drainAll(queues ...string) [][]string {
	c.raw.t.Helper()
	var all [][]string
	for _, q := range queues {
		all = append(all, c.Drain(q))
	}
	return all
}

// left publishes bodies to a queue and takes all that is in it then.
func (t *T) left(c *RawChannel, queue string, bodies ...string) []string {
	t.Helper()
	t.Publish("", queue, bodies...)
	var got []string
	t.unrecorded(func() { got = c.Drain(queue) })
	return got
}

// rejectNext takes a message from a queue and rejects it, and says whether there was one.
func (c *RawChannel) rejectNext(queue string) bool {
	c.raw.t.Helper()
	c.Send(&wire.BasicGet{Queue: queue})
	ok, got := c.Next().Method.(*wire.BasicGetOk)
	if got {
		c.Send(&wire.BasicReject{DeliveryTag: ok.DeliveryTag})
	}
	return got
}

// getOnTwoChannels takes the first two messages of a queue, each on a channel of its
// own, of one connection.
func (t *T) getOnTwoChannels(queue string) (first, second *RawChannel) {
	t.Helper()
	r := t.Raw()
	first, second = r.Channel(), r.Channel()
	for _, ch := range []*RawChannel{first, second} {
		Call[*wire.BasicGetOk](ch, &wire.BasicGet{Queue: queue})
	}
	return first, second
}

// getWithHeaders is Get with the headers of the message.
func (c *RawChannel) getWithHeaders(queue string) string {
	c.raw.t.Helper()
	c.Send(&wire.BasicGet{Queue: queue})
	return c.withHeaders(1)[0]
}

// withHeaders takes n commands, each as text and with its headers, if it has any.
func (c *RawChannel) withHeaders(n int) []string {
	c.raw.t.Helper()
	all := make([]string, n)
	for i := range all {
		command := c.Next()
		all[i] = command.String()
		if command.Header != nil && command.Header.Properties.Flags&wire.HasHeaders != 0 {
			all[i] += " " + command.Header.Properties.Headers.String()
		}
	}
	return all
}

// confirmed publishes bodies to a queue and gives what the broker says to each.
func (t *T) confirmed(queue string, bodies ...string) (answers []string) {
	t.Helper()
	t.unrecorded(func() {
		c := t.Raw().Channel()
		c.Confirm()
		for _, body := range bodies {
			c.Publish("", queue, body)
			answers = append(answers, c.Lines(1)...)
			c.heard(queue)
		}
	})
	return answers
}

// passes waits until what was published on the channel before with that expiration is due.
func (c *RawChannel) passes(expiration string) {
	c.raw.t.Helper()
	clock, end := c.raw.t.QueueName("clock"), c.raw.t.QueueName("clock-end")
	c.Queue(end)
	c.Queue(clock, deadLetterTo(end)...)
	c.PublishWith(&wire.BasicPublish{RoutingKey: clock}, wire.Properties{Flags: wire.HasExpiration, Expiration: expiration}, "tick")
	c.raw.letterboxOnceFull(end).Next()
}

// awaitMissing waits until a queue that is bound to go is gone. How often it asks is not recorded.
func (t *T) awaitMissing(r *Raw, queue string) {
	t.Helper()
	t.unrecorded(func() {
		for start := time.Now(); ; {
			c := r.Channel()
			c.Send(&wire.QueueDeclare{Queue: queue, Passive: true})
			switch m := c.Next().Method.(type) {
			case *wire.QueueDeclareOk:
				c.Close()
			case *wire.ChannelClose:
				c.Send(&wire.ChannelCloseOk{})
				if m.ReplyCode == wire.NotFound {
					return
				}
			}
			if time.Since(start) > patience {
				t.Fatalf("the queue %s is still there", queue)
			}
		}
	})
}
