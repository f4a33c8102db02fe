// Package wire encodes and decodes AMQP 0-9-1 as RabbitMQ speaks it: frames, all methods with RabbitMQ's extensions,
// content headers, field tables and reply codes. It is for code that needs the protocol itself: a server, a proxy, or
// a test that says what no client library would say. It holds no connection state and starts no goroutines.
//
// A start, writing a method and reading it back:
//
//	out := wire.AppendMethodFrame(nil, 1, &wire.BasicPublish{Exchange: "logs", RoutingKey: "app.info"})
//	frame, err := wire.NewReader(bytes.NewReader(out), 0).ReadFrame()
//	...
//	method, err := wire.DecodeMethod(frame.Payload)
//	fmt.Println(frame.Channel, wire.Format(method)) // 1 basic.publish exchange="logs" routing-key="app.info"
//
// # Encoding and decoding
//
// Everything encodes by appending to a byte slice, and decodes through a [Cursor], which remembers its first error and
// answers zero values from then on, so that a decoder reads straight down and asks for the error once. Nothing here
// uses reflection. Encoding into a slice with room allocates nothing; decoding allocates for strings (none for those
// an [Interner] has seen), tables and longstr values, which are always copies: no decoded value refers to the buffer
// it came from.
//
// # Hostile input
//
// Bytes from a peer give an error, never a panic. Lengths are held against the bytes at hand before anything is
// allocated, tables and arrays nest to [MaxNesting] levels, and a frame's declared size allocates nothing: buffers
// grow as bytes arrive.
//
// The methods and reply codes are generated from methods.txt by package internal/wiregen.
package wire

//go:generate go run ../internal/wiregen -table methods.txt -out .
