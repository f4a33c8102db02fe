package broker

import (
	"slices"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// deliver routes m from x and enqueues it. routed is the number of its
// destinations; accepted is false if any queue refused it.
func (vh *VHost) deliver(x *exchange.Exchange, m *queue.Message, header *wire.Properties) (routed int, accepted bool, err error) {
	replies, err := vh.reply(x, m)
	if err != nil {
		return 0, false, err
	}
	routed, accepted, err = vh.deliverToQueues(x, m, header)
	return routed + replies, accepted, err
}

// deliverToQueues is deliver without direct replies.
func (vh *VHost) deliverToQueues(x *exchange.Exchange, m *queue.Message, header *wire.Properties) (routed int, accepted bool, err error) {
	queues, err := vh.route(x, m, header)
	if err != nil {
		return 0, false, err
	}
	if err := vh.checkForStreams(queues, header); err != nil {
		return 0, false, err
	}
	accepted = true
	for _, d := range queues {
		if !vh.enqueue(d.(*queue.Queue), m) {
			accepted = false
		}
	}
	routed = len(queues)
	x.PublishIn++
	x.PublishOut += uint64(routed)
	if vh.tracing.Load() {
		vh.noteRouted(x, m, queues)
	}
	return routed, accepted, nil
}

// route returns the queues for a message, valid until the next call. It notes
// when exchanges that hold the message back are to route it again.
func (vh *VHost) route(x *exchange.Exchange, m *queue.Message, header *wire.Properties) ([]exchange.Destination, error) {
	if x.Name() == "" {
		return vh.routeDefault(m), nil
	}
	vh.toRoute(m, header)
	queues := vh.router.Route(x, &vh.message, vh.Exchange)
	if err := vh.router.Err(); err != nil {
		return nil, vh.exchangeError(err)
	}
	vh.hold(m)
	return queues, nil
}

// toRoute makes vh.message what the router is to look at.
func (vh *VHost) toRoute(m *queue.Message, header *wire.Properties) {
	keys := append(append(vh.message.RoutingKeys[:0], m.RoutingKey), m.Copies...)
	vh.message = exchange.Message{RoutingKeys: keys, Headers: header.Headers, Properties: header}
	if vh.keepsHeaders {
		vh.message.Content = m
	}
}

// hold notes when the message is due at the exchanges that hold it back, of those
// that the router has just met.
func (vh *VHost) hold(m *queue.Message) {
	for _, delay := range vh.router.Delays() {
		at := vh.Now() + queue.Instant(delay.Milliseconds)*queue.Millisecond
		vh.timers.add(at, &delayedMessage{delay: delay, m: m, count: vh.countDelayed(delay.Exchange.Name())})
	}
}

// routeDefault routes from the default exchange, to which every queue is bound
// by its name.
func (vh *VHost) routeDefault(m *queue.Message) []exchange.Destination {
	vh.direct = vh.direct[:0]
	if q := vh.queues[m.RoutingKey]; q != nil {
		vh.direct = append(vh.direct, q)
	}
	for _, key := range m.Copies {
		if q := vh.queues[key]; q != nil && !slices.Contains(vh.direct, exchange.Destination(q)) {
			vh.direct = append(vh.direct, q)
		}
	}
	return vh.direct
}

func (vh *VHost) enqueue(q *queue.Queue, m *queue.Message) (accepted bool) {
	if vh.observed() {
		vh.observe(&Event{Kind: MessageRouted, Message: m, Queue: q})
	}
	accepted = q.Publish(vh.Now(), m, vh.publisher)
	if !accepted && vh.observed() {
		vh.observe(&Event{Kind: MessageRefused, Message: m, Queue: q})
	}
	vh.watch(q)
	return accepted
}

// replay gives a new destination of an x-recent-history exchange the messages
// that the exchange has kept. Queues get them after the binding is answered.
func (vh *VHost) replay(x *exchange.Exchange, to exchange.Destination) error {
	for _, kept := range x.Replay(to) {
		m := kept.Content.(*queue.Message)
		if q, ok := to.(*queue.Queue); ok {
			vh.later = append(vh.later, func() { vh.enqueue(q, m) })
			continue
		}
		header := m.Header()
		queues, err := vh.route(to.(*exchange.Exchange), m, &header)
		if err != nil {
			return err
		}
		for _, d := range queues {
			vh.later = append(vh.later, func() { vh.enqueue(d.(*queue.Queue), m) })
		}
		if len(queues) == 0 {
			return Errorf(wire.InternalError, "%s", vh.node.release.EmptyReplayText)
		}
	}
	return nil
}
