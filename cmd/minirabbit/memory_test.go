package main

import (
	"net"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/management"
)

func TestMemoryLimit(t *testing.T) {
	for asked, want := range map[string]uint64{"0": 0, "512MiB": 512 << 20, "1GiB": 1 << 30, "1000": 1000, "2MB": 2e6} {
		got, err := memoryLimit(asked)
		require.NoError(t, err)
		require.Equal(t, want, got, asked)
	}
	for _, asked := range []string{"half", "-1", "1TiB", "1.5GiB", "99999999999999999999"} {
		_, err := memoryLimit(asked)
		require.Error(t, err, asked)
	}
	half, err := memoryLimit("")
	require.NoError(t, err)
	require.Equal(t, machineMemory()/2, half)
}

// TestFloodIsBlocked publishes into a queue that nobody reads until the broker blocks, and goes on when it is read.
func TestFloodIsBlocked(t *testing.T) {
	const room, size = 48 << 20, 1 << 20
	node := broker.NewNode(broker.Options{})
	defer node.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	a := newApp(node, l, management.Recording{})
	defer a.StopApp()
	limit := usedMemory() + room
	defer a.watchMemory(memoryWatch{limit: limit, interval: 5 * time.Millisecond, patience: 10 * time.Millisecond})()

	conn, err := amqp.Dial("amqp://guest:guest@" + l.Addr().String() + "/")
	require.NoError(t, err)
	defer conn.Close()
	blocked := conn.NotifyBlocked(make(chan amqp.Blocking, 10))
	ch, err := conn.Channel()
	require.NoError(t, err)
	require.NoError(t, ch.Confirm(false))
	_, err = ch.QueueDeclare("flood", false, false, false, false, nil)
	require.NoError(t, err)

	const messages = 4 * room / size
	published := make(chan error, 1)
	go func() {
		body := make([]byte, size)
		for range messages {
			c, err := ch.PublishWithDeferredConfirmWithContext(t.Context(), "", "flood", false, false, amqp.Publishing{Body: body})
			if err == nil {
				_, err = c.WaitContext(t.Context())
			}
			if err != nil {
				published <- err
				return
			}
		}
		published <- nil
	}()
	b := <-blocked
	require.True(t, b.Active)
	require.Equal(t, "low on memory", b.Reason)
	require.Equal(t, []string{"memory"}, a.raised())
	require.Less(t, ready(node, "flood"), messages/2, "what was taken before the flood was blocked")

	reader, err := amqp.Dial("amqp://guest:guest@" + l.Addr().String() + "/")
	require.NoError(t, err)
	defer reader.Close()
	rch, err := reader.Channel()
	require.NoError(t, err)
	deliveries, err := rch.Consume("flood", "", true, false, false, false, nil)
	require.NoError(t, err)
	for range messages {
		require.Len(t, (<-deliveries).Body, size)
	}
	require.NoError(t, <-published)
	require.False(t, (<-blocked).Active)
}

func ready(node *broker.Node, name string) int {
	vh := node.VHost("/")
	vh.Lock()
	defer vh.Unlock()
	return vh.Queue(name).Len()
}
