// Package metrics tells Prometheus of a node, by the names that RabbitMQ's own
// plug-in gives its totals.
//
//	http.Handle("/metrics", metrics.Handler(node))
//
// It is a package of its own because it imports the official client library, which
// the tests of those who use testkit are not to drag in.
package metrics
