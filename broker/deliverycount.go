package broker

import (
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// Outgoing returns the message that the client gets for an entry of q that it
// asked for with basic.get.
func (ch *Channel) Outgoing(q *queue.Queue, e *queue.Entry) *queue.Message {
	return ch.vh.outgoing(q, e, ch.vh.node.release.GetCountsFirst)
}

// outgoing returns the message that a client gets for an entry. A quorum queue
// adds headers that count its earlier deliveries; those of the first one are
// zero, and left out unless countFirst. A stream adds the message's offset.
func (vh *VHost) outgoing(q *queue.Queue, e *queue.Entry, countFirst bool) *queue.Message {
	if q.IsStream() {
		return fromStream(vh.node.release, e.Message, e.Offset())
	}
	if q.Settings().Kind != queue.Quorum {
		return e.Message
	}
	r := vh.node.release
	before := int64(e.Message.Failures) // in queues that dead-lettered it
	acquired, failed := int64(e.Deliveries()-1), int64(e.Failures())
	if acquired == 0 {
		acquired, failed = before, before
	} else if r.AcquiredCount {
		failed += before
	}
	if acquired == 0 && !countFirst {
		if e.Message.Read != nil {
			return e.Message.WithProperties(e.Message.Read)
		}
		return e.Message
	}
	header := e.Message.Reading()
	header.Headers = append(wire.Table(nil), header.Headers...)
	if r.AcquiredCount {
		setSorted(&header.Headers, "x-acquired-count", acquired)
	}
	if failed > 0 || countFirst {
		setSorted(&header.Headers, "x-delivery-count", failed)
	}
	header.Flags |= wire.HasHeaders
	return e.Message.WithProperties(header.Append(nil))
}
