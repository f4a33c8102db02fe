package management_test

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// The answers are those of 3.10.8, 4.0.5 and 4.3.6, which agree.
func TestFirehose(t *testing.T) {
	b := start(t, "4.3")
	do(t, b, "PUT /api/queues/%2F/t {}", "PUT /api/queues/%2F/q1 {}",
		`POST /api/bindings/%2F/e/amq.rabbitmq.trace/q/t {"routing_key":"#"}`, `POST /api/bindings/%2F/e/amq.direct/q/q1 {"routing_key":"k"}`,
		`PUT /api/vhosts/%2F {"tracing":true}`,
		`POST /api/exchanges/%2F/amq.direct/publish {"properties":{"headers":{"a":1,"CC":["k2"]},"delivery_mode":2,"content_type":"x"},"routing_key":"k","payload":"hello","payload_encoding":"string"}`,
		`POST /api/exchanges/%2F/amq.default/publish {"properties":{},"routing_key":"nowhere","payload":"hi","payload_encoding":"string"}`,
		`POST /api/queues/%2F/q1/get {"count":1,"ackmode":"ack_requeue_false","encoding":"auto"}`,
		`PUT /api/vhosts/%2F {"tracing":false}`,
		`POST /api/exchanges/%2F/amq.direct/publish {"properties":{},"routing_key":"k","payload":"not seen","payload_encoding":"string"}`)
	answer := send(t, b.ManagementURL(), `POST /api/queues/%2F/t/get {"count":9,"ackmode":"ack_requeue_false","encoding":"auto"}`)
	var got []struct {
		RoutingKey string `json:"routing_key"`
		Payload    string
		Properties struct{ Headers json.RawMessage }
	}
	require.NoError(t, json.Unmarshal(answer.Body, &got))
	require.Len(t, got, 3)
	process := regexp.MustCompile(`"<[^>]*>"`)
	for i, want := range []struct{ key, payload, headers string }{
		{"publish.amq.direct", "hello", `{"channel":1,"connection":"PID","exchange_name":"amq.direct","node":"rabbit@node",
			"properties":{"content_type":"x","delivery_mode":2,"headers":{"CC":["k2"],"a":1}},"routed_queues":["q1"],"routing_keys":["k","k2"],"user":"guest","vhost":"/"}`},
		{"publish.", "hi", `{"channel":1,"connection":"PID","exchange_name":"","node":"rabbit@node","properties":{},
			"routed_queues":["nowhere"],"routing_keys":["nowhere"],"user":"guest","vhost":"/"}`},
		{"deliver.q1", "hello", `{"channel":1,"connection":"PID","exchange_name":"amq.direct","node":"rabbit@node",
			"properties":{"content_type":"x","delivery_mode":2,"headers":{"CC":["k2"],"a":1}},"redelivered":0,"routing_keys":["k","k2"],"user":"guest","vhost":"/"}`},
	} {
		require.Equal(t, want.key, got[i].RoutingKey)
		require.Equal(t, want.payload, got[i].Payload)
		require.JSONEq(t, want.headers, string(process.ReplaceAll(got[i].Properties.Headers, []byte(`"PID"`))))
	}
}
