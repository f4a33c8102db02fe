package broker

import (
	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/wire"
)

// delayedMessage is a message that an x-delayed-message exchange holds back.
type delayedMessage struct {
	delay exchange.Delay
	m     *queue.Message
	count *delayedCount
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

// fire routes the message from the exchange that held it back. Delayed messages do
// not go with their exchange: the plug-in has the exchange as it was then, and looks
// for bindings by its name. They go when the virtual host is reset.
func (d *delayedMessage) fire(vh *VHost, _ queue.Instant) {
	d.count.n--
	name := d.delay.Exchange.Name()
	if vh.delayed[name] != d.count {
		return
	}
	m, header := d.due(vh.node.release)
	vh.toRoute(m, &header)
	now := vh.exchanges[name]
	queues, err := vh.router.RouteDue(d.delay, now, &vh.message, vh.Exchange)
	if err != nil {
		return
	}
	vh.hold(m)
	if now != nil {
		now.PublishOut += uint64(len(queues)) // it came in when it was published
	}
	for _, to := range queues {
		if q := to.(*queue.Queue); !q.IsStream() || !vh.node.release.StreamsMissDeadLetters {
			vh.enqueue(q, m)
		}
	}
}

// due returns the message as it is when its delay is over, and its properties as
// the broker reads them then.
func (d *delayedMessage) due(r *release.Release) (*queue.Message, wire.Properties) {
	header := d.m.Reading()
	header.Headers = d.delay.Exchange.Due(header.Headers)
	properties := header.Append(nil)
	if r.SendsDelayedAsPublished && !d.m.Rewritten {
		return d.m.ReadAs(properties), header
	}
	return d.m.WithProperties(properties), header
}
