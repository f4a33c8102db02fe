package broker

import (
	"slices"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/queue"
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
	// queues are its destinations, if it was routed when it was published.
	queues []exchange.Destination
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
	if !ch.vh.node.release.volatileQueues {
		if _, err := ch.vh.reply(p.exchange, p.message); err != nil {
			return err
		}
		p.replied = true
	}
	tp := txPublishing{Publishing: p}
	tracing := ch.vh.tracing.Load()
	// Only for its copy a message is not shown to an exchange that would keep it.
	if ch.vh.node.release.routesInTx || tracing && !ch.vh.keepsHeaders {
		queues, err := ch.vh.route(p.exchange, p.message, p.header)
		if err != nil {
			return err
		}
		tp.queues = slices.Clone(queues)
		if tracing {
			ch.vh.noteRouted(p.exchange, p.message, tp.queues)
			ch.tracePublished(p.message)
		}
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
	complete := true
	for i := range tx.publishings {
		accepted, err := ch.commitPublishing(&tx.publishings[i])
		if err != nil {
			return err
		}
		complete = complete && accepted
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

// commitPublishing publishes what waited for the commit, and says whether no queue
// refused it.
func (ch *Channel) commitPublishing(p *txPublishing) (accepted bool, err error) {
	if ch.vh.node.release.routesInTx {
		header := p.message.Header()
		if err := ch.vh.checkForStreams(p.queues, &header); err != nil {
			return false, err
		}
		accepted = true
		for _, d := range p.queues {
			if q := d.(*queue.Queue); !q.Deleted() && !ch.vh.enqueue(q, p.message) {
				accepted = false
			}
		}
		routed := len(p.queues)
		if !p.replied {
			replies, err := ch.vh.reply(p.exchange, p.message)
			if err != nil {
				return false, err
			}
			routed += replies
		}
		ch.returnUnrouted(&p.Publishing, routed)
		return accepted, nil
	}
	header, err := ch.vh.header(p.message.Properties)
	if err != nil {
		return false, err
	}
	p.header = header
	return ch.route(&p.Publishing)
}

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
