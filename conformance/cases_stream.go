package conformance

import (
	"net/http"
	"net/url"

	"github.com/minirabbit/minirabbit/wire"
)

var streamCases = []Case{
	{
		ID:     "stream.read/non-destructive",
		Title:  "consumers read independently, and what is acknowledged stays",
		Why:    "This is what sets a stream apart from a queue.",
		Source: pageStreams,
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			t.Publish("", q, "a", "b")
			one, two := t.Read(q, fromFirst, 10), t.Read(q, int32(1), 10)
			all := []string{`c 1 @0 "a"`, `c 2 @1 "b"`}
			t.Check("one", one.Messages(2), all)
			t.Check("two", two.Messages(1), []string{`c 1 @1 "b"`})
			one.Send(&wire.BasicAck{DeliveryTag: 2, Multiple: true})
			t.Publish("", q, "c")
			t.Check("one goes on", one.Messages(1), []string{`c 3 @2 "c"`})
			t.Check("two goes on", two.Messages(1), []string{`c 2 @2 "c"`})
			t.CheckRead("all of it", q, fromFirst, append(all, `c 3 @2 "c"`)...)
		},
	},
	{
		ID:     "stream.read/not-redelivered",
		Title:  "what was not acknowledged is read again by the next consumer, and not marked as redelivered",
		Why:    "A consumer of a stream has to tell repetitions by the offset.",
		Source: measured,
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			t.Publish("", q, "a", "b")
			for range 2 {
				c := t.Read(q, fromFirst, 10)
				t.Check("read", c.Messages(2), []string{`c 1 @0 "a"`, `c 2 @1 "b"`})
				c.Close()
			}
		},
	},
	{
		ID:     "stream.nack/no-redelivery",
		Title:  "nack, reject and recover are errors in 3.10; later they do what ack does, and bring nothing back",
		Why:    "A worker that rejects what it cannot do loses it without a trace.",
		Source: measured,
		Run: func(t *T) {
			for _, m := range []wire.Method{
				&wire.BasicNack{DeliveryTag: 1, Requeue: true}, &wire.BasicNack{DeliveryTag: 1},
				&wire.BasicReject{DeliveryTag: 1, Requeue: true}, &wire.BasicReject{DeliveryTag: 1},
			} {
				q := t.Raw().Channel().Stream()
				t.Publish("", q, "a", "b", "c", "d")
				c := t.Read(q, fromFirst, 2)
				t.Check("read", c.Messages(2), []string{`c 1 @0 "a"`, `c 2 @1 "b"`})
				if t.In(UpTo("3.12")) {
					t.Check(describe(m), c.Refused(m), unsupported("basic.nack and basic.reject not supported by stream queues", m.ID()))
					continue
				}
				c.Send(m)
				t.Check(describe(m), c.Messages(1), []string{`c 3 @2 "c"`})
			}
		},
	},
	{
		ID:     "stream.nack/multiple-and-recover",
		Title:  "basic.nack with multiple and basic.recover give credit for all, and are errors in 3.10",
		Why:    "Some frameworks recover a channel after each failure.",
		Source: measured,
		Run: func(t *T) {
			for _, m := range []wire.Method{&wire.BasicNack{DeliveryTag: 2, Multiple: true}, &wire.BasicRecoverAsync{Requeue: true}} {
				q := t.Raw().Channel().Stream()
				t.Publish("", q, "a", "b", "c", "d")
				c := t.Read(q, fromFirst, 2)
				t.Check("read", c.Messages(2), []string{`c 1 @0 "a"`, `c 2 @1 "b"`})
				if t.In(UpTo("3.12")) {
					want := unsupported("basic.nack and basic.reject not supported by stream queues", wire.IDBasicNack)
					if m.ID() == wire.IDBasicRecoverAsync {
						want = internalError()
					}
					t.Check(describe(m), c.Refused(m), want)
					continue
				}
				c.Send(m)
				t.Check(describe(m), c.Messages(2), []string{`c 3 @2 "c"`, `c 4 @3 "d"`})
			}
		},
	},
	{
		ID:     "stream.cancel/keeps-unacked",
		Title:  "nothing comes after basic.cancel, and what the consumer held can be acknowledged",
		Why:    "A consumer that stops in good order finishes what it has.",
		Source: pageConsumers,
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			t.Publish("", q, "a", "b", "c")
			c := t.Read(q, fromFirst, 1)
			t.Check("read", c.Messages(1), []string{`c 1 @0 "a"`})
			Call[*wire.BasicCancelOk](c, &wire.BasicCancel{ConsumerTag: "c"})
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("nothing more", c.RoundTrip(), []string{})
			c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "c", Arguments: argument(streamOffset, int32(1))})
			t.Check("again", c.Messages(1), []string{`c 2 @1 "b"`})
		},
	},
	{
		ID:     "stream.tx/settle",
		Title:  "in a transaction, an acknowledgement gives credit when it commits",
		Why:    "Transactions hold back all that they contain.",
		Source: pageTx,
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			t.Publish("", q, "a", "b", "c", "d")
			c := t.Raw().Channel()
			Call[*wire.TxSelectOk](c, &wire.TxSelect{})
			c.Qos(2, false)
			c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "c", Arguments: argument(streamOffset, fromFirst)})
			t.Check("read", c.Messages(2), []string{`c 1 @0 "a"`, `c 2 @1 "b"`})
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("not yet", c.RoundTrip(), []string{})
			Call[*wire.TxRollbackOk](c, &wire.TxRollback{})
			t.Check("rolled back", c.RoundTrip(), []string{})
			c.Send(&wire.BasicAck{DeliveryTag: 2, Multiple: true}, &wire.TxCommit{})
			t.Check("committed", c.LinesInAnyOrder(3), []string{`deliver c 3 "c"`, `deliver c 4 "d"`, "tx.commit-ok{}"})
		},
	},
	{
		ID:     "stream.tx/nack",
		Title:  "in a transaction, 3.10 refuses to give a stream's message back when it commits",
		Why:    "The error comes later than its cause.",
		Source: measured,
		Run: func(t *T) {
			for _, m := range []wire.Method{&wire.BasicNack{DeliveryTag: 1, Requeue: true}, &wire.BasicReject{DeliveryTag: 1}} {
				q := t.Raw().Channel().Stream()
				t.Publish("", q, "a", "b")
				c := t.Raw().Channel()
				Call[*wire.TxSelectOk](c, &wire.TxSelect{})
				c.Qos(1, false)
				c.ConsumeWith(&wire.BasicConsume{Queue: q, ConsumerTag: "c", Arguments: argument(streamOffset, fromFirst)})
				t.Check("read", c.Messages(1), []string{`c 1 @0 "a"`})
				c.Send(m)
				t.Check("not yet", c.RoundTrip(), []string{})
				c.Send(&wire.TxCommit{})
				if t.In(UpTo("3.12")) {
					t.Check(describe(m), c.Error(), unsupported("basic.nack and basic.reject not supported by stream queues", wire.IDTxCommit))
				} else {
					t.Check(describe(m), c.LinesInAnyOrder(2), []string{`deliver c 2 "b"`, "tx.commit-ok{}"})
				}
			}
		},
	},
	{
		ID:     "stream.get/refused",
		Title:  "basic.get and queue.purge are refused with 540",
		Why:    "A stream cannot be emptied, and is read by consumers only.",
		Source: pageStreams + "#feature-comparison",
		Run: func(t *T) {
			c := t.Raw().Channel()
			q := c.Stream()
			t.Publish("", q, "a")
			t.Check("get", t.Raw().Channel().Refused(&wire.BasicGet{Queue: q}), unsupported("basic.get not supported by stream queues", wire.IDBasicGet))
			t.Check("get without acknowledgement", t.Raw().Channel().Refused(&wire.BasicGet{Queue: q, NoAck: true}),
				unsupported("basic.get not supported by stream queues", wire.IDBasicGet))
			t.Check("purge", t.Raw().Channel().Refused(&wire.QueuePurge{Queue: q}), unsupported("queue.purge not supported by stream queues", wire.IDQueuePurge))
			t.CheckRead("it is still there", q, fromFirst, `c 1 @0 "a"`)
		},
	},
	{
		ID:     "stream.delete/conditions",
		Title:  "if-unused and if-empty do not hold back the deletion of a stream, and no messages are counted",
		Why:    "A clean-up that relies on the conditions deletes the data of others.",
		Source: measured,
		Run: func(t *T) {
			c := t.Raw().Channel()
			q := c.Stream()
			t.Publish("", q, "a")
			t.Check("if-empty", Call[*wire.QueueDeleteOk](c, &wire.QueueDelete{Queue: q, IfEmpty: true}), &wire.QueueDeleteOk{})
			c.Queue(q, argument("x-queue-type", "stream")...)
			reader := t.Read(q, fromFirst, 1)
			t.Check("if-unused", Call[*wire.QueueDeleteOk](c, &wire.QueueDelete{Queue: q, IfUnused: true}), &wire.QueueDeleteOk{})
			t.Check("the consumer is told", reader.Lines(1), []string{"cancel c nowait"})
		},
	},
	{
		ID:         "stream.management/entry",
		Title:      "the management API counts a stream's messages as ready, and refuses to take or purge them",
		Why:        "Dashboards and scripts meet streams, too.",
		Source:     measured,
		Management: true,
		Waits:      true,
		Run: func(t *T) {
			q := t.Raw().Channel().Stream()
			t.Publish("", q, "a", "b")
			reader := t.Read(q, fromFirst, 1)
			t.Check("read", reader.Messages(1), []string{`c 1 @0 "a"`})
			path := "/api/queues/" + url.PathEscape(t.uri.Vhost) + "/" + url.PathEscape(q)
			t.CheckLater("entry", func() any {
				entry, _ := t.Manage(http.MethodGet, path, nil).(map[string]any)
				picked := map[string]any{}
				for _, key := range []string{"type", "durable", "messages", "messages_ready", "messages_unacknowledged", "consumers"} {
					picked[key] = entry[key]
				}
				_, picked["has message_bytes"] = entry["message_bytes"]
				return picked
			}, map[string]any{"type": "stream", "durable": true, "messages": 2.0, "messages_ready": 2.0, "messages_unacknowledged": 0.0,
				"consumers": 1.0, "has message_bytes": false})
			// The connection that RabbitMQ opens for this ends with the error, and 4.3 sometimes answers 500 instead.
			refused := func(label, method, path string, body any, reason string) {
				t.Helper()
				t.CheckLater(label, func() any {
					status, answer := t.manage(method, path, body)
					return []any{status, answer}
				}, []any{http.StatusBadRequest, map[string]any{"error": "bad_request", "reason": reason}})
			}
			refused("get", http.MethodPost, path+"/get", map[string]any{"count": 1, "ackmode": "ack_requeue_true", "encoding": "auto"},
				"540 basic.get not supported by stream queues queue '<q>' in vhost '/'")
			refused("purge", http.MethodDelete, path+"/contents", nil, "queue.purge not supported by stream queues queue '<q>' in vhost '/'")
			status, _ := t.manage(http.MethodDelete, path+"?if-empty=true", nil)
			t.Check("delete if empty", status, http.StatusNoContent)
		},
	},
	{
		ID:     "stream.restart/keeps",
		Title:  "a restart keeps all that is in a stream, persistent or not, and the offsets go on",
		Why:    "A stream is a log, whatever the delivery mode says.",
		Source: pageStreams,
		Node:   true,
		Racy:   "how often a stream must be asked for until it is back depends on speed",
		Run: func(t *T) {
			c := t.Raw().Channel()
			q := c.Stream()
			c.Confirm()
			for i, body := range []string{"a", "b"} {
				c.PublishWith(&wire.BasicPublish{RoutingKey: q}, wire.Properties{Flags: wire.HasDeliveryMode, DeliveryMode: uint8(i + 1)}, body)
				Expect[*wire.BasicAck](c)
			}
			t.Restart()
			t.AwaitStream(q)
			c = t.Raw().Channel()
			c.Confirm()
			c.Publish("", q, "c")
			Expect[*wire.BasicAck](c)
			t.CheckRead("kept", q, fromFirst, `c 1 @0 "a"`, `c 2 @1 "b"`, `c 3 @2 "c"`)
		},
	},
}
