package conformance

import (
	"fmt"
	"strconv"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

const (
	streamOffset = "x-stream-offset"
	fromFirst    = "first"
)

// Stream declares a stream and gives its name.
func (c *RawChannel) Stream(arguments ...wire.Field) (queue string) {
	c.raw.t.Helper()
	queue = c.raw.t.QueueName("q")
	c.Queue(queue, append(argument("x-queue-type", "stream"), arguments...)...)
	return queue
}

// Read starts a consumer of a stream on a channel of its own, on a connection of its own, that begins at an offset and
// holds prefetch messages at most.
func (t *T) Read(queue string, offset any, prefetch uint16, more ...wire.Field) *RawChannel {
	t.Helper()
	c := t.Raw().Channel()
	c.Qos(prefetch, false)
	c.ConsumeWith(&wire.BasicConsume{Queue: queue, ConsumerTag: "c", Arguments: append(argument(streamOffset, offset), more...)})
	return c
}

// Messages takes the next n deliveries from streams: each as its consumer tag, delivery tag, offset and body, as in
// `c 1 @0 "a"`.
func (c *RawChannel) Messages(n int) []string {
	c.raw.t.Helper()
	all := make([]string, n)
	for i := range all {
		command := c.Next()
		deliver, ok := command.Method.(*wire.BasicDeliver)
		if !ok {
			c.raw.t.Fatalf("got %v on channel %d, want a delivery", command, c.Number)
		}
		offset, _ := command.Header.Properties.Headers.Get(streamOffset)
		redelivered := ""
		if deliver.Redelivered {
			redelivered = " redelivered"
		}
		all[i] = fmt.Sprintf("%s %d @%v%s %s", deliver.ConsumerTag, deliver.DeliveryTag, offset, redelivered, strconv.Quote(string(command.Body)))
	}
	return all
}

// CheckRead checks what a consumer that begins at an offset gets of a stream: the messages, and nothing more.
func (t *T) CheckRead(label, queue string, offset any, want ...string) {
	t.Helper()
	t.CheckReadWith(label, queue, argument(streamOffset, offset), want...)
}

// CheckReadWith is CheckRead with the arguments of basic.consume.
func (t *T) CheckReadWith(label, queue string, arguments wire.Table, want ...string) {
	t.Helper()
	c := t.Raw().Channel()
	c.Qos(100, false)
	c.ConsumeWith(&wire.BasicConsume{Queue: queue, ConsumerTag: "c", Arguments: arguments})
	t.Check(label, c.Messages(len(want)), want)
	t.Check(label+", and no more", c.RoundTrip(), []string{})
	c.raw.Close()
}

// CheckLateCounts is CheckCounts for a stream, whose numbers RabbitMQ knows some seconds late.
func (c *RawChannel) CheckLateCounts(label, queue string, want Counts) {
	c.raw.t.Helper()
	var got Counts
	c.raw.t.unrecorded(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for start := time.Now(); time.Since(start) < patience; <-tick.C {
			if got = c.Counts(queue); got == want {
				break
			}
		}
	})
	c.raw.t.Check(label, got, want)
}

// CheckLater checks what RabbitMQ knows some seconds late: it asks until the answer is as wanted.
func (t *T) CheckLater(label string, ask func() any, want any) {
	t.Helper()
	var got any
	t.unrecorded(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for start := time.Now(); time.Since(start) < patience; <-tick.C {
			if got = ask(); render(t.normalise(got)) == render(t.normalise(want)) {
				break
			}
		}
	})
	t.Check(label, got, want)
}

// StreamOfOneChunk publishes messages in a transaction to a new stream until RabbitMQ has written them as one chunk,
// which begins at offset 0. Its writer takes what is there when it comes to write: most often all that a transaction has
// committed, but not always.
func (t *T) StreamOfOneChunk(publish func(tx *RawChannel, queue string)) (queue string) {
	t.Helper()
	t.unrecorded(func() {
		r := t.Raw()
		c, tx := r.Channel(), r.Channel()
		Call[*wire.TxSelectOk](tx, &wire.TxSelect{})
		for range 50 {
			queue = c.Stream()
			publish(tx, queue)
			Call[*wire.TxCommitOk](tx, &wire.TxCommit{})
			if r.FirstOffset(queue, "last") == "0" {
				return
			}
		}
		t.Fatalf("RabbitMQ never wrote what a transaction committed as one chunk")
	})
	return queue
}

// FirstOffset gives the offset of the first message that a consumer gets which begins there, as text. It uses a channel of
// its own, whose number is free again afterwards: how often it is asked must not show in a recording.
func (r *Raw) FirstOffset(queue string, from any) string {
	r.t.Helper()
	c := r.Channel()
	c.Qos(1, false)
	c.ConsumeWith(&wire.BasicConsume{Queue: queue, ConsumerTag: "c", Arguments: argument(streamOffset, from)})
	offset, _ := c.Next().Header.Properties.Headers.Get(streamOffset)
	c.Close()
	r.channels--
	return fmt.Sprint(offset)
}

// AwaitStream waits until a stream can be read. After a restart, RabbitMQ accepts connections before it has the leaders of
// its streams back, and answers 404 or fails until then.
func (t *T) AwaitStream(queue string) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var e Error
	for start := time.Now(); time.Since(start) < patience; <-tick.C {
		c := t.Raw().Channel()
		c.Qos(1, false)
		c.Send(&wire.BasicConsume{Queue: queue, ConsumerTag: "c"})
		var refused bool
		e, refused = asError(c.Next().Method)
		c.raw.Drop()
		if !refused {
			return
		}
	}
	t.Fatalf("a stream is not there after a restart: %v", e)
}
