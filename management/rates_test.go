package management_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// TestSamplesFillTheWindow as RabbitMQ's do: with zeros before the first.
func TestSamplesFillTheWindow(t *testing.T) {
	b := testkit.Start(t, testkit.WithManagement())
	do(t, b, "PUT /api/queues/%2F/q {}")
	var overview struct {
		Churn struct {
			QueueCreated        int `json:"queue_created"`
			QueueCreatedDetails struct {
				Samples []struct{ Sample, Timestamp int64 }
				Rate    *float64
			} `json:"queue_created_details"`
		} `json:"churn_rates"`
	}
	_, answer := request(t, b, http.MethodGet, "/api/overview?lengths_age=60&lengths_incr=5&msg_rates_age=60&msg_rates_incr=5", "")
	require.NoError(t, json.Unmarshal([]byte(answer), &overview))
	require.Equal(t, 1, overview.Churn.QueueCreated)
	samples := overview.Churn.QueueCreatedDetails.Samples
	require.Len(t, samples, 13)
	require.Equal(t, int64(0), samples[len(samples)-1].Sample)
	require.Equal(t, int64(5000), samples[0].Timestamp-samples[1].Timestamp)
}

// TestRangesAreChecked in RabbitMQ's words; what is no number counts as not given.
func TestRangesAreChecked(t *testing.T) {
	b := testkit.Start(t, testkit.WithManagement())
	for query, want := range map[string]string{
		"lengths_age=60&lengths_incr=0":        "Invalid range parameters: age 60, incr 0",
		"msg_rates_age=-5&msg_rates_incr=5":    "Invalid range parameters: age -5, incr 5",
		"data_rates_age=600&data_rates_incr=1": "Invalid range parameters: age 600, incr 1",
		"lengths_age=x&lengths_incr=5":         "",
		"lengths_age=60":                       "",
	} {
		status, answer := request(t, b, http.MethodGet, "/api/queues?"+query, "")
		if want == "" {
			require.Equal(t, http.StatusOK, status, query)
			continue
		}
		require.Equal(t, http.StatusBadRequest, status, query)
		require.JSONEq(t, `{"error":"invalid_range_parameters","reason":"`+want+`"}`, answer)
	}
	// Nor does anybody loop for ever where nobody refuses them, or over the largest numbers.
	for _, query := range []string{"HEAD /api/overview?lengths_age=60&lengths_incr=0&msg_rates_age=60&msg_rates_incr=0",
		"GET /api/overview?lengths_age=5&lengths_incr=10000000000&msg_rates_age=5&msg_rates_incr=10000000000",
		"GET /api/overview?lengths_age=9223372036854775807&lengths_incr=9223372036854775807&msg_rates_age=1&msg_rates_incr=1"} {
		require.Equal(t, http.StatusOK, send(t, b.ManagementURL(), query).Status, query)
	}
	status, answer := request(t, b, http.MethodGet, "/api/overview?columns=queue_totals.messages_details&lengths_age=60&lengths_incr=61", "")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, answer, `"samples":[{`)
	require.NotContains(t, answer, `"avg"`, "of one sample there is no average")
}

// TestRatesAreOfWhatIsSeen: the overview of who may enter one virtual host is about that one, and what a closed connection
// has sent stays counted, so that no rate is negative.
func TestRatesAreOfWhatIsSeen(t *testing.T) {
	b := testkit.Start(t, testkit.WithManagement())
	do(t, b, "PUT /api/queues/%2F/q {}", `PUT /api/vhosts/v {}`, `PUT /api/users/u {"password":"p","tags":"management"}`,
		`PUT /api/permissions/v/u {"configure":"","write":"","read":""}`)
	conn, err := amqp.DialConfig(b.URL(), b.ClientConfig())
	require.NoError(t, err)
	ch, err := conn.Channel()
	require.NoError(t, err)
	for range 50 {
		require.NoError(t, ch.PublishWithContext(t.Context(), "", "q", false, false, amqp.Publishing{Body: make([]byte, 1000)}))
	}
	b.Queue("q").Take(t, 50)
	require.NoError(t, conn.Close())
	b.AwaitDisconnected(t, "")
	require.Eventually(t, func() bool { // until it has been sampled
		_, answer := request(t, b, http.MethodGet, "/api/vhosts/%2F?columns=message_stats.publish_details.rate", "")
		return strings.Contains(answer, "rate") && !strings.Contains(answer, `"rate":0.0`)
	}, 20*time.Second, 50*time.Millisecond)
	_, answer := request(t, b, http.MethodGet, "/api/vhosts/%2F?columns=recv_oct,recv_oct_details.rate", "")
	var vhost struct {
		Received int                    `json:"recv_oct"`
		Details  struct{ Rate float64 } `json:"recv_oct_details"`
	}
	require.NoError(t, json.Unmarshal([]byte(answer), &vhost))
	require.Greater(t, vhost.Received, 50_000)
	require.GreaterOrEqual(t, vhost.Details.Rate, 0.0)
	overview := string(send(t, b.ManagementURL(), "@u:p GET /api/overview").Body)
	require.NotContains(t, overview, `"publish"`)
	require.NotContains(t, overview, `"rate":-`)
}

// TestIdleSince is told of queues and channels to which nothing has happened for
// five seconds: in RabbitMQ's detail, and in 3.10 in lists.
func TestIdleSince(t *testing.T) {
	for _, c := range []struct{ release, path string }{
		{"3.10", "/api/queues/%2F"}, {"3.10", "/api/queues/%2F/q"}, {"4.3", "/api/queues/%2F/q"}, {"4.3", "/api/queues/detailed"},
	} {
		t.Run(c.release+c.path, func(t *testing.T) {
			t.Parallel()
			b := testkit.Start(t, testkit.WithManagement(), testkit.WithRelease(c.release))
			do(t, b, "PUT /api/queues/%2F/q {}")
			_, answer := request(t, b, http.MethodGet, c.path, "")
			require.NotContains(t, answer, "idle_since")
			require.Eventually(t, func() bool {
				_, answer := request(t, b, http.MethodGet, c.path, "")
				return len(answer) > 0 && json.Valid([]byte(answer)) && hasKey(answer, "idle_since")
			}, 20*time.Second, 100*time.Millisecond)
		})
	}
}

func hasKey(text, key string) bool {
	var one map[string]any
	var list []map[string]any
	if json.Unmarshal([]byte(text), &one) != nil && json.Unmarshal([]byte(text), &list) == nil && len(list) > 0 {
		one = list[0]
	}
	_, set := one[key]
	return set
}

// TestQuorumQueuesTellOtherThings, which differ by release.
func TestQuorumQueuesTellOtherThings(t *testing.T) {
	for release, keys := range map[string][]string{
		"3.10": {"messages_dlx", "single_active_consumer_ctag", "open_files"},
		"4.0":  {"messages_dlx", "delivery_limit", "messages_ready_normal", "single_active_consumer_tag"},
		"4.3":  {"messages_dlx", "delivery_limit", "messages_by_priority", "delayed_retry", "single_active_consumer_tag"},
	} {
		t.Run(release, func(t *testing.T) {
			b := testkit.Start(t, testkit.WithManagement(), testkit.WithRelease(release))
			do(t, b, `PUT /api/queues/%2F/q {"durable":true,"arguments":{"x-queue-type":"quorum"}}`)
			_, answer := request(t, b, http.MethodGet, "/api/queues/%2F/q", "")
			for _, key := range keys {
				require.True(t, hasKey(answer, key), key)
			}
			for _, key := range []string{"head_message_timestamp", "messages_ready_ram", "message_bytes_paged_out"} {
				require.False(t, hasKey(answer, key), key)
			}
			if release != "3.10" {
				_, answer = request(t, b, http.MethodGet, "/api/queues/%2F/q?columns=delivery_limit", "")
				require.JSONEq(t, `{"delivery_limit":20}`, answer)
			}
		})
	}
}
