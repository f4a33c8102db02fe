package worker

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
)

func TestResultRoundTrip(t *testing.T) {
	want := Result{TaskID: "a", Limit: 1112, Value: 987, Host: "here", Time: time.Date(2026, 11, 23, 12, 0, 0, 123, time.UTC)}
	message := want.publishing("r")
	require.Equal(t, "Job finished! Result is 987", string(message.Body))
	require.Equal(t, "r", message.MessageId)
	delivery := amqp.Delivery{CorrelationId: message.CorrelationId, Headers: message.Headers}
	got, err := ParseResult(delivery)
	require.NoError(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	for header := range message.Headers {
		t.Run("without "+header, func(t *testing.T) {
			delivery.Headers = maps.Clone(message.Headers)
			delete(delivery.Headers, header)
			_, err := ParseResult(delivery)
			require.ErrorContains(t, err, `worker: not a result: header "`+header+`"`)
		})
	}
}
