package random

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/minirabbit/minirabbit/wire"
)

// A generator draws steps. What it draws depends on what the program has done so far on the emulator, so that most steps
// mean something: an acknowledgement is for a delivery that is there, a get from a queue that is there.
//
// What RabbitMQ itself leaves to chance is not drawn:
//   - A channel consumes from one queue only. Deliveries from two arrive in either order, and so do their tags.
//   - The channels that get what is left in the end do not consume: a dead letter that comes of it reaches a consumer between
//     the answers or after them.
//   - The types x-random and x-local-random are not declared.
//   - A queue that is declared again after it was deleted has no priorities and no dead letters: RabbitMQ's process of such
//     a queue crashes, with its messages, when a client settles or rejects one that it had from the queue of that name
//     before.
//   - A channel that holds messages of a quorum queue from a consumer that it has cancelled does not consume under that tag
//     again: the channel crashes in 3.10 when it gets the next message.
//   - No two policies have the same priority. Of two that do, either is in force, depending on the virtual host's name.
//   - Nothing expires while a program runs, but in a step that waits; see soon.
type generator struct {
	t *rapid.T
	w *world
}

// Step draws the next step of a program.
func (g *generator) step() Step {
	return pick(g, "step", operations)(g)
}

// operations are what a step may be; what stands here often is drawn often. The first is what programs shrink to.
var operations = repeated(
	weighted{14, (*generator).publish},
	weighted{8, (*generator).get},
	weighted{8, (*generator).declareQueue},
	weighted{5, (*generator).declareExchange},
	weighted{7, (*generator).bind},
	weighted{7, (*generator).consume},
	weighted{9, (*generator).settle},
	weighted{2, (*generator).recover},
	weighted{2, (*generator).qos},
	weighted{2, (*generator).mode},
	weighted{3, (*generator).finishTransaction},
	weighted{2, (*generator).cancel},
	weighted{1, (*generator).unbind},
	weighted{1, (*generator).purge},
	weighted{2, (*generator).deleteQueue},
	weighted{1, (*generator).deleteExchange},
	weighted{2, (*generator).closeChannel},
	weighted{1, (*generator).policy},
	weighted{1, (*generator).wait},
)

type weighted struct {
	weight int
	draw   func(*generator) Step
}

func repeated(all ...weighted) []func(*generator) Step {
	var list []func(*generator) Step
	for _, each := range all {
		for range each.weight {
			list = append(list, each.draw)
		}
	}
	return list
}

func pick[V any](g *generator, label string, values []V) V {
	return values[rapid.IntRange(0, len(values)-1).Draw(g.t, label)]
}

// number draws from a range.
func (g *generator) number(label string, least, most int) int {
	return rapid.IntRange(least, most).Draw(g.t, label)
}

// chance is true in so many of a hundred cases.
func (g *generator) chance(label string, percent int) bool {
	return g.number(label, 0, 99) >= 100-percent
}

var (
	queueNames    = []string{"q1", "q2", "q3", quorumName}
	exchangeNames = []string{"x1", "x2", "x3"}
	keys          = []string{"q1", "q2", "q3", quorumName, "k", "k.a", "k.a.b", "", "a"}
	patterns      = []string{"k", "#", "*", "k.*", "k.#", "*.a", "#.a", "*.*", "q1", "k.a", "", "#.b"}
	tags          = []string{"c1", "c2", "c3"}
)

func (g *generator) place() Place {
	// Two places do most of what happens.
	if g.chance("elsewhere", 30) {
		return Place{g.number("connection", 0, connections-1), uint16(g.number("channel", 1, channels))}
	}
	return Place{g.number("connection", 0, 1), 1}
}

// queue draws the name of a queue, mostly of one that is there.
func (g *generator) queue() string {
	if len(g.w.queues) > 0 && !g.chance("any queue", 5) {
		return pick(g, "queue", g.w.queues)
	}
	return pick(g, "queue", queueNames)
}

// exchange draws the name of an exchange, mostly of one that is there.
func (g *generator) exchange() string {
	if len(g.w.exchanges) > 0 && !g.chance("any exchange", 8) {
		return pick(g, "exchange", g.w.exchanges)
	}
	return pick(g, "exchange", append(exchangeNames, "amq.direct", "amq.fanout", "amq.topic", "amq.headers"))
}

func (g *generator) publish() Step {
	at := g.place()
	m := &wire.BasicPublish{Mandatory: g.chance("mandatory", 20)}
	if g.chance("through an exchange", 50) {
		m.Exchange, m.RoutingKey = g.exchange(), pick(g, "key", keys)
	} else {
		m.RoutingKey = g.queue()
	}
	g.w.bodies++
	body := fmt.Sprintf("m%d", g.w.bodies)
	if g.chance("long", 15) {
		body += "-0123456789"
	}
	return Step{At: at, Method: m, Properties: g.properties(), Body: body}
}

func (g *generator) get() Step {
	return Step{At: g.place(), Method: &wire.BasicGet{Queue: g.queue(), NoAck: g.chance("no-ack", 40)}}
}

func (g *generator) consume() Step {
	at := g.place()
	if at.Channel == channels {
		at.Channel = 1 // see generator
	}
	m := &wire.BasicConsume{Queue: g.queue(), ConsumerTag: pick(g, "tag", tags), NoAck: g.chance("no-ack", 25), Exclusive: g.chance("exclusive", 6)}
	if queue, ok := g.w.channel(at).consumes(); ok {
		m.Queue = queue
	}
	if m.Queue == quorumName && g.w.channel(at).holdsFrom(m.ConsumerTag) {
		return g.get() // see generator
	}
	if g.chance("priority", 15) {
		m.Arguments = wire.Table{{Key: "x-priority", Value: g.integer(g.number("priority", -1, 2))}}
	}
	return Step{At: at, Method: m}
}

// settling draws a channel that holds deliveries, if there is one.
func (g *generator) settling() Place {
	var holders []Place
	for _, at := range places {
		if ch := g.w.channels[at]; ch != nil && len(ch.unsettled) > 0 {
			holders = append(holders, at)
		}
	}
	if len(holders) == 0 {
		return g.place()
	}
	return pick(g, "holder", holders)
}

func (g *generator) settle() Step {
	at := g.settling()
	ch := g.w.channel(at)
	if len(ch.unsettled) == 0 && !g.chance("nothing to settle", 10) {
		return g.get()
	}
	tag := ch.lastTag + 1
	if len(ch.unsettled) > 0 && !g.chance("unknown tag", 2) {
		tag = pick(g, "delivery", ch.unsettled)
	}
	multiple := g.chance("multiple", 25)
	if multiple && g.chance("all", 20) {
		tag = 0
	}
	switch g.number("settlement", 0, 5) {
	case 0, 1:
		return Step{At: at, Method: &wire.BasicAck{DeliveryTag: tag, Multiple: multiple}}
	case 2:
		return Step{At: at, Method: &wire.BasicNack{DeliveryTag: tag, Multiple: multiple}}
	case 3:
		return Step{At: at, Method: &wire.BasicNack{DeliveryTag: tag, Multiple: multiple, Requeue: true}}
	case 4:
		return Step{At: at, Method: &wire.BasicReject{DeliveryTag: tag}}
	default:
		return Step{At: at, Method: &wire.BasicReject{DeliveryTag: tag, Requeue: true}}
	}
}

func (g *generator) recover() Step {
	return Step{At: g.settling(), Method: &wire.BasicRecover{Requeue: !g.chance("to the same consumer", 4)}}
}

func (g *generator) qos() Step {
	return Step{At: g.place(), Method: &wire.BasicQos{PrefetchCount: uint16(g.number("prefetch", 0, 3)), Global: g.chance("global", 30)}}
}

// mode makes a channel confirm, or transactional.
func (g *generator) mode() Step {
	if g.chance("transaction", 50) {
		return Step{At: g.place(), Method: &wire.TxSelect{}}
	}
	return Step{At: g.place(), Method: &wire.ConfirmSelect{}}
}

func (g *generator) finishTransaction() Step {
	var all []Place
	for _, at := range places {
		if ch := g.w.channels[at]; ch != nil && ch.transaction {
			all = append(all, at)
		}
	}
	if len(all) == 0 {
		return g.publish()
	}
	at := pick(g, "transaction", all)
	if g.chance("rollback", 30) {
		return Step{At: at, Method: &wire.TxRollback{}}
	}
	return Step{At: at, Method: &wire.TxCommit{}}
}

func (g *generator) cancel() Step {
	for _, at := range places {
		if ch := g.w.channels[at]; ch != nil && len(ch.consumers) > 0 && g.chance("this channel", 60) {
			for _, tag := range tags {
				if _, ok := ch.consumers[tag]; ok && g.chance("this consumer", 60) {
					return Step{At: at, Method: &wire.BasicCancel{ConsumerTag: tag}}
				}
			}
		}
	}
	return Step{At: g.place(), Method: &wire.BasicCancel{ConsumerTag: pick(g, "tag", tags)}}
}

func (g *generator) purge() Step {
	return Step{At: g.place(), Method: &wire.QueuePurge{Queue: g.queue()}}
}

// closeChannel closes a channel, and now and then a connection.
func (g *generator) closeChannel() Step {
	at := g.settling()
	if g.chance("connection", 15) {
		return Step{At: Place{at.Connection, 0}, Method: &wire.ConnectionClose{ReplyCode: wire.ReplySuccess}}
	}
	return Step{At: at, Method: &wire.ChannelClose{ReplyCode: wire.ReplySuccess}}
}

func (g *generator) wait() Step {
	if !g.w.waitable || g.w.waits >= 2 {
		return g.get()
	}
	return Step{Wait: true}
}

// policy sets a policy, or removes one.
func (g *generator) policy() Step {
	if len(g.w.policies) > 0 && g.chance("remove", 40) {
		return Step{Policy: &Policy{Name: pick(g, "policy", g.w.policies)}}
	}
	p := &Policy{Name: pick(g, "policy", []string{"p1", "p2"}), Pattern: pick(g, "pattern", []string{"^q", "^q[12]$", ".*", "^x", "^q3$"}),
		ApplyTo: pick(g, "apply to", []string{"queues", "all", "exchanges"}), Priority: 1}
	if p.Name == "p2" {
		p.Priority = pick(g, "priority", []int{0, 2})
	}
	p.Definition = make(map[string]any)
	if p.ApplyTo != "queues" {
		p.Definition["alternate-exchange"] = pick(g, "alternate", exchangeNames)
	}
	if p.ApplyTo == "exchanges" {
		return Step{Policy: p}
	}
	for _, setting := range []struct {
		name   string
		values []any
	}{
		{"max-length", []any{0, 1, 2}},
		{"max-length-bytes", []any{0, 5, 14}},
		{"message-ttl", []any{0, 1000000}},
		{"overflow", []any{"drop-head", "reject-publish", "reject-publish-dlx"}},
		{"dead-letter-exchange", []any{"", "x1", "x2"}},
		{"dead-letter-routing-key", []any{"q1", quorumName, "k"}},
		{"delivery-limit", []any{0, 1, 2}},
	} {
		if g.chance(setting.name, 25) {
			p.Definition[setting.name] = pick(g, setting.name, setting.values)
		}
	}
	if len(p.Definition) == 0 {
		p.Definition["max-length"] = 1
	}
	return Step{Policy: p}
}
