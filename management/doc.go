// Package management is the HTTP API of a node: RabbitMQ's own paths, JSON shapes,
// status codes and error texts, for the tools and test suites that use it.
//
//	node := broker.NewNode(broker.Options{})
//	api := management.New(node)
//	defer api.Close()
//	http.ListenAndServe("127.0.0.1:15672", api)
//
// Every request logs in by basic authentication; the user's tags say what it may
// do. Counts are true at the moment of the request: unlike RabbitMQ, whose
// statistics are some seconds old, the API looks at the node itself. Only rates
// and their samples look back.
//
// One file holds one kind of resource, and routes.go the table of all paths.
// Where releases differ the code asks the node's release.
package management
