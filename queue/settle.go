package queue

import "github.com/minirabbit/minirabbit/release"

// Ack settles an entry that was handed out: it is gone, unless it is a stream's.
func (q *Queue) Ack(e *Entry) {
	if q.deleted {
		return
	}
	q.settle(e)
	q.counts.Acked++
	if q.stream == nil {
		q.leave(e.Message)
	}
}

// Reject settles an entry that was handed out: it is dead-lettered, or gone. The
// cause is Refused or Released. In a stream it does what Ack does.
func (q *Queue) Reject(e *Entry, why Cause) {
	if q.deleted {
		return
	}
	if q.stream != nil {
		q.Ack(e)
		return
	}
	q.settle(e)
	if q.settings.Blame == release.BlameDiscarded || q.settings.Blame == release.BlameRefused && why == Refused {
		e.blame++
	}
	q.drop(e, Rejected)
}

// Cause says why an entry comes back, or goes to the dead letters.
type Cause uint8

const (
	// Released: the client gave it back with basic.nack or basic.recover.
	Released Cause = iota
	// Refused: the client gave it back with basic.reject.
	Refused
	// Abandoned: the client's channel ended.
	Abandoned
)

// Requeue brings an entry that was handed out back: in a classic queue to its
// position. To requeue several, see [Queue.InOrder]. Limits and expiry apply
// once all are back, in Dispatch. In a stream it does what Ack does.
func (q *Queue) Requeue(e *Entry, why Cause) {
	if q.deleted {
		return
	}
	if q.stream != nil {
		q.Ack(e)
		return
	}
	q.settle(e)
	if q.settings.Blame == release.BlameDiscarded && why == Abandoned || q.settings.Blame == release.BlameRefused && why != Released {
		e.blame++
	}
	if q.settings.Kind == Quorum {
		q.requeueQuorum(e, why)
	} else {
		if why != Released {
			e.failures++
		}
		q.ready.push(*e)
		q.look = true
	}
	q.counts.Requeued++
	q.host.Wake(q)
}

func (q *Queue) settle(e *Entry) {
	q.unacked--
	q.unackedBytes -= q.ready.size(e.Message)
	if e.got {
		e.got = false
		q.got--
	}
	if c := e.holder; c != nil {
		e.holder = nil
		for c.heir != nil {
			c = c.heir
		}
		if c.held--; c.held == 0 && c.gone {
			q.lingering--
		}
	}
}

// drop ends an entry that is neither ready nor unacked any more.
func (q *Queue) drop(e *Entry, reason Reason) {
	q.counts.Dropped++
	q.leave(e.Message)
	if q.OnDrop != nil {
		q.OnDrop(e.Message, reason)
	}
	if q.settings.DeadLetter {
		q.host.DeadLetter(q, e.Message, e.blame, reason, e.stored)
	}
}
