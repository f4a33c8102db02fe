package conformance

import (
	"fmt"
	"math"

	"github.com/minirabbit/minirabbit/wire"
)

var basicAckCases = []Case{
	{
		ID:     "basic.ack/unknown-tag",
		Title:  "settling a tag that was never given out is a 406",
		Why:    "It shows a fault in the client, often an acknowledgement on the wrong channel.",
		Source: pageConfirms + "#consumer-acks-double-acking",
		Run: func(t *T) {
			r := t.Raw()
			for tag := range uint64(2) {
				for _, m := range []wire.Method{
					&wire.BasicAck{DeliveryTag: tag},
					&wire.BasicNack{DeliveryTag: tag, Requeue: true},
					&wire.BasicReject{DeliveryTag: tag, Requeue: true},
				} {
					t.Check(describe(m), r.Channel().Refused(m), unknownTag(tag, m.ID()))
				}
			}
			for _, m := range []wire.Method{
				&wire.BasicAck{DeliveryTag: 1, Multiple: true},
				&wire.BasicNack{DeliveryTag: 1, Multiple: true},
			} {
				t.Check(describe(m), r.Channel().Refused(m), unknownTag(1, m.ID()))
			}
		},
	},
	{
		ID:     "basic.ack/twice",
		Title:  "settling a message twice is a 406, and the channel's other messages come back",
		Why:    "This is the most common fault of workers.",
		Source: pageConfirms + "#consumer-acks-double-acking",
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			q := taken(t, c, "a", "b")
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			t.Check("refusal", c.Refused(&wire.BasicAck{DeliveryTag: 1}), unknownTag(1, wire.IDBasicAck))
			t.Check("came back", r.Channel().DrainRequeued(q, 1), []string{"b"})
		},
	},
	{
		ID:     "basic.ack/other-channel",
		Title:  "a message can be settled only on the channel that it was delivered on",
		Why:    "Tags are the channel's own.",
		Source: pageConfirms,
		Run: func(t *T) {
			r := t.Raw()
			c, other := r.Channel(), r.Channel()
			q := taken(t, c, "a")
			t.Check("refusal", other.Refused(&wire.BasicAck{DeliveryTag: 1}), unknownTag(1, wire.IDBasicAck))
			t.Check("still unacknowledged", c.Get(q), "get-empty")
			c.Send(&wire.BasicAck{DeliveryTag: 1})
			c.RoundTrip()
		},
	},
	{
		ID:     "basic.ack/multiple",
		Title:  "multiple settles everything up to the tag, and that tag must be unacknowledged or in the past",
		Why:    "Batching consumers settle this way.",
		Source: reference + "basic.ack.multiple",
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			q := taken(t, c, "a", "b", "c", "d")
			c.Send(&wire.BasicAck{DeliveryTag: 2}, &wire.BasicAck{DeliveryTag: 3, Multiple: true})
			c.Close()
			t.Check("left", r.Channel().DrainRequeued(q, 1), []string{"d"})
		},
	},
	{
		ID:     "basic.ack/multiple-already-settled",
		Title:  "multiple up to a tag that is settled already",
		Why:    "Batches may overlap with single acknowledgements.",
		Source: measured,
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			q := taken(t, c, "a", "b", "c")
			c.Send(&wire.BasicAck{DeliveryTag: 2})
			t.Check("refusal", c.Refused(&wire.BasicAck{DeliveryTag: 2, Multiple: true}), unknownTag(2, wire.IDBasicAck))
			t.Check("left", r.Channel().DrainRequeued(q, 2), []string{"a", "c"})
		},
	},
	{
		ID:     "basic.ack/multiple-beyond",
		Title:  "multiple beyond the last tag is a 406 and settles nothing",
		Why:    "A wrong count must not acknowledge what was not received.",
		Source: measured,
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			q := taken(t, c, "a", "b")
			t.Check("refusal", c.Refused(&wire.BasicAck{DeliveryTag: 3, Multiple: true}), unknownTag(3, wire.IDBasicAck))
			t.Check("left", r.Channel().DrainRequeued(q, 2), []string{"a", "b"})
		},
	},
	{
		ID:     "basic.ack/zero-multiple",
		Title:  "tag 0 with multiple settles everything that is unacknowledged",
		Why:    "The specification gives 0 this meaning.",
		Source: reference + "basic.ack.delivery-tag",
		Run: func(t *T) {
			r := t.Raw()
			c := r.Channel()
			q := taken(t, c, "a", "b", "c")
			c.Send(&wire.BasicAck{DeliveryTag: 0, Multiple: true})
			c.Publish("", q, "d")
			t.Check("one more", c.Get(q), `get-ok 4 left 0 "d"`)
			c.Close()
			t.Check("left", r.Channel().DrainRequeued(q, 1), []string{"d"})
		},
	},
	{
		ID:     "basic.ack/zero-multiple-nothing",
		Title:  "tag 0 with multiple where nothing is unacknowledged",
		Why:    "A batching consumer may flush an empty batch.",
		Source: measured,
		Run: func(t *T) {
			r := t.Raw()
			for _, m := range []wire.Method{
				&wire.BasicAck{DeliveryTag: 0, Multiple: true},
				&wire.BasicNack{DeliveryTag: 0, Multiple: true, Requeue: true},
			} {
				c := r.Channel()
				c.Send(m)
				t.Check(describe(m), c.RoundTrip(), []string{})
			}
		},
	},
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
}
