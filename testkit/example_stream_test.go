package testkit_test

import (
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/testkit"
)

// A stream is read, not emptied: a consumer begins where x-stream-offset says, and
// what it acknowledges stays.
func Example_stream() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "log", Arguments: amqp.Table{"x-queue-type": "stream"}}}})
	for _, body := range []string{"opened", "paid", "shipped"} {
		broker.Publish(t, "", "log", []byte(body))
	}

	conn, _ := amqp.DialConfig(broker.URL(), broker.ClientConfig())
	defer conn.Close()
	ch, _ := conn.Channel()
	_ = ch.Qos(10, 0, false) // without a prefetch, a stream cannot be read
	deliveries, _ := ch.Consume("log", "", false, false, false, false, amqp.Table{"x-stream-offset": int64(1)})
	for range 2 {
		d := <-deliveries
		fmt.Printf("%d: %s\n", d.Headers["x-stream-offset"], d.Body)
		_ = d.Ack(false)
	}

	broker.AwaitIdle(t) // the consumer has read and settled everything
	fmt.Println("kept:", broker.Queue("log").Ready(t))
	// Output:
	// 1: paid
	// 2: shipped
	// kept: 3
}
