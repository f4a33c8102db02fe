package worker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/minirabbit/minirabbit/wire"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
)

func newTestProducer(t *testing.T, url string, options ...Option) *Producer {
	producer, err := NewProducer(url, append([]Option{WithLogger(testLogger(t))}, options...)...)
	require.NoError(t, err)
	t.Cleanup(func() {
		if err := producer.Close(); err != nil {
			t.Log("close:", err)
		}
	})
	return producer
}

func TestProducerPublishesInOrder(t *testing.T) {
	url := startBroker(t)
	ctx := testContext(t)
	producer := newTestProducer(t, url, WithWindow(3))
	tasks := make([]Task, 50)
	for i := range tasks {
		tasks[i].Limit = int64(i + 1)
	}
	tasks[7].ID = "mine"
	receipts, err := producer.Publish(ctx, RedPill, tasks...)
	require.NoError(t, err)
	deliveries, _ := consume(t, url, RedQueue)
	for i, receipt := range receipts {
		d := <-deliveries
		require.Equal(t, receipt.ID, d.MessageId)
		require.Equal(t, fmt.Sprintf(`{"limit":%d}`, i+1), string(d.Body))
		require.Equal(t, uint8(amqp.Persistent), d.DeliveryMode)
	}
	require.Equal(t, "mine", receipts[7].ID)
}

func TestProducerTellsWhatCameBack(t *testing.T) {
	url := startBroker(t)
	producer := newTestProducer(t, url)
	var calls sync.WaitGroup
	for i := range 20 { // at the same time, so that returns and confirms of different calls mix
		calls.Go(func() {
			key := []string{RedPill, "greenpill"}[i%2]
			tasks := []Task{{ID: "same", Limit: 12}, {ID: "same", Limit: 12}, {Limit: 21}}
			receipts, err := producer.Publish(t.Context(), key, tasks...)
			if (err != nil) != (key == "greenpill") {
				t.Errorf("key %q: %v", key, err)
			}
			for _, receipt := range receipts {
				var want error
				if key == "greenpill" {
					want = &ReturnedError{Exchange: TaskExchange, RoutingKey: key, Code: amqp.NoRoute, Text: "NO_ROUTE"}
				}
				if diff := cmp.Diff(want, receipt.Err); diff != "" {
					t.Errorf("key %q, task %s (-want +got):\n%s", key, receipt.ID, diff)
				}
			}
		})
	}
	calls.Wait()
	require.Equal(t, 30, ready(t, url, RedQueue))
}

func TestProducerTellsWhatWasNacked(t *testing.T) {
	url := startBroker(t)
	p := startProxy(t, url, fault{from: broker, method: wire.IDBasicAck, replace: func(f wire.Frame) wire.Frame {
		nack := wire.BasicNack{DeliveryTag: 1}
		return wire.Frame{Type: wire.FrameMethod, Channel: f.Channel, Payload: nack.Append(nil)}
	}})
	producer := newTestProducer(t, p.url)
	receipts, err := producer.Publish(testContext(t), RedPill, Task{Limit: 12})
	require.ErrorIs(t, receipts[0].Err, ErrNacked)
	require.ErrorIs(t, err, ErrNacked)
	_, err = producer.Publish(testContext(t), RedPill, Task{Limit: 12})
	require.NoError(t, err)
}

func TestProducerTellsWhatWasNotSent(t *testing.T) {
	t.Run("not a task", func(t *testing.T) {
		url := startBroker(t)
		receipts, err := newTestProducer(t, url).Publish(testContext(t), RedPill, Task{Limit: 12}, Task{ID: "wrong"}, Task{Limit: 21})
		require.NoError(t, receipts[0].Err)
		require.NoError(t, receipts[2].Err)
		var wrong *TaskError
		require.ErrorAs(t, receipts[1].Err, &wrong)
		require.EqualError(t, err, "worker: 1 of 3 tasks were not confirmed, first of them wrong: "+wrong.Error())
		require.Equal(t, 2, ready(t, url, RedQueue))
	})
	t.Run("nobody there", func(t *testing.T) {
		nobody := errors.New("nobody there")
		producer := newTestProducer(t, "amqp://localhost", WithConfig(amqp.Config{
			Dial: func(string, string) (net.Conn, error) { return nil, nobody },
		}))
		receipts, err := producer.Publish(testContext(t), RedPill, Task{Limit: 12}, Task{Limit: 21})
		require.Len(t, receipts, 2)
		require.ErrorIs(t, receipts[1].Err, ErrNotSent)
		require.ErrorIs(t, err, nobody)
	})
	t.Run("closed", func(t *testing.T) {
		producer := newTestProducer(t, startBroker(t))
		_, err := producer.Publish(testContext(t), RedPill, Task{Limit: 12})
		require.NoError(t, err)
		require.NoError(t, producer.Close())
		require.NoError(t, producer.Close())
		_, err = producer.Publish(testContext(t), RedPill, Task{Limit: 12})
		require.ErrorIs(t, err, ErrNotSent)
	})
}

// withhold is a fault that swallows the first confirm.
func withhold() fault {
	return fault{from: broker, method: wire.IDBasicAck, replace: func(wire.Frame) wire.Frame {
		return wire.Frame{Type: wire.FrameHeartbeat}
	}}
}

func TestProducerGivesUpWithItsContext(t *testing.T) {
	p := startProxy(t, startBroker(t), withhold())
	producer := newTestProducer(t, p.url, WithWindow(1))
	ctx, cancel := context.WithCancel(testContext(t))
	go func() {
		<-p.struck
		cancel()
	}()
	receipts, err := producer.Publish(ctx, RedPill, Task{Limit: 12}, Task{Limit: 21})
	require.ErrorIs(t, receipts[0].Err, ErrUnconfirmed)
	require.ErrorIs(t, receipts[1].Err, ErrNotSent) // the window was full
	require.ErrorIs(t, err, context.Canceled)
}

func TestProducerCloseEndsPublish(t *testing.T) {
	p := startProxy(t, startBroker(t), withhold())
	producer := newTestProducer(t, p.url, WithWindow(1))
	go func() {
		<-p.struck
		_ = producer.Close()
	}()
	receipts, err := producer.Publish(testContext(t), RedPill, Task{Limit: 12}, Task{Limit: 21})
	require.ErrorIs(t, receipts[0].Err, ErrUnconfirmed)
	require.ErrorIs(t, receipts[1].Err, ErrNotSent)
	require.Error(t, err)
}

func TestProducerConnectsAgain(t *testing.T) {
	url := startBroker(t)
	producer := newTestProducer(t, url)
	_, err := producer.Publish(testContext(t), RedPill, Task{Limit: 12})
	require.NoError(t, err)
	ch, _ := dial(t, url)
	require.NoError(t, ch.ExchangeDelete(TaskExchange, false, false))

	receipts, err := producer.Publish(testContext(t), RedPill, Task{Limit: 12})
	require.ErrorIs(t, err, ErrUnconfirmed)
	require.ErrorContains(t, receipts[0].Err, "404")
	require.ErrorContains(t, receipts[0].Err, "no exchange 'test-exchange'")
	_, err = producer.Publish(testContext(t), RedPill, receipts[0].Task)
	require.NoError(t, err)
	require.Equal(t, 2, ready(t, url, RedQueue))
}

// Whatever moment the connection drops: a task without an error is with the broker, and so are all tasks in the end if
// those with an error are published again.
func TestProducerLosesNothingWhenTheConnectionDrops(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault fault
	}{
		{"before tune-ok", fault{before, client, wire.IDConnectionTuneOk, 0, nil}},
		{"after exchange.declare", fault{after, client, wire.IDExchangeDeclare, 0, nil}},
		{"before confirm.select-ok", fault{before, broker, wire.IDConfirmSelectOk, 0, nil}},
		{"before basic.publish", fault{before, client, wire.IDBasicPublish, 0, nil}},
		{"within basic.publish", fault{halfway, client, wire.IDBasicPublish, 0, nil}},
		{"before the header", fault{before, client, wire.IDBasicPublish, wire.FrameHeader, nil}},
		{"within the body", fault{halfway, client, wire.IDBasicPublish, wire.FrameBody, nil}},
		{"after the body", fault{after, client, wire.IDBasicPublish, wire.FrameBody, nil}},
		{"before the confirm", fault{before, broker, wire.IDBasicAck, 0, nil}},
		{"within the confirm", fault{halfway, broker, wire.IDBasicAck, 0, nil}},
		{"after the confirm", fault{after, broker, wire.IDBasicAck, 0, nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := startBroker(t)
			ctx := testContext(t)
			p := startProxy(t, url, c.fault)
			producer := newTestProducer(t, p.url, WithWindow(4))
			open := []Task{{Limit: 12}, {Limit: 21}, {Limit: 34}, {Limit: 55}, {Limit: 89}, {Limit: 144}}
			want := len(open)
			confirmed := make(map[string]bool)
			for len(open) > 0 {
				require.NoError(t, ctx.Err())
				receipts, _ := producer.Publish(ctx, RedPill, open...)
				open = nil
				for _, receipt := range receipts {
					if receipt.Err == nil {
						confirmed[receipt.ID] = true
					} else {
						open = append(open, receipt.Task)
					}
				}
			}
			<-p.struck
			require.Len(t, confirmed, want)
			deliveries, _ := consume(t, url, RedQueue)
			for len(confirmed) > 0 {
				select {
				case d := <-deliveries:
					delete(confirmed, d.MessageId)
				case <-ctx.Done():
					t.Fatalf("%d confirmed tasks are not in the queue", len(confirmed))
				}
			}
		})
	}
}
