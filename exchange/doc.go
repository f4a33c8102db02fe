// Package exchange routes messages as RabbitMQ does: exchanges of all its types and their bindings in, an ordered list
// of queues out. It is for a broker, which owns the queues and everything else; there are no locks, clocks or
// goroutines here.
//
// A start, with any type that has a Name and IsQueue for a queue:
//
//	logs, err := exchange.New("logs", exchange.Topic)
//	...
//	added, err := logs.Bind(errors, "*.error", nil)
//	...
//	router := exchange.NewRouter(nil)
//	queues := router.Route(logs, &exchange.Message{RoutingKeys: []string{"app.error"}}, nil)
//
// # Walking
//
// A [Router] follows bindings from exchange to exchange, each exchange at most once, so that cycles end. An exchange
// whose own bindings choose nothing, neither a queue nor an exchange, hands the message to its alternate exchange.
// That is asked exchange by exchange: when a binding leads to an exchange which routes to nothing, it is that
// exchange's alternate which counts. Each queue occurs once in the result, however many ways lead to it.
//
// Exchanges are visited breadth first, and each yields its destinations in a fixed order: that of its bindings, or for
// a topic exchange that of a walk through the words. The same calls give the same order in every run. RabbitMQ's own
// order cannot be observed.
//
// # The default exchange
//
// To this package it is a direct exchange with an empty name, to which the broker binds each queue under its name.
// Nothing leads to it but publishing: as in RabbitMQ, naming it as an alternate exchange drops the message.
//
// # Kinds with more to them
//
// The kinds x-random and x-local-random draw from the source that [NewRouter] takes. x-consistent-hash and
// x-modulus-hash choose the very queue that RabbitMQ chooses. x-recent-history keeps messages, which the broker asks for
// with [Exchange.Replay] after each new binding. x-delayed-message only says for how long a message is to be held back:
// see [Router.Delays].
//
// # Releases
//
// [Rules] holds what differs from release to release.
package exchange
