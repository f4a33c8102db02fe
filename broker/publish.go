package broker

import (
	"slices"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// Publishing is a message on its way into the broker. Properties and Body
// belong to the broker from then on.
type Publishing struct {
	Exchange   string
	RoutingKey string
	Mandatory  bool
	Properties []byte // flags and values, as in a content header
	Body       []byte

	exchange *exchange.Exchange
	message  *queue.Message
	headers  wire.Table
}

// Publish routes a message as the channel's mode wants it: now, with a confirm
// to follow, or when the transaction commits.
func (ch *Channel) Publish(p Publishing) error {
	if err := ch.check(&p); err != nil {
		return err
	}
	if ch.mode == transactional {
		later := p
		ch.tx.steps = append(ch.tx.steps, step{publishing: &later})
		return nil
	}
	accepted := ch.route(&p)
	if ch.mode == confirming {
		ch.published++
		ch.sink.Confirm(ch.published, accepted)
	}
	return nil
}

// check finds the exchange and builds the message, or says what is wrong.
func (ch *Channel) check(p *Publishing) error {
	vh := ch.vh
	if err := ch.conn.Check(Write, "exchange", p.Exchange); err != nil {
		return err
	}
	p.exchange = vh.exchanges[p.Exchange]
	if p.exchange == nil {
		return vh.noExchange(p.Exchange)
	}
	if p.exchange.Internal {
		return Errorf(wire.AccessRefused, "cannot publish to internal %s", vh.exchangeText(p.Exchange))
	}
	return p.build(ch.conn.User)
}

// build makes the message, as user or, if nil, as the server itself.
func (p *Publishing) build(user *User) error {
	e, err := readEssentials(p.Properties)
	if err != nil {
		return err
	}
	if err := checkCopies(e.headers); err != nil {
		return err
	}
	p.headers = e.headers
	p.message = &queue.Message{Exchange: p.Exchange, RoutingKey: p.RoutingKey, Properties: withoutBCC(p.Properties, e.headers), Body: p.Body}
	return e.apply(p.message, user)
}

// route puts the message into its queues, or returns it if it is mandatory and
// there are none. It says whether no queue refused it.
func (ch *Channel) route(p *Publishing) (accepted bool) {
	if ch.vh.observed() {
		e := Event{Kind: MessagePublished, Message: p.message}
		if ch.mode == confirming {
			e.DeliveryTag = ch.published + 1
		}
		ch.observe(e)
	}
	routed, accepted := ch.vh.deliver(p.exchange, p.message, p.headers)
	if routed == 0 && p.Mandatory {
		if ch.vh.observed() {
			ch.observe(Event{Kind: MessageReturned, Message: p.message})
		}
		ch.sink.Return(wire.NoRoute, p.message)
	}
	return accepted
}

// Publish publishes on the server's own behalf. It returns how many queues the
// message was routed to.
func (vh *VHost) Publish(p Publishing) (routed int, err error) {
	x := vh.exchanges[p.Exchange]
	if x == nil {
		return 0, vh.noExchange(p.Exchange)
	}
	if err := p.build(nil); err != nil {
		return 0, err
	}
	if vh.observed() {
		vh.observe(Event{Kind: MessagePublished, Message: p.message})
	}
	routed, _ = vh.deliver(x, p.message, p.headers)
	return routed, nil
}

// deliver routes m from x and enqueues it. accepted is false if any queue
// refused it.
func (vh *VHost) deliver(x *exchange.Exchange, m *queue.Message, headers wire.Table) (routed int, accepted bool) {
	accepted = true
	for _, d := range vh.route(x, m.RoutingKey, headers) {
		routed++
		if !vh.enqueue(d.(*queue.Queue), m) {
			accepted = false
		}
	}
	return routed, accepted
}

// route returns the queues for a message, valid until the next call. The
// headers CC and BCC hold further routing keys.
func (vh *VHost) route(x *exchange.Exchange, routingKey string, headers wire.Table) []exchange.Destination {
	vh.keys = appendCopies(append(vh.keys[:0], routingKey), headers)
	if x.Name() != "" {
		return vh.router.Route(x, &exchange.Message{RoutingKeys: vh.keys, Headers: headers}, vh.Exchange)
	}
	// Every queue is bound to the default exchange by its name.
	vh.direct = vh.direct[:0]
	for _, key := range vh.keys {
		if q := vh.queues[key]; q != nil && !slices.Contains(vh.direct, exchange.Destination(q)) {
			vh.direct = append(vh.direct, q)
		}
	}
	return vh.direct
}

func (vh *VHost) enqueue(q *queue.Queue, m *queue.Message) (accepted bool) {
	if vh.observed() {
		vh.observe(Event{Kind: MessageRouted, Message: m, Queue: q})
	}
	accepted = q.Publish(vh.Now(), m)
	if !accepted && vh.observed() {
		vh.observe(Event{Kind: MessageRefused, Message: m, Queue: q})
	}
	vh.watch(q)
	return accepted
}
