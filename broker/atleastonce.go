package broker

import (
	"slices"
	"time"

	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// Dead-lettering at least once, as quorum queues do it that are asked to: a dead
// letter is withheld until all queues that it is routed to have taken it, be there
// no exchange, no route, or no room. It is tried again after a time.

// DefaultDeadLetterRetry is the time after which a dead letter that did not arrive
// is tried again, as in RabbitMQ.
const DefaultDeadLetterRetry = 3 * time.Minute

// SetDeadLetterRetry sets the time after which dead letters that did not arrive are
// tried again, of those from queues that dead-letter at least once. RabbitMQ's name
// for it is dead_letter_worker_publisher_confirm_timeout.
func (n *Node) SetDeadLetterRetry(d time.Duration) { n.deadLetterRetry.Store(int64(d)) }

// withheldLetter is a dead letter that its queue withholds.
type withheldLetter struct {
	deadLetter
	published *queue.Message // nil until the first attempt that finds the exchange
	header    *wire.Properties
	taken     []*queue.Queue // those that have it already
	observed  bool
}

// withhold keeps a dead letter until it has arrived.
func (vh *VHost) withhold(d deadLetter) {
	d.from.Withhold(d.m)
	vh.attempt(&withheldLetter{deadLetter: d})
}

// fire tries to publish the letter again.
func (w *withheldLetter) fire(vh *VHost, _ queue.Instant) {
	if !w.from.Deleted() {
		vh.attempt(w)
	}
}

func (vh *VHost) attempt(w *withheldLetter) {
	if vh.arrives(w) {
		w.from.LetGo(w.m)
		return
	}
	vh.timers.add(vh.Now()+queue.Instant(vh.node.deadLetterRetry.Load()), w)
}

// arrives publishes a letter to the queues that have not taken it, and says
// whether all have now, and that there are any.
func (vh *VHost) arrives(w *withheldLetter) bool {
	settings := w.from.Settings()
	x := vh.exchanges[settings.DeadLetterExchange]
	if x == nil || !settings.DeadLetter {
		return false
	}
	if w.published == nil {
		w.published, w.header = vh.deadMessage(w.deadLetter, settings)
	}
	routed, err := vh.route(x, w.published, w.header)
	if err != nil {
		return false
	}
	all, any := true, false
	for _, to := range slices.Clone(routed) {
		q := to.(*queue.Queue)
		switch {
		case w.reason != queue.Rejected && deathCycle(q.Name(), w.header.Headers):
		case slices.Contains(w.taken, q):
			any = true
		default:
			any = true
			if vh.observed() && !w.observed {
				w.observed = true
				vh.observe(&Event{Kind: MessageDeadLettered, Message: w.m, Queue: w.from, Reason: w.reason, Dead: w.published})
			}
			vh.publisher = letterWriter{w.from}
			taken := vh.enqueue(q, w.published)
			vh.publisher = nil
			if taken {
				w.taken = append(w.taken, q)
			} else {
				all = false
			}
		}
	}
	return any && all
}

// letterWriter publishes the letters that a queue withholds, and is refused as a
// client is; other dead letters are not.
type letterWriter struct{ from *queue.Queue }

// Met implements [queue.Publisher].
func (letterWriter) Met(*queue.Queue) {}
