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
	return Action{name: fmt.Sprintf("postpone by %v", d), only: []Method{Confirm}, when: "before", apply: func(s *strike, i *interference) {
		confirm := clone(s.cmd.Method)
		line := s.cmd.Line()
		i.Skip = true
		s.faults.later(d, func() { s.faults.send(line, confirm) })
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

func gather(name string, n int, release func(tags []uint64) []wire.Method) Action {
	var mu sync.Mutex
	var all *faults
	var order []amqpserver.Line
	waiting := make(map[amqpserver.Line][]uint64) // delivery tags
	return Action{
		name: name, only: []Method{Confirm}, when: "before", span: n,
		apply: func(s *strike, i *interference) {
			ack, ok := s.cmd.Method.(*wire.BasicAck)
			if !ok {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			all = s.faults
			line := s.cmd.Line()
			tags := append(waiting[line], ack.DeliveryTag)
			i.Skip = true
			switch len(tags) {
			case n:
				i.Instead = release(tags)
				tags = nil
			case 1:
				order = append(order, line)
			}
			waiting[line] = tags
		},
		flush: func() {
			mu.Lock()
			lines, held := order, waiting
			order, waiting = nil, make(map[amqpserver.Line][]uint64)
			mu.Unlock()
			sent := false
			for _, line := range lines {
				if tags := held[line]; len(tags) > 0 {
					if sent {
						time.Sleep(time.Nanosecond) // in a bubble, one client after the other
					}
					sent = true
					delete(held, line) // it may be in order more than once
					for _, m := range release(tags) {
						all.send(line, m)
					}
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
