package fault

import (
	"slices"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/wire"
)

// heldConfirms is what a fault holds back to send it together. It is guarded by the fault's
// mutex.
type heldConfirms struct {
	step  Step
	order []amqpserver.Line            // in which they began to wait
	tags  map[amqpserver.Line][]uint64 // delivery tags
}

// add holds a positive confirm back. If that completes a batch, it returns what to send.
func (h *heldConfirms) add(cmd *amqpserver.Command, s Step) []wire.Method {
	if h.tags == nil {
		h.step, h.tags = s, make(map[amqpserver.Line][]uint64)
	}
	line := cmd.Line()
	tags := append(h.tags[line], cmd.Method.(*wire.BasicAck).DeliveryTag)
	if len(tags) == s.N {
		h.tags[line] = nil
		return together(s.Kind, tags)
	}
	if len(tags) == 1 {
		h.order = append(h.order, line)
	}
	h.tags[line] = tags
	return nil
}

// batch is what is left on a channel that was held back.
type batch struct {
	line     amqpserver.Line
	confirms []wire.Method
}

// take returns what is held back, in the order in which it began to wait.
func (h *heldConfirms) take() (left []batch) {
	for _, line := range h.order {
		if tags := h.tags[line]; len(tags) > 0 {
			left = append(left, batch{line, together(h.step.Kind, tags)})
			delete(h.tags, line) // it may be in order more than once
		}
	}
	h.order = nil
	return left
}

// together returns the confirms that are sent for tags.
func together(k Kind, tags []uint64) (all []wire.Method) {
	if k == ConfirmInBatches {
		return []wire.Method{&wire.BasicAck{DeliveryTag: slices.Max(tags), Multiple: true}}
	}
	for _, tag := range slices.Backward(tags) {
		all = append(all, &wire.BasicAck{DeliveryTag: tag})
	}
	return all
}
