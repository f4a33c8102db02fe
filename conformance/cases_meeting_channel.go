package conformance

import (
	"fmt"
	"math"
	"net/http"
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

var meetingChannelCases = []Case{
	{
		ID: "basic.ack/tag-zero", Title: "tag 0 without multiple is none, and with multiple means all that is held, for each way to settle",
		Why: "Libraries that batch settle with 0; a tag that was never set is 0, too.", Source: reference + "basic.ack.delivery-tag",
		Run: func(t *T) {
			for _, m := range []wire.Method{
				&wire.BasicAck{}, &wire.BasicReject{}, &wire.BasicReject{Requeue: true}, &wire.BasicNack{}, &wire.BasicNack{Multiple: true},
				&wire.BasicNack{Multiple: true, Requeue: true}, &wire.BasicAck{Multiple: true}, &wire.BasicAck{DeliveryTag: 5, Multiple: true},
				&wire.BasicNack{DeliveryTag: 1 << 63, Multiple: true}, &wire.BasicAck{DeliveryTag: math.MaxUint64},
			} {
				for _, held := range []bool{false, true} {
					c, q, to := t.Raw().Channel(), t.QueueName("q"), t.QueueName("to")
					c.Queue(to)
					c.Queue(q, deadLetterTo(to)...)
					t.Publish("", q, "a", "b")
					if held {
						c.Get(q)
						Call[*wire.BasicGetOk](c, &wire.BasicGet{Queue: q, NoAck: true})
					}
					c.Send(m, &wire.ExchangeDeclare{Exchange: "amq.direct", Passive: true})
					t.Observe(fmt.Sprint(describe(m), ", held ", held), plain(c.Next().String()))
				}
			}
		},
	},
	{
		ID: "tx/closed", Title: "a channel that closes in a transaction, or fails, gives back what it has settled, and publishes nothing",
		Why: "Without a commit nothing has happened.", Source: pageTx,
		Run: func(t *T) {
			for _, kind := range notStream {
				r := t.Raw()
				c, q, other := r.Channel(), t.QueueName(kind), t.QueueName(kind+"-other")
				c.Queue(q, queueType(kind))
				c.Queue(other, queueType(kind))
				for _, fails := range []bool{false, true} {
					t.Publish("", q, "a", "b", "c")
					tx := r.Channel()
					newTx(tx)
					tx.Get(q)
					tx.Get(q)
					tx.Send(&wire.BasicAck{DeliveryTag: 1})
					tx.Send(&wire.BasicReject{DeliveryTag: 2})
					tx.Publish("", other, "lost")
					if fails {
						t.Check(kind+": the error", tx.Refused(&wire.BasicAck{DeliveryTag: 7}), unknownTag(7, wire.IDBasicAck))
					} else {
						tx.Close()
					}
					t.Check(kind+": all are back", c.DrainRequeued(q, 3), []string{"a", "b", "c"})
					c.CheckCounts(kind+": nothing published", other, Counts{})
				}
			}
		},
	},
	{
		ID: "tx/recover", Title: "basic.recover in a transaction gives back at once what the transaction has not settled",
		Why: "It is neither a settlement of the transaction, nor a rollback.", Source: pageTx,
		Run: func(t *T) {
			c, q, to := t.Raw().Channel(), t.QueueName("q"), t.QueueName("to")
			c.Queue(to)
			c.Queue(q, deadLetterTo(to)...)
			t.Publish("", q, "a", "b", "c", "d", "e", "f")
			tx := newTx(c)
			for range 6 {
				c.Get(q)
			}
			c.Send(&wire.BasicNack{DeliveryTag: 2, Multiple: true, Requeue: true})
			c.Send(&wire.BasicReject{DeliveryTag: 4})
			c.Publish("", q, "new")
			c.Send(&wire.BasicAck{DeliveryTag: 3})
			Call[*wire.BasicRecoverOk](c, &wire.BasicRecover{Requeue: true})
			c.CheckCounts("recovered", q, Counts{Ready: 2})
			tx.commit()
			c.CheckCounts("committed", q, Counts{Ready: 5})
			c.CheckCounts("committed, the dead", to, Counts{Ready: 1})
			t.Check("in order", c.Drain(q), []string{"a", "b", "e", "f", "new"})
		},
	},
	{
		ID: "tx/refused", Title: "a classic queue refuses of a transaction what does not fit; a quorum queue that was not full takes all of it",
		Why: "A quorum queue tells its publishers later that it refuses, and the commit is over by then.", Source: pageMaxLength,
		Run: func(t *T) {
			for _, kind := range notStream {
				c := t.Raw().Channel()
				q := t.limited(c, kind, maxLength(1), overflow("reject-publish"))
				newTx(c)
				for _, body := range []string{"a", "b", "c"} {
					c.PublishWith(&wire.BasicPublish{RoutingKey: q, Mandatory: true}, wire.Properties{}, body)
				}
				c.PublishWith(&wire.BasicPublish{RoutingKey: "nowhere", Mandatory: true}, wire.Properties{}, "returned")
				c.Send(&wire.TxCommit{})
				t.Observe(kind, c.Lines(2))
				ready := map[string]uint32{"classic": 1, "quorum": 3}[kind]
				t.Raw().Channel().CheckCounts(kind+" has", q, Counts{Ready: ready})
			}
		},
	},
	{
		ID: "basic.return/content", Title: "what comes back has its copies but the blind ones, and the requester's name instead of the pseudo-queue's",
		Why: "A publisher that sends again what came back must know what became of it.", Source: reference + "basic.return",
		Run: func(t *T) {
			c := t.Raw().Channel()
			c.Confirm()
			c.ConsumeWith(&wire.BasicConsume{Queue: "amq.rabbitmq.reply-to", ConsumerTag: "r", NoAck: true})
			p := headers(wire.Field{Key: "z", Value: int32(1)}, keys("CC", "nowhere-2"), keys("BCC", "nowhere-3"), wire.Field{Key: "a", Value: int32(1)})
			p.Flags |= wire.HasReplyTo | wire.HasExpiration | wire.HasPriority
			p.ReplyTo, p.Expiration, p.Priority = "amq.rabbitmq.reply-to", "1000", 3
			c.PublishWith(&wire.BasicPublish{Exchange: "amq.direct", RoutingKey: "nowhere", Mandatory: true}, p, "m")
			t.Observe("returned and confirmed", c.Lines(2))
		},
	},
	{
		ID: "firehose/reply", Title: "a direct reply is copied as published, and on 4.3 as delivered to the requester, too",
		Why: "Operators look for a reply that did not arrive.", Source: pageFirehose, Management: true,
		Run: func(t *T) {
			f := newFirehose(t)
			requester, server := f.channel(), f.channel()
			requester.ConsumeWith(&wire.BasicConsume{Queue: "amq.rabbitmq.reply-to", ConsumerTag: "r", NoAck: true})
			server.Queue("requests")
			requester.PublishWith(&wire.BasicPublish{RoutingKey: "requests"}, wire.Properties{Flags: wire.HasReplyTo, ReplyTo: "amq.rabbitmq.reply-to"}, "ask")
			f.expect("the request", 1)
			server.Send(&wire.BasicGet{Queue: "requests", NoAck: true})
			got := server.Next()
			f.expect("is got", 1)
			server.Publish("", got.Header.Properties.ReplyTo, "answer")
			Expect[*wire.BasicDeliver](requester)
			f.expect("the reply", ByRelease(t, From(Before43, 1), From(Only43, 2)))
			server.PublishWith(&wire.BasicPublish{RoutingKey: "z"}, headers(keys("CC", "requests", "a", "z")), "copies")
			f.expect("copies", 1)
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
	{
		ID: "queue.bind/no-names", Title: "without a queue and a key, a binding is of the queue declared last by its own name; with a queue, the key is empty",
		Why: "The name of a queue that the broker named need not be known to bind it.", Source: reference + "queue.bind.queue",
		Run: func(t *T) {
			c, x := t.Raw().Channel(), t.ExchangeName("x")
			c.Exchange(x, "direct")
			first := Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Exclusive: true}).Queue
			second := Call[*wire.QueueDeclareOk](c, &wire.QueueDeclare{Exclusive: true}).Queue
			Call[*wire.QueueBindOk](c, &wire.QueueBind{Exchange: x})
			t.Publish(x, second, "by its name")
			t.Publish(x, "", "by nothing")
			t.Check("the last", c.Drain(second), []string{"by its name"})
			Call[*wire.QueueBindOk](c, &wire.QueueBind{Queue: first, Exchange: x})
			t.Publish(x, first, "by its name")
			t.Publish(x, "", "by nothing")
			t.Check("the first", c.Drain(first), []string{"by nothing"})
			Call[*wire.QueueUnbindOk](c, &wire.QueueUnbind{Exchange: x})
			t.Publish(x, second, "unbound")
			t.Check("unbound", c.Drain(second), []string{})
			Call[*wire.QueueDeleteOk](c, &wire.QueueDelete{})
			t.Check("deleted", c.Refused(&wire.BasicGet{}).Code, wire.NotFound)
		},
	},
	{
		ID: "quorum.order/single-active-busy", Title: "since 4.0 a consumer of a higher priority becomes the single active one when the active one has settled all; until then nobody gets anything",
		Why: "A worker that is slow to acknowledge holds up the queue.", Source: pageQuorum,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			low, high, other := r.Channel(), r.Channel(), t.Raw().Channel()
			low.Queue(q, quorum(singleActive)...)
			for _, c := range []*RawChannel{low, high} {
				c.Qos(2, false)
			}
			low.ConsumeWith(priorityConsumer(q, "low", int32(1)))
			t.Publish("", q, "a", "b", "c", "d")
			t.Check("low", low.Lines(2), []string{`deliver low 1 "a"`, `deliver low 2 "b"`})
			high.ConsumeWith(priorityConsumer(q, "high", int32(5)))
			low.Send(&wire.BasicAck{DeliveryTag: 1})
			other.CheckCounts("one is settled", q, Counts{Ready: ByRelease(t, From(Only310, uint32(1)), From(Since40, uint32(2))), Consumers: 1})
			low.Send(&wire.BasicAck{DeliveryTag: 2})
			if t.In(Only310) {
				t.Check("low goes on", low.Lines(2), []string{`deliver low 3 "c"`, `deliver low 4 "d"`})
			} else {
				t.Check("high takes over", high.Lines(2), []string{`deliver high 1 "c"`, `deliver high 2 "d"`})
			}
		},
	},
	{
		ID: "stream.consume/tag-again", Title: "a consumer of a stream that is started again under its tag has credit of its own, and what the first one held gives it more",
		Why: "Workers restart their consumer with the same tag.", Source: pageStreams,
		Run: func(t *T) {
			c := t.Raw().Channel()
			q := c.Stream()
			t.Publish("", q, "a", "b", "c", "d")
			c.Qos(2, false)
			c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "c", Arguments: argument(streamOffset, fromFirst)})
			t.Check("first", c.Messages(2), []string{`c 1 @0 "a"`, `c 2 @1 "b"`})
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "c"})
			c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "c", Arguments: argument(streamOffset, int64(1))})
			t.Check("again", c.Messages(2), []string{`c 3 @1 "b"`, `c 4 @2 "c"`})
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("for an older one", c.Messages(1), []string{`c 5 @3 "d"`})
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
		ID: "operator/delete-user", Title: "deleting a user closes its connections with 320; a new password does not",
		Why: "A leaked account is shut at once.", Source: pageAuth, Management: true,
		Run: func(t *T) {
			user := t.User("user")
			c, q := t.RawAsPermitted(user, ".*", ".*", ".*").Channel(), t.QueueName("q")
			c.Queue(q)
			c.Confirm()
			t.Manage(http.MethodPut, "/api/users/"+user.Username, map[string]string{"password": "other", "tags": ""})
			c.published(q, wire.Properties{}, "m")
			t.Manage(http.MethodDelete, "/api/users/"+user.Username, nil)
			t.Check("told", c.Error(), ConnectionError(wire.ConnectionForced, "user '<user>' is deleted", 0))
		},
	},
	{
		ID: "exchange.declare/other-types", Title: "types in other letters, of other plug-ins and of other protocols are unknown",
		Why: "A misspelt type must not make another exchange.", Source: reference + "exchange.declare.type",
		Run: func(t *T) {
			x := t.ExchangeName("x")
			for _, kind := range []string{"DIRECT", "Fanout", "topic ", "rtopic", "x-jms-topic", "x-lvc", "x-federation-upstream", "x-super-stream"} {
				try := attempts{t: t}
				try.try(kind, &wire.ExchangeDeclare{Exchange: x, Type: kind})
			}
		},
	},
	{
		ID: "difference/credit", Title: "what a consumer with the argument x-credit gets, which 3.10 heeds",
		Why: "3.10 has it for its plug-in of AMQP 1.0; to others it is a consumer that stops.", Source: measured,
		Run: func(t *T) {
			for _, kind := range notStream {
				c, q := t.Raw().Channel(), t.QueueName(kind)
				c.Queue(q, queueType(kind))
				t.Publish("", q, "a", "b", "c")
				credit := wire.Table{{Key: "credit", Value: int64(2)}, {Key: "drain", Value: false}}
				c.Send(&wire.BasicConsume{Queue: q, ConsumerTag: "c", NoAck: true, Arguments: argument("x-credit", credit)})
				t.Observe(kind, c.Lines(ByRelease(t, From(Only310, 1), From(Since40, 4))))
			}
		},
	},
	{
		ID: "difference/permission-cache", Title: "what a channel may do after its user has lost a permission that the channel has just made use of",
		Why: "RabbitMQ's channels remember for a while what they were permitted.", Source: measured, Management: true,
		Run: func(t *T) {
			user, q := t.User("user"), t.QueueName("q")
			t.Raw().Channel().Queue(q)
			r := t.RawAsPermitted(user, "", ".*", "")
			used, fresh := r.Channel(), r.Channel()
			used.Confirm()
			used.published(q, wire.Properties{}, "m")
			t.Permit(user.Username, "", "", "")
			used.Publish("", q, "m")
			t.Observe("the same channel", used.Lines(1))
			fresh.Publish("", q, "m")
			t.Observe("another channel", fresh.Lines(1))
		},
	},
}
