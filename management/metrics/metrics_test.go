package metrics_test

import (
	"net/http/httptest"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/management/metrics"
	"github.com/minirabbit/minirabbit/wire"
)

func TestHandler(t *testing.T) {
	node := broker.NewNode(broker.Options{})
	defer node.Close()
	vh := node.VHost("/")
	vh.Lock()
	_, err := vh.DeclareQueue(nil, &wire.QueueDeclare{Queue: "q"})
	require.NoError(t, err)
	for range 3 {
		p := wire.Properties{Flags: wire.HasDeliveryMode, DeliveryMode: 2}
		_, _, err := vh.PublishAs(node.User("guest"), broker.Publishing{RoutingKey: "q", Properties: p.Append(nil), Body: []byte("hello")})
		require.NoError(t, err)
	}
	vh.Unlock()
	w := httptest.NewRecorder()
	metrics.Handler(node, func() []string { return []string{"memory"} }).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, line := range []string{
		"rabbitmq_queues 1", "rabbitmq_queue_messages_ready 3", "rabbitmq_queue_messages_ready_bytes 15", "rabbitmq_queue_messages_persistent 3",
		"rabbitmq_channel_messages_published_total 3", "rabbitmq_queues_created_total 1", "rabbitmq_alarms_memory_used_watermark 1",
		`rabbitmq_auth_attempts_total{protocol="http"} 0`, `rabbitmq_build_info{product_name="RabbitMQ",product_version="4.3.6",rabbitmq_version="4.3.6"} 1`,
	} {
		require.Contains(t, w.Body.String(), "\n"+line+"\n")
	}
}

// Whoever imports testkit is not to get the client library.
func TestTestkitDoesNotImportPrometheus(t *testing.T) {
	packages, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "github.com/minirabbit/minirabbit/testkit").Output()
	require.NoError(t, err)
	require.NotContains(t, string(packages), "prometheus")
}
