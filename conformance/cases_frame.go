package conformance

import (
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

// rawFrame builds a frame of which everything may be wrong.
func rawFrame(frameType byte, channel uint16, size uint32, payload string, end byte) []byte {
	frame := []byte{frameType, byte(channel >> 8), byte(channel), byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)}
	return append(append(frame, payload...), end)
}

var frameCases = []Case{
	{
		ID:     "frame/unknown-type",
		Title:  "a frame of an unknown type is a 501, whichever channel it is on",
		Why:    "The text shows the frame as Erlang prints it, which people search for.",
		Source: specification + "4.2.3 General Frame Format",
		Run: func(t *T) {
			t.refused([]garbage{
				{"text", func(r *Raw) { r.Channel(); r.WriteFrame(99, 1, []byte("abc")) },
					frameError(`type 99, all octets = <<"abc">>: unknown_frame`)},
				{"empty", func(r *Raw) { r.WriteFrame(4, 0, nil) },
					frameError(`type 4, all octets = <<>>: unknown_frame`)},
				{"bytes", func(r *Raw) { r.WriteFrame(0, 7, []byte{0, 1, 255}) },
					frameError(`type 0, all octets = <<0,1,255>>: unknown_frame`)},
				{"16 bytes", func(r *Raw) { r.WriteFrame(99, 1, []byte("sixteen bytes ok")) },
					frameError(`type 99, all octets = <<"sixteen bytes ok">>: unknown_frame`)},
				{"17 bytes", func(r *Raw) { r.WriteFrame(99, 1, []byte("seventeen bytes !")) },
					frameError(`type 99, first 16 octets = <<"seventeen bytes ">>: unknown_frame`)},
				{"bytes that print", func(r *Raw) { r.WriteFrame(99, 1, []byte("a\n\t\"\\\x1b~")) },
					frameError(`type 99, all octets = <<"a\n\t\"\\\e~">>: unknown_frame`)},
				{"bytes that do not print", func(r *Raw) { r.WriteFrame(99, 1, []byte("a\x7f")) },
					frameError(`type 99, all octets = <<97,127>>: unknown_frame`)},
			})
		},
	},
	{
		ID:     "frame/bad-end",
		Title:  "a frame that does not end with 206 is a 501",
		Why:    "It shows that the two sides no longer agree on where frames begin.",
		Source: specification + "4.2.3 General Frame Format",
		Waits:  true,
		Run: func(t *T) {
			t.refused([]garbage{
				{"method", func(r *Raw) { r.Write(rawFrame(1, 0, 4, "\x00\x0a\x00\x32", 0)) },
					frameError("type 1, all octets = <<0,10,0,50>>: {invalid_frame_end_marker,0}")},
				{"heartbeat", func(r *Raw) { r.Write(rawFrame(8, 0, 0, "", 205)) },
					frameError("type 8, all octets = <<>>: {invalid_frame_end_marker,205}")},
				{"body", func(r *Raw) { r.Write(rawFrame(3, 1, 200, strings.Repeat("x", 200), 0)) },
					frameError(`type 3, first 16 octets = <<"xxxxxxxxxxxxxxxx">>: {invalid_frame_end_marker,0}`)},
			})
		},
	},
	{
		ID:     "frame/too-large",
		Title:  "a frame over the negotiated size is a 501, seen from its head alone",
		Why:    "The broker must not wait for, or store, what it will not take.",
		Source: specification + "4.2.3 General Frame Format",
		Waits:  true,
		Run: func(t *T) {
			t.refused([]garbage{
				{"one byte more than is let through", func(r *Raw) { r.Write(rawFrame(3, 0, 131073, "", 0)[:7]) },
					frameError("type 3, all octets = <<>>: {frame_too_large,131073,131064}")},
				{"the largest size", func(r *Raw) { r.Write(rawFrame(1, 1, 4294967295, "", 0)[:7]) },
					frameError("type 1, all octets = <<>>: {frame_too_large,4294967295,131064}")},
				{"another protocol", func(r *Raw) { r.Write([]byte("GET / HTTP/1.1\r\n\r\n")) },
					frameError("type 71, all octets = <<>>: {frame_too_large,539959368,131064}")},
			})
		},
	},
	{
		ID:     "frame/too-large-as-tuned",
		Title:  "the limit is the one that the client agreed to",
		Why:    "A client that asks for small frames has to send small ones.",
		Source: specification + "4.2.3 General Frame Format",
		Waits:  true,
		Run: func(t *T) {
			r := t.Socket()
			r.Handshake(Handshake{FrameMax: 8192})
			r.Write(rawFrame(3, 1, 8193, "", 0)[:7])
			t.Check("refusal", r.Channel0().Error(), frameError("type 3, all octets = <<>>: {frame_too_large,8193,8184}"))
		},
	},
	{
		ID:     "frame/size-fudge",
		Title:  "a frame may be eight bytes larger than was negotiated",
		Why:    "RabbitMQ counts the frame's overhead in favour of clients that count it otherwise.",
		Source: measured,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c := r.Channel()
			c.Queue(q)
			c.Send(&wire.BasicPublish{RoutingKey: q})
			r.write(wire.AppendHeaderFrame(nil, 1, 60, 131072, []byte{0, 0}))
			r.WriteFrame(wire.FrameBody, 1, []byte(strings.Repeat("x", 131072)))
			c.Send(&wire.BasicGet{Queue: q, NoAck: true})
			t.Check("size", len(c.Next().Body), 131072)
		},
	},
	{
		ID:     "frame/heartbeat-misplaced",
		Title:  "a heartbeat on a channel is a 505, and one with a payload a 501",
		Why:    "Heartbeats are the connection's, and empty.",
		Source: specification + "4.2.7 Heartbeat Frames",
		Run: func(t *T) {
			r := t.Raw()
			r.Channel()
			r.WriteFrame(wire.FrameHeartbeat, 1, nil)
			t.Check("on a channel", r.Channel0().Error(), ConnectionError(wire.UnexpectedFrame, "type 8, all octets = <<>>", 0))
			r = t.Raw()
			r.WriteFrame(wire.FrameHeartbeat, 0, []byte("x"))
			t.Check("with a payload", r.Channel0().Error(), frameError(`type 8, all octets = <<"x">>: unknown_frame`))
		},
	},
	{
		ID:     "frame/content-on-channel-0",
		Title:  "content on channel 0 is a 505",
		Why:    "No method of the connection has content.",
		Source: specification + "4.2.6 Content Framing",
		Run: func(t *T) {
			r := t.Raw()
			r.Write(wire.AppendHeaderFrame(nil, 0, 60, 3, []byte{0, 0}))
			t.Check("header", r.Channel0().Error(), ConnectionError(wire.UnexpectedFrame, "type 2, all octets = <<0,60,0,0,0,0,0,0,0,0,0,3,0,0>>", 0))
			r = t.Raw()
			r.WriteFrame(wire.FrameBody, 0, []byte("abc"))
			t.Check("body", r.Channel0().Error(), ConnectionError(wire.UnexpectedFrame, `type 3, all octets = <<"abc">>`, 0))
		},
	},
	{
		ID:     "frame/method-too-short",
		Title:  "a method frame without room for its class and method is a 501",
		Why:    "It must not be read past its end.",
		Source: specification + "4.2.4 Method Payloads",
		Run: func(t *T) {
			for _, each := range []struct{ payload, text string }{
				{"", "<<>>"}, {"\x00\x32", "<<0,50>>"}, {"\x00\x32\x00", "<<0,50,0>>"},
			} {
				r := t.Raw()
				r.WriteFrame(wire.FrameMethod, 1, []byte(each.payload))
				t.Check(each.text, r.Channel0().Error(), frameError("type 1, all octets = "+each.text+": unknown_frame"))
			}
		},
	},
	{
		ID:     "frame/arguments-do-not-decode",
		Title:  "arguments that are cut off, or followed by more, are a 501 on a channel and a 541 on channel 0",
		Why:    "A method is taken whole or not at all.",
		Source: specification + "4.2.4 Method Payloads",
		Run: func(t *T) {
			declare := string((&wire.QueueDeclare{Queue: "abc"}).Append(nil))
			for _, each := range []struct{ label, payload, text string }{
				{"cut off", declare[:8], "cannot decode <<0,0,3,97>>"},
				{"missing", declare[:4], "cannot decode <<>>"},
				{"followed by more", declare + "xyz", "cannot decode <<0,0,3,97,98,99,0,0,0,0,0,120,121,122>>"},
				{"table cut off", "\x00\x32\x00\x0a\x00\x00\x01q\x00\x00\x00\x00\xff\x01aZ", "cannot decode <<0,0,1,113,0,0,0,0,255,1,97,90>>"},
			} {
				r := t.Raw()
				r.Channel()
				r.WriteFrame(wire.FrameMethod, 1, []byte(each.payload))
				t.Check(each.label, r.Channel0().Error(), ConnectionError(wire.FrameError, each.text, wire.IDQueueDeclare))
			}
			r := t.Raw()
			r.WriteFrame(wire.FrameMethod, 0, []byte("\x00\x0a\x00\x32\x00\xc8\xff"))
			t.Check("on channel 0", r.Channel0().Error(), Error{OnConnection, wire.InternalError, "INTERNAL_ERROR", 0})
		},
	},
	{
		ID:     "frame/unknown-method",
		Title:  "a class, a method or a table's type that does not exist closes the socket without a word",
		Why:    "RabbitMQ's reader gives up; a client sees a lost connection.",
		Source: measured,
		Run: func(t *T) {
			for _, each := range []struct {
				label   string
				channel uint16
				payload string
			}{
				{"method", 1, "\x00\x32\x00\x63"},
				{"class", 1, "\x00\x63\x00\x0a"},
				{"on channel 0", 0, "\x00\x0a\x00\x63"},
				{"on a channel that is not open", 9, "\x00\x63\x00\x0a"},
				{"table type", 1, "\x00\x32\x00\x0a\x00\x00\x01q\x00\x00\x00\x00\x03\x01aZ"},
			} {
				r := t.Raw()
				r.Channel()
				r.WriteFrame(wire.FrameMethod, each.channel, []byte(each.payload))
				r.ExpectEnd()
				t.mark(each.label)
			}
		},
	},
	{
		ID:     "frame/utf-8",
		Title:  "a short string that is no UTF-8 is a 501",
		Why:    "Names are text, and go into other people's logs.",
		Source: measured,
		Run: func(t *T) {
			c := t.Raw().Channel()
			t.Check("queue name", c.Refused(&wire.QueueDeclare{Queue: "\xff\xfe", Exclusive: true}),
				frameError("Malformed UTF-8 in shortstr"))
			c = t.Raw().Channel()
			c.Publish("", "\xc3", "m")
			t.Check("not so a routing key", c.RoundTrip(), []string{})
		},
	},
	{
		ID:     "frame/lenient",
		Title:  "undefined bits, repeated table keys and zero bytes in names are taken",
		Why:    "Being stricter than RabbitMQ breaks programs that work.",
		Source: measured,
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			undefined := (&wire.ConfirmSelect{}).Append(nil)
			undefined[4] = 0xfe
			r.WriteFrame(wire.FrameMethod, 1, undefined)
			Expect[*wire.ConfirmSelectOk](c)
			Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Queue: t.QueueName("q"), Exclusive: true,
				Arguments: wire.Table{{Key: "a", Value: true}, {Key: "a", Value: false}}})
			zero := t.QueueName("zero") + "\x00"
			ok := Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Queue: zero, Exclusive: true})
			t.Check("zero byte", strings.HasSuffix(ok.Queue, "\x00"), true)
		},
	},
	{
		ID:     "frame/other-connections-unharmed",
		Title:  "one connection's garbage does not touch the others",
		Why:    "A broken client must not take the rest along.",
		Source: specification + "4.2.3 General Frame Format",
		Waits:  true,
		Run: func(t *T) {
			other, q := t.Raw().Channel(), t.QueueName("q")
			other.Queue(q)
			other.Consume(q, "c")
			r := t.Raw()
			r.Write(rawFrame(1, 0, 4, "\x00\x0a\x00\x32", 0))
			r.Channel0().Error()
			t.Publish("", q, "a")
			t.Check("delivered", other.Lines(1), []string{`deliver c 1 "a"`})
		},
	},
}
