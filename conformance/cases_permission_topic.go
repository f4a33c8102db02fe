package conformance

import (
	"net/http"
	"net/url"

	"github.com/minirabbit/minirabbit/wire"
)

// topicUser makes a topic exchange, a queue, and a user who may do everything but for the topic permissions, and connects
// as that user.
func (t *T) topicUser(write, read string) (r *Raw, user, exchange, queue string) {
	t.Helper()
	exchange, queue = t.ExchangeName("x"), t.QueueName("q")
	owner := t.Raw().Channel()
	owner.Exchange(exchange, "topic")
	owner.Queue(queue)
	uri := t.User("user")
	t.PermitTopic(uri.Username, exchange, write, read)
	return t.RawAsPermitted(uri, ".*", ".*", ".*"), uri.Username, exchange, queue
}

// topicRefused is the refusal of a routing key; 3.10 does not say which access was refused.
func (t *T) topicRefused(access, key, exchange string, method wire.MethodID) Error {
	if t.In(Only("3.10")) {
		access = ""
	} else {
		access += " "
	}
	return ChannelError(wire.AccessRefused, access+"access to topic '"+key+"' in exchange '"+exchange+"' in vhost '/' refused for user '<user>'", method)
}

var permissionTopicCases = []Case{
	{
		ID:         "permission.topic/write",
		Title:      "a user with topic permissions publishes to that topic exchange only with keys that match; the text names key and exchange",
		Why:        "Devices write under their own topic.",
		Source:     pageAuth + "#topic-authorisation",
		Management: true,
		Run: func(t *T) {
			r, _, x, q := t.topicUser("^a\\.", ".*")
			c := r.Channel()
			c.Bind(q, x, "#")
			c.Publish(x, "a.b", "permitted")
			c.Publish(x, "b.a", "refused")
			t.Check("refusal", c.Error(), t.topicRefused("write", "b.a", "<x>", wire.IDBasicPublish))
			t.Check("routed", t.Raw().Channel().Drain(q), []string{"permitted"})
		},
	},
	{
		ID:         "permission.topic/read",
		Title:      "it binds with patterns that match the read expression, and unbinds them too, whatever keys they stand for",
		Why:        "A pattern is matched as text: # is not every topic.",
		Source:     pageAuth + "#topic-authorisation",
		Management: true,
		Run: func(t *T) {
			r, _, x, q := t.topicUser(".*", "^a\\.")
			c := r.Channel()
			c.Bind(q, x, "a.#")
			t.Check("another topic", r.Channel().Refused(&wire.QueueBind{Queue: q, Exchange: x, RoutingKey: "b"}), t.topicRefused("read", "b", "<x>", wire.IDQueueBind))
			t.Check("every topic", r.Channel().Refused(&wire.QueueBind{Queue: q, Exchange: x, RoutingKey: "#"}), t.topicRefused("read", "#", "<x>", wire.IDQueueBind))
			t.Check("unbinding", r.Channel().Refused(&wire.QueueUnbind{Queue: q, Exchange: x, RoutingKey: "b"}), t.topicRefused("read", "b", "<x>", wire.IDQueueUnbind))
			Call[*wire.QueueUnbindOk](c, &wire.QueueUnbind{Queue: q, Exchange: x, RoutingKey: "a.#"})
		},
	},
	{
		ID:         "permission.topic/exchanges",
		Title:      "bindings between exchanges are held to the topic permissions of the source",
		Why:        "An exchange must be no way around them.",
		Source:     pageAuth + "#topic-authorisation",
		Management: true,
		Run: func(t *T) {
			r, user, x, _ := t.topicUser(".*", "^a\\.")
			y := t.ExchangeName("y")
			c := r.Channel()
			c.Exchange(y, "topic")
			t.PermitTopic(user, y, "^nothing$", "^nothing$")
			c.bindExchange(x, y, "a.b")
			t.Observe("refusal", t.answer(r.Channel(), &wire.ExchangeBind{Source: x, Destination: y, RoutingKey: "b"}))
			t.Observe("unbinding", t.answer(r.Channel(), &wire.ExchangeUnbind{Source: x, Destination: y, RoutingKey: "b"}))
		},
	},
	{
		ID:         "permission.topic/other-types",
		Title:      "topic permissions hold for topic exchanges only, and for the exchange that they name",
		Why:        "They were not made for other keys.",
		Source:     pageAuth + "#topic-authorisation",
		Management: true,
		Run: func(t *T) {
			uri, owner := t.User("user"), t.Raw().Channel()
			q := t.QueueName("q")
			owner.Queue(q)
			var exchanges []string
			for _, kind := range []string{"direct", "fanout", "headers", "topic"} {
				x := t.ExchangeName(kind)
				owner.Exchange(x, kind)
				exchanges = append(exchanges, x)
				if kind != "topic" {
					t.PermitTopic(uri.Username, x, "^nothing$", "^nothing$")
				}
			}
			c := t.RawAsPermitted(uri, ".*", ".*", ".*").Channel()
			for _, x := range exchanges {
				c.Bind(q, x, "k")
				c.Publish(x, "k", x)
			}
			c.RoundTrip()
			t.Check("routed", owner.Drain(q), []string{"<direct>", "<fanout>", "<headers>", "<topic>"})
		},
	},
	{
		ID:         "permission.topic/variables",
		Title:      "{username} and {vhost} in an expression stand for those of the connection",
		Why:        "One rule serves all devices.",
		Source:     pageAuth + "#topic-authorisation",
		Management: true,
		Run: func(t *T) {
			r, user, x, q := t.topicUser("^{vhost}\\.{username}\\..*$", "^{client_id}$")
			c := r.Channel()
			c.Publish(x, t.uri.Vhost+"."+user+".k", "m")
			c.Publish(x, "other", "m")
			t.Check("refusal", c.Error(), t.topicRefused("write", "other", "<x>", wire.IDBasicPublish))
			t.Observe("client_id is of MQTT", t.answer(r.Channel(), &wire.QueueBind{Queue: q, Exchange: x, RoutingKey: "{client_id}"}))
		},
	},
	{
		ID:         "permission.topic/empty",
		Title:      "an empty expression permits no key but the empty one",
		Why:        "It is how access is taken away.",
		Source:     measured,
		Management: true,
		Run: func(t *T) {
			r, _, x, q := t.topicUser("", "")
			c := r.Channel()
			c.Publish(x, "k", "m")
			t.Check("refusal", c.Error(), t.topicRefused("write", "k", "<x>", wire.IDBasicPublish))
			t.Observe("without a key", t.answer(r.Channel(), &wire.QueueBind{Queue: q, Exchange: x}))
			t.Observe("with a key", t.answer(r.Channel(), &wire.QueueBind{Queue: q, Exchange: x, RoutingKey: "k"}))
		},
	},
	{
		ID:         "permission.topic/copies",
		Title:      "the keys in CC and BCC are held to topic permissions by some releases",
		Why:        "Copies must be no way around them.",
		Source:     measured,
		Management: true,
		Run: func(t *T) {
			for _, name := range []string{"CC", "BCC"} {
				r, _, x, q := t.topicUser("^a$", ".*")
				c := r.Channel()
				c.Bind(q, x, "#")
				c.PublishWith(&wire.BasicPublish{Exchange: x, RoutingKey: "a"}, headers(keys(name, "a", "b")), "m")
				t.Observe(name, t.answer(c, &wire.ExchangeDeclare{Exchange: x, Passive: true}))
			}
		},
	},
	{
		ID:         "permission.topic/removed",
		Title:      "topic permissions that are removed, or changed, are so for the channels that are open",
		Why:        "An operator should not have to close connections.",
		Source:     measured,
		Management: true,
		Run: func(t *T) {
			r, user, x, _ := t.topicUser("^a$", ".*")
			c := r.Channel()
			c.Publish(x, "b", "m")
			t.Check("refused", c.Error(), t.topicRefused("write", "b", "<x>", wire.IDBasicPublish))
			t.PermitTopic(user, x, "^b$", ".*")
			c = r.Channel()
			c.Publish(x, "b", "m")
			t.Check("changed", t.answer(c, &wire.ExchangeDeclare{Exchange: x, Passive: true}), "exchange.declare-ok{}")
			t.Manage(http.MethodDelete, "/api/topic-permissions/"+url.PathEscape(t.uri.Vhost)+"/"+user+"/"+x, nil)
			c = r.Channel()
			c.Publish(x, "a", "m")
			t.Check("removed", t.answer(c, &wire.ExchangeDeclare{Exchange: x, Passive: true}), "exchange.declare-ok{}")
		},
	},
	{
		ID:         "permission.topic/declared-later",
		Title:      "topic permissions may be given for an exchange that does not exist yet up to 4.0, and are refused on 4.3",
		Why:        "Users are made before programs run.",
		Source:     measured,
		Management: true,
		Run: func(t *T) {
			uri, x := t.User("user"), t.ExchangeName("x")
			path := "/api/topic-permissions/{vhost}/" + uri.Username
			t.Observe("answer", t.Ask(http.MethodPut, path, map[string]string{"exchange": x, "write": "^a$", "read": "^a$"}))
			r := t.RawAsPermitted(uri, ".*", ".*", ".*")
			r.Channel().Exchange(x, "topic")
			c := r.Channel()
			c.Publish(x, "b", "m")
			t.Observe("publishing", t.answer(c, &wire.ExchangeDeclare{Exchange: x, Passive: true}))
		},
	},
	{
		ID:         "permission.topic/declared-again",
		Title:      "topic permissions outlive the exchange",
		Why:        "Programs delete what they declared.",
		Source:     measured,
		Management: true,
		Run: func(t *T) {
			r, _, x, _ := t.topicUser("^a$", ".*")
			Call[*wire.ExchangeDeleteOk](r.Channel(), &wire.ExchangeDelete{Exchange: x})
			r.Channel().Exchange(x, "topic")
			c := r.Channel()
			c.Publish(x, "b", "m")
			t.Observe("publishing", t.answer(c, &wire.ExchangeDeclare{Exchange: x, Passive: true}))
		},
	},
	{
		ID:         "permission.topic/http",
		Title:      "topic permissions are given, listed and removed over HTTP, for users and vhosts that exist",
		Why:        "Suites set them so.",
		Source:     pageHTTP,
		Management: true,
		Run: func(t *T) {
			user := t.User("user").Username
			path := "/api/topic-permissions/{vhost}/" + user
			t.asks("GET "+path, "PUT "+path+` {"exchange":"amq.topic","write":"^a","read":"^b"}`, "PUT "+path+` {"exchange":"amq.topic","write":"^c","read":"^d"}`,
				"PUT "+path+` {"exchange":"none","write":".*","read":""}`, "DELETE "+path+"/none", "GET "+path, "PUT "+path+` {"exchange":"amq.topic","write":"(","read":".*"}`,
				"PUT "+path+` {"exchange":"amq.topic","write":".*"}`, "PUT "+path+` {"write":".*","read":".*"}`,
				`PUT /api/topic-permissions/{vhost}/missing {"exchange":"amq.topic","write":"a","read":"b"}`,
				`PUT /api/topic-permissions/missing/`+user+` {"exchange":"amq.topic","write":"a","read":"b"}`,
				"GET /api/users/"+user+"/topic-permissions", "DELETE "+path, "GET "+path, "DELETE "+path)
		},
	},
}
