package management_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
)

// TestOddHeadersInJSON sends headers that JSON has no place for. The answers are those of 3.10.8, 4.0.5 and 4.3.6.
func TestOddHeadersInJSON(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		b := start(t, release)
		conn, err := dial(t, b, "guest", "/")
		require.NoError(t, err)
		ch := channel(t, conn)
		_, err = ch.QueueDeclare("q", true, false, false, false, amqp.Table{"x": amqp.Decimal{Scale: 2, Value: 12345}, "y": nil, "z": []byte{0xff}})
		require.NoError(t, err)
		require.NoError(t, ch.Confirm(false))
		for _, c := range []struct {
			headers amqp.Table
			want    string
		}{
			{amqp.Table{"d": amqp.Decimal{Scale: 2, Value: 12345}}, `{"d":2.12345}`},
			{amqp.Table{"d": amqp.Decimal{Scale: 0, Value: 100}}, `{"d":0.1}`},
			{amqp.Table{"d": amqp.Decimal{Scale: 3, Value: -7}}, `{"d":3.4294967289}`},
			{amqp.Table{"v": nil}, `{"v":"undefined"}`},
			{amqp.Table{"b": []byte("ok")}, `{"b":"ok"}`},
			{amqp.Table{"b": []byte{0xff, 0xfe, 'a'}}, `{"b":"Not UTF-8, base64 is: //5h"}`},
			{amqp.Table{"s": "caf\xe9"}, `{"s":"Not UTF-8, base64 is: Y2Fm6Q=="}`},
			{amqp.Table{"t": amqp.Table{"x": []byte{0xff}, "v": nil}, "a": []any{nil, "\xff", amqp.Decimal{Scale: 1, Value: 5}}},
				`{"a":["undefined","Not UTF-8, base64 is: /w==",1.5],"t":{"v":"undefined","x":"Not UTF-8, base64 is: /w=="}}`},
		} {
			confirm, err := ch.PublishWithDeferredConfirmWithContext(t.Context(), "", "q", false, false, amqp.Publishing{Headers: c.headers})
			require.NoError(t, err)
			require.True(t, confirm.Wait())
			a := send(t, b.ManagementURL(), `POST /api/queues/%2F/q/get {"count":1,"ackmode":"ack_requeue_false","encoding":"auto"}`)
			var got []struct {
				Properties struct{ Headers json.RawMessage }
			}
			require.NoError(t, json.Unmarshal(a.Body, &got), "%s", a.Body)
			require.Len(t, got, 1)
			require.JSONEq(t, c.want, string(got[0].Properties.Headers))
		}
		a := send(t, b.ManagementURL(), "GET /api/queues/%2F/q?columns=arguments.x,arguments.y,arguments.z")
		for _, part := range []string{`"x":2.12345`, `"y":"undefined"`, `"z":"Not UTF-8, base64 is: /w=="`} {
			require.Contains(t, string(a.Body), part)
		}
	})
}

// TestMalformedCredentials sends what is none of basic authentication. The statuses are those of all three releases.
func TestMalformedCredentials(t *testing.T) {
	guest := base64.StdEncoding.EncodeToString([]byte("guest:guest"))
	eachRelease(t, func(t *testing.T, release string) {
		api := newAPI(t, release)
		for header, want := range map[string]int{
			"Basic": 400, "Basic !!": 400, "Basic Z3Vlc3Q=": 400, "Foo bar": 400, "Digest x": 400, "": 400, "Basic " + guest + " x": 400,
			"Basic Z3Vlc3Q6": 401, "Bearer abc": 401,
			"basic " + guest: 200, "Basic  " + guest: 200,
		} {
			w := serveTo(api, here, http.MethodGet, "http://localhost/api/whoami", "", map[string]string{"Authorization": header})
			require.Equal(t, want, w.Code, header)
			if want == 401 {
				require.Contains(t, w.Body.String(), `"error":"not_authorized"`)
			} else if want == 400 {
				require.Empty(t, w.Body.String())
			}
		}
	})
}

// TestQuorumQueuesPersistAll publishes without a delivery mode: all three releases count the message as persistent.
func TestQuorumQueuesPersistAll(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		b := start(t, release)
		do(t, b, `PUT /api/queues/%2F/c {"durable":true}`, `PUT /api/queues/%2F/q {"durable":true,"arguments":{"x-queue-type":"quorum"}}`)
		for _, name := range []string{"c", "q"} {
			do(t, b, `POST /api/exchanges/%2F/amq.default/publish {"properties":{},"routing_key":"`+name+`","payload":"12345","payload_encoding":"string"}`)
		}
		var q struct {
			Messages        int `json:"messages_persistent"`
			Bytes           int `json:"message_bytes"`
			PersistentBytes int `json:"message_bytes_persistent"`
		}
		require.NoError(t, json.Unmarshal(send(t, b.ManagementURL(), "GET /api/queues/%2F/c").Body, &q))
		require.Equal(t, []int{0, 0}, []int{q.Messages, q.PersistentBytes})
		require.NoError(t, json.Unmarshal(send(t, b.ManagementURL(), "GET /api/queues/%2F/q").Body, &q))
		require.Equal(t, []int{1, q.Bytes}, []int{q.Messages, q.PersistentBytes})
	})
}
