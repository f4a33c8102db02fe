package worker

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
	"github.com/minirabbit/minirabbit/worker/celery"
)

// Messages that lead to others that AMQP, or the broker, has no room for: each task ends once, and the worker keeps its
// connection. (Celery fails most of these tasks with a struct.error.)
func TestWhatCannotBeWrittenIsNoEndlessLoop(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	counters := new(Counters)
	startNode(t, broker, func(w *Worker) {
		Register(w, "tasks.long", func(_ context.Context, n int) (any, error) { return nil, errors.New(strings.Repeat("x", n)) })
		Register(w, "tasks.raise", func(_ context.Context, n int) (any, error) {
			return nil, celery.NewException("builtins", "ValueError", strings.Repeat("x", n))
		})
		Register(w, "tasks.return", func(_ context.Context, n int) (any, error) { return strings.Repeat("x", n), nil })
	}, WithObserver(counters), func(cfg *config) { cfg.maxBytes = 1 << 20 })
	ch, _ := dial(t, broker.URL())
	told, err := ch.Consume(mustDeclare(t, ch, "told"), "", true, false, false, false, nil)
	require.NoError(t, err)
	long := strings.Repeat("i", 256)
	chain := func(options string) string {
		return `[[1], {}, {"chain": [{"task": "tasks.add", "args": [2], "kwargs": {}, "options": {` + options + `}}]}]`
	}
	for _, c := range []struct{ name, task, body, want string }{
		{"queue", "tasks.add", chain(`"queue": "` + long + `"`), "FAILURE RuntimeError: queue"},
		{"exchange", "tasks.add", chain(`"exchange": "` + long + `"`), "FAILURE RuntimeError: exchange"},
		{"routing key", "tasks.add", chain(`"exchange": "amq.direct", "routing_key": "` + long + `"`), "FAILURE RuntimeError: worker: not sent: routing key of 256 bytes"},
		{"id", "tasks.add", chain(`"task_id": "` + long + `"`), "FAILURE RuntimeError: worker: not sent: correlation id of 256 bytes"},
		{"reply-to", "tasks.add", chain(`"reply_to": "` + long + `"`), "FAILURE RuntimeError: worker: not sent: reply-to of 256 bytes"},
		{"header name", "tasks.add", chain(`"headers": {"` + long + `": 1}`), "FAILURE RuntimeError: worker: not sent: headers: a name of 256 bytes"},
		{"header", "tasks.add", chain(`"headers": {"h": "` + strings.Repeat("h", 131072) + `"}`), "FAILURE RuntimeError: worker: not sent: headers of"},
		{"arguments", "tasks.add", chain(`"kwargs": "` + strings.Repeat("<", 10) + `"`), "SUCCESS 1"},
		{"reply-to of a step that will not be done", "tasks.fail", strings.Replace(chain(`"task_id": "two", "reply_to": "`+long+`"`), "[1]", "[]", 1), "FAILURE RuntimeError: broken"},
		{"text of an error", "tasks.long", `[[600000], {}, {}]`, "FAILURE RuntimeError: result of"},
		{"text of an exception", "tasks.raise", `[[1048576], {}, {}]`, "FAILURE ValueError: result of"},
		{"result", "tasks.return", `[[1048576], {}, {}]`, "FAILURE RuntimeError: result of"},
	} {
		require.NoError(t, ch.PublishWithContext(t.Context(), "", "celery", false, false, amqp.Publishing{ContentType: "application/json",
			Headers: amqp.Table{"task": c.task, "id": c.name}, CorrelationId: c.name, ReplyTo: "told", Body: []byte(c.body)}))
		select {
		case d := <-told:
			result, err := celery.DecodeResult(d, nil)
			require.NoError(t, err)
			require.Equal(t, c.name, result.TaskID)
			if result.Exception != nil {
				require.Contains(t, string(result.State)+" "+result.Exception.Error(), c.want, c.name)
			} else {
				require.Equal(t, c.want, string(result.State)+" "+string(result.Value), c.name)
			}
		case <-testContext(t).Done():
			t.Fatal(c.name, ": nobody was told")
		}
	}
	// Nobody can be told of these two; they end all the same.
	for _, headers := range []amqp.Table{{"task": "tasks.add", "id": long}, {"task": "tasks.nobody", "id": long}} {
		require.NoError(t, ch.PublishWithContext(t.Context(), "", "celery", false, false, amqp.Publishing{ContentType: "application/json",
			Headers: headers, ReplyTo: "told", Body: []byte("[[1], {}, {}]")}))
	}
	broker.Queue("celery").AwaitIdle(t)
	require.Equal(t, 1, counters.Counts().Connected)
	require.Empty(t, told)
}

func mustDeclare(t *testing.T, ch *amqp.Channel, name string) string {
	t.Helper()
	_, err := ch.QueueDeclare(name, false, false, false, false, nil)
	require.NoError(t, err)
	return name
}

// A task that asks to be tried again, and came by an exchange that is gone, or leads nowhere any more.
func TestRetriesThatCannotBeSentFail(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"deleted", "unbound"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			broker := testkit.Start(t)
			ch, _ := dial(t, broker.URL())
			require.NoError(t, declareTaskQueue(ch, "celery", nil))
			told, err := ch.Consume(mustDeclare(t, ch, "told"), "", true, false, false, false, nil)
			require.NoError(t, err)
			require.NoError(t, ch.ExchangeDeclare("own", "direct", true, false, false, false, nil))
			require.NoError(t, ch.QueueBind("celery", "key", "own", false, nil))
			message, err := celery.Task{ID: "one", Name: "tasks.again", Args: []json.RawMessage{json.RawMessage("1")}, ReplyTo: "told"}.Publishing()
			require.NoError(t, err)
			require.NoError(t, ch.PublishWithContext(t.Context(), "own", "key", false, false, message))
			broker.Queue("celery").AwaitReady(t, 1)
			if way == "deleted" {
				require.NoError(t, ch.ExchangeDelete("own", false, false))
			} else {
				require.NoError(t, ch.QueueUnbind("celery", "key", "own", nil))
			}
			counters := new(Counters)
			startNode(t, broker, nil, WithObserver(counters))
			select {
			case d := <-told:
				result, err := celery.DecodeResult(d, nil)
				require.NoError(t, err)
				require.Equal(t, celery.Failure, result.State)
				require.Contains(t, result.Exception.Error(), "task cannot be tried again")
			case <-testContext(t).Done():
				t.Fatal("nobody was told")
			}
			broker.Queue("celery").AwaitIdle(t)
			require.Equal(t, 1, counters.Counts().Connected)
		})
	}
}

// An exchange that is there and lets nobody publish: the broker answers by closing the channel, once and not for ever.
func TestBarredExchangesFailTheirTasks(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	counters := new(Counters)
	startNode(t, broker, nil, WithObserver(counters))
	ch, _ := dial(t, broker.URL())
	require.NoError(t, ch.ExchangeDeclare("inner", "direct", true, false, true, false, nil))
	client := startClient(t, broker)
	for i := range 3 {
		first, err := client.Send(testContext(t), NewCall("tasks.add", i).Then(NewCall("tasks.add").ByExchange("inner", "")))
		require.NoError(t, err)
		require.Contains(t, outcomeText(t, first), "FAILURE RuntimeError: Exception (403)")
	}
	broker.Queue("celery").AwaitIdle(t)
	require.Equal(t, 2, counters.Counts().Connected)
}

// A function that heeds its context returns when it is terminated, perhaps before anybody waits for it; that is no failure
// of its own.
func TestTerminatedTasksAreRevoked(t *testing.T) {
	t.Parallel()
	w, err := New("amqp://localhost")
	require.NoError(t, err)
	Register(w, "tasks.heeds", func(ctx context.Context, _ struct{}) (any, error) { return nil, ctx.Err() })
	s := &nodeSession{w: w, cfg: w.cfg, log: w.cfg.logger}
	for range 10_000 {
		ctx, stop := context.WithCancelCause(t.Context())
		stop(errTerminated)
		o := s.call(ctx, t.Context(), stop, &Request{Task: &celery.Task{}, definition: w.tasks["tasks.heeds"]})
		require.Equal(t, celery.Revoked, o.state)
	}
}

func TestAFunctionThatEndsItsGoroutineFails(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	startNode(t, broker, func(w *Worker) {
		Register(w, "tasks.exits", func(context.Context, struct{}) (any, error) { runtime.Goexit(); return nil, nil })
	}, WithConcurrency(1))
	client := startClient(t, broker)
	for range 2 {
		result, err := client.Delay(testContext(t), "tasks.exits")
		require.NoError(t, err)
		require.Equal(t, "FAILURE RuntimeError: the function ended its goroutine (runtime.Goexit)", outcomeText(t, result))
	}
}
