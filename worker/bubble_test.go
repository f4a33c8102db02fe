package worker

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// Time in these tests is that of a synctest bubble: it is exact, and passes at once when everybody waits.

// withRandom puts an end to chance.
func withRandom(r randomDuration) Option { return func(cfg *config) { cfg.random = r } }

func dialing(dial func() (net.Conn, error)) Option {
	return WithConfig(amqp.Config{Dial: func(string, string) (net.Conn, error) { return dial() }})
}

func TestSlowJobsTakeTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := testkit.Start(t, testkit.InMemory())
		producer := newTestProducer(t, broker.URL(), WithConfig(broker.ClientConfig()))
		tasks := make([]Task, 60)
		for i := range tasks {
			tasks[i].Limit = 1112
		}
		_, err := producer.Publish(t.Context(), RedPill, tasks...)
		require.NoError(t, err)

		began := time.Now()
		worker := start(t, broker.URL(), WithConfig(broker.ClientConfig()), WithConcurrency(6), WithMaxPause(5*time.Second), withRandom(all))
		for range tasks {
			r := broker.Queue(ResultQueue).Take(t, 1)[0]
			require.Equal(t, "Job finished! Result is 987", string(r.Body))
		}
		require.Equal(t, 50*time.Second, time.Since(began)) // 60 tasks of 5 seconds, 6 at a time
		require.NoError(t, worker.stop(t.Context()))
		broker.AwaitIdle(t)
	})
}

func TestWaitsBetweenAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		attempts := make(chan time.Duration)
		worker := start(t, "amqp://localhost", WithBackoff(time.Second, 5*time.Second), withRandom(none), dialing(func() (net.Conn, error) {
			attempts <- time.Since(began)
			return nil, errors.New("refused")
		}))
		var got []time.Duration
		for range 6 {
			got = append(got, <-attempts/time.Second)
		}
		if diff := cmp.Diff([]time.Duration{0, 1, 3, 7, 12, 17}, got); diff != "" {
			t.Errorf("attempts after seconds (-want +got):\n%s", diff)
		}
		require.NoError(t, worker.stop(t.Context()))
		require.Equal(t, 17*time.Second, time.Since(began))
	})
}

// A worker that was up for long, or did something, starts over with short waits; one that only connects does not.
func TestWaitsGrowUntilItWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := testkit.Start(t, testkit.InMemory())
		connected := make(chan net.Conn)
		start(t, broker.URL(), WithBackoff(time.Second, time.Minute), withRandom(none), dialing(func() (net.Conn, error) {
			conn, err := broker.Dial("", "")
			connected <- conn
			return conn, err
		}))
		lose := func(after time.Duration) (wait time.Duration) {
			conn := <-connected
			synctest.Wait() // it consumes now
			time.Sleep(after)
			lost := time.Now()
			require.NoError(t, conn.Close())
			conn = <-connected
			wait = time.Since(lost)
			go func() { connected <- conn }() // the next call's
			return wait
		}
		require.Equal(t, 1*time.Second, lose(0))
		require.Equal(t, 2*time.Second, lose(time.Second))
		require.Equal(t, 4*time.Second, lose(time.Minute))
		require.Equal(t, 1*time.Second, lose(time.Minute+1))
		require.Equal(t, 2*time.Second, lose(0))
		broker.Publish(t, TaskExchange, RedPill, []byte(`{"limit": 12}`))
		broker.Queue(ResultQueue).Take(t, 1)
		require.Equal(t, 1*time.Second, lose(0))
		<-connected
	})
}

func TestHandshakeTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dials := make(chan time.Time)
		worker := start(t, "amqp://localhost", WithBackoff(time.Second, time.Second), withRandom(none), dialing(func() (net.Conn, error) {
			dials <- time.Now()
			mute, _ := net.Pipe()
			return mute, nil
		}))
		first, second := <-dials, <-dials
		require.Equal(t, handshakeTimeout+time.Second, second.Sub(first))
		require.NoError(t, worker.stop(t.Context()))
	})
}

// A broker that falls silent does not keep a worker from ending.
func TestDrainFromASilentBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := testkit.Start(t, testkit.InMemory())
		var silent atomic.Bool
		config := broker.ClientConfig()
		config.Heartbeat = -1 // or it would be noticed earlier
		config.Dial = func(network, address string) (net.Conn, error) {
			conn, err := broker.Dial(network, address)
			return deafConn{conn, &silent}, err
		}
		worker := start(t, broker.URL(), WithConfig(config))
		broker.Queue(RedQueue).AwaitConsumers(t, 1)
		broker.Queue(BlueQueue).AwaitConsumers(t, 1)
		synctest.Wait()
		silent.Store(true)
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		require.ErrorIs(t, worker.stop(ctx), ErrDrainTimeout)
		require.Equal(t, 30*time.Second+closeTimeout, time.Since(began))
	})
}

// A deafConn swallows what is written to it once it is silent.
type deafConn struct {
	net.Conn
	silent *atomic.Bool
}

func (c deafConn) Write(b []byte) (int, error) {
	if c.silent.Load() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}
