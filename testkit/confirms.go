package testkit

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/wire"
)

// Postpone sends a confirm later. What comes behind it overtakes it, as it may in
// RabbitMQ.
func Postpone(d time.Duration) Action {
	return Action{name: fmt.Sprintf("postpone by %v", d), only: []Method{Confirm}, when: "before", apply: func(s *strike, i *amqpserver.Interference) {
		confirm := clone(s.cmd.Method)
		line := s.cmd.Line()
		i.Skip = true
		s.faults.later(d, func() { line.Send(confirm) })
	}}
}

// ConfirmInBatches holds n positive confirms of a channel back and then sends one
// for all of them, with the flag multiple. Times counts batches. Removing the
// fault sends what was held back.
func ConfirmInBatches(n int) Action {
	return gather(fmt.Sprintf("confirm in batches of %d", n), n, func(tags []uint64) []wire.Method {
		return []wire.Method{&wire.BasicAck{DeliveryTag: slices.Max(tags), Multiple: true}}
	})
}

// ConfirmInReverse holds n positive confirms of a channel back and then sends
// them, the last one first. Times counts batches. Removing the fault sends what
// was held back.
func ConfirmInReverse(n int) Action {
	return gather(fmt.Sprintf("confirm %d in reverse", n), n, func(tags []uint64) []wire.Method {
		var ms []wire.Method
		for _, tag := range slices.Backward(tags) {
			ms = append(ms, &wire.BasicAck{DeliveryTag: tag})
		}
		return ms
	})
}

// held is what gather holds back on a channel.
type held struct {
	line *amqpserver.Line
	tags []uint64
}

func gather(name string, n int, release func(tags []uint64) []wire.Method) Action {
	type place struct {
		client  string
		channel uint16
	}
	var mu sync.Mutex
	var order []place
	waiting := make(map[place]*held)
	return Action{
		name: name, only: []Method{Confirm}, when: "before", span: n,
		apply: func(s *strike, i *amqpserver.Interference) {
			ack, ok := s.cmd.Method.(*wire.BasicAck)
			if !ok {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			at := place{s.cmd.Peer.Name, s.cmd.Channel}
			h := waiting[at]
			if h == nil {
				h = &held{line: s.cmd.Line()}
				waiting[at] = h
				order = append(order, at)
			}
			h.tags = append(h.tags, ack.DeliveryTag)
			i.Skip = true
			if len(h.tags) >= n {
				i.Instead = release(h.tags)
				h.tags = nil
			}
		},
		flush: func() {
			mu.Lock()
			var all []*held
			for _, at := range order {
				if h := waiting[at]; len(h.tags) > 0 {
					all = append(all, &held{h.line, h.tags})
					h.tags = nil
				}
			}
			mu.Unlock()
			for _, h := range all {
				for _, m := range release(h.tags) {
					h.line.Send(m)
				}
			}
		},
	}
}

// clone copies a method, which the broker will use again.
func clone(m wire.Method) wire.Method {
	copied, err := wire.DecodeMethod(m.Append(nil))
	if err != nil {
		panic("testkit: a method does not survive its own encoding: " + err.Error())
	}
	return copied
}
