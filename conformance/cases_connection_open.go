package conformance

import "github.com/minirabbit/minirabbit/wire"

var connectionOpenCases = []Case{
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
}
