package testkit

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

const (
	dumpMessages = 10  // of a queue
	dumpBody     = 120 // bytes of a body
	dumpHistory  = 10  // messages, when a test fails
	dumpedQueues = 30  // in the message of a failure
)

// Dump describes the queues of all virtual hosts with their first messages, and the
// connections with their consumers, for a person to read.
func (b *Broker) Dump() string { return b.dump(math.MaxInt) }

// summary is Dump for the message of a failure, which stays readable.
func (b *Broker) summary() string { return b.dump(dumpedQueues) }

// dump describes so many queues of each virtual host at most. A virtual host has a
// heading unless "/" is the only one.
func (b *Broker) dump(most int) string {
	var s strings.Builder
	names := b.node.vhosts()
	err := b.visit("", func(name string, vh vhost) error {
		if len(names) > 1 || name != "/" {
			fmt.Fprintf(&s, "virtual host %q:\n", name)
		}
		queues, err := vh.queues()
		if err != nil {
			return err
		}
		dumpQueues(&s, queues, most)
		connections, err := vh.connections(false)
		if len(connections) == 0 {
			s.WriteString("  no connections\n")
		}
		for _, c := range connections {
			dumpConnection(&s, c.Connection)
		}
		return err
	})
	if err != nil {
		fmt.Fprintf(&s, "  %v\n", err)
	}
	return s.String()
}

// dumpQueues describes so many queues at most. Of more, those with messages or
// consumers come first.
func dumpQueues(s *strings.Builder, queues []queueState, most int) {
	if len(queues) == 0 {
		s.WriteString("  no queues\n")
	}
	if len(queues) > most {
		busy := func(q queueState) int { return min(1, q.ready+q.unacked+q.consumers) }
		slices.SortStableFunc(queues, func(a, b queueState) int { return busy(b) - busy(a) })
	}
	for _, q := range queues[:min(len(queues), most)] {
		dumpQueue(s, q)
	}
	if len(queues) > most {
		fmt.Fprintf(s, "  and %d more queues\n", len(queues)-most)
	}
}

func dumpQueue(s *strings.Builder, q queueState) {
	fmt.Fprintf(s, "  queue %q: %d ready, %d unacked, %d consumers\n", q.name, q.ready, q.unacked, q.consumers)
	for _, tag := range q.preview.consumers {
		fmt.Fprintf(s, "    consumer %q\n", tag)
	}
	for _, m := range q.preview.messages {
		fmt.Fprintf(s, "    message from exchange %q with routing key %q: %s\n", m.Exchange, m.RoutingKey, shorten(m.Body))
	}
	if more := q.ready - len(q.preview.messages); more > 0 && len(q.preview.messages) > 0 {
		fmt.Fprintf(s, "    and %d more messages\n", more)
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

// check returns an error if the broker's books do not balance.
func (b *Broker) check() error {
	if e, ok := b.node.(*emulator); ok {
		return e.check()
	}
	return nil
}

// report logs what is in the broker and what has happened, if the test has failed.
func (b *Broker) report(t Test) {
	if !t.Failed() {
		return
	}
	report(t, "%s at the end of %s:\n%s", b.node.name(), t.Name(), b.summary())
	if b.recorder == nil {
		return
	}
	if open := toHistory(b.recorder.History()).Where(unsettled); len(open) > 0 {
		more := ""
		if len(open) > dumpHistory {
			more = fmt.Sprintf("and %d more messages\n", len(open)-dumpHistory)
			open = open[:dumpHistory]
		}
		report(t, "what happened to the messages that are not settled:\n%s%s", open, more)
	}
	b.logIdleFaults(t)
	b.logTrace(t)
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
