package metrics

import (
	"slices"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/queue"
)

// totals is what there is in a node at one moment.
type totals struct {
	churn                                    *broker.Churn
	stats                                    broker.Stats
	connections, channels, consumers, queues float64
	ready, unacked, readyBytes, unackedBytes float64
	persistent, entered, held                float64
	received, sent                           float64
	memoryAlarm, diskAlarm                   float64
}

// look adds up all virtual hosts.
func (c *collector) look() *totals {
	t := &totals{churn: c.node.Churn()}
	for _, vh := range c.node.VHosts() {
		t.add(vh)
	}
	raised := c.raised()
	if slices.Contains(raised, "memory") {
		t.memoryAlarm = 1
	}
	if slices.Contains(raised, "disk") {
		t.diskAlarm = 1
	}
	return t
}

func (t *totals) add(vh *broker.VHost) {
	vh.Do(func() { t.stats.Add(vh.Stats()) })
	vh.WalkQueues(func(q *queue.Queue) {
		t.queues++
		t.consumers += float64(len(q.Consumers()))
		t.ready += float64(q.Len())
		t.unacked += float64(q.Unacked())
		ready, unacked := q.Bytes()
		t.readyBytes += float64(ready)
		t.unackedBytes += float64(unacked)
		persistent, _ := q.Persistent()
		t.persistent += float64(persistent)
		t.entered += float64(q.Counts().Published)
	})
	vh.WalkChannels(func(conn *broker.Connection) {
		t.connections++
		if conn.Transport.Traffic != nil {
			passed := conn.Transport.Traffic()
			t.received += float64(passed.ReceivedBytes)
			t.sent += float64(passed.SentBytes)
		}
	}, func(ch *broker.Channel) {
		t.channels++
		t.held += float64(ch.Unacked())
	})
}
