package testkit_test

import (
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/testkit"
)

// As production connects: to a virtual host of its own, as a user who may consume tasks and publish results, and no more.
func ExampleWithUser() {
	t, broker, end := start(
		testkit.WithVHost("orders"),
		testkit.WithUser("worker", "secret", testkit.Permissions{VHost: "orders", Write: "^results$", Read: "^tasks$"}))
	defer end()
	orders := broker.VHost("orders")
	orders.Declare(t, testkit.Topology{Exchanges: []testkit.Exchange{{Name: "results"}}, Queues: []testkit.Queue{{Name: "tasks"}}})
	orders.Publish(t, "", "tasks", []byte("hello"))

	conn, _ := amqp.Dial(broker.URLFor("worker", "orders"))
	defer conn.Close()
	ch, _ := conn.Channel()
	message, _, _ := ch.Get("tasks", true)
	fmt.Printf("%s\n", message.Body)
	_, err := ch.QueueDeclare("mine", true, false, false, false, nil)
	fmt.Println(err)
	broker.AwaitIdle(t) // in every virtual host
	// Output:
	// hello
	// Exception (403) Reason: "ACCESS_REFUSED - configure access to queue 'mine' in vhost 'orders' refused for user 'worker'"
}

// A queue that is looked for in the wrong virtual host is pointed out.
func ExampleBroker_VHost() {
	t, broker, end := start(testkit.WithVHost("orders"))
	defer end()
	broker.VHost("orders").Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}}})
	func() {
		defer func() { fmt.Println(recover()) }()
		broker.Queue("tasks").CheckCounts(t, testkit.Counts{})
	}()
	fmt.Println(broker.VHost("orders").Queue("tasks").Ready(t))
	// Output:
	// testkit: no queue "tasks" in virtual host "/"; there is one in "orders"
	// 0
}
