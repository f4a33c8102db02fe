package conformance

import (
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

var connectionStartCases = []Case{
	{
		ID:     "connection.start/properties",
		Title:  "connection.start carries RabbitMQ's server properties and capabilities",
		Why:    "Libraries switch behaviour on the product, the version and each capability.",
		Source: pageProtocol,
		Run: func(t *T) {
			r := t.Socket()
			r.Write(wire.ProtocolHeader[:])
			start := Expect[*wire.ConnectionStart](r.Channel0())
			t.Check("version", [2]uint8{start.VersionMajor, start.VersionMinor}, [2]uint8{0, 9})
			t.Check("locales", string(start.Locales), "en_US")
			// Their order differs between nodes of the same release.
			mechanisms := strings.Fields(string(start.Mechanisms))
			slices.Sort(mechanisms)
			t.Check("mechanisms", mechanisms, ByRelease(t,
				On(UpTo("3.13"), []string{"AMQPLAIN", "PLAIN"}),
				On(Since("4.0"), []string{"AMQPLAIN", "ANONYMOUS", "PLAIN"})))
			var names []string
			for _, property := range start.ServerProperties {
				names = append(names, property.Key)
			}
			t.Check("names", names, []string{"capabilities", "cluster_name", "copyright", "information", "platform", "product", "version"})
			text := func(name string) string {
				value, _ := start.ServerProperties.Get(name)
				s, ok := value.(string)
				if !ok {
					t.Errorf("%s is %T, want a string", name, value)
				}
				return s
			}
			t.Check("product", text("product"), "RabbitMQ")
			t.Check("information", text("information"), "Licensed under the MPL 2.0. Website: https://rabbitmq.com")
			t.Check("platform", strings.HasPrefix(text("platform"), "Erlang/OTP "), true)
			t.Check("copyright", strings.HasPrefix(text("copyright"), "Copyright (c) 2007-20"), true)
			t.Check("cluster name is given", text("cluster_name") != "", true)
			release, _ := ReleaseOf(text("version"))
			t.Check("version is of the release", release, t.Release())
			capabilities, _ := start.ServerProperties.Get("capabilities")
			t.Check("capabilities", capabilities, wire.Table{
				{Key: "publisher_confirms", Value: true}, {Key: "exchange_exchange_bindings", Value: true},
				{Key: "basic.nack", Value: true}, {Key: "consumer_cancel_notify", Value: true},
				{Key: "connection.blocked", Value: true}, {Key: "consumer_priorities", Value: true},
				{Key: "authentication_failure_close", Value: true}, {Key: "per_consumer_qos", Value: true},
				{Key: "direct_reply_to", Value: true}})
		},
	},
	{
		ID:     "connection.start-ok/wrong-login",
		Title:  "a wrong user or password is a 403, for clients that declare authentication_failure_close",
		Why:    "Clients tell a refused login from a network failure by it.",
		Source: pageAuthClose,
		Run: func(t *T) {
			refused := func(mechanism string) Error {
				return ConnectionError(wire.AccessRefused, "Login was refused using authentication mechanism "+mechanism+
					". For details see the broker logfile.", 0)
			}
			user, password := t.uri.Username, t.uri.Password
			for _, login := range []struct {
				label, mechanism string
				response         []byte
			}{
				{"wrong password", "PLAIN", plainResponse(user, password+"x")},
				{"empty password", "PLAIN", plainResponse(user, "")},
				{"unknown user", "PLAIN", plainResponse(t.UniqueName("user"), password)},
				{"AMQPLAIN, wrong password", "AMQPLAIN", amqplainResponse(user, password+"x")},
			} {
				r := t.Socket()
				r.Greet()
				r.StartOk(r.complete(Handshake{Mechanism: login.mechanism, Response: login.response}))
				t.Check(login.label, r.Channel0().Error(), refused(login.mechanism))
			}
		},
	},
	{
		ID:     "connection.start-ok/refused-in-silence",
		Title:  "without that capability, and for logins that make no sense, the broker closes the socket without a word",
		Why:    "Old clients know only this; the specification asks for it.",
		Source: pageAuthClose,
		Waits:  true,
		Run: func(t *T) {
			user, password := t.uri.Username, t.uri.Password
			incapable := wire.Table{{Key: "product", Value: "old"}}
			t.closedInSilence([]silence{
				{"wrong password, no capability", func(r *Raw) {
					r.Greet()
					r.StartOk(r.complete(Handshake{Response: plainResponse(user, password+"x"), Properties: incapable}))
				}},
				startedWith("unknown mechanism", Handshake{Mechanism: "X-UNKNOWN"}),
				startedWith("mechanism in small letters", Handshake{Mechanism: "plain"}),
				startedWith("PLAIN without zeroes", Handshake{Response: []byte(user)}),
				startedWith("PLAIN for another identity", Handshake{Response: []byte("other\x00" + user + "\x00" + password)}),
				startedWith("AMQPLAIN without a password", Handshake{Mechanism: "AMQPLAIN",
					Response: wire.Table{{Key: "LOGIN", Value: user}}.Append(nil)[4:]}),
				startedWith("AMQPLAIN that does not decode", Handshake{Mechanism: "AMQPLAIN", Response: []byte{0xff, 0xff}}),
			})
		},
	},
	{
		ID:     "connection.start-ok/amqplain",
		Title:  "AMQPLAIN takes the login from a table, and the locale is not looked at",
		Why:    "Some clients prefer AMQPLAIN, which RabbitMQ offers first in 3.10.",
		Source: pageAuth,
		Run: func(t *T) {
			t.Socket().Handshake(Handshake{Mechanism: "AMQPLAIN", Response: amqplainResponse(t.uri.Username, t.uri.Password)})
			t.Socket().Handshake(Handshake{Locale: "de_DE"})
		},
	},
	{
		ID:     "connection.start-ok/expected",
		Title:  "whatever else comes instead of start-ok or tune-ok closes the socket without a word; heartbeats are ignored",
		Why:    "A peer that has not logged in learns nothing.",
		Source: measured,
		Waits:  true,
		Run: func(t *T) {
			greeted := func(label string, then func(r *Raw)) silence {
				return silence{label, func(r *Raw) { r.Greet(); then(r) }}
			}
			loggedIn := func(label string, then func(r *Raw)) silence {
				return silence{label, func(r *Raw) { r.Login(Handshake{}); then(r) }}
			}
			open := func(r *Raw) { r.Channel0().Send(&wire.ConnectionOpen{VirtualHost: "/"}) }
			closing := func(r *Raw) { r.Channel0().Send(&wire.ConnectionClose{ReplyCode: wire.ReplySuccess}) }
			channelOpen := func(r *Raw) { r.Unopened(1).Send(&wire.ChannelOpen{}) }
			t.closedInSilence([]silence{
				greeted("open instead of start-ok", open),
				greeted("close instead of start-ok", closing),
				greeted("channel.open instead of start-ok", channelOpen),
				greeted("bad frame end instead of start-ok", func(r *Raw) { r.Write([]byte{1, 0, 0, 0, 0, 0, 1, 0, 0}) }),
				loggedIn("open instead of tune-ok", open),
				loggedIn("close instead of tune-ok", closing),
				loggedIn("channel.open instead of tune-ok", channelOpen),
			})
			r := t.Socket()
			r.Greet()
			r.Write(wire.AppendHeartbeat(nil))
			r.StartOk(r.complete(Handshake{}))
			Expect[*wire.ConnectionTune](r.Channel0())
		},
	},
}
