// Package worker is a task queue's producer and worker on RabbitMQ, written on the official Go client the way
// production code is: for programs that hand out slow jobs, and as the real code that this repository's own tests
// run against a broker. It knows nothing of the emulator; any AMQP 0-9-1 broker with RabbitMQ's extensions will do.
//
// The system is that of the tutorial behind the project. A task asks for the largest Fibonacci number below a limit.
// A [Producer] publishes tasks to the exchange "test-exchange"; the routing keys "redpill" and "bluepill" lead to two
// queues. [Run] consumes them, does the job and publishes the result to the exchange "variantCallerExchange".
// [DeclareTopology] declares all of it; both sides call it whenever they connect.
//
//	go worker.Run(ctx, url, worker.WithConcurrency(8))
//
//	producer, err := worker.NewProducer(url)
//	…
//	defer producer.Close()
//	receipts, err := producer.Publish(ctx, worker.RedPill, worker.Task{Limit: 1112})
//
// # What holds
//
// Delivery is at least once. A task is acknowledged only after the broker has confirmed its result, so that no moment
// at which a connection may drop loses a task; a task whose acknowledgement was lost is done again, and its result
// comes twice. Results carry the task's message id as their correlation id, by which a reader drops the second.
// Whatever is not a task goes to the dead-letter queue.
//
// # Celery
//
// [Worker] and [Client] are the same for any task, in the language of Celery, so that either side of a Celery system can
// move to Go without the other: tasks are typed functions ([Register]), calls have apply_async's options ([Call]),
// results come through the rpc:// backend ([Get]), and remote control and monitors find the worker. Package
// worker/celery is the codec. A [Messenger] tells results the way the tutorial does.
package worker
