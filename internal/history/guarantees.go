package history

import (
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

func cutNoAck(queue string) (string, bool) { return strings.CutSuffix(queue, noAckGet) }

func (c *checker) publish(ch *channel, m *wire.BasicPublish, body string) {
	msg := &message{body: body, from: ch, number: len(ch.published) + 1, queues: []string{m.RoutingKey}}
	if m.Exchange != "" {
		msg.queues = slices.Clone(c.bindings[m.Exchange])
	}
	ch.published = append(ch.published, msg)
	c.messages[body] = msg
}

// deliver checks one delivery by itself; what it means beside others is for conclude.
func (c *checker) deliver(ch *channel, s *consumer, queue string, tag uint64, redelivered, noAck bool, body string) {
	msg := c.messages[body]
	if msg == nil {
		c.violate(c.at, Published, "queue %q delivers %q", queue, body)
		return
	}
	key := copyOf{queue, body}
	m := c.copies[key]
	if m == nil {
		m = &copied{copyOf: key, message: msg}
		c.copies[key] = m
		c.order = append(c.order, m)
	}
	h := &hold{copied: m, channel: ch, consumer: s, at: c.at, redelivered: redelivered, noAck: noAck}
	if !redelivered {
		if slices.ContainsFunc(m.holds, func(other *hold) bool { return !other.redelivered || other.channel == ch }) {
			c.violate(c.at, Flagged, "queue %q delivers %q again, and does not say so", queue, body)
		}
		line := stream{msg.from, queue}
		if ch.last[line] > msg.number {
			c.violate(c.at, Ordered, "queue %q delivers %q after a later message of the same channel", queue, body)
		}
		ch.last[line] = max(ch.last[line], msg.number)
	}
	m.holds = append(m.holds, h)
	if noAck {
		return
	}
	ch.holds[tag] = h
	if s == nil {
		return
	}
	if s.holds++; s.prefetch > 0 && s.holds > s.prefetch {
		c.violate(c.at, Limited, "a consumer of queue %q with a prefetch of %d holds %d messages", queue, s.prefetch, s.holds)
	}
}

// settle notes what a client says of deliveries.
func (c *checker) settle(ch *channel, tag uint64, multiple, requeue bool) {
	for other, h := range ch.holds {
		if other != tag && (!multiple || tag != 0 && other > tag) {
			continue
		}
		h.settled, h.requeued = c.at, requeue
		delete(ch.holds, other)
		if h.consumer != nil {
			h.consumer.holds--
		}
	}
}

func (c *checker) confirm(ch *channel, tag uint64, multiple, positive bool) {
	if !ch.confirming || tag == 0 || tag > uint64(len(ch.published)) {
		c.violate(c.at, Confirmed, "channel %d of connection %d confirms number %d, and has published %d", ch.number, ch.connection, tag, len(ch.published))
		return
	}
	first := int(tag)
	if multiple {
		first = 1
	}
	for n := first; n <= int(tag); n++ {
		msg := ch.published[n-1]
		if msg.confirmed || msg.refused {
			if !multiple {
				c.violate(c.at, Confirmed, "%q is confirmed twice", msg.body)
			}
			continue
		}
		msg.confirmed, msg.refused, msg.confirmedAt = positive, !positive, c.at
	}
}

func (c *checker) returned(body string) {
	msg := c.messages[body]
	if msg == nil {
		c.violate(c.at, Published, "%q is returned", body)
		return
	}
	if msg.returned = true; msg.confirmed {
		c.violate(c.at, Returned, "%q is returned after it was confirmed", body)
	}
}

// conclude checks what takes the whole history.
func (c *checker) conclude() {
	for _, m := range c.order {
		for i, h := range m.holds {
			for _, before := range m.holds[:i] {
				c.checkAlone(before, h)
			}
		}
		unmarked := slices.ContainsFunc(m.holds, func(h *hold) bool { return !h.redelivered })
		if first := m.holds[0]; !unmarked && !c.mayHaveHad(first) {
			c.violate(first.at, Flagged, "queue %q delivers %q for the first time, and says that it is another", m.queue, m.body)
		}
		if m.message.refused && len(m.message.queues) == 1 {
			c.violate(m.holds[0].at, Confirmed, "%q is delivered, though it was confirmed negatively", m.body)
		}
		if m.message.returned {
			c.violate(m.holds[0].at, Returned, "%q is delivered, though it was returned", m.body)
		}
	}
	for _, ch := range c.all {
		for _, msg := range ch.published {
			for _, queue := range msg.queues {
				if msg.confirmed && !msg.returned && !c.emptied[queue] && c.copies[copyOf{queue, msg.body}] == nil {
					c.violate(msg.confirmedAt, Confirmed, "%q is confirmed, and never comes out of queue %q", msg.body, queue)
				}
			}
		}
	}
}

// checkAlone checks two deliveries of a message, of which the second was read after the first. If they went to different
// clients, that does not say which was sent first; that a delivery is not marked as redelivered does.
func (c *checker) checkAlone(a, b *hold) {
	if a.redelivered && !b.redelivered {
		a, b = b, a
	}
	reason := a.keeps(b)
	if reason == "" || a.redelivered == b.redelivered && a.channel != b.channel && b.keeps(a) == "" {
		return
	}
	c.violate(max(a.at, b.at), Alone, "queue %q delivers %q to two clients, and channel %d of connection %d %s", a.queue, a.body, a.channel.number, a.channel.connection, reason)
}

// keeps says why a message cannot go back to its queue between one delivery and another; it is empty if it can.
func (h *hold) keeps(next *hold) string {
	switch {
	case h.noAck:
		return "took it without acknowledgement"
	case h.requeued && h.settled < next.at:
		return ""
	case h.settled > 0 && !h.requeued && h.channel.isThereAfter(h.settled):
		return "has settled it"
	case !h.channel.ended || h.channel.isThereAfter(next.at):
		return "holds it"
	}
	return ""
}

// isThereAfter says whether the channel has answered a request that was sent after an event.
func (ch *channel) isThereAfter(at int) bool {
	return slices.ContainsFunc(ch.proofs, func(p proof) bool { return p.sent > at })
}

// mayHaveHad says whether a message may have been on its way to a channel before that has ended, and saw nothing of it.
func (c *checker) mayHaveHad(h *hold) bool {
	return slices.ContainsFunc(c.all, func(ch *channel) bool {
		at, used := ch.used[h.queue]
		return used && at < h.at && ch.ended && !ch.isThereAfter(h.at)
	})
}
