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
// # Recordings
//
// What the real releases answered is checked in, case by case, in testdata/recordings: see [Recordings]. The suite compares
// with them line by line, so that on a machine without RabbitMQ the emulator is held against what RabbitMQ said, and in
// continuous integration each RabbitMQ against what it said before. That holds more than the checks do: whatever a case
// takes is compared, looked at or not. The differences that remain are listed in differences.md, see [Ledger].
//
// A case's recording, its transcript, is made without its help. In the order in which the case took them, it holds
//
//   - each method that a raw connection or channel took, with all its fields, and the content's properties, headers with
//     their types, and body, as in "1.2 basic.ack delivery-tag=1": connection 1 of the case, channel 2;
//   - the end of a connection, a protocol header, and a frame that the case read itself;
//   - each request to the HTTP API with its status, and an error's body; a repetition is left out;
//   - what the case checks or observes, as "# label: value", or "# label" if the value is the lines above.
//
// The order between connections is the case's, which takes one thing after the other. Left out is what differs from run
// to run or says nothing:
//
//   - Names that the case or the broker made up become placeholders, as do addresses, processes, nodes, and what tells
//     one build from another; a time within a day becomes <now>. The authentication mechanisms are sorted.
//   - Heartbeats, what arrived and was not taken by the case's end, and the client library's own conversation: of a case
//     with that client, its checks remain.
//   - The ordinary handshake and channel.open of [T.Raw] and [Raw.Channel], the confirms of [T.Publish], and the replies
//     that fences, [RawChannel.CheckCounts] and other helpers wait for: deliveries overtake them, or not.
//   - More than 100 bytes of a body become their number and checksum, and five or more lines that differ by numbers in
//     step become the first and the last.
//
// What a case receives in any order, it takes with [RawChannel.LinesInAnyOrder]. If there is no more order in it than
// that, the case says so in [Case.Racy], with the reason, and only its checks are recorded.
//
// To record, with the RabbitMQ of a release installed and started for it, or with one that runs already:
//
//	scripts/record 4.3
//	AMQP_URL=amqp://… HTTP_URL=http://… RABBITMQCTL=… go test -count=1 ./conformance -run TestBroker -record
//
// 3.12, 3.13, 4.1 and 4.2 were recorded on nodes that were built from their sources, with the same Erlang for all.
//
// The cases of area "delayed" need the plug-in rabbitmq_delayed_message_exchange, which RabbitMQ's packages do not bring
// along and of which there is none for 4.3. They were recorded on nodes with one compiled from its source: as it was
// before RabbitMQ 3.13 for 3.10.8, and as it is since for 4.0.5. Elsewhere they are skipped, and their recordings stay.
//
// A case that fails is not recorded, nor is one that needs what is not given; with -run TestBroker/AREA/ only that area
// is. A test fails as long as a case has no recording.
//
// # Writing a case
//
// A case's ID leads to its file: the cases of area "basic.ack" are in cases_basic_ack.go. Small areas share the file of the
// family that their names begin with, as "channel.open" and "channel.flow" share cases_channel.go, and the cases of a large
// area are in parts, as cases_http_access.go. What cases of several areas use is in files of other names. Tests check all
// that. index.go lists the files' slices.
//
// Write no expectation that a real RabbitMQ has not answered. Take names from [T.QueueName], [T.ExchangeName] and
// [T.UniqueName]; what they name is deleted when the case ends. What differs between releases
// goes into [ByRelease] by ranges such as Since("4.1") and UpTo("3.13"); release.go alone orders the releases.
// Nothing sleeps: replies, deliveries and confirms are waited for, and that nothing more comes is shown by
// [RawChannel.Fence] or [RawChannel.RoundTrip]. RabbitMQ does some things after it has answered, and answers some things
// early; [T.Publish], [RawChannel.CheckCounts] and [RawChannel.DrainRequeued] wait for those. Do things in the same
// order in each run, so never by the order of a map. Then record it; that a second run answers the same is checked by
// running the suite on RabbitMQ again.
//
//go:generate env -u AMQP_URL go test -count=1 -run ^TestBroker$ . -index
package conformance
