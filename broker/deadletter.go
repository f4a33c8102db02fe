package broker

import (
	"slices"
	"strings"
	"time"

	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// deadLetter is a message that left a queue and waits to be published again.
type deadLetter struct {
	from *queue.Queue
	m    *queue.Message
	// failures of m's deliveries in that queue.
	failures uint32
	reason   queue.Reason
	stored   bool // the queue had kept it
}

// DeadLetter implements [queue.Host].
func (vh *VHost) DeadLetter(q *queue.Queue, m *queue.Message, failures uint32, reason queue.Reason, stored bool) {
	vh.deadLetters = append(vh.deadLetters, deadLetter{q, m, failures, reason, stored})
}

// publishDeadLetter publishes a dead letter to the exchange that its queue
// names. If there is no such exchange, or a cycle would begin, it is lost.
func (vh *VHost) publishDeadLetter(d deadLetter) {
	settings := d.from.Settings()
	if settings.DeadLettersAtLeastOnce() {
		vh.withhold(d)
		return
	}
	x := vh.exchanges[settings.DeadLetterExchange]
	if x == nil {
		return
	}
	m, header := vh.deadMessage(d, settings)
	if vh.observed() {
		vh.observe(&Event{Kind: MessageDeadLettered, Message: d.m, Queue: d.from, Reason: d.reason, Dead: m})
	}
	if !vh.node.release.RepliesMissDeadLetters {
		_, _ = vh.reply(x, m)
	}
	queues, err := vh.route(x, m, header)
	if err != nil {
		return
	}
	for _, to := range queues {
		q := to.(*queue.Queue)
		if q.IsStream() && vh.node.release.StreamsMissDeadLetters {
			continue
		}
		if d.reason == queue.Rejected || !deathCycle(q.Name(), header.Headers) {
			vh.enqueue(q, m)
		}
	}
}

// deadMessage builds the message that a dead letter is published as: with the
// story of its deaths in x-death, and without an expiration of its own.
func (vh *VHost) deadMessage(d deadLetter, s queue.Settings) (*queue.Message, *wire.Properties) {
	r := vh.node.release
	p := d.m.Reading()
	p.Headers = slices.Clone(p.Headers)
	vh.noteDeath(d, &p)
	e := *d.m.Envelope
	if !e.Dead {
		e.PropertyBytes = uint32(len(e.Properties))
	}
	e.Dead = true
	e.Failures += d.failures
	e.Exchange = s.DeadLetterExchange
	if s.DeadLetterRekey {
		e.RoutingKey, e.Copies = s.DeadLetterRoutingKey, nil
		if r.DropsCC {
			p.Headers.Delete(headerCC)
		}
	}
	p.Flags = p.Flags&^wire.HasExpiration | wire.HasHeaders
	e.HasExpiration = false
	e.Properties, e.Read, e.Rewritten = p.Append(nil), nil, true
	return &queue.Message{Envelope: &e, Body: d.m.Body}, &p
}

// noteDeath enters a death into the headers: the count in x-death goes up if the
// message died in this queue for this reason before, and the latest death comes
// first.
func (vh *VHost) noteDeath(d deadLetter, p *wire.Properties) {
	r := vh.node.release
	v, known := p.Headers.Get("x-death")
	deaths, valid := v.(wire.Array)
	if r.OwnDeathsOnly && !d.m.Dead {
		deaths, known = nil, false
	}
	if !known {
		vh.nameDeath(d, &p.Headers, "x-first-death-")
	}
	if r.LastDeath {
		vh.nameDeath(d, &p.Headers, "x-last-death-")
	}
	if r.GathersDeaths {
		deaths = gatherDeaths(deaths)
	}
	death, others := takeDeath(d, deaths)
	if death == nil {
		death = vh.firstDeath(d, p)
	}
	if valid && r.SortsDeaths {
		slices.SortStableFunc(death, func(a, b wire.Field) int { return strings.Compare(a.Key, b.Key) })
	}
	setSorted(&p.Headers, "x-death", append(wire.Array{death}, others...))
}

// gatherDeaths puts deaths into the opposite order, each queue and reason once. Unless
// there is only one, those that say no count get one, the number of their entries:
// before there were counts, RabbitMQ wrote an entry each time.
func gatherDeaths(deaths wire.Array) wire.Array {
	if len(deaths) < 2 {
		return deaths
	}
	type cause struct{ queue, reason any }
	entries := make(map[cause]int)
	causeOf := func(item any) (c cause, ok bool) {
		t, ok := item.(wire.Table)
		c.queue, _ = t.Get("queue")
		c.reason, _ = t.Get("reason")
		return c, ok && textOrNothing(c.queue) && textOrNothing(c.reason)
	}
	for _, item := range deaths {
		if c, ok := causeOf(item); ok {
			entries[c]++
		}
	}
	gathered := make(wire.Array, 0, len(deaths))
	for _, item := range deaths {
		if c, ok := causeOf(item); ok {
			n := entries[c]
			if n == 0 {
				continue // it is there
			}
			delete(entries, c)
			item = counted(item.(wire.Table), n)
		}
		gathered = append(gathered, item)
	}
	slices.Reverse(gathered)
	return gathered
}

// textOrNothing says that a field is a string, or not there.
func textOrNothing(v any) bool {
	_, ok := v.(string)
	return ok || v == nil
}

// counted is a death with a count: n if it has none.
func counted(death wire.Table, n int) wire.Table {
	if _, has := death.Get("count"); has {
		return death
	}
	return append(wire.Table{{Key: "count", Value: int64(n)}}, death...)
}

// nameDeath sets the three headers that name a death: the first one or the last.
func (vh *VHost) nameDeath(d deadLetter, headers *wire.Table, prefix string) {
	setSorted(headers, prefix+"reason", string(d.reason))
	setSorted(headers, prefix+"queue", d.from.Name())
	setSorted(headers, prefix+"exchange", d.m.Exchange)
}

// takeDeath returns the entry of x-death for this queue and reason, counted up,
// or nil, and the other entries. The time stays that of the first death.
func takeDeath(d deadLetter, deaths wire.Array) (death wire.Table, others wire.Array) {
	for _, item := range deaths {
		t, _ := item.(wire.Table)
		reason, _ := t.Get("reason")
		from, _ := t.Get("queue")
		if reason != string(d.reason) || from != d.from.Name() {
			others = append(others, item)
			continue
		}
		before, _ := t.Get("count")
		n, _ := integer(before)
		death = slices.Clone(t)
		death.Set("count", n+1)
	}
	return death, others
}

// firstDeath describes a death that happens for the first time, in the order of
// fields that the release writes.
func (vh *VHost) firstDeath(d deadLetter, p *wire.Properties) wire.Table {
	death := wire.Table{
		{Key: "count", Value: int64(1)},
		{Key: "reason", Value: string(d.reason)},
		{Key: "queue", Value: d.from.Name()},
		{Key: "time", Value: wire.Timestamp(int64(vh.Now()) / int64(time.Second))},
		{Key: "exchange", Value: d.m.Exchange},
		{Key: "routing-keys", Value: stringArray(vh.keysOfDeath(d.m, p))},
	}
	mode, _ := d.from.Arguments.Get("x-queue-mode")
	if p.Flags&wire.HasExpiration == 0 || vh.node.release.LazyForgetsExpiration && d.stored && mode == "lazy" {
		return death
	}
	expiration := wire.Field{Key: "original-expiration", Value: p.Expiration}
	if vh.node.release.ExpirationFirst {
		return append(wire.Table{expiration}, death...)
	}
	return append(death, expiration)
}

// keysOfDeath gives the routing keys that x-death tells: all but those in BCC.
func (vh *VHost) keysOfDeath(m *queue.Message, p *wire.Properties) []string {
	copies := appendCopies(nil, p.Headers, headerCC)
	keys := append([]string{m.RoutingKey}, copies...)
	if !vh.node.release.SubtractsBCC || len(m.Copies) <= len(copies) {
		return keys
	}
	hidden := m.Copies[len(copies):]
	keys = append(keys, hidden...)
	for _, key := range hidden {
		i := slices.Index(keys, key)
		keys = slices.Delete(keys, i, i+1)
	}
	return keys
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
