package conformance

import (
	"github.com/minirabbit/minirabbit/wire"
)

var connectionOpenCases = []Case{
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
					FrameMax: ByRelease(t, From(Before43, uint32(4095)), From(Only43, uint32(8191)))}),
			})
			for _, least := range []uint32{ByRelease(t, From(Before43, uint32(4096)), From(Only43, uint32(8192))), 131072} {
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
	{
		ID:     "connection.open/unknown-vhost",
		Title:  "a vhost that does not exist is a 530",
		Why:    "Clients tell it from a refused login.",
		Source: reference + "connection.open.virtual-host",
		Run: func(t *T) {
			vhost := t.UniqueName("vhost")
			for _, name := range []string{vhost, "/" + vhost, ""} {
				r := t.Socket()
				r.TuneOk(Handshake{}, r.Login(Handshake{}))
				t.Check(render(name), r.Channel0().Refused(&wire.ConnectionOpen{VirtualHost: name}),
					ConnectionError(wire.NotAllowed, "vhost "+name+" not found", wire.IDConnectionOpen))
			}
		},
	},
	{
		ID:     "connection.open/reserved-fields",
		Title:  "the fields that 0-9-1 reserves may be set: insist and capabilities, a channel's out-of-band, a ticket",
		Why:    "pika sends insist, and old clients send tickets.",
		Source: reference + "connection.open",
		Run: func(t *T) {
			r, q := t.Socket(), t.QueueName("q")
			r.TuneOk(Handshake{}, r.Login(Handshake{}))
			open := append([]byte{0, 10, 0, 40, byte(len(t.uri.Vhost))}, t.uri.Vhost...)
			r.WriteFrame(wire.FrameMethod, 0, append(open, 3, 'c', 'a', 'p', 1))
			Expect[*wire.ConnectionOpenOk](r.Channel0())
			r.WriteFrame(wire.FrameMethod, 1, []byte("\x00\x14\x00\x0a\x03oob"))
			c := r.Unopened(1)
			Expect[*wire.ChannelOpenOk](c)
			declare := (&wire.QueueDeclare{Queue: q, Exclusive: true}).Append(nil)
			declare[5] = 7 // the ticket
			r.WriteFrame(wire.FrameMethod, 1, declare)
			t.Check("ticket", Expect[*wire.QueueDeclareOk](c), &wire.QueueDeclareOk{Queue: "<q>"})
		},
	},
	{
		ID:     "connection.open/expected",
		Title:  "another method instead of connection.open is a 504, and a frame on another channel a 505",
		Why:    "The handshake has one order.",
		Source: specification + "2.2.4 The Connection Class",
		Run: func(t *T) {
			tuned := func() *Raw {
				r := t.Socket()
				r.TuneOk(Handshake{}, r.Login(Handshake{}))
				return r
			}
			for _, m := range []wire.Method{
				&wire.ConnectionTuneOk{},
				&wire.ConnectionClose{ReplyCode: wire.ReplySuccess},
				&wire.ConnectionCloseOk{},
				&wire.ChannelOpen{},
				&wire.BasicPublish{},
			} {
				t.Check(m.ID().String(), tuned().Channel0().Refused(m),
					ConnectionError(wire.ChannelError, "unexpected method in connection state opening", m.ID()))
			}
			t.Check("on channel 1", tuned().Unopened(1).Refused(&wire.ChannelOpen{}),
				ConnectionError(wire.UnexpectedFrame, "type 1, all octets = <<0,20,0,10,0>>", 0))
		},
	},
	{
		ID:     "connection.running/unexpected-method",
		Title:  "on channel 0 of an open connection, what belongs to the handshake, to the broker or to a channel is a 504",
		Why:    "The connection is told which method was wrong.",
		Source: specification + "2.2.4 The Connection Class",
		Run: func(t *T) {
			for _, m := range []wire.Method{
				&wire.ConnectionStartOk{},
				&wire.ConnectionTuneOk{},
				&wire.ConnectionOpen{VirtualHost: "/"},
				&wire.ConnectionCloseOk{},
				&wire.ConnectionSecureOk{},
				&wire.ConnectionStart{},
				&wire.ConnectionBlocked{Reason: "why"},
				&wire.ConnectionUpdateSecretOk{},
				&wire.ChannelOpen{},
				&wire.QueueDeclare{},
				&wire.BasicConsume{},
			} {
				t.Check(m.ID().String(), t.Raw().Channel0().Refused(m),
					ConnectionError(wire.ChannelError, "unexpected method in connection state running", m.ID()))
			}
		},
	},
	{
		ID:     "connection.update-secret/reply",
		Title:  "update-secret is answered, also where the login was by password",
		Why:    "Clients with expiring tokens renew them this way.",
		Source: "rabbitmq.com/docs/oauth2",
		Run: func(t *T) {
			t.Check("reply", describe(Call[*wire.ConnectionUpdateSecretOk](t.Raw().Channel0(),
				&wire.ConnectionUpdateSecret{NewSecret: []byte(t.uri.Password), Reason: "renewed"})), "connection.update-secret-ok{}")
		},
	},
	{
		ID:     "connection.close/reply",
		Title:  "a close with any code and text is answered, and so is a second one",
		Why:    "py-amqp closes with code 0, and both sides may close at once.",
		Source: reference + "connection.close",
		Run: func(t *T) {
			for _, m := range []*wire.ConnectionClose{
				{ReplyCode: wire.ReplySuccess, ReplyText: "goodbye"},
				{},
				{ReplyCode: wire.ConnectionForced, ReplyText: "operator", FailingMethod: wire.IDBasicPublish},
			} {
				c := t.Raw().Channel0()
				Call[*wire.ConnectionCloseOk](c, m)
				t.Check("again, after "+describe(m), describe(Call[*wire.ConnectionCloseOk](c, m)), "connection.close-ok{}")
			}
		},
	},
	{
		ID:     "connection.close/nothing-after",
		Title:  "nothing but close-ok comes after the client's close, whatever it had started or goes on to send",
		Why:    "A client that closes no longer reads.",
		Source: specification + "2.2.4 The Connection Class",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c := r.Channel()
			c.Queue(q)
			c.Consume(q, "c")
			r.Channel0().Send(&wire.ConnectionClose{ReplyCode: wire.ReplySuccess})
			c.Send(&wire.BasicQos{PrefetchCount: 1}, &wire.QueuePurge{Queue: t.UniqueName("missing")})
			Expect[*wire.ConnectionCloseOk](r.Channel0())
			other := t.Raw().Channel()
			other.CheckCounts("the consumer is gone", q, Counts{})
			t.Publish("", q, "a")
			r.Channel0().Send(&wire.ConnectionClose{ReplyCode: wire.ReplySuccess})
			Expect[*wire.ConnectionCloseOk](r.Channel0())
			t.Check("on the channel", len(r.inbox), 0)
			t.Check("nobody took it", other.Drain(q), []string{"a"})
		},
	},
	{
		ID:     "connection.close/error-closes-all-channels",
		Title:  "an error of the connection takes all its channels along, and no other connection",
		Why:    "This is what sets a connection error apart from a channel error.",
		Source: pageConnections,
		Run: func(t *T) {
			r, other := t.Raw(), t.Raw().Channel()
			c, bystander := r.Channel(), r.Channel()
			q := taken(t, bystander, "a")
			t.Check("refusal", c.Refused(&wire.BasicQos{PrefetchSize: 1}),
				ConnectionError(wire.NotImplemented, "prefetch_size!=0 (1)", wire.IDBasicQos))
			other.Consume(q, "c")
			t.Check("the bystander's message came back", other.Lines(1), []string{`deliver c 1 redelivered "a"`})
		},
	},
}
