package management

import (
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/queue"
)

const (
	sampleInterval = time.Second
	// keepSamples is how many are kept of one thing at least, of those that differ
	// from the one before, and twice as many at most.
	keepSamples = 120
	// keepTotals is the same for the node and the virtual hosts.
	keepTotals = 3600
	// rateWindow is the time over which a rate is taken.
	rateWindow = 5 * time.Second
)

// count is one of the numbers that are sampled.
type count int

const (
	publish count = iota
	confirm
	returnUnroutable
	dropUnroutable
	get
	getNoAck
	getEmpty
	deliver
	deliverNoAck
	redeliver
	ack
	deliverGet
	publishIn
	publishOut
	messages
	messagesReady
	messagesUnacked
	received // octets
	sent
	numCounts
)

// countNames are the names of the counts in the API.
var countNames = [numCounts]string{"publish", "confirm", "return_unroutable", "drop_unroutable", "get", "get_no_ack", "get_empty",
	"deliver", "deliver_no_ack", "redeliver", "ack", "deliver_get", "publish_in", "publish_out",
	"messages", "messages_ready", "messages_unacknowledged", "recv_oct", "send_oct"}

// detailNames are the names of their rates.
var detailNames = func() (names [numCounts]string) {
	for c, name := range countNames {
		names[c] = name + "_details"
	}
	return names
}()

// The counts of what has come and gone, of the subject of kind 'u', share their
// places with those above.
const (
	connectionCreated count = iota
	connectionClosed
	channelCreated
	channelClosed
	queueDeclared
	queueCreated
	queueDeleted
	numChurn
)

// churnNames are their names in the API.
var churnNames = [numChurn]string{"connection_created", "connection_closed", "channel_created", "channel_closed",
	"queue_declared", "queue_created", "queue_deleted"}

// churnCounts returns what has come and gone in a node.
func churnCounts(node *broker.Node) counts {
	c := node.Churn()
	return counts{connectionCreated: c.ConnectionCreated.Load(), connectionClosed: c.ConnectionClosed.Load(),
		channelCreated: c.ChannelCreated.Load(), channelClosed: c.ChannelClosed.Load(),
		queueDeclared: c.QueueDeclared.Load(), queueCreated: c.QueueCreated.Load(), queueDeleted: c.QueueDeleted.Load()}
}

// counts are the numbers of one thing at one moment.
type counts [numCounts]uint64

func (c *counts) add(s broker.Stats) {
	c[publish] += s.Publish
	c[confirm] += s.Confirm
	c[returnUnroutable] += s.ReturnUnroutable
	c[dropUnroutable] += s.DropUnroutable
	c[get] += s.Get
	c[getNoAck] += s.GetNoAck
	c[getEmpty] += s.GetEmpty
	c[deliver] += s.Deliver
	c[deliverNoAck] += s.DeliverNoAck
	c[redeliver] += s.Redeliver
	c[ack] += s.Ack
	c[deliverGet] += s.DeliverGet()
}

// sum adds the numbers of another thing.
func (c *counts) sum(d *counts) {
	for i := range c {
		c[i] += d[i]
	}
}

// queueCounts returns the numbers of a queue, whose vhost is locked.
func queueCounts(q *queue.Queue) counts {
	var c counts
	n := q.Counts()
	c[publish] = n.Published
	c[get], c[getNoAck], c[getEmpty] = n.Got-n.GotNoAck, n.GotNoAck, n.GotEmpty
	c[deliverNoAck] = n.NoAck - n.GotNoAck
	c[deliver] = n.Delivered - n.Got - c[deliverNoAck]
	c[redeliver] = n.Redelivered
	c[ack] = n.Acked - n.NoAck
	c[deliverGet] = n.Delivered
	c[messagesReady], c[messagesUnacked] = queueLengths(q)
	c[messages] = c[messagesReady] + c[messagesUnacked]
	return c
}

// queueLengths returns how many messages are in a queue, whose vhost is locked.
func queueLengths(q *queue.Queue) (ready, unacked uint64) {
	if q.IsStream() {
		return uint64(q.Span()), 0
	}
	return uint64(q.Len()), uint64(q.Unacked())
}

// subject is what is sampled: the node, its churn, a virtual host, an exchange, a
// queue, a connection or a channel.
type subject struct {
	kind        byte // 'n', 'u', 'v', 'x', 'q', 'c' or 'h'
	vhost, name string
	channel     uint16
}

func queueSubject(vhost, name string) subject    { return subject{kind: 'q', vhost: vhost, name: name} }
func exchangeSubject(vhost, name string) subject { return subject{kind: 'x', vhost: vhost, name: name} }

func connectionSubject(c *broker.Connection) subject {
	return subject{kind: 'c', vhost: c.VHost.Name(), name: c.Name}
}

func channelSubject(c *broker.Connection, number uint16) subject {
	return subject{kind: 'h', vhost: c.VHost.Name(), name: c.Name, channel: number}
}

type sample struct {
	at     time.Time
	counts counts
}

// sampler remembers the counts of a node's things.
type sampler struct {
	node *broker.Node
	stop chan struct{}
	done chan struct{}

	mu sync.Mutex
	// guarded by mu
	series map[subject]*series
	rounds uint64
}

type series struct {
	samples []sample // those that are there do not change
	round   uint64   // in which it was last seen
}

func newSampler(node *broker.Node) *sampler {
	s := &sampler{node: node, stop: make(chan struct{}), done: make(chan struct{}), series: make(map[subject]*series)}
	go s.run()
	return s
}

func (s *sampler) close() {
	close(s.stop)
	<-s.done
}

func (s *sampler) run() {
	defer close(s.done)
	tick := time.NewTicker(sampleInterval)
	defer tick.Stop()
	s.node.Survive(s.round)
	for {
		select {
		case <-tick.C:
			s.node.Survive(s.round)
		case <-s.stop:
			return
		}
	}
}

// round takes a sample of everything and forgets what is gone. Neither a virtual
// host nor the samples are locked for long.
func (s *sampler) round() {
	g := gathering{sampler: s, now: s.now()}
	s.rounds++
	var total counts
	for _, vh := range s.node.VHosts() {
		c := g.vhost(vh)
		total.sum(&c)
	}
	g.add(subject{kind: 'n'}, total)
	g.add(subject{kind: 'u'}, churnCounts(s.node))
	g.flush()
	s.forget()
}

// forgetSteps is how many subjects are looked at before requests may look, too.
const forgetSteps = 1024

// forget forgets what was not seen in this round.
func (s *sampler) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	steps := 0
	for k, one := range s.series {
		if one.round != s.rounds {
			delete(s.series, k)
		}
		if steps++; steps%forgetSteps == 0 {
			s.mu.Unlock()
			s.mu.Lock()
		}
	}
}

// gathering is a round on its way: what has been looked at and not noted yet.
type gathering struct {
	*sampler
	now   time.Time
	looks []look
}

type look struct {
	of     subject
	counts counts
}

// gatheringSize is how much is noted at a time.
const gatheringSize = 256

// vhost samples all that is in a virtual host, and returns the host's own counts.
func (g *gathering) vhost(vh *broker.VHost) (c counts) {
	name := vh.Name()
	vh.WalkQueues(func(q *queue.Queue) {
		c.addLengths(q)
		g.add(queueSubject(name, q.Name()), queueCounts(q))
	})
	vh.WalkExchanges(func(x *exchange.Exchange) { g.add(exchangeSubject(name, x.Name()), exchangeCounts(x)) })
	vh.WalkChannels(
		func(conn *broker.Connection) { g.add(connectionSubject(conn), connectionCounts(conn)) },
		func(ch *broker.Channel) { g.add(channelSubject(ch.Connection(), ch.Number), channelCounts(ch)) })
	c.addActivity(vh)
	g.add(subject{kind: 'v', vhost: name}, c)
	return c
}

func (g *gathering) add(of subject, c counts) {
	if g.looks = append(g.looks, look{of, c}); len(g.looks) == gatheringSize {
		g.flush()
	}
}

// flush notes what was looked at. Nobody who holds the samples' lock waits for
// that of a virtual host.
func (g *gathering) flush() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.looks {
		l := &g.looks[i]
		one := g.series[l.of]
		if one == nil {
			one = &series{}
			g.series[l.of] = one
		}
		one.round = g.rounds
		one.note(sample{g.now, l.counts}, l.of.kind == 'n' || l.of.kind == 'u' || l.of.kind == 'v')
	}
	g.looks = g.looks[:0]
}

// note keeps a sample if it differs from the last.
func (s *series) note(new sample, total bool) {
	if n := len(s.samples); n > 0 && s.samples[n-1].counts == new.counts {
		return
	}
	keep := keepSamples
	if total {
		keep = keepTotals
	}
	if len(s.samples) >= 2*keep { // histories look at the old ones
		s.samples = append(make([]sample, 0, 2*keep), s.samples[len(s.samples)-keep+1:]...)
	}
	s.samples = append(s.samples, new)
}

func (s *sampler) now() time.Time { return time.Unix(0, int64(s.node.Now())) }

// history returns what the counts of a thing were at a moment: the present ones
// if it was not sampled before.
func (s *sampler) history(k subject, present counts) history {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := history{now: s.now(), present: present}
	if one := s.series[k]; one != nil {
		h.samples = one.samples[:len(one.samples):len(one.samples)]
	}
	return h
}

// sum returns what the counts of several things, added up, were.
func (s *sampler) sum(all []subject, present counts) history {
	if len(all) == 1 {
		return s.history(all[0], present)
	}
	parts := make([]history, len(all))
	total := history{now: s.now(), present: present}
	for i, k := range all {
		parts[i] = s.history(k, counts{})
		for _, one := range parts[i].samples {
			total.samples = append(total.samples, sample{at: one.at})
		}
	}
	slices.SortFunc(total.samples, func(a, b sample) int { return a.at.Compare(b.at) })
	total.samples = slices.CompactFunc(total.samples, func(a, b sample) bool { return a.at.Equal(b.at) })
	for i := range total.samples {
		for j := range parts {
			counts, _ := parts[j].at(total.samples[i].at)
			total.samples[i].counts.sum(&counts)
		}
	}
	return total
}

// history is what the counts of one thing were.
type history struct {
	now     time.Time
	present counts
	samples []sample // in order of time
}

// at returns the counts at a moment, and whether they were sampled by then.
func (h *history) at(t time.Time) (counts, bool) {
	if !t.Before(h.now) {
		return h.present, true
	}
	later := sort.Search(len(h.samples), func(i int) bool { return h.samples[i].at.After(t) })
	if later == 0 {
		return counts{}, false
	}
	return h.samples[later-1].counts, true
}

// idleSince returns since when nothing has changed, if that is as long ago as
// RabbitMQ's statistics take to notice: five seconds.
func (h *history) idleSince() (since time.Time, idle bool) {
	if len(h.samples) == 0 {
		return time.Time{}, false
	}
	last := h.samples[len(h.samples)-1]
	return last.at, last.counts == h.present && h.now.Sub(last.at) >= rateWindow
}

// rate returns how fast a number has grown of late, a second.
func (h *history) rate(c count) rate {
	from := h.now.Add(-rateWindow)
	before, known := h.at(from)
	if !known {
		if len(h.samples) == 0 {
			return 0
		}
		from, before = h.samples[0].at, h.samples[0].counts
	}
	seconds := h.now.Sub(from).Seconds()
	if seconds < 0.1 {
		return 0
	}
	return rate(float64(int64(h.present[c]-before[c])) / seconds)
}
