package conformance

import "github.com/minirabbit/minirabbit/wire"

var connectionHeaderCases = []Case{
	{
		ID:     "connection.header/wrong-version",
		Title:  "a header of another version of AMQP 0 is answered with the version that the broker speaks",
		Why:    "A client that speaks several versions picks one by this.",
		Source: specification + "4.2.2 Protocol Header",
		Run: func(t *T) {
			for _, header := range []string{"AMQP\x00\x00\x09\x02", "AMQP\x00\x00\x0a\x00"} {
				r := t.Socket()
				r.Write([]byte(header))
				answer := r.ExpectHeader()
				t.Check(render(header), string(answer[:]), "AMQP\x00\x00\x09\x01")
			}
		},
	},
	{
		ID:     "connection.header/other-protocol",
		Title:  "anything else is answered with a protocol header too: 0-9-1 by 3.10, AMQP 1.0 by 4.0",
		Why:    "Health checks and lost browsers must not hang.",
		Source: specification + "4.2.2 Protocol Header",
		Run: func(t *T) {
			for _, header := range []string{"GET / HT", "XXXX\x00\x00\x09\x01", "AMQP\x02\x01\x00\x00", "AMQP\x00\x01\x00\x00"} {
				r := t.Socket()
				r.Write([]byte(header))
				answer := r.ExpectHeader()
				t.Check(render(header), string(answer[:]), ByRelease(t,
					On(UpTo("3.13"), "AMQP\x00\x00\x09\x01"),
					On(Since("4.0"), "AMQP\x03\x01\x00\x00")))
			}
		},
	},
	{
		ID:     "connection.header/old-form",
		Title:  "the header of AMQP 0-9, which some clients send, starts 0-9-1",
		Why:    "Old client libraries are still in use.",
		Source: measured,
		Run: func(t *T) {
			r := t.Socket()
			r.Write([]byte("AMQP\x01\x01\x00\x09"))
			start := Expect[*wire.ConnectionStart](r.Channel0())
			t.Check("version", [2]uint8{start.VersionMajor, start.VersionMinor}, [2]uint8{0, 9})
		},
	},
}
