package management

import "runtime"

// Requests for long lists take turns, so that many of them at once leave
// processors to the broker: a turn is for gathering a list or for describing some
// of its items, and does not include the wait for a client to read. The lock of
// a virtual host may be taken during a turn, but no turn with a lock held.

// maxTurns is how many requests may have their turn at once.
func maxTurns() int { return max(1, runtime.GOMAXPROCS(0)/2) }

func (r *request) takeTurn() {
	r.api.turns <- struct{}{}
	r.hasTurn = true
}

// leaveTurn ends the turn, if the request has one.
func (r *request) leaveTurn() {
	if r.hasTurn {
		r.hasTurn = false
		<-r.api.turns
	}
}

// nextTurn lets others have their turn first.
func (r *request) nextTurn() {
	if r.hasTurn {
		r.leaveTurn()
		r.takeTurn()
	}
}
