package conformance

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

// unexpectedFrame is a connection error 505.
func unexpectedFrame(explanation string, method wire.MethodID) Error {
	return ConnectionError(wire.UnexpectedFrame, explanation, method)
}

// publishing opens a channel that has sent basic.publish, and no content yet.
func publishing(t *T) (r *Raw, c *RawChannel, queue string) {
	t.Helper()
	r, queue = t.Raw(), t.QueueName("q")
	c = r.Channel()
	c.Queue(queue)
	c.Send(&wire.BasicPublish{RoutingKey: queue})
	return r, c, queue
}

// header is a content header frame for channel 1 that has no properties.
func header(class uint16, size uint64) []byte {
	return wire.AppendHeaderFrame(nil, 1, class, size, []byte{0, 0})
}

// headerWith is a content header frame's payload with flags and values as given.
func headerWith(flagsAndValues string) []byte {
	return []byte("\x00\x3c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" + flagsAndValues)
}

// streamContent sends a content header and a body of that size, made on the way.
func (c *RawChannel) streamContent(size int) {
	c.raw.t.Helper()
	c.raw.note("-> %d   content of %d bytes", c.Number, size)
	c.raw.write(wire.AppendHeaderFrame(nil, c.Number, 60, uint64(size), []byte{0, 0}))
	part := make([]byte, c.raw.frameMax-wire.FrameOverhead)
	for size > 0 {
		part = part[:min(size, len(part))]
		c.raw.write(wire.AppendBodyFrames(nil, c.Number, part, c.raw.frameMax))
		size -= len(part)
	}
}

var contentCases = []Case{
	{
		ID:     "content/without-publish",
		Title:  "a content header or body that no publish asked for is a 505",
		Why:    "The two sides have lost step.",
		Source: specification + "4.2.6 Content Framing",
		Run: func(t *T) {
			expected := unexpectedFrame("expected method frame, got non method frame instead", 0)
			for _, channel := range []string{"open", "not open"} {
				opened := func() *Raw {
					r := t.Raw()
					if channel == "open" {
						r.Channel()
					}
					return r
				}
				r := opened()
				r.Write(header(60, 3))
				t.Check("header, channel "+channel, r.Channel0().Error(), expected)
				r = opened()
				r.WriteFrame(wire.FrameBody, 1, []byte("abc"))
				t.Check("body, channel "+channel, r.Channel0().Error(), expected)
			}
		},
	},
	{
		ID:     "content/missing-header",
		Title:  "after a publish anything but its content header is a 505",
		Why:    "Two threads that publish on one channel are found out.",
		Source: specification + "4.2.6 Content Framing",
		Run: func(t *T) {
			expected := unexpectedFrame("expected content header for class 60, got non content header frame instead", wire.IDBasicPublish)
			_, c, _ := publishing(t)
			t.Check("method", c.Refused(&wire.BasicQos{}), expected)
			_, c, _ = publishing(t)
			t.Check("publish", c.Refused(&wire.BasicPublish{}), expected)
			_, c, _ = publishing(t)
			t.Check("channel.close", c.Refused(&wire.ChannelClose{ReplyCode: wire.ReplySuccess}), expected)
			r, c, _ := publishing(t)
			r.WriteFrame(wire.FrameBody, 1, []byte("abc"))
			t.Check("body", c.Error(), expected)
		},
	},
	{
		ID:     "content/missing-body",
		Title:  "after a content header anything but its body is a 505",
		Why:    "Two threads that publish on one channel are found out.",
		Source: specification + "4.2.6 Content Framing",
		Run: func(t *T) {
			expected := unexpectedFrame("expected content body, got non content body frame instead", wire.IDBasicPublish)
			r, c, _ := publishing(t)
			r.Write(header(60, 3))
			t.Check("method", c.Refused(&wire.BasicQos{}), expected)
			r, c, _ = publishing(t)
			r.Write(header(60, 3))
			r.Write(header(60, 3))
			t.Check("header", c.Error(), expected)
			r, c, _ = publishing(t)
			r.Write(header(60, 3))
			r.WriteFrame(wire.FrameBody, 1, []byte("ab"))
			t.Check("before the end", c.Refused(&wire.ChannelClose{ReplyCode: wire.ReplySuccess}), expected)
		},
	},
	{
		ID:     "content/wrong-header",
		Title:  "a content header of another class, or with a weight, is a 505",
		Why:    "Both are fixed by the specification.",
		Source: specification + "4.2.6.1 The Content Header",
		Run: func(t *T) {
			r, c, _ := publishing(t)
			r.Write(header(50, 3))
			t.Check("class", c.Error(), unexpectedFrame("expected content header for class 60, got one for class 50 instead", wire.IDBasicPublish))
			r, c, _ = publishing(t)
			r.WriteFrame(wire.FrameHeader, 1, []byte("\x00\x3c\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
			t.Check("weight", c.Error(), unexpectedFrame("expected content header for class 60, got non content header frame instead", wire.IDBasicPublish))
			r, c, _ = publishing(t)
			r.WriteFrame(wire.FrameHeader, 1, []byte("\x00\x3c\x00\x00\x00"))
			t.Check("too short", c.Error(), frameError("type 2, all octets = <<0,60,0,0,0>>: unknown_frame"))
		},
	},
	{
		ID:     "content/properties-do-not-decode",
		Title:  "properties that are cut off, followed by more or have further flags are a 541",
		Why:    "The broker reads them to route and store.",
		Source: specification + "4.2.6.1 The Content Header",
		Run: func(t *T) {
			for _, each := range []struct{ label, flagsAndValues string }{
				{"no flags", ""},
				{"cut off", "\x80\x00\x05ab"},
				{"followed by more", "\x80\x00\x02abXXX"},
				{"further flags", "\x80\x01\x00\x00\x02ab"},
			} {
				r, c, _ := publishing(t)
				r.WriteFrame(wire.FrameHeader, 1, headerWith(each.flagsAndValues))
				t.Check(each.label, c.Error(), Error{OnConnection, wire.InternalError, "INTERNAL_ERROR", 0})
			}
			r, c, q := publishing(t)
			r.WriteFrame(wire.FrameHeader, 1, headerWith("\x80\x02\x02ab"))
			c.Send(&wire.BasicGet{Queue: q, NoAck: true})
			t.Check("an undefined flag is ignored", c.Next().Header.Properties.ContentType, "ab")
		},
	},
	{
		ID:     "content/body-frames",
		Title:  "a body may come in frames of any size, empty ones too, mixed with heartbeats and other channels",
		Why:    "Every client cuts bodies in its own way.",
		Source: specification + "4.2.6.2 The Content Body",
		Run: func(t *T) {
			r, c, q := publishing(t)
			other := r.Unopened(2)
			other.Send(&wire.ChannelOpen{})
			r.Write(wire.AppendHeartbeat(nil))
			r.Write(header(60, 6))
			for _, part := range []string{"", "a", "bcd", "", "ef"} {
				r.WriteFrame(wire.FrameBody, 1, []byte(part))
				other.Send(&wire.BasicQos{})
			}
			t.Check("body", c.Get(q), `get-ok 1 left 0 "abcdef"`)
			r.WriteFrame(wire.FrameBody, 1, nil)
			t.Check("one frame more", c.Error(), unexpectedFrame("expected method frame, got non method frame instead", 0))
		},
	},
	{
		ID:     "content/body-too-long",
		Title:  "body frames longer than the header said never complete the content up to 4.0, and are a 501 on 4.3",
		Why:    "The size in the header is what storage is planned by.",
		Source: measured,
		Run: func(t *T) {
			r, c, q := publishing(t)
			r.Write(header(60, 3))
			r.WriteFrame(wire.FrameBody, 1, []byte("abcd"))
			if t.In(Since("4.2")) {
				t.Check("refusal", c.Error(), ConnectionError(wire.FrameError, "content body frame exceeds remaining content size", wire.IDBasicPublish))
				return
			}
			t.Check("the next method", c.Refused(&wire.BasicGet{Queue: q}),
				unexpectedFrame("expected content body, got non content body frame instead", wire.IDBasicPublish))
		},
	},
	{
		ID:       "content/absurd-size",
		Title:    "a declared body size over 512 MiB is a 501 at once",
		Why:      "A client must not make the broker wait for what it will refuse.",
		Source:   measured,
		Releases: Since("4.2"),
		Run: func(t *T) {
			r, c, _ := publishing(t)
			r.Write(header(60, 536870913))
			t.Check("refusal", c.Error(), ConnectionError(wire.FrameError, "content body size 536870913 exceeds maximum allowed size 536870912", wire.IDBasicPublish))
		},
	},
	{
		ID:     "content/max-message-size",
		Title:  "a body over the maximum message size is a 406 of the channel; a body of just that size is taken",
		Why:    "The default is 128 MiB in 3.10 and 16 MiB from 4.0 on.",
		Source: pageLimits,
		Run: func(t *T) {
			largest := ByRelease(t, On(UpTo("3.13"), 134217728), On(Since("4.0"), 16777216))
			r, c, q := publishing(t)
			c.streamContent(largest)
			c.RoundTrip()
			c.Send(&wire.BasicPublish{RoutingKey: q})
			c.streamContent(largest + 1)
			t.Check("refusal", c.Error(), ChannelError(wire.PreconditionFailed, ByRelease(t,
				On(UpTo("3.13"), "message size 134217729 is larger than configured max size 134217728"),
				On(Since("4.0"), "message size 16777217 is larger than configured max size 16777216")), wire.IDBasicPublish))
			r.Channel().CheckCounts("the largest was taken", q, Counts{Ready: 1})
		},
	},
	{
		ID:     "content/unknown-delivery-mode",
		Title:  "a delivery mode other than 1 and 2 is a 406 in 3.10, and taken from 4.0 on",
		Why:    "It comes from clients that take the mode for a boolean.",
		Source: measured,
		Run: func(t *T) {
			for _, mode := range []uint8{0, 3} {
				c, q := t.Raw().Channel(), t.QueueName("q")
				c.Queue(q)
				c.PublishWith(&wire.BasicPublish{RoutingKey: q}, wire.Properties{Flags: wire.HasDeliveryMode, DeliveryMode: mode}, "m")
				t.Check("mode "+render(mode), t.answer(c, &wire.BasicGet{Queue: q}), ByRelease(t,
					On(UpTo("3.12"), ChannelError(wire.PreconditionFailed, fmt.Sprintf("invalid message: {delivery_mode_unknown,%d}", mode), wire.IDBasicPublish).String()),
					On(Since("3.13"), `get-ok 1 left 0 "m"`)))
			}
		},
	},
	{
		ID:     "content/expiration-not-a-number",
		Title:  "an expiration that is no number of milliseconds is a 406",
		Why:    "Clients that set it in seconds with a fraction, or as words, must hear of it.",
		Source: "rabbitmq.com/docs/ttl#per-message-ttl-in-publishers",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			publish := func(text string) *RawChannel {
				c := r.Channel()
				c.PublishWith(&wire.BasicPublish{RoutingKey: q}, wire.Properties{Flags: wire.HasExpiration, Expiration: text}, "m")
				return c
			}
			r.Channel().Queue(q)
			for _, each := range []struct{ text, reason string }{
				{"", "no_integer"},
				{"soon", "no_integer"},
				{" 1", "no_integer"},
				{"-1", "{value_negative,-1}"},
				{"1.5", `{leftover_string,".5"}`},
				{"100x", `{leftover_string,"x"}`},
				{"999999999999999", "{value_too_large,999999999999999}"},
			} {
				t.Check(render(each.text), publish(each.text).Error(), ChannelError(wire.PreconditionFailed,
					"invalid expiration '"+each.text+"': "+each.reason, wire.IDBasicPublish))
			}
			c := publish("4294967296")
			t.Check("taken", c.Get(q), `get-ok 1 left 0 "m"`)
		},
	},
}
