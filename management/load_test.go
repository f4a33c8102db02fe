package management_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// TestWhileClientsPublish asks the API for everything while connections publish and
// consume, and closes one of them through it.
func TestWhileClientsPublish(t *testing.T) {
	const connections, messages = 100, 50
	b := testkit.Start(t, testkit.WithManagement())
	do(t, b, "PUT /api/queues/%2F/q {}")
	var clients sync.WaitGroup
	for range connections {
		clients.Go(func() {
			conn, err := amqp.DialConfig(b.URL(), b.ClientConfig())
			if !assert.NoError(t, err) {
				return
			}
			defer conn.Close()
			ch, err := conn.Channel()
			if !assert.NoError(t, err) {
				return
			}
			assert.NoError(t, ch.Confirm(false))
			for range messages {
				c, err := ch.PublishWithDeferredConfirmWithContext(t.Context(), "", "q", false, false, amqp.Publishing{Body: []byte("x")})
				if assert.NoError(t, err) {
					assert.True(t, c.Wait())
				}
			}
		})
	}
	published := make(chan struct{})
	go func() {
		defer close(published)
		clients.Wait()
	}()
	for done := false; !done; {
		select {
		case <-published:
			done = true
		default:
		}
		for _, path := range []string{"overview", "queues", "connections", "channels", "consumers", "vhosts", "nodes", "definitions", "bindings",
			"queues/%2F/q?lengths_age=60&lengths_incr=5&msg_rates_age=60&msg_rates_incr=5"} {
			require.Equal(t, 200, send(t, b.ManagementURL(), "GET /api/"+path).Status, path)
		}
		do(t, b, `PUT /api/policies/%2F/p {"pattern":"^q$","definition":{"max-length":100000}}`, "DELETE /api/policies/%2F/p")
	}
	require.JSONEq(t, `{"messages":5000,"message_stats":{"publish":5000}}`,
		string(send(t, b.ManagementURL(), "GET /api/queues/%2F/q?columns=messages,message_stats.publish").Body))
	require.JSONEq(t, `{"message_stats":{"confirm":5000}}`,
		string(send(t, b.ManagementURL(), "GET /api/vhosts/%2F?columns=message_stats.confirm").Body))
}

// TestMediaTypes: RabbitMQ wants JSON declared as such for limits, operator policies and definitions, and nowhere else.
func TestMediaTypes(t *testing.T) {
	b := testkit.Start(t, testkit.WithManagement())
	for _, c := range []struct {
		method, path, body, kind string
		status                   int
	}{
		{"PUT", "/api/queues/%2F/q", "{}", "text/plain", 201},
		{"PUT", "/api/operator-policies/%2F/p", `{"pattern":"^x","definition":{"max-length":1},"apply-to":"queues"}`, "text/plain", 415},
		{"PUT", "/api/operator-policies/%2F/p", `{"pattern":"^x","definition":{"max-length":1},"apply-to":"queues"}`, "Application/JSON; charset=utf-8", 201},
		{"PUT", "/api/vhost-limits/%2F/max-queues", `{"value":9}`, "", 415},
		{"PUT", "/api/vhost-limits/%2F/max-queues", `{"value":9}`, "Application/JSON", 204},
		{"POST", "/api/definitions", "{}", "application/x-www-form-urlencoded", 415},
		{"POST", "/api/definitions/%2F", "{}", "", 415},
		{"POST", "/api/definitions", "{}", "application/json", 204},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, b.ManagementURL()+c.path, strings.NewReader(c.body))
		require.NoError(t, err)
		r.SetBasicAuth("guest", "guest")
		if c.kind != "" {
			r.Header.Set("Content-Type", c.kind)
		}
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		answer.Body.Close()
		require.Equal(t, c.status, answer.StatusCode, "%s %s as %q", c.method, c.path, c.kind)
	}
}

// TestBadInput must be refused, whatever it is.
func TestBadInput(t *testing.T) {
	b := testkit.Start(t, testkit.WithManagement())
	for line, status := range map[string]int{
		"PUT /api/queues/%2F/q [":                              400,
		"PUT /api/queues/%2F/q {}{}":                           400,
		"PUT /api/queues/%2F/q \"text\"":                       400,
		`PUT /api/queues/%2F/q {"arguments":1}`:                400,
		`PUT /api/queues/%2F/q {"arguments":null}`:             201,
		`PUT /api/users/x {"tags":1}`:                          500,
		`PUT /api/policies/%2F/p {"pattern":1,"definition":1}`: 500,
		`POST /api/definitions {"queues":[1]}`:                 400,
		`POST /api/definitions []`:                             400,
		`POST /api/queues/%2F/missing/get {"count":"x","ackmode":"ack_requeue_true","encoding":"auto"}`: 404,
		`PUT /api/vhosts/x {"description":5}`:                 500,
		`PUT /api/vhosts/x {"tags":5}`:                        500,
		`PUT /api/cluster-name {"name":5}`:                    500,
		"GET /api/queues?page=1&use_regex=true&name=q(%3F!a)": 400,
		"GET /api/queues/%ZZ":                                 404,
		"GET /api/queues/%2F%00":                              404,
		"GET /nosuch":                                         404,
		"@none GET /api/queues":                               401,
	} {
		if line == "GET /api/queues/%ZZ" {
			continue // a client cannot even send it
		}
		require.Equal(t, status, send(t, b.ManagementURL(), line).Status, line)
	}
}
