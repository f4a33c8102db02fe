package testkit

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/queue"
)

const (
	dumpMessages = 10  // of a queue
	dumpBody     = 120 // bytes of a body
	dumpHistory  = 10  // messages, when a test fails
	dumpQueues   = 30  // in the message of a failure
)

// Dump describes the queues of the broker with their first messages, and the
// connections with their consumers, for a person to read.
func (b *Broker) Dump() string {
	b.t.Helper()
	return b.dump(math.MaxInt)
}

// summary is Dump for the message of a failure, which stays readable.
func (b *Broker) summary() string { return b.dump(dumpQueues) }

// dump describes so many queues at most. Of more, those with messages or consumers
// come first.
func (b *Broker) dump(most int) string {
	if b.real != nil {
		return b.real.dump()
	}
	b.vhost.Lock()
	defer b.vhost.Unlock()
	var s strings.Builder
	queues := slices.Clone(b.vhost.Queues())
	if len(queues) == 0 {
		s.WriteString("  no queues\n")
	}
	if len(queues) > most {
		busy := func(q *queue.Queue) int { return min(1, q.Len()+q.Unacked()+len(q.Consumers())) }
		slices.SortStableFunc(queues, func(a, b *queue.Queue) int { return busy(b) - busy(a) })
	}
	for _, q := range queues[:min(len(queues), most)] {
		dumpQueue(&s, q)
	}
	if len(queues) > most {
		fmt.Fprintf(&s, "  and %d more queues\n", len(queues)-most)
	}
	connections := describeConnections(b.vhost.Connections())
	if len(connections) == 0 {
		s.WriteString("  no connections\n")
	}
	for _, c := range connections {
		dumpConnection(&s, c)
	}
	return s.String()
}

func dumpQueue(s *strings.Builder, q *queue.Queue) {
	fmt.Fprintf(s, "  queue %q: %d ready, %d unacked, %d consumers\n", q.Name(), q.Len(), q.Unacked(), len(q.Consumers()))
	for _, c := range q.Consumers() {
		fmt.Fprintf(s, "    consumer %q\n", c.Tag)
	}
	n := 0
	q.Each(func(e *queue.Entry) {
		if n++; n > dumpMessages {
			return
		}
		fmt.Fprintf(s, "    message from exchange %q with routing key %q: %s\n", e.Message.Exchange, e.Message.RoutingKey, shorten(e.Message.Body))
	})
	if n > dumpMessages {
		fmt.Fprintf(s, "    and %d more messages\n", n-dumpMessages)
	}
}

func dumpConnection(s *strings.Builder, c Connection) {
	name := c.Address
	if c.Name != "" {
		name = fmt.Sprintf("%q, %s", c.Name, c.Address)
	}
	fmt.Fprintf(s, "  connection %s: user %s, %d channels\n", name, c.User, len(c.Channels))
	for _, ch := range c.Channels {
		fmt.Fprintf(s, "    channel %d: %d unacked", ch.Number, ch.Unacked)
		for _, consumer := range ch.Consumers {
			fmt.Fprintf(s, ", consumer %q of queue %q", consumer.Tag, consumer.Queue)
		}
		s.WriteString("\n")
	}
}

// report checks the broker's books at the end of the test and, if the test has
// failed, logs what is in the broker and what has happened.
func (b *Broker) report() {
	b.vhost.Lock()
	var problems []error
	for _, q := range b.vhost.Queues() {
		if err := q.Check(); err != nil {
			problems = append(problems, err)
		}
	}
	b.vhost.Unlock()
	for _, err := range problems {
		b.t.Errorf("minirabbit lost count, which is a bug in minirabbit: %v", err)
	}
	if !b.t.Failed() {
		return
	}
	report(b.t, "minirabbit at the end of %s:\n%s", b.t.Name(), b.summary())
	if b.recorder == nil {
		return
	}
	if open := toHistory(b.recorder.History()).Where(unsettled); len(open) > 0 {
		more := ""
		if len(open) > dumpHistory {
			more = fmt.Sprintf("and %d more messages\n", len(open)-dumpHistory)
			open = open[:dumpHistory]
		}
		report(b.t, "what happened to the messages that are not settled:\n%s%s", open, more)
	}
	b.logTrace()
}

// unsettled says of a message whether it is in some queue still, as far as its
// history tells.
func unsettled(m MessageHistory) bool {
	in := make(map[string]int)
	for _, e := range m.Events {
		switch e.Kind {
		case Routed:
			in[e.Queue]++
		case Acked, Dropped, Refused:
			in[e.Queue]--
		case Delivered, Got:
			if e.NoAck {
				in[e.Queue]--
			}
		}
	}
	for _, n := range in {
		if n > 0 {
			return true
		}
	}
	return false
}
