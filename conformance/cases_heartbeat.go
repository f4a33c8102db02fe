package conformance

import "github.com/minirabbit/minirabbit/wire"

var heartbeatCases = []Case{
	{
		ID:     "heartbeat/sent",
		Title:  "the broker sends heartbeats on a connection that negotiated them, and keeps it while the client answers",
		Why:    "Clients drop a broker that is silent.",
		Source: pageHeartbeats,
		Waits:  true,
		Run: func(t *T) {
			r := t.Socket()
			r.Handshake(Handshake{Heartbeat: 1})
			for range 5 {
				frame, err := r.ReadFrame()
				t.Must(err)
				t.Check("frame", wire.Frame{Type: frame.Type, Channel: frame.Channel, Payload: frame.Payload}, wire.Frame{Type: wire.FrameHeartbeat})
				r.Write(wire.AppendHeartbeat(nil))
			}
			t.Check("still open", r.Channel().RoundTrip(), []string{})
		},
	},
	{
		ID:     "heartbeat/missed",
		Title:  "the broker drops a client that is silent for two intervals, without a word, and requeues its messages",
		Why:    "This is how a lost machine is noticed.",
		Source: pageHeartbeats,
		Waits:  true,
		Run: func(t *T) {
			r := t.Socket()
			r.Handshake(Handshake{Heartbeat: 1})
			q := taken(t, r.Channel(), "a")
			other := t.Raw().Channel()
			other.Consume(q, "c")
			r.ExpectEnd()
			t.Check("came back", other.Lines(1), []string{`deliver c 1 redelivered "a"`})
		},
	},
}
