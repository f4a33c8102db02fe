package conformance

import (
	"net/http"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

var permissionCases = []Case{
	{
		ID:         "permission/vhost",
		Title:      "a user without permissions in a vhost is refused with 530",
		Why:        "The text differs from that of a vhost that does not exist.",
		Source:     pageAuth + "#authorisation",
		Management: true,
		Run: func(t *T) {
			user := t.User("user")
			r := t.Socket()
			h := Handshake{Response: plainResponse(user.Username, user.Password)}
			r.TuneOk(h, r.Login(h))
			t.Check("refusal", r.Channel0().Refused(&wire.ConnectionOpen{VirtualHost: t.uri.Vhost}),
				ConnectionError(wire.NotAllowed, "access to vhost '/' refused for user '<user>'", wire.IDConnectionOpen))
		},
	},
	{
		ID:         "permission/refused",
		Title:      "what a user may not configure, write or read is a 403 of the channel",
		Why:        "The text names the kind of access, the resource and the user.",
		Source:     pageAuth + "#authorisation",
		Management: true,
		Run: func(t *T) {
			user := t.User("user")
			t.Permit(user.Username, "", "", "")
			owner, r := t.Raw().Channel(), t.RawAs(user)
			q, x := t.QueueName("q"), t.ExchangeName("x")
			owner.Queue(q)
			owner.Exchange(x, "fanout")
			refusal := func(access, what string, method wire.MethodID) Error {
				if t.In(Only310) {
					access = ""
				}
				return ChannelError(wire.AccessRefused, access+"access to "+what+" in vhost '/' refused for user '<user>'", method)
			}
			refused := func(m wire.Method, access, what string) {
				t.Check(describe(m), r.Channel().Refused(m), refusal(access, what, m.ID()))
			}
			queue, exchange := "queue '<q>'", "exchange '<x>'"
			refused(&wire.QueueDeclare{Queue: q, Durable: true}, "configure ", queue)
			refused(&wire.QueueDelete{Queue: q}, "configure ", queue)
			refused(&wire.QueuePurge{Queue: q}, "read ", queue)
			refused(&wire.BasicGet{Queue: q}, "read ", queue)
			refused(&wire.BasicConsume{Queue: q}, "read ", queue)
			refused(&wire.QueueBind{Queue: q, Exchange: x}, "write ", queue)
			refused(&wire.QueueUnbind{Queue: q, Exchange: x}, "write ", queue)
			refused(&wire.ExchangeDeclare{Exchange: x, Type: "fanout", Durable: true}, "configure ", exchange)
			refused(&wire.ExchangeDelete{Exchange: x}, "configure ", exchange)
			refused(&wire.ExchangeBind{Source: x, Destination: x}, "write ", exchange)
			c := r.Channel()
			c.Publish(x, "", "m")
			t.Check("publish", c.Error(), refusal("write ", exchange, wire.IDBasicPublish))
			c = r.Channel()
			c.Publish("", q, "m")
			t.Check("publish to the default exchange", c.Error(), refusal("write ", "exchange 'amq.default'", wire.IDBasicPublish))
		},
	},
	{
		ID:         "permission/passive",
		Title:      "passive declarations need no permission up to 4.0, and configure on 4.3",
		Why:        "Monitoring asks with a user that may do nothing.",
		Source:     pageAuth + "#authorisation",
		Management: true,
		Run: func(t *T) {
			user := t.User("user")
			t.Permit(user.Username, "", "", "")
			owner, r, q, x := t.Raw().Channel(), t.RawAs(user), t.QueueName("q"), t.ExchangeName("x")
			owner.Queue(q)
			owner.Exchange(x, "fanout")
			t.Check("queue", t.answer(r.Channel(), &wire.QueueDeclare{Queue: q, Passive: true}), ByRelease(t,
				From(Before43, `queue.declare-ok{Queue: "<q>"}`),
				From(Only43, `channel error 403 "ACCESS_REFUSED - configure access to queue '<q>' in vhost '/' refused for user '<user>'" by queue.declare`)))
			t.Check("exchange", t.answer(r.Channel(), &wire.ExchangeDeclare{Exchange: x, Passive: true}), ByRelease(t,
				From(Before43, "exchange.declare-ok{}"),
				From(Only43, `channel error 403 "ACCESS_REFUSED - configure access to exchange '<x>' in vhost '/' refused for user '<user>'" by exchange.declare`)))
			missing := t.QueueName("missing")
			t.Check("missing", t.answer(r.Channel(), &wire.QueueDeclare{Queue: missing, Passive: true}), ByRelease(t,
				From(Before43, `channel error 404 "NOT_FOUND - no queue '<missing>' in vhost '/'" by queue.declare`),
				From(Only43, `channel error 403 "ACCESS_REFUSED - configure access to queue '<missing>' in vhost '/' refused for user '<user>'" by queue.declare`)))
		},
	},
	{
		ID:         "permission/removed-user",
		Title:      "a user that was just removed cannot log in",
		Why:        "Removing a user takes effect at once.",
		Source:     pageAuth,
		Management: true,
		Run: func(t *T) {
			user := t.User("user")
			t.Permit(user.Username, ".*", ".*", ".*")
			t.RawAs(user).Close()
			t.Manage(http.MethodDelete, "/api/users/"+user.Username, nil)
			r := t.Socket()
			r.Greet()
			r.StartOk(r.complete(Handshake{Response: plainResponse(user.Username, user.Password)}))
			t.Check("refusal", r.Channel0().Error(), ConnectionError(wire.AccessRefused,
				"Login was refused using authentication mechanism PLAIN. For details see the broker logfile.", 0))
		},
	},
	{
		ID:         "operator/close-connection",
		Title:      "an operator's close is a 320 of the connection that names no method",
		Why:        "Clients reconnect after it.",
		Source:     pageConnections,
		Management: true,
		Run: func(t *T) {
			user := t.User("user")
			t.Permit(user.Username, ".*", ".*", ".*")
			r := t.RawAs(user)
			c := r.Channel()
			path := "/api/connections/username/" + user.Username
			t.unrecorded(func() { // the node lists a connection some time after it is open
				for start := time.Now(); time.Since(start) < patience; {
					if all, _ := t.Manage(http.MethodGet, path, nil).([]any); len(all) > 0 {
						break
					}
				}
			})
			t.Manage(http.MethodDelete, path, nil)
			t.Check("close", c.Error(), ConnectionError(wire.ConnectionForced, "Closed via management plugin", 0))
		},
	},
}
