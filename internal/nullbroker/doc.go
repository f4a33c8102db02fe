// Package nullbroker is the yardstick of the benchmarks: the fastest broker that
// a client could meet. It completes the handshake, answers every synchronous
// method with a canned reply, skips and counts what is published, confirms it
// when asked, and serves consumers and basic.get from one delivery that it has
// encoded before. It has no exchanges, no permissions, no errors, and the queue
// that a routing key names is but a number: how many messages are in it. It keeps
// to the prefetch of a channel's one consumer, for that decides how many writes and
// wake-ups the client has.
//
//	listener, err := net.Listen("tcp", "127.0.0.1:0")
//	server := nullbroker.New()
//	go server.Serve(listener)
//	defer server.Close()
//
// With KeepBodies it keeps the bodies of what nobody has consumed: that is what a
// broker cannot but do, and with large bodies most of what it does.
//
// What it measures is the client, the network and the runtime. A connection has
// one goroutine, which writes what a read leads to at the end of that read, to
// other connections too. It trusts its clients: they must read what they are
// sent, and what is no AMQP ends the connection without a word.
package nullbroker
