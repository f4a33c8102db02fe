package broker

import (
	"errors"
	"fmt"

	"github.com/minirabbit/minirabbit/queue"
)

// Check returns an error if the books of a virtual host do not balance: every message that entered a queue is ready,
// unacked or settled, exactly one of them, and the unacked ones are those that the channels hold. It may be called
// while clients are at work.
func (n *Node) Check() error {
	var problems []error
	for _, vh := range n.VHosts() {
		vh.Do(func() {
			if why := vh.Broken(); why != nil {
				problems = append(problems, why)
				return
			}
			problems = append(problems, vh.check())
		})
	}
	return errors.Join(problems...)
}

func (vh *VHost) check() error {
	vh.Next() // a queue is in order once what the last command left to do is done
	held := make(map[*queue.Queue]int)
	count := func(d *delivery) {
		if !d.late { // the queue has it back
			held[d.q]++
		}
	}
	for _, c := range vh.connections {
		for _, ch := range c.channels {
			ch.unacked.each(count)
			for _, s := range ch.tx.settlements {
				for i := range s.deliveries {
					count(&s.deliveries[i])
				}
			}
		}
	}
	var problems []error
	for _, q := range vh.Queues() {
		if err := q.Check(); err != nil {
			problems = append(problems, fmt.Errorf("virtual host %q: %w", vh.name, err))
		}
		if held[q] != q.Unacked() {
			problems = append(problems, fmt.Errorf("virtual host %q: queue %q counts %d unacked messages, but channels hold %d", vh.name, q.Name(), q.Unacked(), held[q]))
		}
	}
	return errors.Join(problems...)
}
