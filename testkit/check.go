package testkit

import (
	"fmt"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// The checks below report an error and let the test go on. They look once: what is
// still to come must be awaited before.

// CheckBodies checks the bodies of the ready messages, the next to be delivered
// first.
func (v QueueView) CheckBodies(t T, want ...string) {
	t.Helper()
	var got []string
	for _, m := range v.messages(t) {
		got = append(got, string(m.Body))
	}
	check(t, "bodies of the messages in "+v.String(), want, got)
}

// Counts is what there is to count of a queue.
type Counts struct {
	Ready     int // messages that wait for a consumer
	Unacked   int // messages that consumers hold
	Consumers int
}

// CheckCounts checks how many messages are ready and unacked, and how many consumers
// there are. A field that is left out means none.
func (v QueueView) CheckCounts(t T, want Counts) {
	t.Helper()
	s := v.state(t)
	check(t, "counts of "+v.String(), want, Counts{s.ready, s.unacked, s.consumers})
}

// CheckTopology checks which exchanges, queues and bindings there are, in all virtual
// hosts. Those in another one than "/" say so in their VHost. The order is of no
// consequence, nor are exchanges that every virtual host has, nor whether a classic
// queue was declared as such: from 4.0 on, RabbitMQ notes the type of its own accord.
func (b *Broker) CheckTopology(t T, want Topology) {
	t.Helper()
	checkTopology(t, "topology", "/", want, b.topology(t))
}

// checkTopology compares topologies with a default for the virtual host.
func checkTopology(t T, what, vhost string, want, got Topology) {
	t.Helper()
	check(t, what, want.normal(vhost), got.normal(vhost),
		cmpopts.SortSlices(func(a, b Exchange) bool { return a.VHost+a.Name < b.VHost+b.Name }),
		cmpopts.SortSlices(func(a, b Queue) bool { return a.VHost+a.Name < b.VHost+b.Name }),
		cmpopts.SortSlices(func(a, b Binding) bool { return fmt.Sprint(a) < fmt.Sprint(b) }))
}

// normal returns the topology with what it leaves to defaults, among them the virtual
// host, and with integers of one type.
func (t Topology) normal(vhost string) (n Topology) {
	t = t.in(vhost)
	for _, x := range t.Exchanges {
		x.Type = x.kind()
		x.Arguments = sameIntegers(x.Arguments)
		n.Exchanges = append(n.Exchanges, x)
	}
	for _, q := range t.Queues {
		q.Arguments = sameIntegers(q.Arguments)
		if q.Arguments["x-queue-type"] == "classic" {
			delete(q.Arguments, "x-queue-type") // of the copy
		}
		n.Queues = append(n.Queues, q)
	}
	for _, b := range t.Bindings {
		b.Arguments = sameIntegers(b.Arguments)
		n.Bindings = append(n.Bindings, b)
	}
	return n
}

// CheckIdle checks that no queue of any virtual host holds a message, ready or
// unacked.
func (b *Broker) CheckIdle(t T) {
	t.Helper()
	b.checkIdle(t, "")
}

func (b *Broker) checkIdle(t T, vhostName string) {
	t.Helper()
	idle := true
	err := b.visit(vhostName, func(_ string, vh vhost) error {
		now, err := vh.idle()
		idle = idle && now
		return err
	})
	if err != nil {
		fail(t, err)
	}
	if !idle {
		t.Errorf("testkit: the broker is not idle%s. There is:\n%s", inVHost(vhostName), b.summary())
	}
}

// Check checks what happened to the message, in order.
func (m MessageHistory) Check(t T, want ...EventKind) {
	t.Helper()
	var got []EventKind
	for _, e := range m.Events {
		got = append(got, e.Kind)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("testkit: what happened to message %d (-want +got):\n%s\nIts story:\n%s", m.ID, diff, m)
	}
}

func check(t T, what string, want, got any, options ...cmp.Option) {
	t.Helper()
	if diff := cmp.Diff(want, got, append(options, cmpopts.EquateEmpty())...); diff != "" {
		t.Errorf("testkit: %s (-want +got):\n%s", what, diff)
	}
}
