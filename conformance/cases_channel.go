package conformance

import "github.com/minirabbit/minirabbit/wire"

var channelCases = []Case{
	{
		ID:     "channel.open/numbers",
		Title:  "a client may use any channel numbers, and use one again after closing it",
		Why:    "Libraries number their channels in their own ways.",
		Source: reference + "channel.open",
		Run: func(t *T) {
			r := t.Raw()
			for _, number := range []uint16{1, 65535, 2047, 300} {
				c := r.Unopened(number)
				c.Open()
				t.Check(render(number), c.RoundTrip(), []string{})
				c.Close()
				c.Open()
				t.Check(render(number)+" again", c.RoundTrip(), []string{})
			}
		},
	},
	{
		ID:     "channel.open/twice",
		Title:  "opening a channel that is open is a 504 of the connection",
		Why:    "Two threads that share a number are found out.",
		Source: reference + "channel.open",
		Run: func(t *T) {
			t.Check("refusal", t.Raw().Channel().Refused(&wire.ChannelOpen{}),
				ConnectionError(wire.ChannelError, "second 'channel.open' seen", wire.IDChannelOpen))
		},
	},
	{
		ID:     "channel.open/expected",
		Title:  "a method on a channel that is not open is a 504 of the connection",
		Why:    "This is what a program sees that goes on using a closed channel.",
		Source: reference + "channel.open",
		Run: func(t *T) {
			for _, m := range []wire.Method{
				&wire.QueueDeclare{},
				&wire.BasicAck{DeliveryTag: 1},
				&wire.ChannelClose{ReplyCode: wire.ReplySuccess},
				&wire.ChannelCloseOk{},
			} {
				t.Check(m.ID().String(), t.Raw().Unopened(1).Refused(m),
					ConnectionError(wire.ChannelError, "expected 'channel.open'", m.ID()))
			}
			c := t.Raw().Channel()
			c.Close()
			t.Check("after a close", c.Refused(&wire.QueueDeclare{}),
				ConnectionError(wire.ChannelError, "expected 'channel.open'", wire.IDQueueDeclare))
			c = t.Raw().Channel()
			c.Refused(&wire.QueuePurge{Queue: t.UniqueName("missing")})
			t.Check("after an error", c.Refused(&wire.QueueDeclare{}),
				ConnectionError(wire.ChannelError, "expected 'channel.open'", wire.IDQueueDeclare))
			c = t.Raw().Unopened(1)
			c.Publish("", "nowhere", "m")
			t.Check("publish", c.Error(), ConnectionError(wire.ChannelError, "expected 'channel.open'", wire.IDBasicPublish))
		},
	},
	{
		ID:     "channel.close/reply",
		Title:  "a close with any code is answered, and the channel's consumers and confirms end with it",
		Why:    "Closing a channel is how a program gives up what it has.",
		Source: reference + "channel.close",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c := r.Channel()
			c.Queue(q)
			c.Consume(q, "c")
			c.Confirm()
			t.Check("nothing before close-ok", c.Close(), []string{})
			c.Open()
			c.CheckCounts("gone", q, Counts{})
			c.Publish("", q, "a")
			t.Check("neither consumer nor confirms", c.Get(q), `get-ok 1 left 0 "a"`)
			Call[*wire.ChannelCloseOk](c, &wire.ChannelClose{ReplyCode: wire.InternalError, ReplyText: "client's fault", FailingMethod: wire.IDBasicDeliver})
		},
	},
	{
		ID:     "channel.close/state-is-fresh",
		Title:  "a channel opened again under its number starts afresh: prefetch, tags, transactions",
		Why:    "Libraries reuse the numbers of channels that failed.",
		Source: reference + "channel.open",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c := r.Channel()
			c.Queue(q)
			c.Qos(1, false)
			newTx(c)
			c.Publish("", q, "lost")
			c.Close()
			c.Open()
			c.Publish("", q, "a", "b")
			c.Consume(q, "c")
			t.Check("deliveries", c.Lines(2), []string{`deliver c 1 "a"`, `deliver c 2 "b"`})
			t.Check("not transactional", c.Refused(&wire.TxCommit{}),
				ChannelError(wire.PreconditionFailed, "channel is not transactional", wire.IDTxCommit))
		},
	},
	{
		ID:     "channel.error/others-go-on",
		Title:  "an error of a channel leaves the connection and its other channels alone",
		Why:    "This is what sets a channel error apart from a connection error.",
		Source: pageChannels,
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			c, bystander := r.Channel(), r.Channel()
			bystander.Queue(q)
			bystander.Consume(q, "c")
			c.Refused(&wire.QueuePurge{Queue: t.UniqueName("missing")})
			t.Publish("", q, "a")
			t.Check("bystander", bystander.Lines(1), []string{`deliver c 1 "a"`})
			c.Open()
			t.Check("the number is free again", c.RoundTrip(), []string{})
		},
	},
	{
		ID:     "channel.error/ignored-until-close-ok",
		Title:  "after an error everything on the channel is ignored until the client acknowledges it",
		Why:    "The client has sent more before it knew, and must get one error only.",
		Source: specification + "2.2.5 The Channel Class",
		Run: func(t *T) {
			r, q := t.Raw(), t.QueueName("q")
			other := r.Channel()
			other.Queue(q)
			c := r.Channel()
			missing := t.UniqueName("missing")
			c.Send(&wire.QueuePurge{Queue: missing}, &wire.QueuePurge{Queue: missing}, &wire.BasicQos{PrefetchSize: 1})
			c.Publish("", q, "ignored")
			Expect[*wire.ChannelClose](c)
			c.Send(&wire.QueueDelete{Queue: q}, &wire.ChannelCloseOk{})
			c.Open()
			t.Check("afresh", c.RoundTrip(), []string{})
			t.Check("the publish was ignored, the delete too", other.Get(q), "get-empty")
		},
	},
	{
		ID:     "channel.error/open-before-close-ok",
		Title:  "a channel cannot be opened again before its error is acknowledged: 504 of the connection",
		Why:    "A library that reuses the number too early loses everything.",
		Source: measured,
		Run: func(t *T) {
			c := t.Raw().Channel()
			c.Send(&wire.QueuePurge{Queue: t.UniqueName("missing")})
			Expect[*wire.ChannelClose](c)
			t.Check("refusal", c.Refused(&wire.ChannelOpen{}),
				ConnectionError(wire.ChannelError, "second 'channel.open' seen", wire.IDChannelOpen))
		},
	},
	{
		ID:     "channel.error/close-crossing",
		Title:  "a close of the client that crosses the broker's is answered with close-ok",
		Why:    "Both sides may close at once.",
		Source: specification + "2.2.5 The Channel Class",
		Run: func(t *T) {
			c := t.Raw().Channel()
			c.Send(&wire.QueuePurge{Queue: t.UniqueName("missing")}, &wire.ChannelClose{ReplyCode: wire.ReplySuccess})
			t.Check("answers", []wire.MethodID{c.Next().Method.ID(), c.Next().Method.ID()}, []wire.MethodID{wire.IDChannelClose, wire.IDChannelCloseOk})
			c.Send(&wire.ChannelCloseOk{})
			t.Check("after close-ok", t.answer(c, &wire.ChannelOpen{}), "channel.open-ok{}")
		},
	},
	{
		ID:     "channel.flow/active",
		Title:  "flow active is answered; stopping the flow is not implemented, and closes the connection with 540",
		Why:    "It must not be taken and ignored.",
		Source: pageErrata,
		Run: func(t *T) {
			c := t.Raw().Channel()
			t.Check("active", Call[*wire.ChannelFlowOk](c, &wire.ChannelFlow{Active: true}), &wire.ChannelFlowOk{Active: true})
			t.Check("not active", c.Refused(&wire.ChannelFlow{}),
				ConnectionError(wire.NotImplemented, "active=false", wire.IDChannelFlow))
		},
	},
	{
		ID:     "channel.access/request",
		Title:  "access.request, which is of AMQP 0-8, is answered with ticket 1",
		Why:    "Old clients still ask.",
		Source: pageErrata,
		Run: func(t *T) {
			t.Check("reply", Call[*wire.AccessRequestOk](t.Raw().Channel(), &wire.AccessRequest{Realm: "/data"}), &wire.AccessRequestOk{Ticket: 1})
		},
	},
	{
		ID:     "channel.method/unimplemented",
		Title:  "methods that only the broker sends, and those of class connection, are a 503 of the connection",
		Why:    "A peer that mixes up the roles is cut off.",
		Source: measured,
		Run: func(t *T) {
			for _, m := range []wire.Method{
				&wire.ConnectionOpen{VirtualHost: "/"}, &wire.ConnectionClose{ReplyCode: wire.ReplySuccess}, &wire.ConnectionCloseOk{},
				&wire.ChannelOpenOk{}, &wire.ChannelFlowOk{Active: true}, &wire.ChannelCloseOk{}, &wire.AccessRequestOk{},
				&wire.ExchangeDeclareOk{}, &wire.QueueDeclareOk{}, &wire.BasicConsumeOk{}, &wire.BasicQosOk{}, &wire.BasicGetEmpty{},
				&wire.BasicRecoverOk{}, &wire.TxSelectOk{}, &wire.ConfirmSelectOk{},
			} {
				t.Check(m.ID().String(), t.Raw().Channel().Refused(m),
					ConnectionError(wire.CommandInvalid, "unimplemented method", m.ID()))
			}
			c := t.Raw().Channel()
			c.Send(&wire.BasicDeliver{})
			c.sendContent(wire.Properties{}, "m")
			t.Check("basic.deliver", c.Error(), ConnectionError(wire.CommandInvalid, "unimplemented method", wire.IDBasicDeliver))
			t.Check("basic.cancel-ok", t.Raw().Channel().Refused(&wire.BasicCancelOk{ConsumerTag: "c"}), ByRelease(t,
				On(UpTo("4.2"), ConnectionError(wire.CommandInvalid, "unimplemented method", wire.IDBasicCancelOk)),
				On(Since("4.3"), Error{OnConnection, wire.InternalError, "INTERNAL_ERROR", 0})))
		},
	},
}
