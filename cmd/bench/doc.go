// Command bench measures brokers side by side, through the real client and
// through a raw socket.
//
//	go run ./cmd/bench --against null,minirabbit
//	go run ./cmd/bench --against minirabbit,amqp://guest:guest@127.0.0.1:5672/
//	go run ./cmd/bench --against null,minirabbit --only 'publish|rpc' --rounds 15 --json out.json --plot out.svg
//
// A contender is a name or a URL:
//
//	null        the fastest broker that a client could meet (internal/nullbroker)
//	keeping     the same, but that it keeps the bodies of what nobody has consumed
//	minirabbit  testkit.Start as a test calls it, with history and trace
//	bare        testkit.Start with WithoutRecording
//	amqp://...  any broker, over TCP, in a virtual host that can be littered
//
// Those with a name run in this process, over TCP and in memory. The first
// contender is the one that the others are compared with.
//
// Contenders run interleaved: in each round every case runs once for each of
// them, one right after the other, and the ratio of a case is the median over the
// rounds of the ratios within a round. On a machine that others use as well, only
// ratios from one run say anything. The table has medians with minimum and
// maximum; the ratio is oriented so that more is better, and 1.00 is as good as
// the first contender.
package main
