package conformance

import (
	"fmt"
	"net/http"
	"regexp"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/wire"
)

// limitVhost sets a limit of a virtual host.
func (t *T) limitVhost(vhost, limit string, value int) {
	t.Helper()
	t.Manage(http.MethodPut, "/api/vhost-limits/"+vhost+"/"+limit, map[string]any{"value": value})
}

// limitUser sets a limit of a user.
func (t *T) limitUser(user, limit string, value int) {
	t.Helper()
	t.Manage(http.MethodPut, "/api/user-limits/"+user+"/"+limit, map[string]any{"value": value})
}

// opened tries to open a connection to a virtual host and gives what comes, and the connection.
func (t *T) opened(user amqp.URI, vhost string) (answer string, r *Raw) {
	t.Helper()
	t.unrecorded(func() {
		r = t.Socket()
		h := Handshake{Response: plainResponse(user.Username, user.Password)}
		r.TuneOk(h, r.Login(h))
		r.Channel0().Send(&wire.ConnectionOpen{VirtualHost: vhost})
		command := r.Channel0().Next()
		if answer = command.String(); command.Method.ID() == wire.IDConnectionClose {
			r.closeOk()
			r.Drop() // RabbitMQ may count it until then
		}
	})
	return answer, r
}

// openedLater is opened where RabbitMQ counts those that have gone some time later.
func (t *T) openedLater(user amqp.URI, vhost string) (r *Raw) {
	t.Helper()
	t.CheckLater("one went, and another comes", func() any {
		answer, connection := t.opened(user, vhost)
		r = connection
		return answer
	}, "connection.open-ok{}")
	return r
}

// theNode is the node's name, which 4.0 gives where it means the user.
var theNode = regexp.MustCompile(`user '[a-z]*rabbit@[^']*'`)

var resourceLimitCases = []Case{
	{
		ID: "resource-limit/vhost-connections", Title: "a virtual host has at most max-connections connections; one more is a 530",
		Why: "A leak of connections in one tenant must not reach the others.", Source: "rabbitmq.com/docs/vhosts#limits", Management: true,
		Run: func(t *T) {
			v := t.Vhost("v")
			t.limitVhost(v, "max-connections", 2)
			answer, first := t.opened(t.uri, v)
			t.Observe("first", answer)
			answer, _ = t.opened(t.uri, v)
			t.Observe("second", answer)
			answer, _ = t.opened(t.uri, v)
			t.Observe("third", answer)
			first.Close()
			t.openedLater(t.uri, v)
			t.limitVhost(v, "max-connections", 1)
			answer, _ = t.opened(t.uri, v)
			t.Observe("less than there are", answer)
			t.limitVhost(v, "max-connections", -1)
			answer, _ = t.opened(t.uri, v)
			t.Observe("-1", answer)
			t.limitVhost(v, "max-connections", 0)
			answer, _ = t.opened(t.uri, v)
			t.Observe("0", answer)
			t.Manage(http.MethodDelete, "/api/vhost-limits/"+v+"/max-connections", nil)
			answer, _ = t.opened(t.uri, v)
			t.Observe("no limit", answer)
		},
	},
	{
		ID: "resource-limit/vhost-queues", Title: "a virtual host has at most max-queues queues of any type; one more is a 406",
		Why: "A program that declares a queue for each request is found out.", Source: "rabbitmq.com/docs/vhosts#limits", Management: true,
		Run: func(t *T) {
			v := t.Vhost("v")
			r := t.RawIn(v)
			try := attempts{t: t, r: r}
			declare := func(label string, m *wire.QueueDeclare) { try.try(label, m) }
			t.limitVhost(v, "max-queues", 2)
			declare("first", &wire.QueueDeclare{Queue: "a", Durable: true})
			declare("second", &wire.QueueDeclare{Queue: "b", Durable: true, Arguments: quorum()})
			declare("third", &wire.QueueDeclare{Queue: "c", Durable: true})
			for _, kind := range queueTypes {
				declare("third, "+kind, &wire.QueueDeclare{Queue: "c", Durable: true, Arguments: wire.Table{queueType(kind)}})
			}
			declare("third, exclusive", &wire.QueueDeclare{Queue: "c", Exclusive: true})
			declare("third, unnamed", &wire.QueueDeclare{Exclusive: true})
			declare("declared again", &wire.QueueDeclare{Queue: "a", Durable: true})
			declare("otherwise", &wire.QueueDeclare{Queue: "a"})
			declare("passively", &wire.QueueDeclare{Queue: "b", Passive: true})
			declare("wrong in another way", &wire.QueueDeclare{Queue: "c", Arguments: argument("x-max-length", int32(-1))})
			try.try("deleted", &wire.QueueDelete{Queue: "a"})
			declare("in its place", &wire.QueueDeclare{Queue: "c", Durable: true})
			t.limitVhost(v, "max-queues", 1)
			declare("less than there are", &wire.QueueDeclare{Queue: "d", Durable: true})
			t.limitVhost(v, "max-queues", -1)
			declare("-1", &wire.QueueDeclare{Queue: "d", Durable: true})
			t.limitVhost(v, "max-queues", 0)
			declare("0", &wire.QueueDeclare{Queue: "e", Durable: true})
		},
	},
	{
		ID: "resource-limit/user-connections", Title: "a user has at most max-connections connections, in all virtual hosts; one more is a 530",
		Why: "A leak of connections in one program must not reach the others.", Source: "rabbitmq.com/docs/user-limits", Management: true,
		Run: func(t *T) {
			user, a, b := t.User("user"), t.Vhost("a"), t.Vhost("b")
			t.PermitIn(a, user.Username, ".*", ".*", ".*")
			t.PermitIn(b, user.Username, ".*", ".*", ".*")
			t.limitUser(user.Username, "max-connections", 2)
			answer, first := t.opened(user, a)
			t.Observe("first", answer)
			answer, _ = t.opened(user, b)
			t.Observe("second", answer)
			answer, _ = t.opened(user, b)
			t.Observe("third", answer)
			answer, _ = t.opened(t.uri, b)
			t.Observe("another user", answer)
			first.Close()
			t.openedLater(user, a)
			for _, limit := range []int{1, -1, 0} {
				t.limitUser(user.Username, "max-connections", limit)
				answer, _ = t.opened(user, a)
				t.Observe(fmt.Sprint(limit), answer)
			}
		},
	},
	{
		ID: "resource-limit/user-channels", Title: "a user has at most max-channels channels, on all connections; one more closes the connection with 530",
		Why: "A leak of channels is a common fault.", Source: "rabbitmq.com/docs/user-limits", Management: true,
		Run: func(t *T) {
			user := t.User("user")
			t.Permit(user.Username, ".*", ".*", ".*")
			refusal := func(limit int) string {
				name, text := "<user>", fmt.Sprintf("(%d)", limit)
				switch {
				case t.In(Between("3.12", "4.1")):
					name = "the node"
				case t.In(Since("4.2")):
					text = fmt.Sprint(limit)
				}
				return ConnectionError(wire.NotAllowed, "number of channels opened for user '"+name+"' has reached the maximum allowed user limit of "+text, 0).String()
			}
			// RabbitMQ counts channels some time after it has opened or closed them.
			another := func(label, want string) {
				t.CheckLater(label, func() any {
					r := t.RawAs(user)
					defer r.Drop()
					return plain(theNode.ReplaceAllString(t.answer(r.Unopened(1), &wire.ChannelOpen{}), "user 'the node'"))
				}, plain(want))
			}
			t.limitUser(user.Username, "max-channels", 2)
			one, other := t.RawAs(user), t.RawAs(user)
			one.Channel()
			other.Channel()
			another("third", refusal(2))
			other.Close()
			another("one closed", "channel.open-ok{}")
			t.limitUser(user.Username, "max-channels", 1)
			another("1", refusal(1))
			t.limitUser(user.Username, "max-channels", -1)
			another("-1", "channel.open-ok{}")
			t.limitUser(user.Username, "max-channels", 0)
			another("0", refusal(0))
		},
	},
	{
		ID: "resource-limit/values", Title: "a limit is a whole number, and only certain limits are known",
		Why: "A misspelt limit is none.", Source: "rabbitmq.com/docs/http-api-reference", Management: true,
		Run: func(t *T) {
			user, v := t.User("user"), t.Vhost("v")
			for _, path := range []string{"/api/vhost-limits/" + v, "/api/user-limits/" + user.Username} {
				for _, limit := range []string{"max-connections", "max-queues", "max-channels", "max-sheep"} {
					for _, body := range []string{`{"value":1}`, `{"value":-1}`, `{"value":-2}`, `{"value":"x"}`, `{"value":1.5}`, `{"value":null}`, `{"value":true}`, `{}`} {
						t.Observe(path+"/"+limit+" "+body, t.Ask("PUT", path+"/"+limit, body))
					}
				}
				t.Observe("GET "+path, t.Ask("GET", path, nil))
				t.asks("DELETE "+path+"/max-connections", "DELETE "+path+"/max-sheep")
				t.Observe("GET "+path+" then", t.Ask("GET", path, nil))
			}
			t.asks(`PUT /api/vhost-limits/missing/max-queues {"value":1}`, `PUT /api/user-limits/missing/max-channels {"value":1}`,
				"GET /api/user-limits/missing", "GET /api/vhost-limits/missing")
		},
	},
	{
		ID: "resource-limit/order", Title: "a virtual host that does not exist, or that the user may not enter, is told before a limit; the virtual host's limit before the user's",
		Why: "Programs match on the text that they get.", Source: measured, Management: true,
		Run: func(t *T) {
			user, v := t.User("user"), t.Vhost("v")
			t.limitVhost(v, "max-connections", 0)
			t.limitUser(user.Username, "max-connections", 0)
			for _, test := range []struct{ label, vhost string }{{"missing", t.UniqueName("missing")}, {"not permitted", v}} {
				answer, _ := t.opened(user, test.vhost)
				t.Observe(test.label, answer)
			}
			t.PermitIn(v, user.Username, ".*", ".*", ".*")
			answer, _ := t.opened(user, v)
			t.Observe("both limits", answer)
		},
	},
}
