package worker

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
)

func TestParseTask(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       int64
	}{
		{"plain", `{"limit": 1112}`, 1112},
		{"smallest", `{"limit":1}`, 1},
		{"largest", `{"limit":9223372036854775807}`, math.MaxInt64},
		{"space around", " {\"limit\":\n12 } \n", 12},
		{"unknown members", `{"color":"red","limit":12}`, 12},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseTask([]byte(c.body))
			require.NoError(t, err)
			if diff := cmp.Diff(Task{Limit: c.want}, got); diff != "" {
				t.Errorf("task (-want +got):\n%s", diff)
			}
		})
	}
}

// notTasks are bodies that end in the dead-letter queue, and what is said about them.
var notTasks = []struct{ name, body, reason string }{
	{"empty", ``, "not JSON: "},
	{"text", `twelve`, "not JSON: "},
	{"cut", `{"limit":`, "not JSON: "},
	{"trailing garbage", `{"limit":12}}`, "not JSON: "},
	{"two objects", `{"limit":12}{"limit":12}`, "not JSON: "},
	{"null", `null`, `"limit" is missing, expected an object like {"limit": 1112}`},
	{"missing limit", `{}`, `"limit" is missing, expected an object like {"limit": 1112}`},
	{"limit null", `{"limit":null}`, `"limit" is missing, expected an object like {"limit": 1112}`},
	{"a number", `12`, "expected a JSON object, got number"},
	{"an array", `[12]`, "expected a JSON object, got array"},
	{"a string", `{"limit":"12"}`, `"limit" is string, expected a whole number that fits 64 bits`},
	{"a fraction", `{"limit":12.5}`, `"limit" is number 12.5, expected a whole number that fits 64 bits`},
	{"too big", `{"limit":9223372036854775808}`, `"limit" is number 9223372036854775808, expected a whole number that fits 64 bits`},
	{"zero", `{"limit":0}`, "limit 0 is below 1, and no Fibonacci number is less than that"},
	{"negative", `{"limit":-12}`, "limit -12 is below 1, and no Fibonacci number is less than that"},
}

func TestParseTaskRefuses(t *testing.T) {
	for _, c := range notTasks {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseTask([]byte(c.body))
			var wrong *TaskError
			require.ErrorAs(t, err, &wrong)
			if c.reason == "not JSON: " { // what follows is worded by encoding/json
				require.Contains(t, wrong.Reason, c.reason)
			} else {
				require.Equal(t, c.reason, wrong.Reason)
			}
			require.Equal(t, c.body, string(wrong.Body))
		})
	}
}

func TestTaskErrorShowsTheBeginningOfTheBody(t *testing.T) {
	_, err := ParseTask([]byte(strings.Repeat("x", 100)))
	require.ErrorContains(t, err, strings.Repeat("x", 64)+`" and 36 bytes more`)
	require.NotContains(t, err.Error(), strings.Repeat("x", 65))
}

func TestTaskRoundTrip(t *testing.T) {
	message, err := Task{ID: "a", Limit: 1112}.publishing()
	require.NoError(t, err)
	require.Equal(t, "a", message.MessageId)
	require.Equal(t, `{"limit":1112}`, string(message.Body))
	require.Equal(t, uint8(amqp.Persistent), message.DeliveryMode)
	got, err := ParseTask(message.Body)
	require.NoError(t, err)
	require.Equal(t, int64(1112), got.Limit)
}
