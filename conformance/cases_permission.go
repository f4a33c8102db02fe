package conformance

import (
	"net/http"
	"strings"

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
				if t.In(Only("3.10")) {
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
				On(UpTo("4.1"), `queue.declare-ok{Queue: "<q>"}`),
				On(Since("4.2"), `channel error 403 "ACCESS_REFUSED - configure access to queue '<q>' in vhost '/' refused for user '<user>'" by queue.declare`)))
			t.Check("exchange", t.answer(r.Channel(), &wire.ExchangeDeclare{Exchange: x, Passive: true}), ByRelease(t,
				On(UpTo("4.1"), "exchange.declare-ok{}"),
				On(Since("4.2"), `channel error 403 "ACCESS_REFUSED - configure access to exchange '<x>' in vhost '/' refused for user '<user>'" by exchange.declare`)))
			missing := t.QueueName("missing")
			t.Check("missing", t.answer(r.Channel(), &wire.QueueDeclare{Queue: missing, Passive: true}), ByRelease(t,
				On(UpTo("4.1"), `channel error 404 "NOT_FOUND - no queue '<missing>' in vhost '/'" by queue.declare`),
				On(Since("4.2"), `channel error 403 "ACCESS_REFUSED - configure access to queue '<missing>' in vhost '/' refused for user '<user>'" by queue.declare`)))
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
		ID: "permission/default-exchange", Title: "the default exchange is amq.default to permissions, and the other methods ask for theirs on what they name",
		Why: "A user that may write to nothing else publishes to queues by their names.", Source: pageAuth, Management: true,
		Run: func(t *T) {
			user, q := t.User("user"), t.QueueName("q")
			t.Raw().Channel().Queue(q)
			for _, write := range []string{"^$", `^amq\.default$`} {
				c := t.RawAsPermitted(user, "", write, "").Channel()
				c.Publish("", q, "m")
				c.Send(&wire.ExchangeDeclare{Exchange: "amq.direct", Passive: true})
				t.Observe("write "+write, plain(strings.Split(c.Next().String(), ",")[0]))
			}
			r := t.RawAsPermitted(user, `^amq\.gen`, ".*", `^amq\.gen`)
			c := r.Channel()
			own := Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Exclusive: true}).Queue
			for _, m := range []wire.Method{
				&wire.QueueBind{Queue: own, Exchange: "amq.direct", RoutingKey: "k"}, &wire.QueuePurge{Queue: q}, &wire.QueueDelete{Queue: q},
				&wire.QueueUnbind{Queue: own, Exchange: "amq.direct"}, &wire.ExchangeDelete{Exchange: "no-such"}, &wire.BasicConsume{Queue: q},
				&wire.ExchangeUnbind{Source: "amq.direct", Destination: "amq.fanout"},
			} {
				t.Observe(m.ID().String(), r.Channel().Refused(m))
			}
		},
	},
	{
		ID:         "permission/exchange-to-exchange",
		Title:      "to bind an exchange takes write permission on the destination and read permission on the source",
		Why:        "A binding lets one exchange write to the other.",
		Source:     pageE2E,
		Management: true,
		Run: func(t *T) {
			user, owner := t.User("user"), t.Raw().Channel()
			from, to := t.ExchangeName("from"), t.ExchangeName("to")
			owner.Exchange(from, "fanout")
			owner.Exchange(to, "fanout")
			for _, m := range []wire.Method{&wire.ExchangeBind{Source: from, Destination: to}, &wire.ExchangeUnbind{Source: from, Destination: to}} {
				t.Check("no write", t.RawAsPermitted(user, ".*", "from$", ".*").Channel().Refused(m), t.accessRefused("write", "exchange '<to>'", m.ID()))
				t.Check("no read", t.RawAsPermitted(user, ".*", ".*", "to$").Channel().Refused(m), t.accessRefused("read", "exchange '<from>'", m.ID()))
				t.Check("both", t.answer(t.RawAsPermitted(user, "", "to$", "from$").Channel(), m), m.ID().String()+"-ok{}")
			}
		},
	},
	{
		ID:         "permission/internal-exchange",
		Title:      "an internal exchange is refused to whoever may write to it, and for want of permission to others",
		Why:        "The missing permission comes first.",
		Source:     pageE2E,
		Management: true,
		Run: func(t *T) {
			user, owner, x := t.User("user"), t.Raw().Channel(), t.ExchangeName("x")
			Call[*wire.ExchangeDeclareOk](owner, &wire.ExchangeDeclare{Exchange: x, Type: "fanout", Durable: true, Internal: true})
			c := t.RawAsPermitted(user, "", ".*", "").Channel()
			c.Publish(x, "", "m")
			t.Check("internal", c.Error(), ChannelError(wire.AccessRefused, "cannot publish to internal exchange '<x>' in vhost '/'", wire.IDBasicPublish))
			c = t.RawAsPermitted(user, "", "", "").Channel()
			c.Publish(x, "", "m")
			t.Check("no permission", c.Error(), t.accessRefused("write", "exchange '<x>'", wire.IDBasicPublish))
		},
	},
	{
		ID:         "permission/missing",
		Title:      "what does not exist is refused for want of permission all the same",
		Why:        "A user must not find out what there is.",
		Source:     measured,
		Management: true,
		Run: func(t *T) {
			r := t.RawAsPermitted(t.User("user"), "", "", "")
			none := t.UniqueName("none")
			for _, m := range []wire.Method{&wire.QueueDelete{Queue: none}, &wire.QueuePurge{Queue: none}, &wire.BasicGet{Queue: none}, &wire.BasicConsume{Queue: none},
				&wire.QueueBind{Queue: none, Exchange: none}, &wire.ExchangeDelete{Exchange: none}, &wire.ExchangeBind{Source: none, Destination: none}} {
				t.Check(m.ID().String(), r.Channel().Refused(m).Code, wire.AccessRefused)
			}
		},
	},
}
