package exchange_test

import (
	"fmt"

	"github.com/minirabbit/minirabbit/exchange"
)

func ExampleRouter() {
	logs, err := exchange.New("logs", exchange.Topic)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := logs.Bind(newQueue("errors"), "*.error", nil); err != nil {
		fmt.Println(err)
	}
	if _, err := logs.Bind(newQueue("everything"), "#", nil); err != nil {
		fmt.Println(err)
	}
	router := exchange.NewRouter(nil)
	for _, q := range router.Route(logs, &exchange.Message{RoutingKeys: []string{"app.error"}}, nil) {
		fmt.Println(q.Name())
	}
	// Output:
	// errors
	// everything
}

func ExampleExchange_Bind() {
	byHeader, _ := exchange.New("h", exchange.Headers)
	_, err := byHeader.Bind(newQueue("q"), "", table("x-match", "some"))
	fmt.Println(err)
	// Output: Invalid x-match field value <<"some">>; expected all, any, all-with-x, or any-with-x
}

func ExampleRouter_Delays() {
	later, _ := exchange.New("later", exchange.DelayedMessage, exchange.WithArguments(table("x-delayed-type", "fanout")))
	if _, err := later.Bind(newQueue("q"), "", nil); err != nil {
		fmt.Println(err)
	}
	router := exchange.NewRouter(nil)
	m := &exchange.Message{RoutingKeys: []string{"k"}, Headers: table("x-delay", int32(1500))}
	fmt.Println(len(router.Route(later, m, nil)), "queues now")
	for _, delay := range router.Delays() {
		m.Headers = delay.Exchange.Due(m.Headers)
		queues, _ := router.RouteDue(delay, later, m, nil)
		fmt.Println(len(queues), "queue after", delay.Milliseconds, "ms")
	}
	// Output:
	// 0 queues now
	// 1 queue after 1500 ms
}
