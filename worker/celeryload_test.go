package worker

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
	"github.com/minirabbit/minirabbit/worker/celery"
)

// Tasks that do nothing, from a full queue; the broker, in the same process, is in the figure.
func BenchmarkWorker(b *testing.B) {
	for _, c := range []struct{ name, replyTo string }{{"no results", ""}, {"results", "results"}} {
		b.Run(c.name, func(b *testing.B) {
			broker := testkit.Start(b, testkit.WithoutRecording(), testkit.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil))))
			conn, err := amqp.Dial(broker.URL())
			require.NoError(b, err)
			defer conn.Close()
			ch, err := conn.Channel()
			require.NoError(b, err)
			require.NoError(b, declareTaskQueue(ch, "celery", nil))
			require.NoError(b, declareTaskQueue(ch, "results", nil))
			for i := range b.N {
				m, err := celery.Task{ID: fmt.Sprint(i), Name: "nothing", ReplyTo: c.replyTo}.Publishing()
				require.NoError(b, err)
				require.NoError(b, ch.PublishWithContext(b.Context(), "", "celery", false, false, m))
			}
			broker.Queue("celery").AwaitReady(b, b.N)
			w, err := New(broker.URL(), WithLogger(slog.New(slog.DiscardHandler)), WithConcurrency(2), WithPrefetch(64))
			require.NoError(b, err)
			Register(w, "nothing", func(context.Context, struct{}) (any, error) { return nil, nil })
			ctx, cancel := context.WithCancel(b.Context())
			done := make(chan error, 1)
			b.ReportAllocs()
			b.ResetTimer()
			go func() { done <- w.Run(ctx) }()
			broker.Queue("celery").AwaitIdle(b)
			b.StopTimer()
			cancel()
			require.NoError(b, <-done)
		})
	}
}
