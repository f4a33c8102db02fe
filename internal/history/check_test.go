package history_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	. "github.com/minirabbit/minirabbit/internal/history"
	"github.com/minirabbit/minirabbit/wire"
)

// Connection 1 publishes on channel 1, connections 2 and 3 consume from "q" on channel 1.
func sent(connection int, m wire.Method) Event {
	return Event{Connection: connection, Channel: 1, Sent: true, Method: m}
}
func got(connection int, m wire.Method) Event {
	return Event{Connection: connection, Channel: 1, Method: m}
}
func published(body string) Event {
	return Event{Connection: 1, Channel: 1, Sent: true, Method: &wire.BasicPublish{RoutingKey: "q"}, Body: body}
}
func delivered(connection int, tag uint64, body string, redelivered bool) Event {
	return Event{Connection: connection, Channel: 1, Method: &wire.BasicDeliver{ConsumerTag: "c", DeliveryTag: tag, Redelivered: redelivered}, Body: body}
}
func confirmed(tag uint64) Event { return got(1, &wire.BasicAck{DeliveryTag: tag}) }
func acked(connection int, tag uint64) Event {
	return sent(connection, &wire.BasicAck{DeliveryTag: tag})
}
func ended(connection int) Event { return Event{Connection: connection} }

// asks is a request with its answer, which shows that the channel is there.
func asks(connection int) []Event {
	return []Event{sent(connection, &wire.BasicQos{PrefetchCount: 2}), got(connection, &wire.BasicQosOk{})}
}

func subscribes(connection int) []Event {
	return append(asks(connection), sent(connection, &wire.BasicConsume{Queue: "q", ConsumerTag: "c"}), got(connection, &wire.BasicConsumeOk{ConsumerTag: "c"}))
}

// good is a history in which everything is as it should be: "b" is requeued by connection 2, and "c" lost by it.
func good() History {
	return slices.Concat(
		[]Event{sent(1, &wire.ConfirmSelect{}), got(1, &wire.ConfirmSelectOk{})}, subscribes(2), subscribes(3),
		[]Event{published("a"), published("b"), published("c"), published("d"), confirmed(1), got(1, &wire.BasicAck{DeliveryTag: 4, Multiple: true}),
			delivered(2, 1, "a", false), delivered(2, 2, "b", false), acked(2, 1), delivered(2, 3, "c", false),
			sent(2, &wire.BasicReject{DeliveryTag: 2, Requeue: true}), delivered(3, 1, "b", true), delivered(3, 2, "c", true), ended(2),
			acked(3, 2), acked(3, 1), delivered(3, 3, "d", false), acked(3, 3)},
		asks(1), asks(3), []Event{ended(1), ended(3)})
}

func TestGoodHistory(t *testing.T) {
	if violations := Check(good()); len(violations) > 0 {
		t.Errorf("got %v", violations)
	}
}

// TestBadHistories breaks each guarantee in each way.
func TestBadHistories(t *testing.T) {
	without := func(h History, bad func(e Event) bool) History { return slices.DeleteFunc(h, bad) }
	is := func(e Event) func(Event) bool {
		return func(other Event) bool { return cmp.Equal(e, other) }
	}
	before := func(h History, e Event, add ...Event) History {
		return slices.Insert(h, slices.IndexFunc(h, is(e)), add...)
	}
	swap := func(h History, a, b Event) History {
		i, k := slices.IndexFunc(h, is(a)), slices.IndexFunc(h, is(b))
		h[i], h[k] = h[k], h[i]
		return h
	}
	change := func(h History, from, to Event) History {
		h[slices.IndexFunc(h, is(from))] = to
		return h
	}
	for name, test := range map[string]struct {
		h    History
		want Guarantee
	}{
		"delivered out of the air":              {before(good(), ended(3), delivered(3, 4, "x", false)), Published},
		"delivered before it was published":     {before(good(), published("a"), delivered(3, 4, "a", false)), Published},
		"returned out of the air":               {before(good(), ended(1), Event{Connection: 1, Channel: 1, Method: &wire.BasicReturn{}, Body: "x"}), Published},
		"out of order":                          {swap(good(), delivered(2, 1, "a", false), delivered(2, 2, "b", false)), Ordered},
		"at a second before it was requeued":    {before(good(), sent(2, &wire.BasicReject{DeliveryTag: 2, Requeue: true}), delivered(3, 9, "b", true)), Alone},
		"at a second, and the first is there":   {before(good(), ended(2), asks(2)...), Alone},
		"at a second, and the first never ends": {without(good(), is(ended(2))), Alone},
		"after it was acknowledged": {before(good(), delivered(3, 1, "b", true),
			append(asks(2), delivered(3, 8, "a", true))...), Alone},
		"not marked":                                      {change(good(), delivered(3, 1, "b", true), delivered(3, 1, "b", false)), Flagged},
		"marked the first time":                           {change(without(good(), is(ended(2))), delivered(2, 1, "a", false), delivered(2, 1, "a", true)), Flagged},
		"confirmed before it was published":               {before(good(), published("a"), confirmed(1)), Confirmed},
		"confirmed twice":                                 {before(good(), ended(1), confirmed(2)), Confirmed},
		"confirmed and lost":                              {without(good(), is(delivered(3, 3, "d", false))), Confirmed},
		"confirmed negatively, but delivered":             {change(good(), confirmed(1), got(1, &wire.BasicNack{DeliveryTag: 1})), Confirmed},
		"one more than the prefetch":                      {without(good(), is(acked(2, 1))), Limited},
		"returned after it was confirmed":                 {before(good(), ended(1), Event{Connection: 1, Channel: 1, Method: &wire.BasicReturn{}, Body: "d"}), Returned},
		"returned before it was confirmed, but delivered": {before(good(), confirmed(1), Event{Connection: 1, Channel: 1, Method: &wire.BasicReturn{}, Body: "a"}), Returned},
	} {
		t.Run(name, func(t *testing.T) {
			violations := Check(test.h)
			if !slices.ContainsFunc(violations, func(v Violation) bool { return v.Guarantee == test.want }) {
				t.Errorf("got %v, want one of %q", violations, test.want)
			}
		})
	}
}

// TestDeliveredWithoutAcknowledgement: what needs no acknowledgement is never delivered again.
func TestDeliveredWithoutAcknowledgement(t *testing.T) {
	h := slices.Concat([]Event{sent(2, &wire.BasicConsume{Queue: "q", ConsumerTag: "c", NoAck: true}), got(2, &wire.BasicConsumeOk{ConsumerTag: "c"})},
		subscribes(3), []Event{published("a"), delivered(2, 1, "a", false), ended(2), delivered(3, 1, "a", true)}, asks(3), []Event{ended(3)})
	if violations := Check(h); len(violations) != 1 || violations[0].Guarantee != Alone {
		t.Errorf("got %v", violations)
	}
}
