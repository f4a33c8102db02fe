package conformance

import (
	"net/http"

	"github.com/minirabbit/minirabbit/wire"
)

const pageFirehose = "rabbitmq.com/docs/firehose"

// firehose is a virtual host with tracing on, and what consumes all its traces.
type firehose struct {
	t      *T
	vhost  string
	c      *RawChannel // of the program that is watched
	traces *RawChannel
}

func (f *firehose) channel() *RawChannel { return f.t.RawIn(f.vhost).Channel() }

// trace turns tracing on or off.
func (f *firehose) trace(on bool) {
	f.t.Manage(http.MethodPut, "/api/vhosts/"+f.vhost, map[string]any{"tracing": on})
}

// expect takes n traces, and observes their routing keys.
func (f *firehose) expect(label string, n int) {
	f.t.Helper()
	keys := []string{}
	for range n {
		keys = append(keys, Expect[*wire.BasicDeliver](f.traces).RoutingKey)
	}
	f.t.Observe(label, keys)
}

func newFirehose(t *T) *firehose {
	t.Helper()
	f := &firehose{t: t, vhost: t.Vhost("v")}
	f.c, f.traces = f.channel(), f.channel()
	t.unrecorded(func() {
		f.traces.Queue("traces")
		f.traces.Bind("traces", "amq.rabbitmq.trace", "#")
		f.traces.ConsumeWith(&wire.BasicConsume{Queue: "traces", ConsumerTag: "t", NoAck: true})
		f.trace(true)
	})
	return f
}
