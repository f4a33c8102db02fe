// Package testkit starts a RabbitMQ inside a Go test.
//
//	func TestWorkerAnswers(t *testing.T) {
//		broker := testkit.Start(t)
//		go worker.Run(t.Context(), broker.URL()) // your code, as it runs in production
//		broker.Queue("test-queue1").AwaitConsumers(t, 1)
//
//		broker.Publish(t, "test-exchange", "redpill", []byte(`{"limit": 1112}`))
//
//		result := broker.Queue("results").Take(t, 1)[0]
//		...
//		broker.AwaitIdle(t) // nothing ready, nothing unacked, anywhere
//	}
//
// The broker is real AMQP 0-9-1 over TCP, or over memory with [InMemory], so
// that it also works in a testing/synctest bubble. It behaves as RabbitMQ does,
// by default as release 4.3. Every test has its own, on its own port, and tests
// may run in parallel; it ends with the test.
//
// What the code under test does not declare itself, a test seeds: with
// [Broker.Declare] from Go, or [Broker.ImportDefinitionsFile] from a definitions.json.
//
// # Waiting and looking
//
// The helpers look into the broker and wait for what it knows. On the emulator they
// never sleep and never poll. A wait that fails says what was there instead; a test
// that fails logs the queues, the stories of its messages and the last methods in
// both directions. See [Broker.History], [Broker.Trace] and [Broker.Dump].
//
// Methods that reach the broker take the T of their caller first, and fail that test:
// in a subtest, the subtest. A broker that tests share begins with [Run].
//
// # Virtual hosts and users
//
//	broker := testkit.Start(t, testkit.WithVHost("orders"), testkit.WithUser("worker", "secret"))
//	go worker.Run(t.Context(), broker.URLFor("worker", "orders"))
//	broker.VHost("orders").Queue("tasks").AwaitConsumers(t, 1)
//	broker.AwaitIdle(t) // in every virtual host
//
// What a method of [Broker] looks at or waits for is in all virtual hosts, and its
// results name them. [Broker.Queue], Publish and Declare mean "/"; [Broker.VHost] has
// the same for another one.
//
// # Misbehaving
//
//	lost := broker.Inject(t, testkit.Fault{
//		When: testkit.Before(testkit.BasicAck).From("test-queue1"),
//		Do:   testkit.DropConnection,
//	})
//
// [Broker.Inject] has the contract, the functions that return an [Action] and the
// variables such as [DropConnection] are what it can do. [Broker.Restart],
// [Broker.Pause], [Broker.RaiseAlarm] and their like concern the whole broker. [Chaos]
// mixes everything by seed.
//
// # Time
//
// In a testing/synctest bubble, with [InMemory] and [Broker.ClientConfig], the clients and
// the broker live in the bubble's time: a day passes in a millisecond, exactly. Over
// TCP, [Broker.FastForward] moves the broker's.
//
// # The real thing
//
// The environment variables MINIRABBIT_AMQP_URL and MINIRABBIT_HTTP_URL have the same
// test run on a real RabbitMQ, in virtual hosts of its own. Waits, looks and checks
// work there, too, more slowly; faults inside the broker, its history and moving time
// skip the test, in words.
package testkit
