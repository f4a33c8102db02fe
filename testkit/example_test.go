package testkit_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/testkit"
	"github.com/minirabbit/minirabbit/worker"
)

// exampleT stands in for *testing.T, which examples do not have.
type exampleT struct {
	ctx      context.Context
	cleanups []func()
}

func (t *exampleT) Helper()                           {}
func (t *exampleT) Name() string                      { return "Example" }
func (t *exampleT) Context() context.Context          { return t.ctx }
func (t *exampleT) Failed() bool                      { return false }
func (t *exampleT) Cleanup(f func())                  { t.cleanups = append(t.cleanups, f) }
func (t *exampleT) Logf(format string, args ...any)   { fmt.Printf(format+"\n", args...) }
func (t *exampleT) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }
func (t *exampleT) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (t *exampleT) Skipf(format string, args ...any)  { panic(fmt.Sprintf(format, args...)) }

// start is testkit.Start on the emulator, and end is the end of the test.
func start(options ...testkit.Option) (t *exampleT, broker *testkit.Broker, end func()) {
	os.Unsetenv("MINIRABBIT_AMQP_URL") // examples cannot be skipped, and come last
	os.Unsetenv("MINIRABBIT_HTTP_URL")
	ctx, cancel := context.WithCancel(context.Background())
	t = &exampleT{ctx: ctx}
	return t, testkit.Start(t, options...), func() {
		cancel()
		for i := len(t.cleanups) - 1; i >= 0; i-- {
			t.cleanups[i]()
		}
	}
}

// run runs a worker until the test ends.
func run(t *exampleT, broker *testkit.Broker) {
	ended := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer close(ended)
		_ = worker.Run(ctx, broker.URL(), worker.WithLogger(discard), worker.WithBackoff(time.Millisecond, time.Millisecond))
	}()
	t.Cleanup(func() { cancel(); <-ended })
	broker.Queue("test-queue1").AwaitConsumers(t, 1)
}

// The smallest test: real code against a broker of the test's own.
func Example() {
	t, broker, end := start() // in a test: broker := testkit.Start(t)
	defer end()
	run(t, broker) // go worker.Run(t.Context(), broker.URL())

	broker.Publish(t, "test-exchange", "redpill", []byte(`{"limit": 1112}`))

	result := broker.Queue("results").Take(t, 1)[0]
	fmt.Println(string(result.Body))
	broker.AwaitIdle(t) // nothing ready, nothing unacked, anywhere
	// Output: Job finished! Result is 987
}

// A crash at the worst moment: the worker has done the task, and its
// acknowledgement does not arrive.
func ExampleBroker_Inject() {
	t, broker, end := start()
	defer end()
	lost := broker.Inject(t, testkit.Fault{
		When: testkit.Before(testkit.BasicAck).From("test-queue1"),
		Do:   testkit.DropConnection,
	})
	run(t, broker)
	broker.Publish(t, "test-exchange", "redpill", []byte(`{"limit": 1112}`))

	fmt.Println("struck:", lost.Await(t))
	broker.Queue("results").Take(t, 2) // the worker came back and did the work again
	broker.AwaitIdle(t)
	fmt.Println("deliveries:", broker.History(t).Queue("test-queue1")[0].Deliveries())
	// Output:
	// struck: 1
	// deliveries: 2
}

// The third message is refused.
func ExampleWhen_Nth() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}}})
	broker.Inject(t, testkit.Fault{
		When: testkit.Before(testkit.BasicPublish).Key("tasks").Nth(3),
		Do:   testkit.NackPublish,
	})
	conn, _ := amqp.Dial(broker.URL())
	defer conn.Close()
	ch, _ := conn.Channel()
	_ = ch.Confirm(false)
	for range 4 {
		confirm, _ := ch.PublishWithDeferredConfirmWithContext(t.Context(), "", "tasks", false, false, amqp.Publishing{})
		fmt.Println(confirm.Wait())
	}
	// Output:
	// true
	// true
	// false
	// true
}

// What happened to a message.
func ExampleBroker_History() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{
		Name:      "tasks",
		Arguments: amqp.Table{"x-message-ttl": 60_000},
	}}})
	broker.Publish(t, "", "tasks", []byte("hello"))
	broker.FastForward(t, time.Minute)
	for _, e := range broker.History(t).Queue("tasks")[0].Events {
		fmt.Println(e)
	}
	// Output:
	// published
	// routed queue="tasks"
	// dropped queue="tasks" reason="expired"
}

// A day over TCP, where no bubble reaches.
func ExampleBroker_FastForward() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{
		Name:      "tasks",
		Arguments: amqp.Table{"x-message-ttl": 24 * 3600 * 1000},
	}}})
	broker.Publish(t, "", "tasks", []byte("hello"))
	broker.FastForward(t, 23*time.Hour)
	fmt.Println(broker.Queue("tasks").Ready(t))
	broker.FastForward(t, time.Hour)
	fmt.Println(broker.Queue("tasks").Ready(t))
	// Output:
	// 1
	// 0
}

// What is in the broker, for a person to read. A failing test logs it.
func ExampleBroker_Dump() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}}})
	broker.Publish(t, "", "tasks", []byte("hello"))
	fmt.Print(broker.Dump())
	// Output:
	//   queue "tasks": 1 ready, 0 unacked, 0 consumers
	//     message from exchange "" with routing key "tasks": "hello"
	//   no connections
}

// Durable things survive a restart, others do not.
func ExampleBroker_Restart() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}, {Name: "rumours", Transient: true}}})
	broker.Publish(t, "", "tasks", []byte("hello")) // persistent
	broker.Restart(t)
	fmt.Println(broker.Queue("tasks").Ready(t), broker.Queue("rumours").Exists(t))
	// Output: 1 false
}

// A publisher hears of a shortage of memory.
func ExampleBroker_RaiseAlarm() {
	t, broker, end := start()
	defer end()
	conn, _ := amqp.Dial(broker.URL())
	defer conn.Close()
	blocked := conn.NotifyBlocked(make(chan amqp.Blocking, 1))
	ch, _ := conn.Channel()

	broker.RaiseAlarm(t, testkit.Memory)
	_ = ch.Publish("", "nowhere", false, false, amqp.Publishing{})
	fmt.Println((<-blocked).Reason)
	broker.ClearAlarm(t, testkit.Memory)
	fmt.Println((<-blocked).Active)
	// Output:
	// low on memory
	// false
}

// A topology as RabbitMQ exports it.
func ExampleBroker_ImportDefinitionsFile() {
	t, broker, end := start()
	defer end()
	broker.ImportDefinitionsFile(t, "testdata/definitions.json")
	for _, b := range broker.Bindings(t) {
		fmt.Println(b.Source, b.RoutingKey, b.Queue)
	}
	// Output:
	// events task.red reds
	// events task.blue limited
}

// A wait that a context bounds.
func ExampleWithContext() {
	t, broker, end := start()
	defer end()
	run(t, broker)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	fmt.Println(broker.Queue("test-queue1").AwaitConsumers(testkit.WithContext(t, ctx), 1))
	// Output: 1
}

// A capture that Wireshark opens.
func ExampleWithCaptureFile() {
	dir, _ := os.MkdirTemp("", "example")
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "test.pcapng")
	_, broker, end := start(testkit.WithCaptureFile(file))
	conn, _ := amqp.Dial(broker.URL())
	conn.Close()
	end()
	info, err := os.Stat(file)
	fmt.Println(info.Size() > 1000, err)
	// Output: true <nil>
}

// Every method in both directions.
func ExampleBroker_Trace() {
	t, broker, end := start(testkit.InMemory())
	defer end()
	conn, _ := amqp.DialConfig(broker.URL(), broker.ClientConfig())
	ch, _ := conn.Channel()
	_, _ = ch.QueueDeclare("tasks", true, false, false, false, nil)
	trace := broker.Trace(t)
	for _, line := range trace[len(trace)-2:] {
		fmt.Println(line[len("15:04:05.000 "):])
	}
	conn.Close()
	// Output:
	// memory:1 -> memory #1  >  queue.declare queue="tasks" durable arguments={}
	// memory:1 -> memory #1  <  queue.declare-ok queue="tasks" message-count=0 consumer-count=0
}

// Checks show the difference.
func ExampleQueueView_CheckBodies() {
	t, broker, end := start()
	defer end()
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}}})
	broker.Publish(t, "", "tasks", []byte("hello"))
	broker.Queue("tasks").CheckBodies(t, "hello")
	broker.Queue("tasks").CheckCounts(t, testkit.Counts{Ready: 1})
	// Output:
}
