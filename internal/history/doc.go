// Package history checks what clients see of a broker against what RabbitMQ guarantees, whatever runs at the same time
// and whatever fails.
//
// A [Recorder] listens in on the connections of all clients and writes one [History] of them: what a client sends is
// noted before the broker can see it, and what it is sent after the broker has sent it. So if the broker did one thing
// because of another, they are in this order in the history. [Check] returns each [Violation] that it finds:
//
//	r := history.NewRecorder()
//	config.Dial = func(network, address string) (net.Conn, error) { return r.Dial(network, address) }
//	... // clients publish messages with different bodies, consume and settle, and take out of the queues what is left
//	for _, v := range history.Check(r.History()) {
//		t.Error(v)
//	}
//
// The checks know nothing of the emulator and hold for RabbitMQ itself. TestModel, in this package, is stricter: it
// has porcupine decide whether what clients get with basic.get could come from a queue that does one thing at a time.
package history
