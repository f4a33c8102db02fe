package conformance

import (
	"slices"
	"strings"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

// RawChannel is a channel of a raw connection.
type RawChannel struct {
	raw    *Raw
	Number uint16
}

// Open opens the channel.
func (c *RawChannel) Open() {
	c.raw.t.Helper()
	c.Send(&wire.ChannelOpen{})
	Expect[*wire.ChannelOpenOk](c)
}

// Close closes the channel in order and gives what else arrived before the broker's close-ok.
func (c *RawChannel) Close() []string {
	c.raw.t.Helper()
	c.Send(&wire.ChannelClose{ReplyCode: wire.ReplySuccess})
	before := c.until(wire.IDChannelCloseOk)
	c.raw.t.event("%d.%d channel.close-ok", c.raw.number, c.Number)
	return before
}

// Send sends methods without waiting for anything.
func (c *RawChannel) Send(methods ...wire.Method) {
	c.raw.t.Helper()
	c.raw.send(c.Number, methods...)
}

// Next takes the next command that arrives on the channel, whatever it is.
func (c *RawChannel) Next() Command {
	c.raw.t.Helper()
	command := c.take()
	c.raw.t.took(c.raw.number, command)
	return command
}

// take is Next without recording the command.
func (c *RawChannel) take() Command {
	c.raw.t.Helper()
	command, err := c.raw.next(c.Number)
	if err != nil {
		c.raw.t.Fatalf("waiting for a command on channel %d: %v", c.Number, err)
	}
	return command
}

// Lines takes the next n commands, as text.
func (c *RawChannel) Lines(n int) []string {
	c.raw.t.Helper()
	commands := make([]Command, n)
	for i := range commands {
		commands[i] = c.Next()
	}
	return lines(commands)
}

// LinesInAnyOrder takes the next n commands, whose order is not determined, and gives and records them as text in the
// order of that text.
func (c *RawChannel) LinesInAnyOrder(n int) []string {
	c.raw.t.Helper()
	commands := make([]Command, n)
	for i := range commands {
		commands[i] = c.take()
	}
	slices.SortStableFunc(commands, func(a, b Command) int { return strings.Compare(a.String(), b.String()) })
	for _, command := range commands {
		c.raw.t.took(c.raw.number, command)
	}
	return lines(commands)
}

// Expect takes the next command, which has to be an M.
func Expect[M wire.Method](c *RawChannel) M {
	c.raw.t.Helper()
	command := c.Next()
	m, ok := command.Method.(M)
	if !ok {
		c.raw.t.Fatalf("got %v on channel %d, want a %T", command, c.Number, m)
	}
	return m
}

// Call sends a method and takes its reply, which has to be an M.
func Call[M wire.Method](c *RawChannel, request wire.Method) M {
	c.raw.t.Helper()
	c.Send(request)
	return Expect[M](c)
}

// Refused sends methods and gives the error that the broker answers with.
func (c *RawChannel) Refused(methods ...wire.Method) Error {
	c.raw.t.Helper()
	c.Send(methods...)
	return c.Error()
}

// Error takes the next command, which has to close the channel or the connection, and acknowledges it. After an error of
// the connection it also waits for the broker to close the socket.
func (c *RawChannel) Error() Error {
	c.raw.t.Helper()
	command := c.Next()
	e, ok := asError(command.Method)
	if !ok {
		c.raw.t.Fatalf("got %v on channel %d, want an error", command, c.Number)
	}
	if e.Scope == OnChannel {
		c.Send(&wire.ChannelCloseOk{})
	} else {
		c.raw.closeOk()
		c.raw.ExpectEnd()
	}
	return e
}

// until takes commands up to one with that ID and gives those before it, as text. That one itself is not recorded: when
// it comes in relation to the others is often not determined.
func (c *RawChannel) until(id wire.MethodID) []string {
	c.raw.t.Helper()
	before := []Command{}
	for {
		command := c.take()
		if command.Method.ID() == id {
			return lines(before)
		}
		c.raw.t.took(c.raw.number, command)
		if e, ok := asError(command.Method); ok {
			c.raw.t.Fatalf("got %v on channel %d, want %v", e, c.Number, id)
		}
		before = append(before, command)
	}
}

// Fence gives everything that the broker sends on this channel on account of what it has been told already, as text:
// what the channel's own methods bring, and what the queue has for the channel's consumers. It proves that nothing more
// comes. The queue needs a consumer.
//
// RabbitMQ's queues are processes that answer some methods ahead of others. Deleting is answered in its turn; refused
// because the queue is in use, it changes nothing. So: a round trip on this channel, after which the queue has been told
// everything that the channel was; the attempt to delete, on another channel, after which the queue has done it; and
// two more round trips, which flush what the queue has sent to the channel, and then what the channel held back.
func (c *RawChannel) Fence(queue string) []string {
	c.raw.t.Helper()
	before := c.RoundTrip()
	other := c.raw.Channel()
	var e Error
	c.raw.t.unrecorded(func() { e = other.Refused(&wire.QueueDelete{Queue: queue, IfUnused: true}) })
	if e.Code != wire.PreconditionFailed {
		c.raw.t.Fatalf("a fence on %s got %v, want it refused because there are consumers", queue, e)
	}
	before = append(before, c.RoundTrip()...)
	return append(before, c.RoundTrip()...)
}

// RoundTrip makes the channel answer something that touches no queue, and gives what arrived before the answer, as text.
func (c *RawChannel) RoundTrip() []string {
	c.raw.t.Helper()
	c.Send(&wire.ExchangeDeclare{Exchange: "amq.direct", Passive: true})
	return c.until(wire.IDExchangeDeclareOk)
}

// Queue declares a durable queue.
func (c *RawChannel) Queue(name string, arguments ...wire.Field) {
	c.raw.t.Helper()
	Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Queue: name, Durable: true, Arguments: arguments})
}

// Exchange declares a durable exchange.
func (c *RawChannel) Exchange(name, kind string, arguments ...wire.Field) {
	c.raw.t.Helper()
	Call[*wire.ExchangeDeclareOk](c, &wire.ExchangeDeclare{Exchange: name, Type: kind, Durable: true, Arguments: arguments})
}

// Bind binds a queue.
func (c *RawChannel) Bind(queue, exchange, key string, arguments ...wire.Field) {
	c.raw.t.Helper()
	Call[*wire.QueueBindOk](c, &wire.QueueBind{Queue: queue, Exchange: exchange, RoutingKey: key, Arguments: arguments})
}

// Publish publishes bodies without properties.
func (c *RawChannel) Publish(exchange, key string, bodies ...string) {
	c.raw.t.Helper()
	for _, body := range bodies {
		c.PublishWith(&wire.BasicPublish{Exchange: exchange, RoutingKey: key}, wire.Properties{}, body)
	}
}

// PublishWith publishes one body with properties.
func (c *RawChannel) PublishWith(publish *wire.BasicPublish, properties wire.Properties, body string) {
	c.raw.t.Helper()
	c.raw.note("-> %d %s %d bytes", c.Number, describe(publish), len(body))
	frames := wire.AppendMethodFrame(nil, c.Number, publish)
	c.raw.write(c.appendContent(frames, properties, body))
}

// sendContent sends a content header and a body.
func (c *RawChannel) sendContent(properties wire.Properties, body string) {
	c.raw.t.Helper()
	c.raw.note("-> %d   content of %d bytes", c.Number, len(body))
	c.raw.write(c.appendContent(nil, properties, body))
}

func (c *RawChannel) appendContent(frames []byte, properties wire.Properties, body string) []byte {
	frames = wire.AppendHeaderFrame(frames, c.Number, wire.IDBasicPublish.Class(), uint64(len(body)), properties.Append(nil))
	return wire.AppendBodyFrames(frames, c.Number, []byte(body), c.raw.frameMax)
}

// Consume starts a consumer.
func (c *RawChannel) Consume(queue, tag string) {
	c.raw.t.Helper()
	c.ConsumeWith(&wire.BasicConsume{Queue: queue, ConsumerTag: tag})
}

// ConsumeWith starts a consumer with options and gives its tag.
func (c *RawChannel) ConsumeWith(consume *wire.BasicConsume) string {
	c.raw.t.Helper()
	return Call[*wire.BasicConsumeOk](c, consume).ConsumerTag
}

// Get asks for one message and gives the answer, as text.
func (c *RawChannel) Get(queue string) string {
	c.raw.t.Helper()
	c.Send(&wire.BasicGet{Queue: queue})
	return c.Next().String()
}

// Drain takes all messages of a queue, without acknowledgement, and gives their bodies in order.
func (c *RawChannel) Drain(queue string) []string {
	c.raw.t.Helper()
	bodies := []string{}
	for {
		c.Send(&wire.BasicGet{Queue: queue, NoAck: true})
		command := c.Next()
		if command.Header == nil {
			if _, empty := command.Method.(*wire.BasicGetEmpty); !empty {
				c.raw.t.Fatalf("got %v in answer to basic.get", command)
			}
			return bodies
		}
		bodies = append(bodies, string(command.Body))
	}
}

// DrainRequeued is Drain for a queue to which n messages come back from a channel or connection that has closed. The
// close is answered before they are there.
func (c *RawChannel) DrainRequeued(queue string, n uint32) []string {
	c.raw.t.Helper()
	c.CheckCounts("came back to "+queue, queue, Counts{Ready: n})
	return c.Drain(queue)
}

// Counts asks for the numbers of messages and consumers.
func (c *RawChannel) Counts(queue string) Counts {
	c.raw.t.Helper()
	ok := Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Queue: queue, Passive: true})
	return Counts{Ready: ok.MessageCount, Consumers: ok.ConsumerCount}
}

// CheckCounts checks how many messages of a queue are ready and how many consumers it has. Because RabbitMQ may answer
// ahead of what the queue was told before, it asks until the answer is as wanted.
func (c *RawChannel) CheckCounts(label, queue string, want Counts) {
	c.raw.t.Helper()
	var got Counts
	c.raw.t.unrecorded(func() {
		for start := time.Now(); time.Since(start) < patience/4; {
			if got = c.Counts(queue); got == want {
				break
			}
		}
	})
	c.raw.t.Check(label, got, want)
}

// heard waits until the broker's channel knows what a queue tells its publishers after it has confirmed, such as that it
// refuses from now on: the channel itself asks the queue for something.
func (c *RawChannel) heard(queue string) {
	c.raw.t.Helper()
	c.raw.t.unrecorded(func() { c.Counts(queue) })
}

// Counts are a queue's numbers, as queue.declare-ok gives them.
type Counts struct{ Ready, Consumers uint32 }

// Qos limits what is unacknowledged.
func (c *RawChannel) Qos(prefetch uint16, global bool) {
	c.raw.t.Helper()
	Call[*wire.BasicQosOk](c, &wire.BasicQos{PrefetchCount: prefetch, Global: global})
}

// Confirm turns publisher confirms on.
func (c *RawChannel) Confirm() {
	c.raw.t.Helper()
	Call[*wire.ConfirmSelectOk](c, &wire.ConfirmSelect{})
}
