package broker

import (
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/wire"
)

// transaction is what a transactional channel has published and settled since
// the last commit or rollback.
type transaction struct {
	publishings []txPublishing
	settlements []txSettlement
}

// txPublishing is a message that waits for the commit.
type txPublishing struct {
	Publishing
	// queues are its destinations, and names what they are called.
	queues []exchange.Destination
	names  []string
}

// txSettlement is a settlement that waits for the commit.
type txSettlement struct {
	deliveries []delivery
	settlement settlement
}

// settled returns the deliveries that the transaction would settle.
func (t *transaction) settled() []delivery {
	var all []delivery
	for _, s := range t.settlements {
		all = append(all, s.deliveries...)
	}
	return all
}

// SelectTx makes the channel transactional.
func (ch *Channel) SelectTx() error {
	if ch.mode == confirming {
		return Errorf(wire.PreconditionFailed, "cannot switch from confirm to tx mode")
	}
	ch.mode = transactional
	return nil
}

// SelectConfirm makes the channel confirm its publishings, counting from one.
func (ch *Channel) SelectConfirm() error {
	if ch.mode == transactional {
		return Errorf(wire.PreconditionFailed, "cannot switch from tx to confirm mode")
	}
	ch.mode = confirming
	return nil
}

// publishInTx keeps a publishing until the commit.
func (ch *Channel) publishInTx(p Publishing) error {
	if !ch.vh.node.release.VolatileQueues {
		if _, err := ch.vh.reply(p.exchange, p.message); err != nil {
			return err
		}
		p.replied = true
	}
	tp := txPublishing{Publishing: p}
	queues, err := ch.vh.route(p.exchange, p.message, p.header)
	if err != nil {
		return err
	}
	tp.queues = slices.Clone(queues)
	if p.exchange.Name() == "" && ch.vh.node.release.TxQueues == release.TxRenamed {
		tp.names = append(append(tp.names, p.message.RoutingKey), p.message.Copies...)
	} else {
		for _, q := range queues {
			tp.names = append(tp.names, q.Name())
		}
	}
	if ch.vh.tracing.Load() {
		ch.vh.noteRouted(p.exchange, p.message, tp.queues)
		ch.tracePublished(p.message)
	}
	tp.header, tp.Properties = nil, nil // it is decoded again, from the message
	ch.tx.publishings = append(ch.tx.publishings, tp)
	return nil
}

// settleInTx keeps settlements until the commit.
func (ch *Channel) settleInTx(ds []delivery, s settlement) {
	ch.tx.settlements = append(ch.tx.settlements, txSettlement{slices.Clone(ds), s})
}

// Commit publishes and then settles what the transaction holds, in RabbitMQ's
// order: all publishings come first.
func (ch *Channel) Commit() error {
	if ch.mode != transactional {
		return Errorf(wire.PreconditionFailed, "channel is not transactional")
	}
	tx := ch.tx
	ch.tx = transaction{}
	// Deliveries follow what the channel itself is told.
	var enqueues []func(told) bool
	var failed error
	for i := range tx.publishings {
		enqueue, err := ch.commitPublishing(&tx.publishings[i])
		if failed = err; err != nil {
			break
		}
		enqueues = append(enqueues, enqueue)
	}
	complete := true
	told := make(told)
	for _, enqueue := range enqueues {
		complete = enqueue(told) && complete
	}
	if failed != nil {
		ch.tx.settlements = tx.settlements // nothing comes of them
		return failed
	}
	for _, s := range tx.settlements {
		if err := ch.checkStreamSettlement(s.deliveries, s.settlement); err != nil {
			return err
		}
		ch.settle(ch.settleLate(s.deliveries), s.settlement)
	}
	if !complete {
		return Errorf(wire.PreconditionFailed, "partial tx completion")
	}
	return nil
}

// commitPublishing tells the publisher what becomes of what waited for the commit, and
// returns what is to be done then: to publish it, and say whether no queue refused it.
func (ch *Channel) commitPublishing(p *txPublishing) (enqueue func(told) (accepted bool), err error) {
	vh := ch.vh
	if vh.observed() {
		ch.observe(&Event{Kind: MessagePublished, Message: p.message})
	}
	queues, complete, err := vh.committed(p)
	if err != nil {
		return nil, err
	}
	header := p.message.Header()
	if err := vh.checkForStreams(queues, &header); err != nil {
		return nil, err
	}
	routed := len(queues)
	p.exchange.PublishIn++
	p.exchange.PublishOut += uint64(routed)
	if !p.replied {
		replies, err := vh.reply(p.exchange, p.message)
		if err != nil {
			return nil, err
		}
		routed += replies
	}
	ch.returnUnrouted(&p.Publishing, routed)
	return func(t told) bool {
		for _, d := range queues {
			if q := d.(*queue.Queue); !q.Deleted() && !t.enqueue(ch, q, p.message) {
				complete = false
			}
		}
		return complete
	}, nil
}

// told holds the quorum queues that have taken a message of the transaction that is
// being committed. Such a queue tells its publishers when it begins to refuse, and a
// commit is over by the time that the channel hears of it.
type told map[*queue.Queue]bool

func (t told) enqueue(ch *Channel, q *queue.Queue, m *queue.Message) (accepted bool) {
	if !t[q] {
		ch.vh.publisher = ch
	}
	accepted = ch.vh.enqueue(q, m)
	ch.vh.publisher = nil
	t[q] = accepted && q.Kind() == queue.Quorum
	return accepted
}

// committed gives the queues for a publishing that is committed. It is not complete
// where one cannot be told that it should have it.
func (vh *VHost) committed(p *txPublishing) (queues []exchange.Destination, complete bool, err error) {
	complete = true
	rule := vh.node.release.TxQueues
	if rule == release.TxRenamed {
		for _, name := range p.names {
			if q := vh.queues[name]; q != nil && !slices.Contains(queues, exchange.Destination(q)) {
				queues = append(queues, q)
			}
		}
		return queues, true, nil
	}
	for i, d := range p.queues {
		if rule == release.TxNamed && vh.queues[p.names[i]] == nil {
			return nil, false, Errorf(wire.ResourceError, "failed to deliver message: %s", notFoundTerm(vh.name, p.names[i]))
		}
		if q := d.(*queue.Queue); q.Deleted() && q.Kind() == queue.Classic {
			complete = false
		}
	}
	return p.queues, complete, nil
}

// notFoundTerm is the term of Erlang that says that a queue is not found, as it is
// printed behind the 27 letters that go before it: in lines of 78 letters, broken
// where there is a comma.
func notFoundTerm(vhost, queue string) string {
	const width, before, outer, inner = 78, 27, 31, 35
	elements := []string{"{resource", erlangBinary(vhost), "queue", erlangBinary(queue)}
	whole := strings.Join(elements, ",") + "}}"
	term := "{not_found,"
	if before+len(term)+len(whole) <= width {
		return term + whole
	}
	term += "\n" + strings.Repeat(" ", outer)
	if outer+len(whole) <= width {
		return term + whole
	}
	column := outer
	for i, e := range elements {
		end := 1 // the comma
		if i == len(elements)-1 {
			end = len("}}")
		}
		if i > 0 && column+len(e)+end > width {
			term += "\n" + strings.Repeat(" ", inner)
			column = inner
		}
		if term += e; i < len(elements)-1 {
			term += ","
		}
		column += len(e) + 1
	}
	return term + "}}"
}

func erlangBinary(text string) string { return `<<"` + text + `">>` }

// Rollback forgets the publishings of the transaction and returns its
// settlements: they are unacked again.
func (ch *Channel) Rollback() error {
	if ch.mode != transactional {
		return Errorf(wire.PreconditionFailed, "channel is not transactional")
	}
	ch.restore(ch.tx.settled())
	ch.tx = transaction{}
	return nil
}

// restore returns deliveries whose settlement did not come to pass.
func (ch *Channel) restore(ds []delivery) {
	if len(ds) > 0 {
		ch.unacked.putBack(ds)
		ch.watchOldest()
	}
}
