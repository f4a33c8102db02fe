package testkit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// What the testkit publishes, a client receives as if a client had published it,
// and what a client has published, the testkit shows as a client would receive it.
func TestSameValuesInHeadersAnywhere(t *testing.T) {
	broker := testkit.Start(t)
	broker.Declare(t, tasks)
	_, ch := dial(t, broker)
	require.NoError(t, ch.Confirm(false))
	for _, value := range []any{
		nil, true, byte(1), int8(-1), int16(-2), int32(-3), int64(-4), 5, -5, uint16(6), uint32(7), float32(1.5), 2.5,
		"s", []byte("b"), amqp.Decimal{Scale: 2, Value: 314}, time.Unix(1e9, 0), amqp.Table{}, []any{},
		amqp.Table{"n": 1, "list": []any{1, "x", nil, amqp.Table{"n": 2}, []any{}, amqp.Table{}}},
	} {
		t.Run(fmt.Sprintf("%T", value), func(t *testing.T) {
			m := amqp.Publishing{Headers: amqp.Table{"value": value}}
			byClient := func() {
				c, err := ch.PublishWithDeferredConfirm("", "tasks", false, false, m)
				require.NoError(t, err)
				require.True(t, c.Wait())
			}
			received := func() amqp.Table {
				d, ok, err := ch.Get("tasks", true)
				require.NoError(t, err)
				require.True(t, ok)
				return d.Headers
			}
			byClient()
			want := received()
			broker.PublishMessage(t, "", "tasks", m)
			if diff := cmp.Diff(want, received()); diff != "" {
				t.Errorf("published by the testkit (-by a client +by the testkit):\n%s", diff)
			}
			byClient()
			if diff := cmp.Diff(want, broker.Queue("tasks").Take(t, 1)[0].Headers); diff != "" {
				t.Errorf("shown by the testkit (-to a client +by the testkit):\n%s", diff)
			}
		})
	}
}
