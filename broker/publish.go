package broker

import (
	"bytes"
	"errors"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/wire"
)

// Publishing is a message on its way into the broker. The Body belongs to the
// broker from then on.
type Publishing struct {
	Exchange   string
	RoutingKey string
	Mandatory  bool
	Properties []byte // flags and values, as in a content header; valid during the call
	Body       []byte
	Composed   bool // the Properties are not as a client sent them: they were given as text
	Overflows  bool // a text among the Properties was too long for a short string and is cut

	exchange *exchange.Exchange
	message  *queue.Message
	header   *wire.Properties // decoded, valid while the vhost is locked
	replied  bool             // its direct replies are sent
}

// Publish routes a message as the channel's mode wants it: now, with a confirm
// to follow, or when the transaction commits.
func (ch *Channel) Publish(p Publishing) error {
	if err := ch.check(&p); err != nil {
		return err
	}
	if ch.mode == transactional {
		return ch.publishInTx(p)
	}
	accepted, err := ch.route(&p)
	if err != nil {
		return err
	}
	if ch.mode == confirming {
		ch.published++
		ch.stats.Confirm++
		ch.sink.Confirm(ch.published, accepted)
	}
	return nil
}

// check finds the exchange and builds the message, or says what is wrong.
func (ch *Channel) check(p *Publishing) error {
	if ch.recall(p) {
		return nil
	}
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
	var err error
	if p.header, err = vh.header(p.Properties); err != nil {
		return err
	}
	sent := p.Properties
	if err := ch.fillReplyTo(p); err != nil {
		return err
	}
	userID := ch.checkUserID(p.header)
	if userID != nil && !vh.node.release.ChecksUserIDLast {
		return userID
	}
	if err := p.build(vh.node.release); err != nil {
		return err
	}
	if userID != nil {
		return userID
	}
	if err := ch.checkTopics(p); err != nil {
		return err
	}
	if p.Overflows {
		return errOverflow
	}
	p.message.Rewritten = p.Composed || !bytes.Equal(p.message.Properties, sent)
	ch.remember(p)
	return nil
}

// errOverflow refuses a message with a property or a name of a header that has more than 255 bytes, which only the HTTP API can
// publish. The words are those of RabbitMQ 4.3. 4.0 answers with 500; 3.10 takes the message, and closes the connection of each
// consumer with 541.
var errOverflow = errors.New("506 failed to deliver message: content_properties_shortstr_overflow")

// alike is the envelope of a channel's last publishing. Most publishers send the
// same one again and again; it is then decoded, checked and allocated once.
type alike struct {
	envelope *queue.Envelope // nil for none
	header   wire.Properties
	// What was checked holds for the same exchange, as long as nothing has
	// changed about the user.
	exchange *exchange.Exchange
	user     *userState
}

// remember keeps the envelope of a publishing for those alike, unless it depends on
// more than what the publishing says.
func (ch *Channel) remember(p *Publishing) {
	ch.last.envelope = nil
	if !ch.vh.keepsHeaders && p.header.Flags&wire.HasUserID == 0 && !p.message.Rewritten {
		ch.last = alike{p.message.Envelope, *p.header, p.exchange, ch.conn.User.state.Load()}
	}
}

// forget lets go of the last publishing if it was to an exchange that is deleted.
func (a *alike) forget(x *exchange.Exchange) {
	if a.exchange == x {
		*a = alike{}
	}
}

// recall makes the message of a publishing that is like the last one.
func (ch *Channel) recall(p *Publishing) bool {
	e := ch.last.envelope
	if e == nil || ch.vh.keepsHeaders || e.Exchange != p.Exchange || e.RoutingKey != p.RoutingKey || !bytes.Equal(e.Properties, p.Properties) {
		return false
	}
	if ch.conn.User.state.Load() != ch.last.user || p.Exchange != "" && ch.vh.exchanges[p.Exchange] != ch.last.exchange {
		return false
	}
	p.exchange, p.header = ch.last.exchange, &ch.last.header
	p.message = &queue.Message{Envelope: e, Body: p.Body}
	return true
}

// build makes the message of a publishing whose header is decoded.
func (p *Publishing) build(r *release.Release) error {
	var unusable error
	var copies []string
	if len(p.header.Headers) > 0 {
		unusable = checkCopies(p.header.Headers)
		copies = appendCopies(nil, p.header.Headers, headerCC, headerBCC)
		p.Properties = withoutBCC(p.Properties, p.header)
		if r.SortsHeaders {
			p.Properties = withSortedHeaders(p.Properties, p.header)
		}
	}
	e := queue.Envelope{Exchange: p.Exchange, RoutingKey: p.RoutingKey, Copies: copies, Properties: p.Properties}
	if err := readProperties(r, &e, p.header); err != nil {
		return err
	}
	if unusable != nil {
		return unusable
	}
	p.message = queue.NewMessage(&e, p.Body)
	return nil
}

// route puts the message into its queues, or returns it if it is mandatory and
// there are none. It says whether no queue refused it.
func (ch *Channel) route(p *Publishing) (accepted bool, err error) {
	if ch.vh.observed() {
		e := Event{Kind: MessagePublished, Message: p.message}
		if ch.mode == confirming {
			e.DeliveryTag = ch.published + 1
		}
		ch.observe(&e)
	}
	ch.vh.publisher = ch
	var routed int
	if p.replied {
		routed, accepted, err = ch.vh.deliverToQueues(p.exchange, p.message, p.header)
	} else {
		routed, accepted, err = ch.vh.deliver(p.exchange, p.message, p.header)
	}
	ch.vh.publisher = nil
	if err != nil {
		return false, err
	}
	ch.returnUnrouted(p, routed)
	return accepted, nil
}

// returnUnrouted returns a mandatory message that has no destination.
func (ch *Channel) returnUnrouted(p *Publishing, routed int) {
	ch.countPublished(routed, p.Mandatory)
	if ch.mode != transactional {
		ch.tracePublished(p.message)
	}
	if routed == 0 && p.Mandatory {
		if ch.vh.observed() {
			ch.observe(&Event{Kind: MessageReturned, Message: p.message})
		}
		ch.sink.Return(wire.NoRoute, p.message)
	}
}

// Publish publishes on the server's own behalf. It returns how many queues the
// message was routed to.
func (vh *VHost) Publish(p Publishing) (routed int, err error) {
	x := vh.exchanges[p.Exchange]
	if x == nil {
		return 0, vh.noExchange(p.Exchange)
	}
	if p.header, err = vh.header(p.Properties); err != nil {
		return 0, err
	}
	if err := p.build(vh.node.release); err != nil {
		return 0, err
	}
	if vh.observed() {
		vh.observe(&Event{Kind: MessagePublished, Message: p.message})
	}
	routed, _, err = vh.deliver(x, p.message, p.header)
	return routed, err
}
