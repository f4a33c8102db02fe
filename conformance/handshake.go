package conformance

import (
	"github.com/minirabbit/minirabbit/wire"
)

// Handshake is what a raw client says for itself. Zero fields stand for what an ordinary client says: PLAIN with the
// login of the target's URL, every capability, the limits that the broker offers, no heartbeat, the target's vhost.
type Handshake struct {
	Mechanism  string
	Response   []byte
	Locale     string
	Properties wire.Table
	ChannelMax uint16
	FrameMax   uint32
	Heartbeat  uint16
	Vhost      string
}

// clientCapabilities are those that RabbitMQ's own clients declare.
var clientCapabilities = wire.Table{
	{Key: "publisher_confirms", Value: true},
	{Key: "exchange_exchange_bindings", Value: true},
	{Key: "basic.nack", Value: true},
	{Key: "consumer_cancel_notify", Value: true},
	{Key: "connection.blocked", Value: true},
	{Key: "authentication_failure_close", Value: true},
}

// Greet sends the protocol header and takes the broker's connection.start, which is not recorded.
func (r *Raw) Greet() (start *wire.ConnectionStart) {
	r.t.Helper()
	r.Write(wire.ProtocolHeader[:])
	r.t.unrecorded(func() { start = Expect[*wire.ConnectionStart](r.Channel0()) })
	return start
}

// StartOk sends connection.start-ok.
func (r *Raw) StartOk(h Handshake) {
	r.t.Helper()
	r.Channel0().Send(&wire.ConnectionStartOk{
		ClientProperties: h.Properties, Mechanism: h.Mechanism, Response: h.Response, Locale: h.Locale,
	})
}

// Login goes through the handshake up to the broker's connection.tune.
func (r *Raw) Login(h Handshake) *wire.ConnectionTune {
	r.t.Helper()
	r.Greet()
	r.StartOk(r.complete(h))
	return Expect[*wire.ConnectionTune](r.Channel0())
}

// TuneOk sends connection.tune-ok; limits that are zero in h are those that the broker offered.
func (r *Raw) TuneOk(h Handshake, offered *wire.ConnectionTune) {
	r.t.Helper()
	ok := &wire.ConnectionTuneOk{ChannelMax: h.ChannelMax, FrameMax: h.FrameMax, Heartbeat: h.Heartbeat}
	if ok.ChannelMax == 0 {
		ok.ChannelMax = offered.ChannelMax
	}
	if ok.FrameMax == 0 {
		ok.FrameMax = offered.FrameMax
	}
	r.frameMax = ok.FrameMax
	r.Channel0().Send(ok)
}

// Handshake goes through the whole handshake.
func (r *Raw) Handshake(h Handshake) {
	r.t.Helper()
	h = r.complete(h)
	r.TuneOk(h, r.Login(h))
	Call[*wire.ConnectionOpenOk](r.Channel0(), &wire.ConnectionOpen{VirtualHost: h.Vhost})
}

// complete fills in what h leaves to the ordinary client.
func (r *Raw) complete(h Handshake) Handshake {
	if h.Mechanism == "" {
		h.Mechanism = "PLAIN"
	}
	if h.Response == nil {
		h.Response = plainResponse(r.t.uri.Username, r.t.uri.Password)
	}
	if h.Locale == "" {
		h.Locale = "en_US"
	}
	if h.Properties == nil {
		h.Properties = wire.Table{
			{Key: "product", Value: "minirabbit conformance"},
			{Key: "capabilities", Value: clientCapabilities},
		}
	}
	if h.Vhost == "" {
		h.Vhost = r.t.uri.Vhost
	}
	return h
}

// plainResponse is the response of SASL's PLAIN mechanism.
func plainResponse(user, password string) []byte {
	return []byte("\x00" + user + "\x00" + password)
}

// amqplainResponse is the response of the AMQPLAIN mechanism: a table without its length.
func amqplainResponse(user, password string) []byte {
	return wire.Table{{Key: "LOGIN", Value: user}, {Key: "PASSWORD", Value: password}}.Append(nil)[4:]
}
