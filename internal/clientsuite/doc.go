// Command clientsuite runs the tests that the official Go client, github.com/rabbitmq/amqp091-go, has of its own
// against any broker, and judges the outcome by a list of the tests that are known to need more than that broker has.
// It is for scripts/client-suite, which starts the broker:
//
//	go run ./internal/clientsuite -url amqp://guest:guest@127.0.0.1:5672/ -excluded scripts/client-suite.excluded
//
// The tests run in a copy of the module, at the version that go.mod names, taken out of the module cache. They run
// twice: first all that are not on the list, and every one of those must pass; then those on the list, and none of those
// may pass, so that the list shrinks as the broker grows. A name on the list that the client does not have is an error
// too. The second run leaves out the tests that need an API or a control command when none is given.
package main
