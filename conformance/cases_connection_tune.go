package conformance

import "github.com/minirabbit/minirabbit/wire"

var connectionTuneCases = []Case{
	{
		ID:     "connection.tune/offer",
		Title:  "the broker offers 2047 channels, frames of 128 KiB and a heartbeat of 60 seconds",
		Why:    "Clients take these limits over as they are.",
		Source: pageConnections,
		Run: func(t *T) {
			t.Check("offer", t.Socket().Login(Handshake{}), &wire.ConnectionTune{ChannelMax: 2047, FrameMax: 131072, Heartbeat: 60})
		},
	},
	{
		ID:     "connection.tune-ok/limits",
		Title:  "limits above the broker's, none at all, or frames that are too small close the socket without a word",
		Why:    "A client must not take more than it was offered.",
		Source: reference + "connection.tune-ok",
		Waits:  true,
		Run: func(t *T) {
			tuned := func(label string, ok wire.ConnectionTuneOk) silence {
				return silence{label, func(r *Raw) {
					r.Login(Handshake{})
					r.Channel0().Send(&ok)
				}}
			}
			t.closedInSilence([]silence{
				tuned("channel-max above", wire.ConnectionTuneOk{ChannelMax: 2048, FrameMax: 131072}),
				tuned("channel-max without limit", wire.ConnectionTuneOk{FrameMax: 131072}),
				tuned("frame-max above", wire.ConnectionTuneOk{ChannelMax: 2047, FrameMax: 131073}),
				tuned("frame-max without limit", wire.ConnectionTuneOk{ChannelMax: 2047}),
				tuned("frame-max too small", wire.ConnectionTuneOk{ChannelMax: 2047,
					FrameMax: ByRelease(t, On(UpTo("4.0"), uint32(4095)), On(Since("4.1"), uint32(8191)))}),
			})
			for _, least := range []uint32{ByRelease(t, On(UpTo("4.0"), uint32(4096)), On(Since("4.1"), uint32(8192))), 131072} {
				t.Socket().Handshake(Handshake{FrameMax: least, ChannelMax: 1, Heartbeat: 65535})
			}
		},
	},
	{
		ID:     "connection.tune-ok/channel-max",
		Title:  "channel-max limits how many channels are open, not their numbers: one more is a 530",
		Why:    "Leaking channels is a common fault, and the connection pays for it.",
		Source: pageChannels,
		Run: func(t *T) {
			r := t.Socket()
			r.Handshake(Handshake{ChannelMax: 2})
			r.Unopened(65535).Open()
			c := r.Unopened(7)
			c.Open()
			c.Close()
			r.Unopened(8).Open()
			t.Check("refusal", r.Unopened(1).Refused(&wire.ChannelOpen{}), ConnectionError(wire.NotAllowed,
				"number of channels opened (2) has reached the negotiated channel_max (2)", 0))
		},
	},
}
