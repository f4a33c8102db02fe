package conformance

import (
	"slices"

	"github.com/minirabbit/minirabbit/wire"
)

// bindExchange binds an exchange to a source.
func (c *RawChannel) bindExchange(source, destination, key string) {
	c.raw.t.Helper()
	Call[*wire.ExchangeBindOk](c, &wire.ExchangeBind{Source: source, Destination: destination, RoutingKey: key})
}

// lateBinding binds a new queue, and gives the n messages that come of it.
func (c *RawChannel) lateBinding(exchange, label string, n int) []string {
	t := c.raw.t
	t.Helper()
	q := t.QueueName(label)
	c.Queue(q)
	c.Bind(q, exchange, "")
	t.arrives(c, q, uint32(n))
	return c.Drain(q)
}

// undetermined says why cases of exchanges that choose at random are racy.
const undetermined = "which queue gets a message is a matter of chance"

// scatter binds n queues to an exchange, publishes 60 messages, and gives how many each queue got.
func (c *RawChannel) scatter(exchange string, n int) (counts []int) {
	t := c.raw.t
	t.Helper()
	var queues []string
	for i := range n {
		queues = append(queues, t.QueueName(numbered("q", i+1)[i]))
		c.Queue(queues[i])
		c.Bind(queues[i], exchange, "")
	}
	for _, body := range numbered("m", 60) {
		c.Publish(exchange, "k", body)
	}
	all := c.drainAll(queues...)
	for _, bodies := range all {
		counts = append(counts, len(bodies))
	}
	got := slices.Concat(all...)
	slices.Sort(got)
	t.Check("each message is in one queue", len(slices.Compact(got)) == 60 && len(got) == 60, true)
	return counts
}

// hashExchange is an x-consistent-hash exchange with queues that are bound by weights.
type hashExchange struct {
	t        *T
	c        *RawChannel
	exchange string
	queues   []string
}

// bind binds one more queue, of its own.
func (x *hashExchange) bind(weight string) {
	x.t.Helper()
	queue := x.t.QueueName(numbered("q", len(x.queues)+1)[len(x.queues)])
	x.queues = append(x.queues, queue)
	x.c.Queue(queue)
	x.c.Bind(queue, x.exchange, weight)
}

// publishKeys publishes 40 messages with routing keys k0, k1, … and those bodies.
func (x *hashExchange) publishKeys() {
	x.t.Helper()
	for _, key := range numbered("k", 40) {
		x.c.Publish(x.exchange, key, key)
	}
}

// drained gives what is in each queue, and checks that all of it is the n messages that were published, each in one queue.
// The messages are not recorded one by one.
func (x *hashExchange) drained(n int) (bodies [][]string) {
	x.t.Helper()
	x.t.unrecorded(func() { bodies = x.c.drainAll(x.queues...) })
	x.t.Check("each message is in one queue", len(slices.Concat(bodies...)), n)
	return bodies
}

// where tells the number of the queue that the only message is in.
func (x *hashExchange) where() int {
	x.t.Helper()
	at := -1
	x.t.unrecorded(func() {
		for i, bodies := range x.c.drainAll(x.queues...) {
			if len(bodies) > 0 {
				at = i
			}
		}
	})
	return at
}

// newHash declares the exchange, and a queue for each weight.
func newHash(t *T, arguments wire.Table, weights ...string) *hashExchange {
	t.Helper()
	x := &hashExchange{t: t, c: t.Raw().Channel(), exchange: t.ExchangeName("x")}
	x.c.Exchange(x.exchange, "x-consistent-hash", arguments...)
	for _, weight := range weights {
		x.bind(weight)
	}
	return x
}
