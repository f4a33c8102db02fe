package worker

import (
	"testing"

	"github.com/minirabbit/minirabbit/wire"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
)

// Whatever moment the connection drops: every task gets a result, none is acknowledged without, and none is left over.
func TestNoTaskIsLostWhenTheConnectionDrops(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault fault
	}{
		{"before start", fault{before, broker, wire.IDConnectionStart, 0, nil}},
		{"before start-ok", fault{before, client, wire.IDConnectionStartOk, 0, nil}},
		{"after tune", fault{after, broker, wire.IDConnectionTune, 0, nil}},
		{"before tune-ok", fault{before, client, wire.IDConnectionTuneOk, 0, nil}},
		{"after tune-ok", fault{after, client, wire.IDConnectionTuneOk, 0, nil}},
		{"before open-ok", fault{before, broker, wire.IDConnectionOpenOk, 0, nil}},
		{"after open-ok", fault{after, broker, wire.IDConnectionOpenOk, 0, nil}},
		{"before channel.open-ok", fault{before, broker, wire.IDChannelOpenOk, 0, nil}},
		{"before exchange.declare", fault{before, client, wire.IDExchangeDeclare, 0, nil}},
		{"after exchange.declare", fault{after, client, wire.IDExchangeDeclare, 0, nil}},
		{"before queue.declare", fault{before, client, wire.IDQueueDeclare, 0, nil}},
		{"within queue.declare", fault{halfway, client, wire.IDQueueDeclare, 0, nil}},
		{"after queue.declare", fault{after, client, wire.IDQueueDeclare, 0, nil}},
		{"before queue.declare-ok", fault{before, broker, wire.IDQueueDeclareOk, 0, nil}},
		{"after queue.bind", fault{after, client, wire.IDQueueBind, 0, nil}},
		{"before confirm.select-ok", fault{before, broker, wire.IDConfirmSelectOk, 0, nil}},
		{"before basic.qos-ok", fault{before, broker, wire.IDBasicQosOk, 0, nil}},
		{"before basic.consume", fault{before, client, wire.IDBasicConsume, 0, nil}},
		{"after basic.consume", fault{after, client, wire.IDBasicConsume, 0, nil}},
		{"before basic.consume-ok", fault{before, broker, wire.IDBasicConsumeOk, 0, nil}},
		{"after basic.consume-ok", fault{after, broker, wire.IDBasicConsumeOk, 0, nil}},
		{"before the delivery", fault{before, broker, wire.IDBasicDeliver, 0, nil}},
		{"within the delivery's method", fault{halfway, broker, wire.IDBasicDeliver, 0, nil}},
		{"before the delivery's header", fault{before, broker, wire.IDBasicDeliver, wire.FrameHeader, nil}},
		{"within the delivery's body", fault{halfway, broker, wire.IDBasicDeliver, wire.FrameBody, nil}},
		{"after the delivery", fault{after, broker, wire.IDBasicDeliver, wire.FrameBody, nil}},
		{"before the result is published", fault{before, client, wire.IDBasicPublish, 0, nil}},
		{"within the result's method", fault{halfway, client, wire.IDBasicPublish, 0, nil}},
		{"after the result's method", fault{after, client, wire.IDBasicPublish, 0, nil}},
		{"within the result's header", fault{halfway, client, wire.IDBasicPublish, wire.FrameHeader, nil}},
		{"within the result's body", fault{halfway, client, wire.IDBasicPublish, wire.FrameBody, nil}},
		{"after the result is published", fault{after, client, wire.IDBasicPublish, wire.FrameBody, nil}},
		{"before the result is confirmed", fault{before, broker, wire.IDBasicAck, 0, nil}},
		{"within the result's confirm", fault{halfway, broker, wire.IDBasicAck, 0, nil}},
		{"after the result is confirmed", fault{after, broker, wire.IDBasicAck, 0, nil}},
		{"before the task is acknowledged", fault{before, client, wire.IDBasicAck, 0, nil}},
		{"within the task's acknowledgement", fault{halfway, client, wire.IDBasicAck, 0, nil}},
		{"after the task is acknowledged", fault{after, client, wire.IDBasicAck, 0, nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := startBroker(t)
			ctx := testContext(t)
			tasks := publish(t, url, 12, 21, 1112, 1, 2, 100, 1000, 10_000)

			p := startProxy(t, url, c.fault)
			worker := start(t, p.url, WithConcurrency(2), WithPrefetch(3))
			results := awaitResults(t, url, tasks)
			require.NoError(t, p.audit.awaitAcked(ctx, tasks))
			require.NoError(t, worker.stop(ctx))

			require.Empty(t, p.audit.complaints())
			require.Len(t, results, len(tasks))
			for _, queue := range []string{RedQueue, BlueQueue, DeadLetterQueue} {
				require.Zero(t, ready(t, url, queue), queue)
			}
			select {
			case <-p.struck:
			default:
				t.Fatal("the connection was not dropped")
			}
		})
	}
}

// What is not a task reaches the dead-letter queue once, whenever the connection drops.
func TestNoRejectedMessageIsLostWhenTheConnectionDrops(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault fault
	}{
		{"within the delivery's body", fault{halfway, broker, wire.IDBasicDeliver, wire.FrameBody, nil}},
		{"before basic.reject", fault{before, client, wire.IDBasicReject, 0, nil}},
		{"within basic.reject", fault{halfway, client, wire.IDBasicReject, 0, nil}},
		{"after basic.reject", fault{after, client, wire.IDBasicReject, 0, nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := startBroker(t)
			ctx := testContext(t)
			dead, _ := consume(t, url, DeadLetterQueue)
			ch, _ := dial(t, url)
			require.NoError(t, ch.PublishWithContext(ctx, TaskExchange, RedPill, false, false, amqp.Publishing{Body: []byte("?")}))
			p := startProxy(t, url, c.fault)
			worker := start(t, p.url)
			select {
			case d := <-dead:
				require.Equal(t, "?", string(d.Body))
			case <-ctx.Done():
				t.Fatal("the message was not dead-lettered")
			}
			<-p.struck
			awaitResults(t, url, publish(t, url, 12)) // the worker is back, and nothing came before this
			require.NoError(t, worker.stop(ctx))
			require.Empty(t, dead)
			require.Zero(t, ready(t, url, RedQueue))
		})
	}
}
