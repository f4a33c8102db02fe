package conformance

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/wire"
)

func TestNormaliseReplacesNames(t *testing.T) {
	c := &T{TB: t, uri: amqp.URI{Vhost: "tests", Username: "somebody"}}
	queue := c.QueueName("q")
	longer := queue + "-2"
	c.OwnQueue("longer", longer)
	type inner struct{ Names []any }
	got := c.normalise(map[string]inner{
		queue: {Names: []any{longer, []byte(queue), wire.Table{{Key: queue, Value: nil}}, int32(1)}},
		"texts": {Names: []any{
			"no queue '" + queue + "' in vhost 'tests'", "access to vhost 'tests' refused for user 'somebody'"}},
	})
	want := any(map[string]inner{
		"<q>": {Names: []any{"<longer>", []byte("<q>"), wire.Table{{Key: "<q>", Value: nil}}, int32(1)}},
		"texts": {Names: []any{
			"no queue '<q>' in vhost '/'", "access to vhost '/' refused for user 'guest'"}},
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRenderIsReadableAndTyped(t *testing.T) {
	for _, each := range []struct {
		value any
		want  string
	}{
		{nil, "nil"},
		{"a\n", `"a\n"`},
		{[]byte("b"), `"b"`},
		{int32(1), "int32(1)"},
		{uint32(1), "uint32(1)"},
		{true, "true"},
		{[]string{"a", "b"}, `["a", "b"]`},
		{map[string]int{"b": 2, "a": 1}, `{"a": 1, "b": 2}`},
		{[]any{int8(1), nil}, "[int8(1), nil]"},
		{Counts{Ready: 1}, "Counts{Ready: 1}"},
		{&wire.BasicAck{DeliveryTag: 7, Multiple: true}, "BasicAck{DeliveryTag: 7, Multiple: true}"},
		{ChannelError(wire.NotFound, "no queue", wire.IDQueueBind), `channel error 404 "NOT_FOUND - no queue" by queue.bind`},
		{ConnectionError(wire.FrameError, "bad", 0), `connection error 501 "FRAME_ERROR - bad"`},
	} {
		if got := render(each.value); got != each.want {
			t.Errorf("render(%#v) = %s, want %s", each.value, got, each.want)
		}
	}
}
