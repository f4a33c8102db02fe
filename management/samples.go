package management

import (
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/minirabbit/minirabbit/broker"
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
	c[messagesReady], c[messagesUnacked] = uint64(q.Len()), uint64(q.Unacked())
	if q.IsStream() {
		c[messagesReady], c[messagesUnacked] = uint64(q.Span()), 0
	}
	c[messages] = c[messagesReady] + c[messagesUnacked]
	return c
}

// subject is what is sampled: the node, its churn, a virtual host, an exchange, a
// queue, a connection or a channel.
type subject struct {
	kind        byte // 'n', 'u', 'v', 'x', 'q', 'c' or 'h'
	vhost, name string
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
}

type series struct {
	samples []sample // those that are there do not change
	seen    bool     // in the present round
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
	s.round()
	for {
		select {
		case <-tick.C:
			s.round()
		case <-s.stop:
			return
		}
	}
}

// round takes a sample of everything and forgets what is gone.
func (s *sampler) round() {
	now := s.now()
	all := map[subject]counts{}
	var total counts
	for _, vh := range s.node.VHosts() {
		vh.Lock()
		c := vhostCounts(vh)
		for _, q := range vh.Queues() {
			all[subject{'q', vh.Name(), q.Name()}] = queueCounts(q)
		}
		for _, x := range vh.Exchanges() {
			all[subject{'x', vh.Name(), x.Name()}] = exchangeCounts(x)
		}
		for _, conn := range vh.Connections() {
			all[subject{'c', vh.Name(), conn.Name}] = connectionCounts(conn)
			for _, ch := range conn.Channels() {
				all[subject{'h', vh.Name(), channelName(ch)}] = channelCounts(ch)
			}
		}
		vh.Unlock()
		all[subject{'v', vh.Name(), ""}] = c
		total.sum(&c)
	}
	all[subject{kind: 'n'}] = total
	all[subject{kind: 'u'}] = churnCounts(s.node)

	s.mu.Lock()
	defer s.mu.Unlock()
	for k, c := range all {
		one := s.series[k]
		if one == nil {
			one = &series{}
			s.series[k] = one
		}
		one.seen = true
		one.note(sample{now, c}, k.kind == 'n' || k.kind == 'u' || k.kind == 'v')
	}
	for k, one := range s.series {
		if !one.seen {
			delete(s.series, k)
		}
		one.seen = false
	}
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
