package testkit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/testkit"
)

// open dials the broker and opens a channel with confirms.
func open(broker *testkit.Broker) (*amqp.Connection, *amqp.Channel) {
	conn, _ := amqp.DialConfig(broker.URL(), broker.ClientConfig())
	ch, _ := conn.Channel()
	_ = ch.Confirm(false)
	return conn, ch
}

// send publishes a persistent message to a queue.
func send(ch *amqp.Channel, queue, body string) *amqp.DeferredConfirmation {
	confirm, _ := ch.PublishWithDeferredConfirm("", queue, false, false, amqp.Publishing{DeliveryMode: amqp.Persistent, Body: []byte(body)})
	return confirm
}

// The message arrives, its confirm does not: the publisher cannot know.
func ExampleAfter() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}}})
	broker.Inject(t, testkit.Fault{When: testkit.After(testkit.BasicPublish), Do: testkit.DropConnection})
	_, ch := open(broker)
	fmt.Println("confirmed:", send(ch, "tasks", "hello").Wait())
	broker.AwaitDisconnected(t, "")
	fmt.Println("ready:", broker.Queue("tasks").Ready(t))
	// Output:
	// confirmed: false
	// ready: 1
}

// A delivery breaks off half-way through its frame.
func Example_tearFrame() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}}})
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicDeliver), Do: testkit.TearFrame})
	_, ch := open(broker)
	deliveries, _ := ch.Consume("tasks", "worker", false, false, false, false, nil)
	broker.Publish(t, "", "tasks", []byte("hello"))
	_, ok := <-deliveries
	fmt.Println("delivered:", ok)
	fmt.Println("back in the queue:", len(broker.Queue("tasks").AwaitReady(t, 1)))
	// Output:
	// delivered: false
	// back in the queue: 1
}

// The connection is closed in good order, in the middle of the work.
func ExampleCloseConnection() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}}})
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicPublish).Nth(2), Do: testkit.CloseConnection(320, "maintenance")})
	conn, ch := open(broker)
	closed := conn.NotifyClose(make(chan *amqp.Error, 1))
	fmt.Println(send(ch, "tasks", "1").Wait())
	fmt.Println(send(ch, "tasks", "2").Wait())
	fmt.Println(<-closed)
	// Output:
	// true
	// false
	// Exception (320) Reason: "CONNECTION_FORCED - maintenance"
}

// The password is refused once, as while a secret is being changed.
func Example_refuseLogin() {
	t, broker, end := start()
	defer end()
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.Login), Do: testkit.RefuseLogin})
	for range 2 {
		conn, err := amqp.Dial(broker.URL())
		fmt.Println(err)
		if err == nil {
			conn.Close()
		}
	}
	// Output:
	// Exception (403) Reason: "username or password not allowed"
	// <nil>
}

// A confirm that never comes: the publisher must not wait for ever.
func Example_withhold() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}}})
	withheld := broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.Confirm).Key("tasks"), Do: testkit.Withhold})
	conn, ch := open(broker)
	defer conn.Close()
	confirm := send(ch, "tasks", "hello")
	withheld.Await(t)
	patience, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := confirm.WaitContext(patience)
	fmt.Println(errors.Is(err, context.DeadlineExceeded), broker.Queue("tasks").Ready(t))
	// Output: true 1
}

// A confirm comes late, and others overtake it.
func ExamplePostpone() {
	t, broker, end := start()
	defer end()
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.Confirm), Do: testkit.Postpone(20 * time.Millisecond)})
	conn, ch := open(broker)
	defer conn.Close()
	first, second := send(ch, "nowhere", "1"), send(ch, "nowhere", "2")
	fmt.Println(second.Wait(), first.Acked())
	fmt.Println(first.Wait())
	// Output:
	// true false
	// true
}

// One confirm speaks for three messages.
func ExampleConfirmInBatches() {
	t, broker, end := start()
	defer end()
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.Confirm), Do: testkit.ConfirmInBatches(3)})
	conn, ch := open(broker)
	defer conn.Close()
	send(ch, "nowhere", "1")
	send(ch, "nowhere", "2")
	fmt.Println(send(ch, "nowhere", "3").Wait())
	for _, line := range broker.Trace(t) {
		if _, confirm, ok := strings.Cut(line, "  <  basic.ack "); ok {
			fmt.Println(confirm)
		}
	}
	// Output:
	// true
	// delivery-tag=3 multiple
}

// A message comes back as if no queue were bound.
func Example_returnPublish() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}}})
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicPublish), Do: testkit.ReturnPublish})
	conn, ch := open(broker)
	defer conn.Close()
	returns := ch.NotifyReturn(make(chan amqp.Return, 1))
	fmt.Println("confirmed:", send(ch, "tasks", "hello").Wait())
	r := <-returns
	fmt.Println("returned:", r.ReplyCode, r.ReplyText, string(r.Body))
	// Output:
	// confirmed: true
	// returned: 312 NO_ROUTE hello
}

// The broker takes a delivery back: who acknowledges it has done so in vain, and
// does the work again.
func Example_redeliver() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}}})
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicAck).From("tasks"), Do: testkit.Redeliver})
	conn, ch := open(broker)
	defer conn.Close()
	deliveries, _ := ch.Consume("tasks", "worker", false, false, false, false, nil)
	broker.Publish(t, "", "tasks", []byte("hello"))
	for range 2 {
		d := <-deliveries
		fmt.Println(string(d.Body), d.Redelivered)
		_ = d.Ack(false)
	}
	broker.AwaitIdle(t)
	// Output:
	// hello false
	// hello true
}

// A message is delivered twice: is the worker idempotent?
func Example_deliverTwice() {
	t, broker, end := start()
	defer end()
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicDeliver).From("test-queue1"), Do: testkit.DeliverTwice})
	run(t, broker)
	broker.Publish(t, "test-exchange", "redpill", []byte(`{"limit": 1112}`))
	fmt.Println("results:", len(broker.Queue("results").Take(t, 2)))
	broker.AwaitIdle(t)
	// Output: results: 2
}

// Every delivery takes its time, in a bubble at no cost.
func ExampleDelay() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}}})
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicDeliver).From("tasks"), Do: testkit.Delay(20 * time.Millisecond), Times: testkit.Always})
	conn, ch := open(broker)
	defer conn.Close()
	deliveries, _ := ch.Consume("tasks", "worker", true, false, false, false, nil)
	began := time.Now()
	broker.Publish(t, "", "tasks", []byte("hello"))
	<-deliveries
	fmt.Println(time.Since(began) >= 20*time.Millisecond)
	// Output: true
}

// A slow line: a thousand bytes take a tenth of a second.
func ExampleRate() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}}})
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicDeliver), Do: testkit.Rate(10_000)})
	conn, ch := open(broker)
	defer conn.Close()
	deliveries, _ := ch.Consume("tasks", "worker", true, false, false, false, nil)
	began := time.Now()
	broker.Publish(t, "", "tasks", make([]byte, 1000))
	<-deliveries
	fmt.Println(time.Since(began) >= 100*time.Millisecond)
	// Output: true
}

// A broker that is there and says nothing. The client finds out by heartbeats, in
// its own time; a test of that is quick in a testing/synctest bubble.
func Example_goSilent() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}}})
	silent := broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicPublish), Do: testkit.GoSilent})
	conn, ch := open(broker)
	confirm := send(ch, "tasks", "hello")
	silent.Await(t)
	select {
	case <-confirm.Done():
	default:
		fmt.Println("no word; closed:", conn.IsClosed())
	}
	// Output: no word; closed: false
}

// One thing and another: a late answer, and then none.
func ExampleBoth() {
	t, broker, end := start()
	defer end()
	broker.Inject(t, testkit.Fault{
		When: testkit.Before(testkit.QueueDeclareOk).From("tasks"),
		Do:   testkit.Both(testkit.Delay(10*time.Millisecond), testkit.CloseChannel(406, "not this one")),
	})
	conn, ch := open(broker)
	defer conn.Close()
	_, err := ch.QueueDeclare("tasks", true, false, false, false, nil)
	fmt.Println(err)
	fmt.Println(broker.Queue("tasks").Exists(t))
	// Output:
	// Exception (406) Reason: "PRECONDITION_FAILED - not this one"
	// true
}

// Something of the test's own at an exact moment.
func ExampleCall() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}}})
	broker.Inject(t, testkit.Fault{When: testkit.After(testkit.BasicPublish).Nth(2), Do: testkit.Call(func() { broker.Kill(t) })})
	_, ch := open(broker)
	send(ch, "tasks", "1")
	send(ch, "tasks", "2")
	broker.AwaitDisconnected(t, "")
	broker.Restart(t)
	fmt.Println(broker.Queue("tasks").Ready(t), "ready after the crash")
	// Output: 2 ready after the crash
}

// A power failure, and the broker's way back.
func ExampleBroker_Kill() {
	t, broker, end := start()
	defer end()
	conn, _ := open(broker)
	closed := conn.NotifyClose(make(chan *amqp.Error, 1))
	broker.Kill(t)
	<-closed
	_, err := amqp.Dial(broker.URL())
	fmt.Println("refused:", err != nil)
	broker.Restart(t)
	conn, err = amqp.Dial(broker.URL())
	fmt.Println(err)
	conn.Close()
	// Output:
	// refused: true
	// <nil>
}
