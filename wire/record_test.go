package wire_test

import (
	"bytes"
	"context"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/internal/frametap"
)

// To record the files in testdata anew, aim at a RabbitMQ that others may use, too:
//
//	go test ./wire -run TestRecordTraffic -record amqp://guest:guest@127.0.0.1:5672/
var record = flag.String("record", "", "the `URL` of a RabbitMQ to record testdata from")

const (
	recordWait = 10 * time.Second
	recorded   = "minirabbit-recorded-" // begins all names
)

// TestRecordTraffic records what amqp091-go and RabbitMQ say to each other in a session that uses all methods the
// client can send.
func TestRecordTraffic(t *testing.T) {
	if *record == "" {
		t.Skip("records nothing without -record")
	}
	target, err := url.Parse(*record)
	require.NoError(t, err)
	for name, session := range map[string]func(t *testing.T, conn *amqp.Connection){
		"topology":     recordTopology,
		"publish":      recordPublish,
		"consume":      recordConsume,
		"confirm":      recordConfirm,
		"tx":           recordTx,
		"channelerror": recordChannelError,
		"hard":         recordConnectionError,
	} {
		t.Run(name, func(t *testing.T) {
			tap, err := frametap.Start(target.Host)
			require.NoError(t, err)
			through := *target
			through.Host = tap.Addr()
			conn, err := amqp.DialConfig(through.String(), amqp.Config{
				FrameSize:  4096,
				Heartbeat:  time.Minute,
				Properties: amqp.Table{"product": "frames", "capabilities": capabilities()},
			})
			require.NoError(t, err)
			session(t, conn)
			conn.Close() // fails where the session made the broker close it
			require.NoError(t, tap.Close())
			sessions := tap.Sessions()
			require.Len(t, sessions, 1)
			writeRecording(t, name+".client.frames", sessions[0].Client)
			writeRecording(t, name+".server.frames", sessions[0].Server)
		})
	}
}

// capabilities are those of amqp091-go, which it adds only where the caller gives no properties.
func capabilities() amqp.Table {
	return amqp.Table{
		"connection.blocked": true, "consumer_cancel_notify": true, "basic.nack": true, "publisher_confirms": true,
	}
}

// writeRecording puts as many letters in place of the host's name, which is in the broker's cluster name.
func writeRecording(t *testing.T, name string, stream []byte) {
	host, err := os.Hostname()
	require.NoError(t, err)
	stream = bytes.ReplaceAll(stream, []byte("@"+host), []byte("@"+string(bytes.Repeat([]byte("h"), len(host)))))
	require.NoError(t, os.WriteFile(filepath.Join("testdata", name), stream, 0o644))
}

func recordTopology(t *testing.T, conn *amqp.Connection) {
	require.NoError(t, conn.UpdateSecret("secret", "for the record"))
	ch := openChannel(t, conn)
	source, target, queue := recorded+"source", recorded+"target", recorded+"queue"
	require.NoError(t, ch.ExchangeDeclare(source, "topic", true, false, false, false,
		amqp.Table{"alternate-exchange": "amq.fanout"}))
	require.NoError(t, ch.ExchangeDeclare(target, "headers", false, true, true, false, nil))
	require.NoError(t, ch.ExchangeDeclarePassive(source, "topic", true, false, false, false, nil))
	require.NoError(t, ch.ExchangeBind(target, "a.#", source, false, amqp.Table{"note": "exchange to exchange"}))
	_, err := ch.QueueDeclare(queue, true, true, true, false, amqp.Table{
		"x-max-length": 10, "x-message-ttl": int64(60000), "x-overflow": "reject-publish", "x-dead-letter-exchange": "",
	})
	require.NoError(t, err)
	_, err = ch.QueueDeclarePassive(queue, true, true, true, false, nil)
	require.NoError(t, err)
	_, err = ch.QueueDeclare("", false, false, true, false, nil)
	require.NoError(t, err)
	require.NoError(t, ch.QueueBind(queue, "", target, false, amqp.Table{"x-match": "any", "n": int8(1), "u": uint32(7)}))
	require.NoError(t, ch.QueueBind(queue, "k.*", source, true, nil))
	require.NoError(t, ch.QueueUnbind(queue, "k.*", source, nil))
	_, err = ch.QueuePurge(queue, false)
	require.NoError(t, err)
	require.NoError(t, ch.ExchangeUnbind(target, "a.#", source, false, amqp.Table{"note": "exchange to exchange"}))
	_, err = ch.QueueDelete(queue, true, true, false)
	require.NoError(t, err)
	require.NoError(t, ch.ExchangeDelete(source, true, false))
	require.NoError(t, ch.ExchangeDelete(target, false, true))
	require.NoError(t, ch.Close())
}

func recordPublish(t *testing.T, conn *amqp.Connection) {
	ch := openChannel(t, conn)
	queue := declare(t, ch, nil)
	returns := ch.NotifyReturn(make(chan amqp.Return, 1))
	publish(t, ch, "", queue, allProperties([]byte("every property and every header type")))
	publish(t, ch, "", queue, amqp.Publishing{})
	publish(t, ch, "", queue, amqp.Publishing{Body: bytes.Repeat([]byte("several frames. "), 600)})
	require.NoError(t, ch.Publish("", recorded+"nowhere", true, false, allProperties([]byte("comes back"))))
	receive(t, returns)
	for range 3 {
		_, ok, err := ch.Get(queue, false)
		require.NoError(t, err)
		require.True(t, ok)
	}
	_, ok, err := ch.Get(queue, true)
	require.NoError(t, err)
	require.False(t, ok)
	require.NoError(t, ch.Ack(2, true))
	require.NoError(t, ch.Reject(3, false))
	require.NoError(t, ch.Close())
}

func recordConsume(t *testing.T, conn *amqp.Connection) {
	ch := openChannel(t, conn)
	queue := declare(t, ch, nil)
	cancelled := ch.NotifyCancel(make(chan string, 1))
	require.NoError(t, ch.Qos(2, 0, false))
	deliveries, err := ch.Consume(queue, "first", false, false, false, false, amqp.Table{"x-priority": 3})
	require.NoError(t, err)
	for range 4 {
		publish(t, ch, "", queue, allProperties([]byte("delivered")))
	}
	for range 2 {
		receive(t, deliveries)
	}
	//lint:ignore SA1019 brokers still answer it, so it is recorded
	require.NoError(t, ch.Recover(true))
	again := receive(t, deliveries)
	require.NoError(t, again.Nack(false, true))
	require.NoError(t, ch.Flow(true))
	require.NoError(t, ch.Cancel("first", false))
	_, err = ch.Consume(queue, "second", true, true, false, false, nil)
	require.NoError(t, err)
	_, err = ch.QueueDelete(queue, false, false, false)
	require.NoError(t, err)
	require.Equal(t, "second", receive(t, cancelled))
	require.NoError(t, ch.Close())
}

func recordConfirm(t *testing.T, conn *amqp.Connection) {
	ch := openChannel(t, conn)
	queue := declare(t, ch, amqp.Table{"x-max-length": 2, "x-overflow": "reject-publish"})
	require.NoError(t, ch.Confirm(false))
	confirms := ch.NotifyPublish(make(chan amqp.Confirmation, 4))
	for i := range 4 {
		publish(t, ch, "", queue, amqp.Publishing{DeliveryMode: amqp.Persistent, Body: []byte("confirmed or not")})
		require.Equal(t, i < 2, receive(t, confirms).Ack)
	}
	require.NoError(t, ch.Close())
}

func recordTx(t *testing.T, conn *amqp.Connection) {
	ch := openChannel(t, conn)
	queue := declare(t, ch, nil)
	require.NoError(t, ch.Tx())
	publish(t, ch, "", queue, amqp.Publishing{Body: []byte("committed")})
	require.NoError(t, ch.TxCommit())
	publish(t, ch, "", queue, amqp.Publishing{Body: []byte("rolled back")})
	require.NoError(t, ch.TxRollback())
	require.NoError(t, ch.Close())
}

func recordChannelError(t *testing.T, conn *amqp.Connection) {
	_, err := openChannel(t, conn).QueueDeclarePassive(recorded+"nowhere", false, false, false, false, nil)
	require.Error(t, err)
	err = openChannel(t, conn).ExchangeDeclare("amq.direct", "fanout", true, false, false, false, nil)
	require.Error(t, err)
	ch := openChannel(t, conn)
	closed := ch.NotifyClose(make(chan *amqp.Error, 1))
	require.NoError(t, ch.Ack(99, false))
	require.Equal(t, amqp.PreconditionFailed, receive(t, closed).Code)
}

func recordConnectionError(t *testing.T, conn *amqp.Connection) {
	closed := conn.NotifyClose(make(chan *amqp.Error, 1))
	err := openChannel(t, conn).ExchangeDeclare(recorded+"x", "no-such-type", false, false, false, false, nil)
	require.Error(t, err)
	require.Equal(t, amqp.CommandInvalid, receive(t, closed).Code)
}

func openChannel(t *testing.T, conn *amqp.Connection) *amqp.Channel {
	ch, err := conn.Channel()
	require.NoError(t, err)
	return ch
}

// declare declares an exclusive queue named after the test.
func declare(t *testing.T, ch *amqp.Channel, args amqp.Table) string {
	q, err := ch.QueueDeclare(recorded+filepath.Base(t.Name()), false, false, true, false, args)
	require.NoError(t, err)
	return q.Name
}

func publish(t *testing.T, ch *amqp.Channel, exchange, key string, msg amqp.Publishing) {
	require.NoError(t, ch.PublishWithContext(context.Background(), exchange, key, false, false, msg))
}

func receive[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(recordWait):
		t.Fatalf("nothing came within %s", recordWait)
		panic("unreachable")
	}
}

// allProperties is a message with all properties that the client can send and all types of header values.
func allProperties(body []byte) amqp.Publishing {
	return amqp.Publishing{
		Headers: amqp.Table{
			"bool": true, "int8": int8(-1), "uint8": uint8(200), "int16": int16(-300), "uint16": uint16(60000),
			"int32": int32(-70000), "uint32": uint32(4000000000), "int64": int64(-1 << 40), "float32": float32(1.5),
			"float64": 2.25, "decimal": amqp.Decimal{Scale: 2, Value: 314}, "string": "text", "bytes": []byte{0, 1, 255},
			"array": []any{int32(1), "two", []any{}, amqp.Table{"three": nil}}, "time": time.Unix(1700000000, 0),
			"table": amqp.Table{"inner": amqp.Table{}}, "void": nil,
		},
		ContentType: "application/json", ContentEncoding: "utf-8", DeliveryMode: amqp.Persistent, Priority: 5,
		CorrelationId: "correlation", ReplyTo: "reply", Expiration: "60000", MessageId: "message",
		Timestamp: time.Unix(1700000001, 0), Type: "type", UserId: "guest", AppId: "app", Body: body,
	}
}
