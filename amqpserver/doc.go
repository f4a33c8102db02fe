// Package amqpserver speaks AMQP 0-9-1 to the clients of a broker.Node:
// listeners, the handshake, connections, channels and heartbeats.
//
//	node := broker.NewNode(broker.Options{})
//	server := amqpserver.New(node)
//	listener, err := net.Listen("tcp", "127.0.0.1:0")
//	go server.Serve(listener)
//	defer server.Close()
//
// A connection has two goroutines. Its reader assembles commands and carries out
// each under the lock of the virtual host; its writer sends what the outbox has
// gathered. The reader waits for the writer only while more than 32 MiB wait to be sent
// to a client that does not read.
package amqpserver
