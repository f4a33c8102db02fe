package conformance

import (
	"net/http"

	"github.com/minirabbit/minirabbit/wire"
)

// asUser are properties that name the publisher.
func asUser(name string) wire.Properties {
	return wire.Properties{Flags: wire.HasUserID, UserID: name}
}

const pageUserID = "rabbitmq.com/docs/validated-user-id"

var userIdCases = []Case{
	{
		ID:     "user-id/own",
		Title:  "a user-id that is the connection's user is delivered; without one none is added",
		Why:    "A consumer can trust it.",
		Source: pageUserID,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, asUser(t.uri.Username), "with")
			c.Publish("", q, "without")
			for _, want := range []wire.Properties{asUser("guest"), {}} {
				c.Send(&wire.BasicGet{Queue: q, NoAck: true})
				t.Check("properties", c.Next().Header.Properties, want)
			}
		},
	},
	{
		ID:     "user-id/others",
		Title:  "any other user-id is a 406: another user's, in other letters, or an empty one",
		Why:    "It is compared letter by letter.",
		Source: pageUserID,
		Run: func(t *T) {
			q := t.QueueName("q")
			t.Raw().Channel().Queue(q)
			for _, name := range []string{"nobody", "GUEST", "", " guest"} {
				c := t.Raw().Channel()
				c.PublishWith(&wire.BasicPublish{RoutingKey: q}, asUser(name), "m")
				t.Check(render(name), c.Error(), ChannelError(wire.PreconditionFailed,
					"user_id property set to '"+name+"' but authenticated user was 'guest'", wire.IDBasicPublish))
			}
		},
	},
	{
		ID:         "user-id/impersonator",
		Title:      "a user with the tag impersonator may name anybody; other tags do not help",
		Why:        "Relays publish in the name of others.",
		Source:     pageUserID,
		Management: true,
		Run: func(t *T) {
			q, owner := t.QueueName("q"), t.Raw().Channel()
			owner.Queue(q)
			for _, tags := range []string{"impersonator", "management,impersonator", "administrator", "impersonate"} {
				c := t.RawAs(*t.TaggedUser("user", tags)).Channel()
				c.PublishWith(&wire.BasicPublish{RoutingKey: q}, asUser("nobody at all"), tags)
				t.Observe(tags, t.answer(c, &wire.ExchangeDeclare{Exchange: "amq.direct", Passive: true}))
			}
		},
	},
	{
		ID:         "user-id/tag-later",
		Title:      "the tag has to be there when the user logs in",
		Why:        "A connection keeps the tags that it began with.",
		Source:     measured,
		Management: true,
		Run: func(t *T) {
			q, owner := t.QueueName("q"), t.Raw().Channel()
			owner.Queue(q)
			user := t.TaggedUser("user", "")
			r := t.RawAs(*user)
			t.Manage(http.MethodPut, "/api/users/"+user.Username, map[string]string{"password": user.Username, "tags": "impersonator"})
			c := r.Channel()
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, asUser("nobody"), "m")
			t.Observe("before the login", t.answer(c, &wire.ExchangeDeclare{Exchange: "amq.direct", Passive: true}))
			c = t.RawAs(*user).Channel()
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, asUser("nobody"), "m")
			t.Observe("after", t.answer(c, &wire.ExchangeDeclare{Exchange: "amq.direct", Passive: true}))
		},
	},
	{
		ID:     "user-id/confirm",
		Title:  "a message with another's user-id is neither confirmed nor routed, and those before it are",
		Why:    "The channel is gone with it.",
		Source: pageUserID,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			c.Confirm()
			c.Publish("", q, "first")
			t.Check("first", c.Lines(1), []string{"ack 1"})
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, asUser("nobody"), "second")
			t.Check("second", c.Error().Code, wire.PreconditionFailed)
			t.Check("queue", t.Raw().Channel().Drain(q), []string{"first"})
		},
	},
	{
		ID:     "user-id/transaction",
		Title:  "another's user-id is refused when it is published, not when the transaction commits",
		Why:    "The fault shows where it is made.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().Channel(), t.QueueName("q")
			c.Queue(q)
			Call[*wire.TxSelectOk](c, &wire.TxSelect{})
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, asUser("nobody"), "m")
			t.Check("refusal", c.Error(), ChannelError(wire.PreconditionFailed,
				"user_id property set to 'nobody' but authenticated user was 'guest'", wire.IDBasicPublish))
		},
	},
	{
		ID:         "user-id/http",
		Title:      "what is published over HTTP is held to the user of the request",
		Why:        "The API must be no way around it.",
		Source:     measured,
		Management: true,
		Run: func(t *T) {
			q := t.QueueName("q")
			t.Raw().Channel().Queue(q)
			for _, name := range []string{t.uri.Username, "nobody"} {
				t.Observe(name, t.Ask(http.MethodPost, "/api/exchanges/{vhost}/amq.default/publish", map[string]any{
					"properties": map[string]any{"user_id": name}, "routing_key": q, "payload": "m", "payload_encoding": "string"}))
			}
		},
	},
}
