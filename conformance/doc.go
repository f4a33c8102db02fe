// Package conformance holds one suite of cases that any AMQP 0-9-1 broker claiming to be RabbitMQ should pass: the
// emulator of this module, and RabbitMQ itself, which decides what is right.
//
//	func TestBroker(t *testing.T) {
//		conformance.Run(t, conformance.Target{URL: os.Getenv("AMQP_URL")})
//	}
//
// Each case has a stable ID, a title, one sentence that says why it matters, and the clause or page it rests on;
// docs/conformance.md lists them all. A case uses names of its own and removes what it declared, so the suite may be
// aimed at a broker that others use.
//
// Most cases speak package wire over a plain socket ([T.Raw]): there every frame is visible, in one total order, and an
// error shows the method that failed. The cases of area "client" see the broker as users do, through amqp091-go.
//
// Whatever a case checks goes through [T.Check], which compares and also records an [Observation], with generated names
// replaced by placeholders. The observations of two brokers can therefore be compared directly.
//
// # Writing a case
//
// Add it to the slice of its area in a file cases_AREA.go, with wants that a real RabbitMQ answered, never guessed ones;
// index.go lists the slices. Take names from [T.QueueName], [T.ExchangeName] and [T.UniqueName]; what they name is
// deleted when the case ends. What differs between releases goes into [ByRelease]. Nothing sleeps: replies, deliveries
// and confirms are waited for, and that nothing more comes is shown by [RawChannel.Fence] or [RawChannel.RoundTrip].
// RabbitMQ does some things after it has answered, and answers some things early; [T.Publish], [RawChannel.CheckCounts]
// and [RawChannel.DrainRequeued] wait for those.
//
//go:generate go run ./internal/writeindex ../docs/conformance.md
package conformance
