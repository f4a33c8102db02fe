package testkit_test

import (
	"fmt"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/testkit"
)

// The next two dials are refused.
func ExampleInjected_Await() {
	t, broker, end := start()
	defer end()
	refused := broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.Dial), Do: testkit.Refuse, Times: 2})
	for attempt := 1; ; attempt++ {
		conn, err := amqp.Dial(broker.URL())
		if err == nil {
			fmt.Println("connected at attempt", attempt)
			conn.Close()
			break
		}
	}
	fmt.Println("refused:", refused.Await(t))
	// Output:
	// connected at attempt 3
	// refused: 2
}

// A predicate chooses the message, and the channel ends with RabbitMQ's code.
func ExampleWhen_If() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}}})
	broker.Inject(t, testkit.Fault{
		When: testkit.Before(testkit.BasicPublish).If(func(c testkit.Command) bool { return len(c.Body) > 3 }),
		Do:   testkit.CloseChannel(406, "too long for me"),
	})
	conn, _ := amqp.Dial(broker.URL())
	defer conn.Close()
	ch, _ := conn.Channel()
	closed := ch.NotifyClose(make(chan *amqp.Error, 1))
	_ = ch.Publish("", "tasks", false, false, amqp.Publishing{Body: []byte("yes")})
	_ = ch.Publish("", "tasks", false, false, amqp.Publishing{Body: []byte("hello")})
	fmt.Println(<-closed)
	fmt.Println(broker.Queue("tasks").Ready(t), "ready")
	// Output:
	// Exception (406) Reason: "PRECONDITION_FAILED - too long for me"
	// 1 ready
}

// Confirms come in another order than the messages went.
func ExampleConfirmInReverse() {
	t, broker, end := start()
	defer end()
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.Confirm), Do: testkit.ConfirmInReverse(3)})
	conn, _ := amqp.Dial(broker.URL())
	defer conn.Close()
	ch, _ := conn.Channel()
	_ = ch.Confirm(false)
	var last *amqp.DeferredConfirmation
	for range 3 {
		last, _ = ch.PublishWithDeferredConfirmWithContext(t.Context(), "", "nowhere", false, false, amqp.Publishing{})
	}
	fmt.Println(last.Wait())
	for _, line := range broker.Trace(t) {
		if _, confirm, ok := strings.Cut(line, "  <  basic.ack "); ok {
			fmt.Println(confirm)
		}
	}
	// Output:
	// true
	// delivery-tag=3
	// delivery-tag=2
	// delivery-tag=1
}

// A consumer is cancelled, as when its queue were deleted.
func ExampleInjected_Remove() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}}})
	conn, _ := amqp.Dial(broker.URL())
	defer conn.Close()
	ch, _ := conn.Channel()
	cancelled := ch.NotifyCancel(make(chan string, 1))
	deliveries, _ := ch.Consume("tasks", "worker", false, false, false, false, nil)

	fault := broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicDeliver).Consumer("worker"), Do: testkit.CancelConsumer})
	broker.Publish(t, "", "tasks", []byte("hello"))
	fmt.Println("cancelled:", <-cancelled)
	_ = (<-deliveries).Ack(false)
	broker.Queue("tasks").AwaitIdle(t)
	fault.Remove()
	fmt.Println("struck:", fault.Strikes())
	// Output:
	// cancelled: worker
	// struck: 1
}

// A broker that is there and says nothing, for a while.
func ExampleBroker_Pause() {
	t, broker, end := start()
	defer end()
	conn, _ := amqp.Dial(broker.URL())
	defer conn.Close()
	ch, _ := conn.Channel()
	broker.Pause(t)
	declared := make(chan error, 1)
	go func() {
		_, err := ch.QueueDeclare("tasks", true, false, false, false, nil)
		declared <- err
	}()
	fmt.Println(broker.Queue("tasks").Exists(t))
	broker.Resume(t)
	fmt.Println(<-declared, broker.Queue("tasks").Exists(t))
	broker.AwaitIdle(t)
	// Output:
	// false
	// <nil> true
}

// A broker that is gone, and one that has forgotten everything.
func ExampleBroker_Reset() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}}})
	broker.Stop(t)
	_, err := amqp.Dial(broker.URL())
	fmt.Println("refused:", err != nil)
	broker.Reset(t)
	conn, err := amqp.Dial(broker.URL())
	fmt.Println(err, broker.Queue("tasks").Exists(t))
	conn.Close()
	// Output:
	// refused: true
	// <nil> false
}

// What goes wrong for a seed. Chaos, the function, runs a test for many of them.
func ExampleBroker_Chaos() {
	t, broker, end := start(testkit.InMemory())
	defer end()
	misfortunes := broker.Chaos(t, 17)
	for _, line := range strings.Split(misfortunes.String(), "\n")[:4] {
		fmt.Println(strings.TrimSpace(line))
	}
	misfortunes.End()
	// Output:
	// before basic.deliver, number 9: redeliver (struck 0 times)
	// before basic.ack, number 9: close the connection with 320 "chaos" (struck 0 times)
	// before confirm, number 9: delay by 4.721s (struck 0 times)
	// before basic.deliver, number 12: limit to 3000 bytes per second (struck 0 times)
}
