package worker

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/minirabbit/minirabbit/wire"
)

// An audit watches a worker's frames and holds it to its promises: a task is acknowledged only when a result of it is
// confirmed, and given back only when nothing is consumed any more, or the broker would send it straight here again.
// It sees a frame of the broker before the client does, and a frame of the client after it was sent, so that it never
// finds fault with a worker that is right.
type audit struct {
	mu        sync.Mutex
	channels  map[string]*auditedChannel
	confirmed map[string]bool // by task: a result has been confirmed to the worker
	acked     map[string]bool // by task: its acknowledgement has been sent and forwarded
	faults    []string
	changed   chan struct{} // closed and replaced whenever acked grows
}

// An auditedChannel is one channel of one connection.
type auditedChannel struct {
	content   map[side]wire.Method // by sender: whose content header is to come
	tasks     map[uint64]string    // unacknowledged: delivery tag to task
	consumers int                  // started and not cancelled
	published []string             // by publishing sequence, from 1: the task whose result it is; "" once settled
}

func newAudit() *audit {
	return &audit{
		channels:  make(map[string]*auditedChannel),
		confirmed: make(map[string]bool),
		acked:     make(map[string]bool),
		changed:   make(chan struct{}),
	}
}

func (a *audit) observe(link string, from side, frame wire.Frame) {
	a.mu.Lock()
	defer a.mu.Unlock()
	name := fmt.Sprintf("%s/%d", link, frame.Channel)
	ch, ok := a.channels[name]
	if !ok {
		ch = &auditedChannel{content: make(map[side]wire.Method), tasks: make(map[uint64]string), published: []string{""}}
		a.channels[name] = ch
	}
	switch frame.Type {
	case wire.FrameMethod:
		method, err := wire.DecodeMethod(frame.Payload)
		if err != nil {
			a.faults = append(a.faults, err.Error())
			return
		}
		a.methodLocked(ch, from, method)
	case wire.FrameHeader:
		var header wire.ContentHeader
		header.Decode(wire.NewCursor(frame.Payload))
		switch method := ch.content[from].(type) {
		case *wire.BasicDeliver:
			ch.tasks[method.DeliveryTag] = header.Properties.MessageID
		case *wire.BasicPublish:
			ch.published = append(ch.published, header.Properties.CorrelationID)
		}
	}
}

func (a *audit) methodLocked(ch *auditedChannel, from side, method wire.Method) {
	switch m := method.(type) {
	case *wire.BasicDeliver, *wire.BasicPublish, *wire.BasicReturn:
		ch.content[from] = m
	case *wire.BasicAck:
		if from == client {
			a.ackedLocked(ch, m)
		} else {
			a.confirmedLocked(ch, m)
		}
	case *wire.BasicReject:
		delete(ch.tasks, m.DeliveryTag)
	case *wire.BasicConsumeOk:
		ch.consumers++
	case *wire.BasicCancelOk:
		ch.consumers--
	case *wire.BasicNack:
		if from == broker {
			return
		}
		if ch.consumers > 0 {
			a.faults = append(a.faults, fmt.Sprintf("task %q was given back before the consumers were cancelled", ch.tasks[m.DeliveryTag]))
		}
		delete(ch.tasks, m.DeliveryTag)
	}
}

func (a *audit) confirmedLocked(ch *auditedChannel, m *wire.BasicAck) {
	for seq := range ch.published {
		if task := ch.published[seq]; uint64(seq) == m.DeliveryTag || m.Multiple && uint64(seq) < m.DeliveryTag {
			a.confirmed[task] = true
			ch.published[seq] = ""
		}
	}
}

func (a *audit) ackedLocked(ch *auditedChannel, m *wire.BasicAck) {
	for tag, task := range ch.tasks {
		if tag != m.DeliveryTag && !(m.Multiple && tag < m.DeliveryTag) {
			continue
		}
		if !a.confirmed[task] {
			a.faults = append(a.faults, fmt.Sprintf("task %q was acknowledged before a result of it was confirmed", task))
		}
		delete(ch.tasks, tag)
		a.acked[task] = true
		close(a.changed)
		a.changed = make(chan struct{})
	}
}

// complaints returns what the worker did wrong so far.
func (a *audit) complaints() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.faults)
}

// awaitAcked waits until the worker has acknowledged every task.
func (a *audit) awaitAcked(ctx context.Context, tasks []Task) error {
	for {
		open, changed := a.unacked(tasks)
		if open == 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d tasks were not acknowledged: %w", open, len(tasks), ctx.Err())
		}
	}
}

func (a *audit) unacked(tasks []Task) (open int, changed <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, task := range tasks {
		if !a.acked[task.ID] {
			open++
		}
	}
	return open, a.changed
}
