package worker

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
	"github.com/minirabbit/minirabbit/worker/celery"
)

// Tasks that end without telling anybody: ignored, rejected, or defined so.
func TestEndsThatNobodyIsTold(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	ch, _ := dial(t, broker.URL())
	mustDeclare(t, ch, "dead")
	mustDeclare(t, ch, "told")
	counters := new(Counters)
	w, err := New(broker.URL(), WithLogger(testLogger(t)), WithObserver(counters),
		WithQueueArguments(amqp.Table{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"}))
	require.NoError(t, err)
	Register(w, "tasks.ignore", func(context.Context, struct{}) (any, error) { return nil, ErrIgnore })
	Register(w, "tasks.reject", func(context.Context, struct{}) (any, error) { return nil, Reject(errors.New("not mine")) })
	Register(w, "tasks.mute", func(context.Context, struct{}) (any, error) { return 1, nil }, NoResult(), TrackStarted())
	Register(w, "tasks.mutefail", func(context.Context, struct{}) (any, error) { return nil, errors.New("broken") }, NoResult())
	stop := runNode(t, w)
	broker.Queue("celery").AwaitConsumers(t, 1)
	for _, name := range []string{"tasks.ignore", "tasks.reject", "tasks.mute", "tasks.mutefail"} {
		message, err := celery.Task{ID: name, Name: name, ReplyTo: "told"}.Publishing()
		require.NoError(t, err)
		require.NoError(t, ch.PublishWithContext(t.Context(), "", "celery", false, false, message))
	}
	require.Equal(t, "tasks.reject", broker.Queue("dead").AwaitReady(t, 1)[0].Headers["id"])
	broker.Queue("celery").AwaitAcked(t, 3)
	broker.Queue("celery").AwaitIdle(t)
	stop() // which has counted what it has acknowledged
	require.Zero(t, broker.Queue("told").Ready(t))
	ended := counters.Counts().Ended
	require.Equal(t, map[celery.State]int{"IGNORED": 1}, ended["tasks.ignore"])
	require.Equal(t, map[celery.State]int{"REJECTED": 1}, ended["tasks.reject"])
	require.Equal(t, map[celery.State]int{celery.Success: 1}, ended["tasks.mute"])
	require.Equal(t, map[celery.State]int{celery.Failure: 1}, ended["tasks.mutefail"])
}

// Waits are doubled up to the longest, and shortened by up to a half; past MaxRetries the error itself is the end.
func TestAutoRetryBacksOff(t *testing.T) {
	if os.Getenv("MINIRABBIT_AMQP_URL") != "" {
		t.Skip("SKIPPED: virtual time needs the emulator")
	}
	synctest.Test(t, func(t *testing.T) {
		broker := testkit.Start(t, testkit.InMemory())
		options := []Option{WithLogger(testLogger(t)), WithConfig(broker.ClientConfigWithoutHeartbeats()), WithHeartbeats(time.Hour)}
		w, err := New(broker.URL(), options...)
		require.NoError(t, err)
		var runs []time.Time
		Register(w, "tasks.flaky", func(context.Context, struct{}) (any, error) {
			runs = append(runs, time.Now())
			return nil, errors.New("not yet")
		}, AutoRetry(time.Second, 5*time.Second), MaxRetries(4))
		stop := runDying(t, w)
		client, err := NewClient(broker.URL(), options...)
		require.NoError(t, err)
		result, err := client.Delay(t.Context(), "tasks.flaky")
		require.NoError(t, err)
		end, err := result.Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, "RuntimeError: not yet", end.Exception.Error())
		require.Len(t, runs, 5)
		for i, longest := range []time.Duration{1, 2, 4, 5} {
			wait := runs[i+1].Sub(runs[i])
			require.GreaterOrEqual(t, wait, longest*time.Second/2)
			require.LessOrEqual(t, wait, longest*time.Second+time.Millisecond)
		}
		require.NoError(t, client.Close())
		require.NoError(t, stop())
	})
}

// A message's limits go before those of the definition, and those before the worker's.
func TestWhoseTimeLimitCounts(t *testing.T) {
	t.Parallel()
	w, err := New("amqp://localhost", WithTimeLimits(time.Second, 2*time.Second))
	require.NoError(t, err)
	s := &nodeSession{w: w, cfg: w.cfg}
	for _, c := range []struct{ own, message, want [2]time.Duration }{
		{want: [2]time.Duration{time.Second, 2 * time.Second}},
		{own: [2]time.Duration{3, 0}, want: [2]time.Duration{3, 2 * time.Second}},
		{own: [2]time.Duration{3, 4}, message: [2]time.Duration{0, 5}, want: [2]time.Duration{3, 5}},
		{message: [2]time.Duration{6, 7}, want: [2]time.Duration{6, 7}},
	} {
		soft, hard := s.limits(&Request{Task: &celery.Task{SoftLimit: c.message[0], HardLimit: c.message[1]},
			definition: &definition{softLimit: c.own[0], hardLimit: c.own[1]}})
		require.Equal(t, c.want, [2]time.Duration{soft, hard})
	}
}

// What is not JSON is read if somebody says how.
func TestRegisteredContentTypeReachesTheTask(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	startNode(t, broker, nil, WithContentType("application/x-yaml", func([]byte) ([]byte, error) { return []byte(`[[40, 2], {}, {}]`), nil }))
	ch, _ := dial(t, broker.URL())
	told, err := ch.Consume(mustDeclare(t, ch, "told"), "", true, false, false, false, nil)
	require.NoError(t, err)
	require.NoError(t, ch.PublishWithContext(t.Context(), "", "celery", false, false, amqp.Publishing{ContentType: "application/x-yaml",
		Headers: amqp.Table{"task": "tasks.add", "id": "one"}, ReplyTo: "told", Body: []byte("- [40, 2]\n- {}\n- {}\n")}))
	result, err := celery.DecodeResult(<-told, nil)
	require.NoError(t, err)
	require.Equal(t, json.RawMessage("42"), result.Value)
}
