package broker

import (
	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/queue"
)

// delayedMessage is a message that an x-delayed-message exchange holds back.
type delayedMessage struct {
	exchange *exchange.Exchange
	m        *queue.Message
	count    *delayedCount
}

// delayedCount counts the messages that exchanges of a name hold back.
type delayedCount struct{ n int }

// countDelayed counts one more message that an exchange holds back.
func (vh *VHost) countDelayed(exchange string) *delayedCount {
	c := vh.delayed[exchange]
	if c == nil {
		c = new(delayedCount)
		vh.delayed[exchange] = c
	}
	c.n++
	return c
}

// Delayed returns how many messages an exchange of this name holds back.
func (vh *VHost) Delayed(exchange string) int {
	if c := vh.delayed[exchange]; c != nil {
		return c.n
	}
	return 0
}

// fire publishes the message from the exchange that held it back. Delayed
// messages do not go with their exchange: if it was deleted and declared again,
// they are routed by the new bindings, as by the plug-in, which looks for these by
// the exchange's name. They go when the virtual host is reset.
func (d *delayedMessage) fire(vh *VHost, _ queue.Instant) {
	d.count.n--
	x := vh.exchanges[d.exchange.Name()]
	if x == nil || vh.delayed[d.exchange.Name()] != d.count {
		return
	}
	header := d.m.Header()
	header.Headers = d.exchange.Due(header.Headers)
	vh.deliver(x, d.m.WithProperties(header.Append(nil)), &header)
}
