package conformance

import (
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/minirabbit/minirabbit/wire"
)

// login is an attempt to log in.
type login struct {
	label string
	Handshake
}

// loggedIn makes all attempts at the same time, since RabbitMQ answers bad ones with three seconds of silence, and
// observes what comes of each.
func (t *T) loggedIn(all []login) {
	t.Helper()
	sockets := make([]*Raw, len(all))
	t.unrecorded(func() {
		for i, each := range all {
			sockets[i] = t.Socket()
			sockets[i].Greet()
			h := sockets[i].complete(each.Handshake)
			if each.Mechanism == none {
				h.Mechanism = ""
			}
			sockets[i].StartOk(h)
		}
	})
	for i, each := range all {
		answer := ""
		t.unrecorded(func() { answer = sockets[i].firstWord() })
		t.Observe(each.label, plain(answer))
	}
}

// none is the empty mechanism.
const none = "-"

// firstWord is what the broker says next, or that it closes the socket without a word.
func (r *Raw) firstWord() string {
	r.t.Helper()
	command, err := r.next(0)
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return "nothing"
	case err != nil:
		return "closed in silence" // or reset, since the broker has left input unread
	}
	if _, ok := command.Method.(*wire.ConnectionTune); ok {
		return "logged in"
	}
	return command.String()
}

// amqplain is the response of the AMQPLAIN mechanism with these fields.
func amqplain(fields ...wire.Field) []byte { return wire.Table(fields).Append(nil)[4:] }

// withCapability are client properties in which authentication_failure_close is value.
func withCapability(value any) wire.Table {
	return wire.Table{{Key: "capabilities", Value: wire.Table{{Key: "authentication_failure_close", Value: value}}}}
}

var loginCases = []Case{
	{
		ID: "login/mechanisms", Title: "PLAIN and AMQPLAIN let in, ANONYMOUS from 4.0; others, and theirs in other letters, do not",
		Why: "Whether a program is let in must not depend on where it is tested.", Source: pageAuth + "#mechanisms", Waits: true,
		Run: func(t *T) {
			user, password := t.uri.Username, t.uri.Password
			var all []login
			for _, mechanism := range []string{"PLAIN", "AMQPLAIN", "ANONYMOUS", "EXTERNAL", "RABBIT-CR-DEMO", "CRAM-MD5", "Plain", none} {
				all = append(all,
					login{mechanism + " with a response of PLAIN", Handshake{Mechanism: mechanism, Response: plainResponse(user, password)}},
					login{mechanism + " with a response of AMQPLAIN", Handshake{Mechanism: mechanism, Response: amqplainResponse(user, password)}},
					login{mechanism + " with an empty response", Handshake{Mechanism: mechanism, Response: []byte{}}})
			}
			t.loggedIn(all)
		},
	},
	{
		ID: "login/plain", Title: "the response of PLAIN is an empty identity, a name and a password, after zeroes",
		Why: "Clients build it by hand.", Source: "RFC 4616", Waits: true,
		Run: func(t *T) {
			user, password := t.uri.Username, t.uri.Password
			var all []login
			for _, response := range []string{"\x00" + user + "\x00" + password, user + "\x00" + password, user + "\x00" + user + "\x00" + password,
				"\x00" + user + "\x00" + password + "\x00", "\x00" + user + "\x00", "\x00\x00" + password, "\x00\x00", "\x00", "\x00" + user,
				"\x00GUEST\x00" + password, "\x00" + user + " \x00" + password, "\x00\xff\xfe\x00" + password, "\x00" + user + "\x00\xff\xfe"} {
				all = append(all, login{fmt.Sprintf("%q", response), Handshake{Response: []byte(response)}})
			}
			t.loggedIn(all)
		},
	},
	{
		ID: "login/amqplain", Title: "the response of AMQPLAIN is a table with LOGIN and PASSWORD, whatever else it holds",
		Why: "Old clients and proxies send their own tables.", Source: pageAuth + "#mechanisms", Waits: true,
		Run: func(t *T) {
			name, password := wire.Field{Key: "LOGIN", Value: t.uri.Username}, wire.Field{Key: "PASSWORD", Value: t.uri.Password}
			var all []login
			for _, each := range []struct {
				label  string
				fields []wire.Field
			}{
				{"in order", []wire.Field{name, password}}, {"in the other order", []wire.Field{password, name}},
				{"with another field", []wire.Field{name, {Key: "X", Value: int32(1)}, password}},
				{"twice", []wire.Field{name, name, password}}, {"two names", []wire.Field{{Key: "LOGIN", Value: "nobody"}, name, password}},
				{"in small letters", []wire.Field{{Key: "login", Value: name.Value}, {Key: "password", Value: password.Value}}},
				{"no name", []wire.Field{password}}, {"no password", []wire.Field{name}}, {"empty", nil},
				{"a number for a password", []wire.Field{name, {Key: "PASSWORD", Value: int32(1)}}},
				{"bytes", []wire.Field{name, {Key: "PASSWORD", Value: []byte(t.uri.Password)}}},
				{"void", []wire.Field{{Key: "LOGIN", Value: nil}, password}}, {"true", []wire.Field{{Key: "LOGIN", Value: true}, password}},
			} {
				all = append(all, login{each.label, Handshake{Mechanism: "AMQPLAIN", Response: amqplain(each.fields...)}})
			}
			t.loggedIn(append(all, login{"with the table's length", Handshake{Mechanism: "AMQPLAIN", Response: wire.Table{name, password}.Append(nil)}}))
		},
	},
	{
		ID: "login/failure-close", Title: "a wrong password is told to clients whose capability authentication_failure_close is true",
		Why: "The specification wants silence, and old clients know nothing else.", Source: pageAuthClose, Waits: true,
		Run: func(t *T) {
			wrong := plainResponse(t.uri.Username, "wrong")
			var all []login
			for _, properties := range []wire.Table{withCapability(true), withCapability(false), withCapability(int32(1)), withCapability("true"), withCapability(nil),
				{{Key: "authentication_failure_close", Value: true}}, {{Key: "capabilities", Value: true}}, {{Key: "capabilities", Value: wire.Array{true}}}, {}} {
				all = append(all, login{render(properties), Handshake{Response: wrong, Properties: properties}})
			}
			t.loggedIn(all)
		},
	},
	{
		ID: "login/locale", Title: "the locale is not looked at, nor what the client says of itself",
		Why: "Clients send what their users set.", Source: reference + "connection.start-ok.locale",
		Run: func(t *T) {
			for _, locale := range []string{"en_US", "xx", "a b", "é"} {
				t.Socket().Handshake(Handshake{Locale: locale})
			}
			for _, properties := range []wire.Table{{}, {{Key: "product", Value: int32(1)}}, {{Key: "connection_name", Value: true}}, {{Key: "platform", Value: wire.Table{}}, {Key: "x", Value: nil}}} {
				t.Socket().Handshake(Handshake{Properties: properties})
			}
		},
	},
	{
		ID: "login/user", Title: "ANONYMOUS logs in as guest; a user with an empty password, or none, cannot log in",
		Why: "An account without a password must not be open to all.", Source: pageAuth + "#passwordless-users", Management: true, Waits: true,
		Run: func(t *T) {
			name := t.UniqueName("user")
			t.Cleanup(func() { t.Ask(http.MethodDelete, "/api/users/"+name, nil) })
			for _, body := range []string{`{"password":"","tags":""}`, `{"password_hash":"","tags":""}`, `{"password":"p\u00e9 \u0001","tags":""}`} {
				t.Observe(body, t.Ask(http.MethodPut, "/api/users/"+name, body).Status)
				t.loggedIn([]login{{"no password", Handshake{Response: plainResponse(name, "")}}, {"its password", Handshake{Response: plainResponse(name, "p\u00e9 \x01")}}})
			}
			if t.In(Since("4.0")) {
				r := t.Socket()
				r.Handshake(Handshake{Mechanism: "ANONYMOUS", Response: []byte("anybody")})
				c := r.Channel()
				c.PublishWith(&wire.BasicPublish{RoutingKey: "nowhere"}, wire.Properties{Flags: wire.HasUserID, UserID: "x"}, "m")
				t.Observe("who it is", c.Error())
			}
		},
	},
	{
		ID: "login/cancel-notify", Title: "a client is told of cancelled consumers if its capability is true, and not if that is any other value",
		Why: "Languages without booleans send numbers.", Source: pageCancel,
		Run: func(t *T) {
			for _, properties := range []wire.Table{
				argument("consumer_cancel_notify", true), argument("consumer_cancel_notify", false), argument("consumer_cancel_notify", "true"),
				argument("consumer_cancel_notify", int32(1)), argument("consumer_cancel_notify", nil),
			} {
				r := t.Socket()
				t.unrecorded(func() { r.Handshake(Handshake{Properties: argument("capabilities", properties)}) })
				c, q := r.Channel(), t.QueueName("q")
				c.Queue(q)
				c.Consume(q, "c")
				Call[*wire.QueueDeleteOk](r.Channel(), &wire.QueueDelete{Queue: q})
				got := append(c.RoundTrip(), c.RoundTrip()...)
				told, _ := properties.Get("consumer_cancel_notify")
				want := []string{}
				if told == true {
					want = append(want, "cancel c nowait")
				}
				t.Check(fmt.Sprint(properties), got, want)
			}
		},
	},
}
