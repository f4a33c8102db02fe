// Package testkit starts a RabbitMQ inside a Go test.
//
//	func TestWorkerAnswers(t *testing.T) {
//		broker := testkit.Start(t)
//		go worker.Run(t.Context(), broker.URL()) // your code, as it runs in production
//
//		broker.Publish("test-exchange", "redpill", []byte(`{"limit": 1112}`))
//
//		result := broker.Queue("results").Await(t, 1)[0]
//		...
//	}
//
// The broker is real AMQP 0-9-1 over TCP, or over memory with [InMemory], so
// that it also works in a testing/synctest bubble. It behaves as RabbitMQ does,
// by default as release 4.3. Every test has its own, on its own port, and tests
// may run in parallel; it ends with the test.
//
// The helpers look into the broker and wait for what it knows. They never sleep
// and never poll.
package testkit
