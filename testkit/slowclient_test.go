package testkit_test

import (
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
	"github.com/minirabbit/minirabbit/wire"
)

// publishTo publishes bodies of a size, as many as come to total bytes, to a queue on
// whose messages a client without heartbeats is to be sent at once.
func publishTo(t testing.TB, broker *testkit.Broker, client *rawConn, size, total int) {
	client.call(1, &wire.QueueDeclare{Queue: "news"})
	client.call(1, &wire.BasicConsume{Queue: "news", NoAck: true})
	for range total / size {
		broker.Publish(t, "", "news", make([]byte, size))
	}
}

// readSlowly reads some bytes at a time until the connection ends, or a minute has
// passed.
func readSlowly(client *rawConn, bytes int, every time.Duration) {
	client.conn.SetDeadline(time.Time{})
	for range time.Minute / every {
		time.Sleep(every)
		if _, err := io.CopyN(io.Discard, client.conn, int64(bytes)); err != nil {
			return
		}
	}
}

// TestClientThatReadsTooSlowly has clients without heartbeats be sent 30 MB. RabbitMQ
// resets a connection when a command has not been taken by the network for 30 seconds;
// that parts of it were does not matter. Measured on 3.10, 4.0 and 4.3.
func TestClientThatReadsTooSlowly(t *testing.T) {
	const total = 30 << 20
	for _, c := range []struct {
		name        string
		size, bytes int // of a message, and read at a time
		every       time.Duration
		ends        bool
	}{
		{"never", 10 << 10, 0, time.Second, true},
		{"64 KiB every 10 s, of 1 KiB", 1 << 10, 64 << 10, 10 * time.Second, true},
		{"64 KiB every 10 s, of 1 MiB", 1 << 20, 64 << 10, 10 * time.Second, true},
		{"200 KiB a second, of 1 KiB", 1 << 10, 200 << 10, time.Second, false},
		{"200 KiB a second, of 1 MiB", 1 << 20, 200 << 10, time.Second, false},
		{"200 KiB a second, of 15 MiB", 15 << 20, 200 << 10, time.Second, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				broker := testkit.Start(t, testkit.InMemory())
				client := dialRaw(t, broker)
				defer client.conn.Close()
				publishTo(t, broker, client, c.size, total)
				readSlowly(client, c.bytes, c.every)
				synctest.Wait()
				require.Equal(t, c.ends, len(broker.Connections(t)) == 0)
			})
		})
	}
}

// TestSendTimeout has a client that never reads be reset after exactly 30 seconds, and
// what it was sent without acknowledgement be gone.
func TestSendTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := testkit.Start(t, testkit.InMemory())
		client := dialRaw(t, broker)
		defer client.conn.Close()
		publishTo(t, broker, client, 1<<20, 30<<20)
		time.Sleep(30*time.Second - time.Nanosecond)
		synctest.Wait()
		require.Len(t, broker.Connections(t), 1)
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		require.Empty(t, broker.Connections(t))
	})
}

// TestSendTimeoutByFastForward is the same over TCP, by the broker's clock.
func TestSendTimeoutByFastForward(t *testing.T) {
	broker := testkit.Start(t)
	client := dialRaw(t, broker)
	client.conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	publishTo(t, broker, client, 1<<20, 30<<20)
	for len(broker.Connections(t)) > 0 { // the network may take a moment until it takes no more
		broker.FastForward(t, 31*time.Second)
	}
}

// unroutable is a publishing of 1 MiB whose reply is as long.
func unroutable() (frames []byte) {
	const size = 1 << 20
	frames = wire.AppendMethodFrame(nil, 1, &wire.BasicPublish{RoutingKey: "nowhere", Mandatory: true})
	frames = wire.AppendHeaderFrame(frames, 1, wire.IDBasicPublish.Class(), size, []byte{0, 0})
	return wire.AppendBodyFrames(frames, 1, make([]byte, size), 131072)
}

// TestClientThatReadsLate publishes 30 MiB that are returned before it reads the first
// byte, and then reads all of it.
func TestClientThatReadsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const messages = 30
		client := dialRaw(t, testkit.Start(t, testkit.InMemory()))
		defer client.conn.Close()
		message := unroutable()
		for range messages {
			client.write(message)
		}
		for read := 0; read < messages<<20; {
			read += client.frame()
		}
	})
}

// TestClientsThatNeverRead has four clients publish 1 MiB at a time, which is returned,
// and never read. The broker stops reading from them when 32 MiB wait for each, serves
// others, and resets them after 30 seconds.
func TestClientsThatNeverRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := testkit.Start(t, testkit.InMemory(), testkit.WithoutRecording())
		message := unroutable()
		good := dialRaw(t, broker)
		defer good.conn.Close()
		good.conn.SetDeadline(time.Time{})
		before := heap()
		const clients = 4
		var published sync.WaitGroup
		taken := make([]int, clients)
		for i := range clients {
			c := dialRaw(t, broker)
			defer c.conn.Close()
			c.conn.SetDeadline(time.Time{})
			published.Go(func() {
				for {
					n, err := c.conn.Write(message)
					if taken[i] += n; err != nil {
						c.conn.Close()
						return
					}
				}
			})
		}
		synctest.Wait() // until all of them are stuck
		grown := heap() - before
		t.Logf("took %d MiB of clients and %d MiB of heap", taken, grown>>20)
		require.Less(t, slices.Max(taken), 48<<20)      // 32, and 4 in the network in each direction
		require.Less(t, grown, int64(clients*(48<<20))) // the same
		good.call(1, &wire.QueueDeclare{Queue: "still-served"})

		time.Sleep(30 * time.Second)
		published.Wait()
		synctest.Wait()
		require.Len(t, broker.Connections(t), 1)
		require.Less(t, heap()-before, int64(8<<20))
	})
}

// BenchmarkNeverReading measures what a client waits for a publish with its confirm and
// a get, alone and while four others publish 1 MiB at a time, which is returned, and
// never read. It reports the 99th percentile and by how much the process has grown.
func BenchmarkNeverReading(b *testing.B) {
	for _, clients := range []int{0, 4} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) {
			broker := testkit.Start(b, testkit.WithoutRecording())
			good := dialRaw(b, broker)
			good.call(1, &wire.ConfirmSelect{})
			good.call(1, &wire.QueueDeclare{Queue: "tasks"})
			publish := wire.AppendMethodFrame(nil, 1, &wire.BasicPublish{RoutingKey: "tasks"})
			publish = wire.AppendHeaderFrame(publish, 1, wire.IDBasicPublish.Class(), 0, []byte{0, 0})
			before := heap()
			var flood sync.WaitGroup
			var conns []net.Conn
			for range clients {
				c := dialRaw(b, broker)
				conns = append(conns, c.conn)
				flood.Go(func() {
					for message := unroutable(); ; {
						if _, err := c.conn.Write(message); err != nil {
							return
						}
					}
				})
			}
			var took []time.Duration
			for b.Loop() {
				begin := time.Now()
				good.write(publish)
				good.frame()
				good.write(wire.AppendMethodFrame(nil, 1, &wire.BasicGet{Queue: "tasks", NoAck: true}))
				good.frame()
				good.frame()
				took = append(took, time.Since(begin))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "max-ms")
			b.ReportMetric(float64((heap()-before)>>20), "MiB")
			for _, c := range conns {
				c.Close()
			}
			flood.Wait()
		})
	}
}
