package management_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// TestThousandQueuesWhileClientsPublish lists 1,000 queues again and again while 100
// connections publish: an answer takes less than 100 ms unless the machine is busy with
// something else, and what the clients publish is confirmed all the while.
func TestThousandQueuesWhileClientsPublish(t *testing.T) {
	const queues, connections, requests = 1000, 100, 10
	const limit, patience = 100 * time.Millisecond * slowdown, 30 * time.Second // for a moment of the machine's own
	b := testkit.Start(t, testkit.WithManagement())
	var topology testkit.Topology
	for i := range queues {
		topology.Queues = append(topology.Queues, testkit.Queue{Name: fmt.Sprintf("q%03d", i)})
	}
	b.Declare(t, topology)
	var clients sync.WaitGroup
	stop := make(chan struct{})
	confirmed := make([]int, connections)
	for i := range connections {
		clients.Go(func() {
			conn, err := amqp.DialConfig(b.URL(), b.ClientConfig())
			if !assert.NoError(t, err) {
				return
			}
			defer conn.Close()
			ch, err := conn.Channel()
			if !assert.NoError(t, err) || !assert.NoError(t, ch.Confirm(false)) {
				return
			}
			tick := time.NewTicker(10 * time.Millisecond * slowdown) // 10,000 messages a second, of all together
			defer tick.Stop()
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				case <-tick.C:
				}
				c, err := ch.PublishWithDeferredConfirmWithContext(t.Context(), "", fmt.Sprintf("q%03d", (i*7+n)%queues), false, false, amqp.Publishing{Body: []byte("x")})
				if !assert.NoError(t, err) || !assert.True(t, c.Wait()) {
					return
				}
				confirmed[i]++
			}
		})
	}
	b.AwaitConnections(t, connections)
	var took []time.Duration
	for start := time.Now(); len(took) < requests || slices.Min(took) >= limit && time.Since(start) < patience; {
		began := time.Now()
		status, answer := request(t, b, http.MethodGet, "/api/queues", "")
		took = append(took, time.Since(began))
		require.Equal(t, http.StatusOK, status)
		require.Greater(t, len(answer), 100*queues)
	}
	close(stop)
	clients.Wait()
	slices.Sort(took)
	t.Logf("/api/queues with %d queues: fastest %v, median %v, slowest %v", queues, took[0], took[len(took)/2], took[len(took)-1])
	require.Less(t, took[0], limit)
	for i, n := range confirmed {
		require.Positive(t, n, "connection %d had nothing confirmed", i)
	}
}
