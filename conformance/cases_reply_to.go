package conformance

import (
	"regexp"
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

var replyToCases = []Case{
	{
		ID:     "reply-to/round-trip",
		Title:  "a reply reaches the requester without a queue: its consumer gets it by the name that the broker put into reply-to",
		Why:    "Remote procedure calls need no reply queue of their own.",
		Source: pageReplyTo,
		Run: func(t *T) {
			q, r := t.QueueName("q"), t.Raw()
			server := t.Raw().Channel()
			server.Queue(q)
			c := r.requester("replies")
			name := c.request(q)
			t.Check("form of the name", regexp.MustCompile(`^amq\.rabbitmq\.reply-to\.[A-Za-z0-9+/=_-]+\.[A-Za-z0-9+/=_-]+$`).MatchString(name), true)
			server.PublishWith(&wire.BasicPublish{RoutingKey: name},
				wire.Properties{Flags: wire.HasCorrelationID | wire.HasDeliveryMode | wire.HasHeaders, CorrelationID: "1", DeliveryMode: 2, Headers: argument("h", int32(1))}, "reply")
			got := c.Next()
			t.Check("reply", got.String(), `deliver replies 2 "reply"`)
			t.Check("method", got.Method, wire.Method(&wire.BasicDeliver{ConsumerTag: "replies", DeliveryTag: 2, RoutingKey: name}))
			t.Check("properties", got.Header.Properties, wire.Properties{Flags: wire.HasCorrelationID | wire.HasDeliveryMode | wire.HasHeaders,
				CorrelationID: "1", DeliveryMode: 2, Headers: argument("h", int32(1))})
		},
	},
	{
		ID:     "reply-to/acknowledgement",
		Title:  "a consumer of replies that would acknowledge them is a 406",
		Why:    "There is no queue that could keep them.",
		Source: pageReplyTo,
		Run: func(t *T) {
			t.Check("refusal", t.answer(t.Raw().Channel(), &wire.BasicConsume{Queue: replyTo}),
				`channel error 406 "PRECONDITION_FAILED - reply consumer cannot acknowledge" by basic.consume`)
		},
	},
	{
		ID:     "reply-to/second-consumer",
		Title:  "a channel has one consumer of replies, whatever the tags; other channels have theirs, with other names",
		Why:    "Replies are sent to a channel.",
		Source: pageReplyTo,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			first, second, third := r.requester("a"), r.requester("a"), r.requester("b")
			first.Queue(q)
			t.Check("second on the channel", third.Refused(&wire.BasicConsume{Queue: replyTo, NoAck: true, ConsumerTag: "c"}),
				ChannelError(wire.PreconditionFailed, "reply consumer already set", wire.IDBasicConsume))
			one, two := first.request(q), second.request(q)
			t.Check("same name", one == two, false)
			t.Check("same name again", first.request(q) == one, true)
			first.Publish("", two, "to the second")
			second.Publish("", one, "to the first")
			t.Check("second", second.Lines(1), []string{`deliver a 2 "to the second"`})
			t.Check("first", first.Lines(1), []string{`deliver a 3 "to the first"`})
		},
	},
	{
		ID:     "reply-to/no-consumer",
		Title:  "a request that wants a direct reply from a channel without a consumer of replies is a 406",
		Why:    "The request would wait in vain.",
		Source: pageReplyTo,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			r.requester("elsewhere").Queue(q)
			c := r.Channel()
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, withReplyTo(replyTo), "m")
			t.Check("refusal", c.Error(), ChannelError(wire.PreconditionFailed, "fast reply consumer does not exist", wire.IDBasicPublish))
		},
	},
	{
		ID:     "reply-to/other-names",
		Title:  "a reply-to that only begins like the pseudo-queue, or is one's own name in full, is left as it is",
		Why:    "A server may hand on a request with its reply-to.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().requester("a"), t.QueueName("q")
			c.Queue(q)
			own := c.request(q)
			for _, name := range []string{replyTo + ".", replyTo + ".x", replyTo + "-x", own} {
				c.PublishWith(&wire.BasicPublish{RoutingKey: q}, withReplyTo(name), "m")
				c.Send(&wire.BasicGet{Queue: q, NoAck: true})
				t.Check(name, c.Next().Header.Properties.ReplyTo, name)
			}
		},
	},
	{
		ID:     "reply-to/mandatory",
		Title:  "a mandatory reply comes back up to 4.0, delivered or not; on 4.3 it does not, not even when the requester is gone",
		Why:    "A server does not learn from it whether it worked in vain.",
		Source: pageReplyTo,
		Run: func(t *T) {
			r, q, server := t.Raw(), t.QueueName("q"), t.Raw().Channel()
			server.Queue(q)
			c := r.requester("a")
			name := c.request(q)
			t.Placeholder("name", name)
			comesBack := func(body string) []string {
				return ByRelease(t, On(UpTo("4.1"), []string{`return 312 NO_ROUTE "" <name> "` + body + `"`}), On(Since("4.2"), []string{}))
			}
			t.Check("while it is there", server.mandatory("", name, "reply"), comesBack("reply"))
			t.Check("delivered", c.Lines(1), []string{`deliver a 2 "reply"`})
			c.Close()
			t.Check("channel closed", server.mandatory("", name, "late"), comesBack("late"))
		},
	},
	{
		ID:     "reply-to/nobody",
		Title:  "a mandatory reply to a name that the broker did not make comes back, or is a 541 up to 4.0 if it has two parts",
		Why:    "Names are read, and not looked up.",
		Source: measured,
		Run: func(t *T) {
			for _, name := range []string{"", ".", ".x", ".x.y", ".abcd.efgh", ".g1h2.abcd", "-x"} {
				c := t.Raw().Channel()
				c.PublishWith(&wire.BasicPublish{RoutingKey: replyTo + name, Mandatory: true}, wire.Properties{}, "m")
				t.Observe(name, t.answer(c, &wire.ExchangeDeclare{Exchange: "amq.direct", Passive: true}))
			}
		},
	},
	{
		ID:     "reply-to/closed-requester",
		Title:  "a reply to a requester that is gone is dropped, and confirmed",
		Why:    "Servers must survive clients that give up.",
		Source: pageReplyTo,
		Run: func(t *T) {
			r, q, server := t.Raw(), t.QueueName("q"), t.Raw().Channel()
			server.Queue(q)
			server.Confirm()
			c := r.requester("a")
			name := c.request(q)
			server.Publish("", name, "in time")
			t.Check("delivered", c.Lines(1), []string{`deliver a 2 "in time"`})
			t.Check("confirmed", server.Lines(1), []string{"ack 1"})
			r.Close()
			server.Publish("", name, "late")
			t.Check("confirmed too", server.Lines(1), []string{"ack 2"})
		},
	},
	{
		ID:     "reply-to/passive-declare",
		Title:  "a server asks by a passive declaration whether a requester is still there: it is, with one consumer, or a 404",
		Why:    "It may save the work.",
		Source: pageReplyTo,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c := r.requester("a")
			c.Queue(q)
			name := c.request(q)
			ask := func(name string) string {
				return t.answer(t.Raw().Channel(), &wire.QueueDeclare{Queue: name, Passive: true})
			}
			t.Observe("there", ask(name))
			t.Observe("the pseudo-queue", ask(replyTo))
			c.Close()
			t.Observe("gone", ask(name))
		},
	},
	{
		ID:     "reply-to/declare",
		Title:  "declaring the pseudo-queue itself is answered, and declares nothing; a name that begins like it is reserved",
		Why:    "Libraries declare every queue that they consume from.",
		Source: measured,
		Run: func(t *T) {
			for _, name := range []string{"", ".", ".x", ".x.y", ".abcd.efgh", "-x"} {
				t.Observe(name, t.answer(t.Raw().Channel(), &wire.QueueDeclare{Queue: replyTo + name}))
				t.Observe(name+" passive", t.answer(t.Raw().Channel(), &wire.QueueDeclare{Queue: replyTo + name, Passive: true}))
			}
			t.Observe("durable", t.answer(t.Raw().Channel(), &wire.QueueDeclare{Queue: replyTo, Durable: true, Exclusive: true, AutoDelete: true}))
		},
	},
	{
		ID:     "reply-to/no-queue",
		Title:  "what is done to queues is refused for the pseudo-queue, and for a requester's name; 4.3 has other texts for the latter",
		Why:    "It is no queue, or one without messages.",
		Source: measured,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c, gone := r.requester("a"), r.requester("b")
			c.Queue(q)
			names := [][2]string{{"pseudo-queue", replyTo}, {"requester", c.request(q)}, {"gone", gone.request(q)}, {"nobody", replyTo + ".x.y"}, {"no dot", replyTo + "-x"}}
			gone.Close()
			for _, name := range names {
				for _, m := range []wire.Method{
					&wire.BasicGet{Queue: name[1], NoAck: true}, &wire.QueuePurge{Queue: name[1]}, &wire.QueueDelete{Queue: name[1]},
					&wire.QueueBind{Queue: name[1], Exchange: "amq.direct", RoutingKey: q}, &wire.QueueUnbind{Queue: name[1], Exchange: "amq.direct", RoutingKey: q},
				} {
					t.Observe(name[0]+": "+m.ID().String(), t.answer(t.Raw().Channel(), m))
				}
			}
			c.Publish("", names[1][1], "reply")
			t.Check("the requester is still there", c.Lines(1), []string{`deliver a 2 "reply"`})
		},
	},
	{
		ID:     "reply-to/consume-name",
		Title:  "consuming from a name that stands for a requester, or is but like the pseudo-queue, is refused or taken by no queue",
		Why:    "Nobody may listen to another's replies.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().requester("a"), t.QueueName("q")
			c.Queue(q)
			for _, name := range []string{c.request(q), replyTo + ".", replyTo + ".x", replyTo + ".x.y", replyTo + "-x"} {
				t.Observe("consume "+name, t.answer(t.Raw().Channel(), &wire.BasicConsume{Queue: name, NoAck: true}))
			}
			t.Observe("one's own", t.answer(c, &wire.BasicConsume{Queue: c.request(q), NoAck: true, ConsumerTag: "b"}))
		},
	},
	{
		ID:     "reply-to/cancel",
		Title:  "after the consumer of replies was cancelled its name is nobody's, and a new consumer has another",
		Why:    "Late replies must not reach a consumer that did not ask for them.",
		Source: pageReplyTo,
		Run: func(t *T) {
			c, q, server := t.Raw().requester("a"), t.QueueName("q"), t.Raw().Channel()
			server.Queue(q)
			old := c.request(q)
			t.Check("cancelled", Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "a"}).ConsumerTag, "a")
			server.Publish("", old, "late")
			c.ConsumeWith(&wire.BasicConsume{Queue: replyTo, NoAck: true, ConsumerTag: "b"})
			t.Check("same name", c.request(q) == old, false)
			server.Publish("", old, "later")
			server.Publish("", c.request(q), "new")
			t.Check("what arrives", c.Lines(1), []string{`deliver b 4 "new"`})
		},
	},
	{
		ID:     "reply-to/cancelled-request",
		Title:  "a request after the consumer of replies was cancelled is a 406 again",
		Why:    "A program that stops listening must not ask.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().requester("a"), t.QueueName("q")
			c.Queue(q)
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "a"})
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, withReplyTo(replyTo), "m")
			t.Check("refusal", c.Error(), ChannelError(wire.PreconditionFailed, "fast reply consumer does not exist", wire.IDBasicPublish))
		},
	},
	{
		ID:     "reply-to/tags",
		Title:  "the consumer of replies shares its channel's tags with the others, or not",
		Why:    "A tag that names two consumers would confuse replies and tasks.",
		Source: measured,
		Run: func(t *T) {
			c, q := t.Raw().requester("a"), t.QueueName("q")
			c.Queue(q)
			c.Consume(q, "a")
			c.Publish("", q, "m")
			t.Observe("of the queue", c.Lines(1))
			t.Observe("cancelled", t.answer(c, &wire.BasicCancel{ConsumerTag: "a"}))
			t.Observe("consumers of the queue", c.Counts(q))
			c.PublishWith(&wire.BasicPublish{RoutingKey: q}, withReplyTo(replyTo), "m")
			t.Observe("request", t.answer(c, &wire.ExchangeDeclare{Exchange: "amq.direct", Passive: true}))
			other, empty := t.Raw().Channel(), t.QueueName("empty")
			other.Queue(empty)
			other.Consume(empty, "t")
			t.Observe("replies with another's tag", t.answer(other, &wire.BasicConsume{Queue: replyTo, NoAck: true, ConsumerTag: "t"}))
			named := Call[*wire.BasicConsumeOk](t.Raw().Channel(), &wire.BasicConsume{Queue: replyTo, NoAck: true}).ConsumerTag
			t.Check("a tag is made up", strings.HasPrefix(named, "amq.ctag-"), true)
		},
	},
	{
		ID:     "reply-to/consume-options",
		Title:  "exclusive, no-local, a priority and other arguments mean nothing to the consumer of replies, nor does prefetch",
		Why:    "Libraries set them on every consumer.",
		Source: measured,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c := r.Channel()
			c.Queue(q)
			c.Qos(1, false)
			c.ConsumeWith(&wire.BasicConsume{Queue: replyTo, NoAck: true, NoLocal: true, Exclusive: true, ConsumerTag: "a",
				Arguments: wire.Table{{Key: "x-priority", Value: "high"}, {Key: "x-unknown", Value: int32(1)}}})
			name := c.request(q)
			for _, body := range []string{"1", "2", "3"} {
				c.Publish("", name, body)
			}
			t.Check("replies", c.Lines(3), ByRelease(t,
				On(UpTo("4.1"), []string{`deliver a 2 "1"`, `deliver a 2 "2"`, `deliver a 2 "3"`}),
				On(Since("4.2"), []string{`deliver a 2 "1"`, `deliver a 3 "2"`, `deliver a 4 "3"`})))
		},
	},
}
