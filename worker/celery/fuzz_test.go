package celery

import (
	"encoding/json"
	"runtime/metrics"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
)

// FuzzDecode: whatever body a message has, it is a command, events or a result, or there is a reason why not; what was
// read can be written, in proportion to the body's bytes.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"method":"ping","arguments":{"a":1},"destination":["n"],"pattern":"^(a+)+$","matcher":"pcre","ticket":"t","reply_to":{"exchange":"e","routing_key":"k"}}`), "")
	f.Add([]byte(`[{"type":"task-sent","hostname":"n","pid":1,"clock":1,"timestamp":1.5,"utcoffset":0,"x":[1]}]`), "")
	f.Add([]byte(`{"type":"worker-heartbeat","timestamp":1e300,"pid":-1e300}`), "2030-01-02T03:04:05+00:00")
	f.Add([]byte(`{"task_id":"1","status":"FAILURE","result":{"exc_type":"E","exc_module":"m","exc_message":["x'\"\u0000"]},"children":[[["2",null],null]]}`), "1")
	f.Add([]byte(`{"task_id":"1","status":"SUCCESS","result":[1,{"a":null}],"traceback":"t"}`), "")
	f.Fuzz(func(t *testing.T, body []byte, text string) {
		before := allocated()
		d := amqp.Delivery{Body: body, ContentType: contentType, ContentEncoding: contentEncoding, CorrelationId: text}
		if c, err := DecodeCommand(d); err == nil {
			c.For(text)
			_, err := c.Publishing()
			require.NoError(t, err)
		}
		if events, err := DecodeEvents(d); err == nil {
			for _, e := range events {
				m, err := e.Publishing()
				require.NoError(t, err)
				again, err := DecodeEvents(amqp.Delivery{Body: m.Body, ContentType: m.ContentType, ContentEncoding: m.ContentEncoding})
				require.NoError(t, err)
				require.Equal(t, []string{e.Type, e.Node}, []string{again[0].Type, again[0].Node})
			}
		}
		if r, err := DecodeResult(d, nil); err == nil {
			require.NotEmpty(t, r.State)
		}
		Repr(json.RawMessage(body))
		if at, err := ParseTime(text); err == nil {
			again, err := ParseTime(FormatTime(at))
			require.NoError(t, err)
			require.True(t, at.Equal(again), "%s, and %s", at, again)
		}
		const always, forByte = 8 << 20, 5000 // a regular expression may have so many states
		require.LessOrEqual(t, allocated()-before, uint64(always+forByte*(len(body)+len(text))))
	})
}

// allocated is how many bytes the process has allocated, ever.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
