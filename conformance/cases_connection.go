package conformance

import "github.com/minirabbit/minirabbit/wire"

var connectionCases = []Case{
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
	{
		ID:     "connection.error/failed-channel-hands-on",
		Title:  "when a connection ends over an error of a channel, what that channel held has gone on before the other channels give back theirs",
		Why:    "So a consumer gets the later of two messages first, though both come back. With a quorum queue that is a matter of luck.",
		Source: pageChannels,
		Run: func(t *T) {
			q, c := t.QueueName("q"), t.Raw().Channel()
			c.Queue(q)
			c.Publish("", q, "a", "b")
			c.CheckCounts("published", q, Counts{Ready: 2})
			_, second := t.getOnTwoChannels(q)
			c.Qos(1, false)
			c.Consume(q, "c")
			t.Check("error", second.Refused(&wire.BasicQos{PrefetchSize: 1}).Code, wire.NotImplemented)
			t.Check("gets", string(c.Next().Body), "b")
		},
	},
	{
		ID: "connection.update-secret/any", Title: "update-secret is answered whatever the secret, which changes nothing for a login by password; on another channel it is an error",
		Why: "Clients of both kinds share code.", Source: "rabbitmq.com/docs/oauth2", Management: true,
		Run: func(t *T) {
			user := t.User("user")
			t.Permit(user.Username, ".*", ".*", ".*")
			r := t.RawAs(user)
			for _, secret := range []string{user.Password, "wrong", "", "\x00\xff"} {
				t.Observe("secret", describe(Call[*wire.ConnectionUpdateSecretOk](r.Channel0(),
					&wire.ConnectionUpdateSecret{NewSecret: []byte(secret), Reason: ""})))
			}
			t.CheckLater("goes on", func() any { return len(r.Channel().RoundTrip()) }, 0)
			t.RawAs(user) // with the password that it has
			c := t.Raw().Channel()
			t.Observe("on a channel", c.Refused(&wire.ConnectionUpdateSecret{NewSecret: []byte("x"), Reason: "r"}))
			r = t.Socket()
			r.TuneOk(Handshake{}, r.Login(Handshake{}))
			t.Observe("before connection.open", r.Channel0().Refused(&wire.ConnectionUpdateSecret{NewSecret: []byte("x"), Reason: "r"}))
		},
	},
}
