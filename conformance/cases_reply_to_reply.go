package conformance

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

// What becomes of replies on their way.
var replyToReplyCases = []Case{
	{
		ID:     "reply-to/no-ack",
		Title:  "a reply cannot be acknowledged: its delivery tag is unknown",
		Why:    "It is settled as it leaves.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().requester("a"), t.QueueName("q")
			c.Queue(q)
			c.Publish("", c.request(q), "reply")
			t.Check("reply", c.Lines(1), []string{`deliver a 2 "reply"`})
			t.Check("refusal", c.Refused(&wire.BasicAck{DeliveryTag: 2}), unknownTag(2, wire.IDBasicAck))
		},
	},
	{
		ID:     "reply-to/other-exchanges",
		Title:  "only the default exchange delivers replies, by its CC keys too",
		Why:    "The name of a requester is a routing key of the default exchange alone.",
		Source: measured,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c, other := r.requester("a"), r.requester("b")
			c.Queue(q)
			one, two := c.request(q), other.request(q)
			t.Observe("amq.direct", c.mandatory("amq.direct", one, "m"))
			t.Observe("amq.fanout", c.mandatory("amq.fanout", one, "m"))
			c.PublishWith(&wire.BasicPublish{RoutingKey: q, Mandatory: true}, headers(keys("CC", one), keys("BCC", two)), "copies")
			t.Observe("by CC", c.Lines(1))
			t.Observe("by BCC", other.Lines(1))
			t.Observe("queue", c.Drain(q))
		},
	},
	{
		ID:     "reply-to/transaction",
		Title:  "a reply in a transaction is delivered at once up to 4.0, and when it commits on 4.3",
		Why:    "A server may settle the request and answer it as one.",
		Source: measured,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c, server := r.requester("a"), r.Channel()
			server.Queue(q)
			name := c.request(q)
			Call[*wire.TxSelectOk](server, &wire.TxSelect{})
			if t.In(UpTo("4.1")) {
				server.Publish("", name, "m")
				t.Check("at once", c.Lines(1), []string{`deliver a 2 "m"`})
				Call[*wire.TxCommitOk](server, &wire.TxCommit{})
			} else {
				server.Publish("", name, "rolled back")
				Call[*wire.TxRollbackOk](server, &wire.TxRollback{})
				server.Publish("", name, "committed")
				server.RoundTrip()
				t.Check("before", c.RoundTrip(), []string{})
				Call[*wire.TxCommitOk](server, &wire.TxCommit{})
				t.Check("after", c.Lines(1), []string{`deliver a 2 "committed"`})
			}
			t.Check("no more", c.RoundTrip(), []string{})
		},
	},
	{
		ID:     "reply-to/dead-letter",
		Title:  "a dead letter whose routing key is the name of a requester is a reply to it, except on 4.0 where it is lost",
		Why:    "A request that expires can answer for itself.",
		Source: measured,
		Run: func(t *T) {
			r, q, work := t.Raw(), t.QueueName("q"), t.QueueName("work")
			c, worker := r.requester("a"), r.Channel()
			c.Queue(q)
			name := c.request(q)
			worker.Queue(work, deadLetterTo(name)...)
			worker.Publish("", work, "dead")
			worker.reject(work)
			worker.CheckCounts("dead", work, Counts{})
			if !t.In(Between("3.13", "4.1")) {
				got := c.Next()
				t.Check("reply", string(got.Body), "dead")
				t.Check("key", got.Method.(*wire.BasicDeliver).RoutingKey, name)
			}
			worker.Publish("", name, "reply")
			t.Check("what comes next", string(c.Next().Body), "reply")
		},
	},
	{
		ID:     "reply-to/exchange-types",
		Title:  "an alternate exchange or a binding does not lead to requesters, only publishing to the default exchange does",
		Why:    "Names of requesters are no queues that an exchange could find.",
		Source: measured,
		Run: func(t *T) {
			c, q, x := t.Raw().requester("a"), t.QueueName("q"), t.ExchangeName("x")
			c.Queue(q)
			c.Exchange(x, "direct", alternate(""))
			name := c.request(q)
			t.Placeholder("name", name)
			t.Check("by an alternate", c.mandatory(x, name, "m"), []string{`return 312 NO_ROUTE <x> <name> "m"`})
		},
	},
	{
		ID:     "reply-to/large",
		Title:  "a reply may be larger than a frame, and an empty one arrives as well",
		Why:    "Results are of any size.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().requester("a"), t.QueueName("q")
			c.Queue(q)
			name := c.request(q)
			for _, size := range []int{0, 300_000} {
				c.Publish("", name, strings.Repeat("x", size))
				t.Check(render(size), len(c.Next().Body), size)
			}
		},
	},
	{
		ID:     "reply-to/expired",
		Title:  "a reply with an expiration of zero is delivered: the requester is waiting",
		Why:    "Servers copy properties of the request.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().requester("a"), t.QueueName("q")
			c.Queue(q)
			name := c.request(q)
			c.PublishWith(&wire.BasicPublish{RoutingKey: name}, expiring("0"), "m")
			t.Check("reply", c.Lines(1), []string{`deliver a 2 "m"`})
		},
	},
	{
		ID:     "reply-to/chained",
		Title:  "a reply may itself ask for a reply",
		Why:    "Two programs can converse without a queue.",
		Source: pageReplyTo,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			one, two := r.requester("one"), r.requester("two")
			one.Queue(q)
			name := one.request(q)
			for _, c := range []*RawChannel{two, one, two} {
				other := map[*RawChannel]*RawChannel{one: two, two: one}[c]
				c.PublishWith(&wire.BasicPublish{RoutingKey: name}, withReplyTo(replyTo), "m")
				got := other.Next()
				t.Check("reply", string(got.Body), "m")
				name = got.Header.Properties.ReplyTo
			}
		},
	},
	{
		ID:         "reply-to/other-vhost",
		Title:      "a reply from another vhost reaches the requester up to 4.0, where its name is all that it takes",
		Why:        "Vhosts are to separate tenants.",
		Source:     measured,
		Management: true,
		Run: func(t *T) {
			c, q, server := t.Raw().requester("a"), t.QueueName("q"), t.RawIn(t.Vhost("other")).Channel()
			c.Queue(q)
			name := c.request(q)
			server.Publish("", name, "from the other vhost")
			server.RoundTrip()
			c.Publish("", name, "from here")
			t.Observe("what arrives first", c.Lines(1))
		},
	},
	{
		ID:         "reply-to/permission",
		Title:      "what permissions a requester and a server need: whether one on the pseudo-queue, and write on the default exchange",
		Why:        "A user that may only call a service needs no queue.",
		Source:     measured,
		Management: true,
		Run: func(t *T) {
			user, q := t.User("user"), t.QueueName("q")
			owner := t.Raw().Channel()
			owner.Queue(q)
			t.Observe("consume without any", t.answer(t.RawAsPermitted(user, "", "", "").Channel(), &wire.BasicConsume{Queue: replyTo, NoAck: true, ConsumerTag: "a"}))
			r := t.RawAsPermitted(user, "", "^amq\\.default$", "")
			c := r.requester("a")
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, withReplyTo(replyTo), "request")
			owner.CheckCounts("request", q, Counts{Ready: 1})
			owner.Send(&wire.BasicGet{Queue: q, NoAck: true})
			name := owner.Next().Header.Properties.ReplyTo
			owner.Publish("", name, "reply")
			t.Check("reply", c.Lines(1), []string{`deliver a 1 "reply"`})
			t.Permit(user.Username, "", "", "")
			server := t.RawAs(user).Channel()
			server.Publish("", name, "m")
			t.Check("reply without write", server.Error(), t.accessRefused("write", "exchange 'amq.default'", wire.IDBasicPublish))
		},
	},
	{
		ID:         "reply-to/http",
		Title:      "the HTTP API tells that a message published to a requester's name was routed",
		Why:        "The API publishes as a client does.",
		Source:     measured,
		Management: true,
		Run: func(t *T) {
			c, q := t.Raw().requester("a"), t.QueueName("q")
			c.Queue(q)
			name := c.request(q)
			answer := t.Manage(http.MethodPost, "/api/exchanges/"+url.PathEscape(t.uri.Vhost)+"/amq.default/publish", map[string]any{
				"properties": map[string]any{}, "routing_key": name, "payload": "over HTTP", "payload_encoding": "string"})
			t.Check("answer", answer, map[string]any{"routed": t.In(Since("4.2"))})
			t.Check("reply", c.Lines(1), []string{`deliver a 2 "over HTTP"`})
		},
	},
}
