package testkit_test

import (
	"fmt"
	"log/slog"
	"os"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/testkit"
)

// A topology from Go, and a message with properties, without a client.
func ExampleBroker_PublishMessage() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{
		Exchanges: []testkit.Exchange{{Name: "orders", Type: "topic"}},
		Queues:    []testkit.Queue{{Name: "paid"}},
		Bindings:  []testkit.Binding{{Source: "orders", RoutingKey: "*.paid", Queue: "paid"}},
	})
	broker.PublishMessage(t, "orders", "42.paid", amqp.Publishing{
		MessageId: "m1", ContentType: "application/json", Body: []byte(`{"order": 42}`),
	})
	for _, m := range broker.Queue("paid").Messages(t) {
		fmt.Println(m.RoutingKey, m.MessageId, m.ContentType, string(m.Body))
	}
	// Output: 42.paid m1 application/json {"order": 42}
}

// Who is connected, and what they consume.
func ExampleBroker_Connections() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}}})
	config := broker.ClientConfig()
	config.Properties = amqp.Table{"connection_name": "billing"}
	conn, _ := amqp.DialConfig(broker.URL(), config)
	ch, _ := conn.Channel()
	_, _ = ch.Consume("tasks", "worker", false, false, false, false, nil)

	for _, c := range broker.AwaitConnections(t, 1) {
		fmt.Println(c.Name, c.User, c.Channels[0].Consumers[0].Tag)
	}
	conn.Close()
	broker.AwaitDisconnected(t, "billing")
	fmt.Println(len(broker.Connections(t)), "connections")
	// Output:
	// billing guest worker
	// 0 connections
}

// A wait for what clients do.
func ExampleQueueView_AwaitAcked() {
	t, broker, end := start()
	defer end()
	run(t, broker)
	for range 3 {
		broker.Publish(t, "test-exchange", "redpill", []byte(`{"limit": 10}`))
	}
	fmt.Println("acknowledged:", broker.Queue("test-queue1").AwaitAcked(t, 3))
	// Output: acknowledged: 3
}

// Messages by what became of them.
func ExampleHistory_Where() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks", Arguments: amqp.Table{"x-max-length": 1}}}})
	broker.Publish(t, "", "tasks", []byte("first"))
	broker.Publish(t, "", "tasks", []byte("second"))
	dropped := func(m testkit.MessageHistory) bool { return m.Count(testkit.Dropped) > 0 }
	for _, m := range broker.History(t).Where(dropped) {
		fmt.Printf("%s: %s\n", m.Message.Body, m.Events[len(m.Events)-1])
	}
	// Output: first: dropped queue="tasks" reason="maxlen"
}

// The broker's own log.
func ExampleWithLogger() {
	withoutTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	_, broker, end := start(testkit.InMemory(), testkit.WithLogger(log))
	defer end()
	conn, _ := amqp.DialConfig(broker.URL(), broker.ClientConfig())
	ch, _ := conn.Channel()
	_, _ = ch.QueueDeclarePassive("nobody", false, false, false, false, nil)
	conn.Close()
	// Output:
	// level=ERROR msg="channel error" connection="memory:1 -> memory" channel=1 error="channel error 404 in queue.declare: NOT_FOUND - no queue 'nobody' in vhost '/'"
}
