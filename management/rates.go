package management

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/queue"
)

// window is the time that the samples in an answer are to cover, and their
// distance. The zero value asks for none.
type window struct{ age, step time.Duration }

const (
	// maxSamples is how many steps a window may have in RabbitMQ.
	maxSamples = 500
	// maxSeconds is what a [time.Duration] has room for.
	maxSeconds = math.MaxInt64 / int64(time.Second)
)

// asked reads a window from the query, such as lengths_age and lengths_incr. What is no whole number counts as not given,
// and so does, where nobody has refused it, one that no window can have.
func (r *request) asked(name string) window {
	age, step, ok := r.askedRange(name)
	if !ok || !isRange(age, step) {
		return window{}
	}
	return window{seconds(age), seconds(step)}
}

func seconds(n int) time.Duration { return time.Duration(min(int64(n), maxSeconds)) * time.Second }

func isRange(age, step int) bool { return age > 0 && step > 0 && age/step <= maxSamples }

func (r *request) askedRange(name string) (age, step int, ok bool) {
	if len(r.form[name+"_age"]) == 0 || len(r.form[name+"_incr"]) == 0 {
		return 0, 0, false
	}
	age, err := strconv.Atoi(r.form[name+"_age"][0])
	step, err2 := strconv.Atoi(r.form[name+"_incr"][0])
	return age, step, err == nil && err2 == nil
}

// rangesAreValid answers the request and returns false if it asks for samples that no window can have.
func (r *request) rangesAreValid() bool {
	for _, name := range []string{"lengths", "msg_rates", "data_rates", "node_stats"} {
		age, step, ok := r.askedRange(name)
		if ok && !isRange(age, step) {
			r.fail(http.StatusBadRequest, r.route.ranged, fmt.Sprintf("Invalid range parameters: age %d, incr %d", age, step))
			return false
		}
	}
	return true
}

// detailed adds counts to an object, each with its rate and, if asked for, the
// samples behind it.
func (r *request) detailed(o object, h *history, query string, which ...count) {
	w := r.asked(query)
	for _, c := range which {
		o[countNames[c]] = h.present[c]
		o[detailNames[c]] = details(h, c, w)
	}
}

// noRate is the rate of what does not change.
var noRate = object{"rate": rate(0)}

// details returns the rate of a count, and the samples behind it in a window.
func details(h *history, c count, w window) object {
	now := h.rate(c)
	if now == 0 && w.age == 0 {
		return noRate
	}
	o := object{"rate": now}
	if w.age > 0 {
		addSamples(o, h, c, w)
	}
	return o
}

// addSamples adds the samples of a window, latest first, and their averages, if there is more than one. From
// before the first sample, RabbitMQ counts zero.
func addSamples(details object, h *history, c count, w window) {
	var samples []object
	var first, last, sum float64
	var from, to time.Time
	newest := time.Unix(0, h.now.UnixNano()-h.now.UnixNano()%int64(w.step))
	for t := newest; !t.Before(newest.Add(-w.age)); t = t.Add(-w.step) {
		counts, known := h.at(t)
		if !known && len(samples) == 0 {
			counts = h.present // it is younger than a step
		}
		v := float64(counts[c])
		if len(samples) == 0 {
			last, to = v, t
		}
		first, from = v, t
		sum += v
		samples = append(samples, object{"sample": counts[c], "timestamp": t.UnixMilli()})
	}
	details["samples"] = samples
	if len(samples) < 2 {
		return
	}
	details["avg"] = rate(sum / float64(len(samples)))
	details["avg_rate"] = rate(0)
	if seconds := to.Sub(from).Seconds(); seconds > 0 {
		details["avg_rate"] = rate((last - first) / seconds)
	}
}

// The counts that come together in message_stats.
var (
	publishing = []count{publish, confirm, returnUnroutable, dropUnroutable}
	delivering = []count{ack, deliver, deliverGet, deliverNoAck, get, getEmpty, getNoAck, redeliver}
)

// messageStats returns message_stats, or nil if nothing has happened yet.
func (r *request) messageStats(h *history, groups ...[]count) object {
	var stats object
	for _, group := range groups {
		if slices.ContainsFunc(group, func(c count) bool { return h.present[c] > 0 }) {
			if stats == nil {
				stats = object{}
			}
			r.detailed(stats, h, "msg_rates", group...)
		}
	}
	return stats
}

// addStats adds message_stats to an object, if there are any.
func (r *request) addStats(o object, h *history, groups ...[]count) {
	if !r.wants("message_stats") {
		return
	}
	if stats := r.messageStats(h, groups...); stats != nil {
		o["message_stats"] = stats
	}
}

// lengths are the counts of what is in queues.
var lengths = []count{messages, messagesReady, messagesUnacked}

// vhostCounts returns the numbers of a virtual host. A long look is several critical sections.
func vhostCounts(vh *broker.VHost) counts {
	var c counts
	vh.WalkQueues(c.addLengths)
	c.addActivity(vh)
	return c
}

// addLengths adds a queue's messages to the counts of its virtual host, which is locked.
func (c *counts) addLengths(q *queue.Queue) {
	ready, unacked := queueLengths(q)
	c[messagesReady] += ready
	c[messagesUnacked] += unacked
	c[messages] += ready + unacked
}

// addActivity adds what was done in a virtual host, and what passed on its connections.
func (c *counts) addActivity(vh *broker.VHost) {
	var traffic broker.Traffic
	vh.Do(func() {
		c.add(vh.Stats())
		traffic = vh.Traffic()
	})
	c[received] += traffic.ReceivedBytes
	c[sent] += traffic.SentBytes
}

func exchangeCounts(x *exchange.Exchange) counts {
	return counts{publishIn: x.PublishIn, publishOut: x.PublishOut}
}

func connectionCounts(conn *broker.Connection) counts {
	t := traffic(conn)
	return counts{received: t.ReceivedBytes, sent: t.SentBytes}
}

func channelCounts(ch *broker.Channel) counts {
	var c counts
	c.add(ch.Stats())
	return c
}

func traffic(conn *broker.Connection) broker.Traffic {
	if conn.Transport.Traffic == nil {
		return broker.Traffic{}
	}
	return conn.Transport.Traffic()
}
