package demo

import "fmt"

// A Tally says what became of the messages.
type Tally struct {
	Published    int // confirmed by the broker
	Processed    int // of which a result arrived
	DeadLettered int // that were no tasks, and arrived in the dead-letter queue
	Repeated     int // further results of a task already processed, as after a lost connection
}

// Lost is how many messages the broker confirmed and nobody has seen again.
func (t Tally) Lost() int { return max(0, t.Published-t.Processed-t.DeadLettered) }

// String is the tally on one line.
func (t Tally) String() string {
	return fmt.Sprintf("published %d, processed %d, dead-lettered %d, lost %d",
		t.Published, t.Processed, t.DeadLettered, t.Lost())
}
