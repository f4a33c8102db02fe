package broker

import (
	"slices"
	"time"

	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// deadLetter is a message that left a queue and waits to be published again.
type deadLetter struct {
	from   *queue.Queue
	m      *queue.Message
	reason queue.Reason
}

// DeadLetter implements [queue.Host].
func (vh *VHost) DeadLetter(q *queue.Queue, m *queue.Message, reason queue.Reason) {
	vh.deadLetters = append(vh.deadLetters, deadLetter{q, m, reason})
}

// publishDeadLetter publishes a dead letter to the exchange that its queue
// names. If there is no such exchange, or a cycle would begin, it is lost.
func (vh *VHost) publishDeadLetter(d deadLetter) {
	settings := d.from.Settings()
	x := vh.exchanges[settings.DeadLetterExchange]
	if x == nil {
		return
	}
	m, headers := vh.deadMessage(d, settings)
	if vh.observed() {
		vh.observe(Event{Kind: MessageDeadLettered, Message: d.m, Queue: d.from, Reason: d.reason, Dead: m})
	}
	for _, to := range slices.Clone(vh.route(x, m.RoutingKey, headers)) {
		q := to.(*queue.Queue)
		if d.reason == queue.Rejected || !deathCycle(q.Name(), headers) {
			vh.enqueue(q, m)
		}
	}
}

// deadMessage builds the message that a dead letter is published as: with the
// story of its deaths in x-death, and without an expiration of its own.
func (vh *VHost) deadMessage(d deadLetter, s queue.Settings) (*queue.Message, wire.Table) {
	p := d.m.Header()
	death := wire.Table{
		{Key: "reason", Value: string(d.reason)},
		{Key: "queue", Value: d.from.Name()},
		{Key: "time", Value: wire.Timestamp(int64(vh.Now()) / int64(time.Second))},
		{Key: "exchange", Value: d.m.Exchange},
		{Key: "routing-keys", Value: stringArray(appendCopies([]string{d.m.RoutingKey}, p.Headers))},
	}
	if p.Flags&wire.HasExpiration != 0 {
		death = append(death, wire.Field{Key: "original-expiration", Value: p.Expiration})
	}
	vh.noteDeath(&p.Headers, death)
	m := *d.m
	m.Exchange = s.DeadLetterExchange
	if s.DeadLetterRekey {
		m.RoutingKey = s.DeadLetterRoutingKey
		p.Headers.Delete(headerCC)
	}
	p.Flags = p.Flags&^wire.HasExpiration | wire.HasHeaders
	m.HasExpiration = false
	m.Properties = p.Append(nil)
	return &m, p.Headers
}

// noteDeath enters a death into x-death: the count goes up if the message died
// in this queue for this reason before, and the latest death comes first.
func (vh *VHost) noteDeath(headers *wire.Table, death wire.Table) {
	reason, _ := death.Get("reason")
	from, _ := death.Get("queue")
	source, _ := death.Get("exchange")
	v, set := headers.Get("x-death")
	deaths, _ := v.(wire.Array)
	if !set {
		headers.Set("x-first-death-reason", reason)
		headers.Set("x-first-death-queue", from)
		headers.Set("x-first-death-exchange", source)
	}
	if vh.node.release.lastDeath {
		headers.Set("x-last-death-reason", reason)
		headers.Set("x-last-death-queue", from)
		headers.Set("x-last-death-exchange", source)
	}
	count := int64(1)
	others := wire.Array{}
	for _, item := range deaths {
		t, _ := item.(wire.Table)
		r, _ := t.Get("reason")
		q, _ := t.Get("queue")
		if r == reason && q == from {
			before, _ := t.Get("count")
			n, _ := integer(before)
			count = n + 1
			death = t
			continue
		}
		others = append(others, item)
	}
	death = append(wire.Table(nil), death...)
	death.Set("count", count)
	headers.Set("x-death", append(wire.Array{death}, others...))
}

// deathCycle says whether a message that died and is now routed to a queue has
// been there before without ever having been rejected since: nobody would ever
// stop it.
func deathCycle(name string, headers wire.Table) bool {
	v, _ := headers.Get("x-death")
	deaths, _ := v.(wire.Array)
	for _, item := range deaths {
		t, _ := item.(wire.Table)
		if reason, _ := t.Get("reason"); reason == string(queue.Rejected) {
			return false
		}
		if from, _ := t.Get("queue"); from == name {
			return true
		}
	}
	return false
}

func stringArray(ss []string) wire.Array {
	a := make(wire.Array, len(ss))
	for i, s := range ss {
		a[i] = s
	}
	return a
}
