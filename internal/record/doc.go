// Package record remembers what happens in a broker: the history of its messages
// and the last methods that clients and broker have sent each other.
//
//	recorder, trace := record.NewRecorder(record.Limits{Messages: 1000}), &record.Trace{}
//	node := broker.NewNode(broker.Options{Observer: recorder})
//	server := amqpserver.New(node)
//	server.SetInterceptor(trace)
//
// Both are bounded and are told with locks of the broker's held; their own locks
// are leaves. Package testkit shows them to tests, package management to people.
package record
