package testkit_test

import (
	"errors"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// Time in these tests is that of a bubble: exact, and over at once.

func bubble(t *testing.T, test func(t *testing.T, broker *testkit.Broker)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(t, testkit.Start(t, testkit.InMemory(), testkit.WithPatience(30*24*time.Hour)))
	})
}

// What the documentation shows.
func TestExamplesInBubbles(t *testing.T) {
	t.Run("unclaimed task expires", testUnclaimedTaskExpires)
	t.Run("worker loses nothing", testWorkerLosesNothing)
}

func TestUnclaimedTaskExpiresAfterADay(t *testing.T) {
	bubble(t, func(t *testing.T, broker *testkit.Broker) {
		broker.Declare(t, testkit.Topology{
			Queues: []testkit.Queue{
				{Name: "tasks", Arguments: amqp.Table{"x-message-ttl": 24 * 3600 * 1000,
					"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "expired"}},
				{Name: "expired"},
			},
		})
		conn, err := amqp.DialConfig(broker.URL(), broker.ClientConfigWithoutHeartbeats())
		require.NoError(t, err)
		ch, err := conn.Channel()
		require.NoError(t, err)
		publish(t, ch, "tasks", "hello")

		time.Sleep(24*time.Hour - time.Nanosecond)
		synctest.Wait()
		require.Equal(t, 1, broker.Queue("tasks").Ready(t))
		time.Sleep(time.Millisecond)
		synctest.Wait()
		require.Equal(t, 0, broker.Queue("tasks").Ready(t))
		require.Equal(t, 1, broker.Queue("expired").Ready(t))
		require.NoError(t, conn.Close())
	})
}

// Whoever dials without the broker's configuration is told so: the error names the
// host that was not found.
func TestURLInMemory(t *testing.T) {
	require.Equal(t, "amqp://guest:guest@dial-with-Broker.ClientConfig.invalid/", testkit.Start(t, testkit.InMemory()).URL())
}

func TestUnusedQueueIsGoneAfterAWeek(t *testing.T) {
	bubble(t, func(t *testing.T, broker *testkit.Broker) {
		const week = 7 * 24 * time.Hour
		broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{
			{Name: "temporary", Arguments: amqp.Table{"x-expires": week.Milliseconds()}}}})
		began := time.Now()
		broker.Queue("temporary").AwaitGone(t)
		require.Equal(t, week, time.Since(began))
	})
}

func TestADayWithHeartbeats(t *testing.T) {
	bubble(t, func(t *testing.T, broker *testkit.Broker) {
		config := broker.ClientConfig()
		config.Heartbeat = time.Minute
		conn, err := amqp.DialConfig(broker.URL(), config)
		require.NoError(t, err)
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		require.False(t, conn.IsClosed())
		require.NoError(t, conn.Close())
	})
}

func TestSilentBrokerIsNoticedByHeartbeats(t *testing.T) {
	bubble(t, func(t *testing.T, broker *testkit.Broker) {
		broker.Declare(t, tasks)
		silent := broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicPublish), Do: testkit.GoSilent})
		conn, ch := dial(t, broker) // 10 seconds are the client's default
		closed := conn.NotifyClose(make(chan *amqp.Error, 1))
		time.Sleep(time.Hour + time.Second) // the last heartbeat was a second ago
		publish(t, ch, "tasks", "hello")
		silent.Await(t)
		began := time.Now()
		<-closed
		require.Equal(t, 14*time.Second, time.Since(began), "the official client waits for three of the broker's, of five seconds")
		broker.AwaitDisconnected(t, "client")
	})
}

func TestPausedBrokerIsNoticedByHeartbeats(t *testing.T) {
	bubble(t, func(t *testing.T, broker *testkit.Broker) {
		config := broker.ClientConfig()
		conn, err := amqp.DialConfig(broker.URL(), config)
		require.NoError(t, err)
		time.Sleep(time.Minute + time.Second) // this client watches only from the first heartbeat on
		broker.Pause(t)                       // neither side hears of the other
		closed := conn.NotifyClose(make(chan *amqp.Error, 1))
		began := time.Now()
		<-closed
		require.Equal(t, 14*time.Second, time.Since(began), "the last heartbeat was a second ago, and the client waits for three")
		broker.Resume(t)
		broker.AwaitDisconnected(t, "")
	})
}

// deafConn loses what is written to it once it is told to.
type deafConn struct {
	net.Conn
	deaf *atomic.Bool
}

func (c deafConn) Write(b []byte) (int, error) {
	if c.deaf.Load() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

// A client that is gone without a word, as when its machine has lost its power: the
// broker notices after two intervals without a heartbeat, and somebody else gets
// what it held.
func TestSilentClientIsNoticedByHeartbeats(t *testing.T) {
	bubble(t, func(t *testing.T, broker *testkit.Broker) {
		broker.Declare(t, tasks)
		var gone atomic.Bool
		config := broker.ClientConfig() // heartbeats of 10 seconds are the client's default
		config.Dial = func(network, address string) (net.Conn, error) {
			conn, err := broker.Dial(network, address)
			return deafConn{conn, &gone}, err
		}
		conn, err := amqp.DialConfig(broker.URL(), config)
		require.NoError(t, err)
		ch, err := conn.Channel()
		require.NoError(t, err)
		deliveries := consume(t, ch, "tasks", "gone")
		broker.Publish(t, "", "tasks", []byte("hello"))
		<-deliveries
		time.Sleep(time.Minute + time.Second)

		require.NoError(t, ch.Qos(1, 0, false)) // the last that is heard of it
		gone.Store(true)
		began := time.Now()
		require.True(t, broker.Queue("tasks").AwaitReady(t, 1)[0].Redelivered)
		require.Equal(t, 29*time.Second, time.Since(began), "nine to the end of this interval, in which it was heard, and two whole ones without")
		conn.Close()
	})
}

func TestDelayedDeliveries(t *testing.T) {
	bubble(t, func(t *testing.T, broker *testkit.Broker) {
		broker.Declare(t, tasks)
		broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicDeliver).From("tasks"), Do: testkit.Delay(2 * time.Second), Times: testkit.Always})
		_, ch := dial(t, broker)
		deliveries := consume(t, ch, "tasks", "worker")
		began := time.Now()
		broker.Publish(t, "", "tasks", []byte("1"))
		broker.Publish(t, "", "tasks", []byte("2"))
		require.NoError(t, (<-deliveries).Ack(false))
		require.Equal(t, 2*time.Second, time.Since(began))
		require.NoError(t, (<-deliveries).Ack(false))
		require.Equal(t, 4*time.Second, time.Since(began), "one after the other, as over a slow line")
		broker.AwaitIdle(t)
	})
}

func TestDelayedPublish(t *testing.T) {
	bubble(t, func(t *testing.T, broker *testkit.Broker) {
		broker.Declare(t, tasks)
		broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicPublish), Do: testkit.Delay(time.Minute)})
		_, ch := dial(t, broker)
		began := time.Now()
		publish(t, ch, "tasks", "1")
		broker.Queue("tasks").Take(t, 1)
		require.Equal(t, time.Minute, time.Since(began))
	})
}

func TestRate(t *testing.T) {
	bubble(t, func(t *testing.T, broker *testkit.Broker) {
		broker.Declare(t, tasks)
		broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicDeliver), Do: testkit.Rate(1000)})
		_, ch := dial(t, broker)
		deliveries := consume(t, ch, "tasks", "worker")
		began := time.Now()
		broker.Publish(t, "", "tasks", make([]byte, 10_000))
		<-deliveries
		require.InDelta(t, 10*time.Second, time.Since(began), float64(time.Second))
	})
}

func TestPostponedConfirm(t *testing.T) {
	bubble(t, func(t *testing.T, broker *testkit.Broker) {
		broker.Declare(t, tasks)
		broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.Confirm), Do: testkit.Postpone(time.Hour)})
		conn, err := amqp.DialConfig(broker.URL(), broker.ClientConfigWithoutHeartbeats())
		require.NoError(t, err)
		ch, err := conn.Channel()
		require.NoError(t, err)
		require.NoError(t, ch.Confirm(false))
		began := time.Now()
		first := confirmed(t, ch, "tasks", "1")
		require.True(t, confirmed(t, ch, "tasks", "2").Wait())
		require.Zero(t, time.Since(began))
		require.True(t, first.Wait())
		require.Equal(t, time.Hour, time.Since(began))

		broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.Confirm), Do: testkit.Postpone(time.Hour)})
		last := confirmed(t, ch, "tasks", "3")
		require.NoError(t, conn.Close())
		time.Sleep(time.Hour) // it is not sent any more, and not said to be
		synctest.Wait()
		require.False(t, last.Acked())
		acks := slices.DeleteFunc(broker.Trace(t), func(line string) bool { return !strings.Contains(line, "<  basic.ack") })
		require.Len(t, acks, 2)
	})
}

// The client's own recovery waits between its attempts, up to a second longer than
// it is told to.
func TestReconnectWithBuiltInRecovery(t *testing.T) {
	bubble(t, func(t *testing.T, broker *testkit.Broker) {
		config := broker.ClientConfig()
		config.Recovery = &amqp.Recovery{ReconnectionConfig: &amqp.ReconnectionConfig{MaxRetryCount: 10, RetryInterval: 7 * time.Second}}
		var dials []time.Time
		config.Dial = func(network, address string) (net.Conn, error) {
			dials = append(dials, time.Now())
			return broker.Dial(network, address)
		}
		conn, err := amqp.DialConfig(broker.URL(), config)
		require.NoError(t, err)
		ch, err := conn.Channel()
		require.NoError(t, err)
		_, err = ch.QueueDeclare("tasks", true, false, false, false, nil)
		require.NoError(t, err)
		deliveries := consume(t, ch, "tasks", "worker")

		refused := broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.Dial), Do: testkit.Refuse, Times: 3})
		broker.Kill(t)
		killed := time.Now()
		broker.Restart(t)
		refused.Await(t)
		broker.Queue("tasks").AwaitConsumers(t, 1)
		require.Len(t, dials, 1+4)
		last := killed
		for _, at := range dials[1:] {
			wait := at.Sub(last)
			require.True(t, 7*time.Second <= wait && wait < 8*time.Second, "%v", wait)
			last = at
		}
		broker.Publish(t, "", "tasks", []byte("hello"))
		d := <-deliveries
		require.Equal(t, "hello", string(d.Body))
		require.NoError(t, d.Ack(false))
		broker.AwaitIdle(t)
		require.NoError(t, conn.Close())
	})
}

func TestDialInMemoryWhileStopped(t *testing.T) {
	bubble(t, func(t *testing.T, broker *testkit.Broker) {
		broker.Stop(t)
		_, err := broker.Dial("", "")
		require.True(t, errors.Is(err, syscall.ECONNREFUSED), "%v", err)
		broker.Restart(t)
		dial(t, broker)
	})
}
