package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"testing/synctest"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/minirabbit/minirabbit/testkit"
	"github.com/minirabbit/minirabbit/worker/celery"
)

// ask sends a command of remote control as `celery inspect` does, and returns the answer of the only worker.
func ask(t *testing.T, broker *testkit.Broker, w *Worker, method string, arguments map[string]any) any {
	t.Helper()
	ch, hangUp := dial(t, broker.URL())
	defer hangUp()
	q, err := ch.QueueDeclare("", false, true, true, false, nil)
	require.NoError(t, err)
	require.NoError(t, ch.QueueBind(q.Name, q.Name, celery.ReplyExchange, false, nil))
	answers, err := ch.Consume(q.Name, "", true, true, false, false, nil)
	require.NoError(t, err)
	command := celery.Command{Method: method, Arguments: map[string]json.RawMessage{}, Ticket: "ticket",
		ReplyTo: &celery.ReplyTo{Exchange: celery.ReplyExchange, RoutingKey: q.Name}}
	for name, value := range arguments {
		command.Arguments[name], err = json.Marshal(value)
		require.NoError(t, err)
	}
	message, err := command.Publishing()
	require.NoError(t, err)
	require.NoError(t, ch.PublishWithContext(t.Context(), celery.ControlExchange, "", false, false, message))
	select {
	case d := <-answers:
		require.Equal(t, "ticket", d.Headers["ticket"])
		var answer map[string]any
		require.NoError(t, json.Unmarshal(d.Body, &answer))
		require.Len(t, answer, 1)
		return answer[w.Name()]
	case <-testContext(t).Done():
		t.Fatal("no answer to " + method)
		return nil
	}
}

func TestRemoteControl(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	var begun <-chan struct{}
	w := startNode(t, broker, func(w *Worker) {
		tokens := make(chan struct{}, 10)
		begun = tokens
		Register(w, "tasks.block", func(ctx context.Context, _ struct{}) (any, error) {
			tokens <- struct{}{}
			<-ctx.Done()
			return nil, ctx.Err()
		})
	}, WithName("node"), WithConcurrency(1))
	require.Regexp(t, `^node@.+`, w.Name())
	client := startClient(t, broker)
	require.Equal(t, map[string]any{"ok": "pong"}, ask(t, broker, w, "ping", nil))
	require.Contains(t, ask(t, broker, w, "registered", nil), "tasks.add")
	require.Equal(t, map[string]any{"error": "KeyError('sing'): the Go worker has no such command"}, ask(t, broker, w, "sing", nil))
	require.Equal(t, []any{}, ask(t, broker, w, "active", nil))

	running, err := client.Send(testContext(t), NewCall("tasks.block").ID("running"))
	require.NoError(t, err)
	<-begun
	waiting, err := client.Send(testContext(t), NewCall("tasks.block").ID("waiting"))
	require.NoError(t, err)
	_, err = client.Send(testContext(t), NewCall("tasks.block").ID("later").Countdown(time.Hour))
	require.NoError(t, err)
	broker.Queue("celery").AwaitUnacked(t, 3)
	idIn := func(command string) any { // of the one task in the answer, nil if there is none
		all := ask(t, broker, w, command, nil).([]any)
		if len(all) == 0 {
			return nil
		}
		require.Len(t, all, 1)
		if request, ok := all[0].(map[string]any)["request"]; ok {
			return request.(map[string]any)["id"]
		}
		return all[0].(map[string]any)["id"]
	}
	require.Equal(t, "running", idIn("active"))
	for idIn("scheduled") != "later" || idIn("reserved") != "waiting" {
		continue // the last deliveries may be under way
	}
	known := ask(t, broker, w, "query_task", map[string]any{"ids": []string{"running", "nobody"}}).(map[string]any)
	require.Len(t, known, 1)
	require.Equal(t, "active", known["running"].([]any)[0])
	stats := ask(t, broker, w, "stats", nil).(map[string]any)
	require.Equal(t, map[string]any{"tasks.block": 1.0}, stats["total"])
	require.Equal(t, "/", stats["broker"].(map[string]any)["virtual_host"])
	require.IsType(t, 0.0, stats["broker"].(map[string]any)["port"])
	require.Equal(t, map[string]any{"error": "TypeError(\"revoke() missing 1 required positional argument: 'task_id'\")"}, ask(t, broker, w, "revoke", nil))
	require.Equal(t, map[string]any{"error": "tasks of the Go worker have no attributes to show: rate_limit"},
		ask(t, broker, w, "registered", map[string]any{"taskinfoitems": []string{"rate_limit"}}))

	require.Equal(t, map[string]any{"ok": "tasks waiting flagged as revoked"}, ask(t, broker, w, "revoke", map[string]any{"task_id": "waiting"}))
	require.Equal(t, map[string]any{"ok": "terminate: running"}, ask(t, broker, w, "terminate", map[string]any{"task_id": []string{"running"}, "signal": "TERM"}))
	require.Equal(t, "REVOKED celery.exceptions.TaskRevokedError: terminated", outcomeText(t, running))
	require.Equal(t, "REVOKED celery.exceptions.TaskRevokedError: revoked", outcomeText(t, waiting))
	hello := ask(t, broker, w, "hello", map[string]any{"from_node": "other@host", "revoked": map[string]any{"theirs": []any{1.0, "theirs"}}}).(map[string]any)
	require.Contains(t, hello["revoked"], "waiting")
	require.Contains(t, ask(t, broker, w, "revoked", nil), "theirs")
	require.Equal(t, map[string]any{"ok": "task events enabled"}, ask(t, broker, w, "enable_events", nil))
	require.Equal(t, map[string]any{"ok": "task events already enabled"}, ask(t, broker, w, "enable_events", nil))
}

// What is begun is finished, what is not goes back, and a remote shutdown is a warm one, too.
func TestWarmShutdown(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	client := startClient(t, broker)
	begun, release := make(chan struct{}, 10), make(chan struct{})
	w, err := New(broker.URL(), WithLogger(testLogger(t)), WithConcurrency(1))
	require.NoError(t, err)
	Register(w, "tasks.add", func(ctx context.Context, _ Arguments) (string, error) {
		begun <- struct{}{}
		select {
		case <-release:
		case <-ctx.Done():
		}
		return "done", nil
	})
	done := make(chan error, 1)
	go func() { done <- w.Run(t.Context()) }()
	broker.Queue("celery").AwaitConsumers(t, 1)
	first, err := client.Delay(testContext(t), "tasks.add", 1)
	require.NoError(t, err)
	for range 3 {
		_, err := client.Delay(testContext(t), "tasks.add", 2)
		require.NoError(t, err)
	}
	_, err = client.Send(testContext(t), NewCall("tasks.add").Countdown(time.Hour))
	require.NoError(t, err)
	<-begun
	ch, _ := dial(t, broker.URL())
	message, err := celery.Command{Method: "shutdown"}.Publishing()
	require.NoError(t, err)
	require.NoError(t, ch.PublishWithContext(t.Context(), celery.ControlExchange, "", false, false, message))
	broker.Queue("celery").AwaitReady(t, 4)
	close(release)
	require.NoError(t, <-done)
	require.Equal(t, `"done"`, outcomeText(t, first))
	require.Equal(t, 4, broker.Queue("celery").Ready(t))
	require.ErrorContains(t, w.Run(t.Context()), "was run before")
}

func TestEarlyAcknowledgement(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	begun, release := make(chan struct{}, 10), make(chan struct{})
	startNode(t, broker, func(w *Worker) {
		Register(w, "tasks.early", func(ctx context.Context, _ struct{}) (int, error) {
			begun <- struct{}{}
			select {
			case <-release:
			case <-ctx.Done():
			}
			return 1, nil
		}, Early(), TrackStarted())
	})
	client := startClient(t, broker)
	result, err := client.Delay(testContext(t), "tasks.early")
	require.NoError(t, err)
	<-begun
	broker.Queue("celery").AwaitIdle(t) // though it runs
	close(release)
	require.Equal(t, "1", outcomeText(t, result))
}

// A result whose queue is not there is told when it is.
func TestResultsWaitForTheirQueue(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	startNode(t, broker, nil)
	ch, _ := dial(t, broker.URL())
	message, err := celery.Task{ID: "1", Name: "tasks.add", Args: []json.RawMessage{json.RawMessage("5")}, ReplyTo: "later"}.Publishing()
	require.NoError(t, err)
	require.NoError(t, ch.PublishWithContext(t.Context(), "", "celery", false, false, message))
	broker.Queue("celery").AwaitAcked(t, 1)
	_, err = ch.QueueDeclare("later", false, false, false, false, nil)
	require.NoError(t, err)
	told := broker.Queue("later").Take(t, 1)
	require.JSONEq(t, `{"task_id": "1", "status": "SUCCESS", "result": 5, "traceback": null, "children": []}`, string(told[0].Body))
}

func TestMessenger(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	messenger, err := NewMessenger(broker.URL(), WithLogger(slog.New(slog.DiscardHandler)), WithPublishRetries(1))
	require.NoError(t, err)
	defer func() { require.NoError(t, messenger.Close()) }()
	result := Result{TaskID: "1", Limit: 15, Value: 13}
	err = messenger.Tell(testContext(t), result)
	var answer *amqp.Error
	require.ErrorAs(t, err, &answer)
	require.Equal(t, amqp.NotFound, answer.Code)
	ch, _ := dial(t, broker.URL())
	require.NoError(t, DeclareTopology(ch))
	require.NoError(t, messenger.Tell(testContext(t), result))
	told := broker.Queue(ResultQueue).Take(t, 1)[0]
	require.Equal(t, "Job finished! Result is 13", string(told.Body))
	require.NotEmpty(t, told.Headers["host"])
	require.NotEmpty(t, told.Headers["time"])
}

func TestCounters(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	counters := new(Counters)
	startNode(t, broker, nil, WithObserver(counters))
	client := startClient(t, broker)
	for _, task := range []string{"tasks.add", "tasks.fail"} {
		result, err := client.Delay(testContext(t), task, 1)
		require.NoError(t, err)
		_, err = result.Wait(testContext(t))
		require.NoError(t, err)
	}
	again, err := client.Delay(testContext(t), "tasks.again", 1)
	require.NoError(t, err)
	require.Equal(t, "1", outcomeText(t, again))
	broker.AwaitIdle(t)
	counts := counters.Counts()
	require.Equal(t, map[string]int{"tasks.add": 1, "tasks.fail": 1, "tasks.again": 2}, counts.Received)
	require.Equal(t, 1, counts.Connected)
	require.Zero(t, counts.Refused)
}

// The trace of who sends goes on in who does, and in what that sends.
func TestTraceContextIsPassedOn(t *testing.T) {
	otel.SetTextMapPropagator(propagation.TraceContext{}) // what a program with OpenTelemetry sets up
	broker := testkit.Start(t)
	client := startClient(t, broker)
	seen := make(chan trace.SpanContext, 3)
	startNode(t, broker, func(w *Worker) {
		Register(w, "tasks.outer", func(ctx context.Context, _ struct{}) (any, error) {
			seen <- trace.SpanContextFromContext(ctx)
			_, err := client.Delay(ctx, "tasks.inner")
			return nil, err
		})
		Register(w, "tasks.inner", func(ctx context.Context, _ struct{}) (any, error) {
			seen <- trace.SpanContextFromContext(ctx)
			if r := FromContext(ctx); r.Parent == "" || r.Root == r.ID {
				return nil, errors.New("no child of its parent")
			}
			return nil, nil
		})
	})
	id, err := trace.TraceIDFromHex("0af7651916cd43dd8448eb211c80319c")
	require.NoError(t, err)
	span, err := trace.SpanIDFromHex("b7ad6b7169203331")
	require.NoError(t, err)
	ctx := trace.ContextWithSpanContext(testContext(t), trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: span, TraceFlags: trace.FlagsSampled}))
	_, err = client.Send(ctx, NewCall("tasks.outer").Then(NewCall("tasks.inner").Immutable()))
	require.NoError(t, err)
	for range 3 {
		require.Equal(t, id, (<-seen).TraceID())
	}
	broker.AwaitIdle(t)
	sent := broker.History(t).Queue("celery")
	require.Len(t, sent, 3)
}

// A day passes in a moment: for who sends, for who waits for the eta, and for what expires meanwhile. RabbitMQ up to 4.0 takes
// back every half hour (consumer_timeout) what waits, with the channel.
func TestTomorrowsTask(t *testing.T) {
	if os.Getenv("MINIRABBIT_AMQP_URL") != "" {
		t.Skip("SKIPPED: virtual time needs the emulator")
	}
	for _, release := range []string{"3.10", "4.0", "4.3"} {
		t.Run(release, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { waitForTomorrow(t, release) }) })
	}
}

func waitForTomorrow(t *testing.T, release string) {
	broker := testkit.Start(t, testkit.InMemory(), testkit.WithRelease(release))
	quiet := WithLogger(slog.New(slog.DiscardHandler))
	w, err := New(broker.URL(), quiet, WithConfig(broker.ClientConfigWithoutHeartbeats()), WithHeartbeats(time.Hour), WithName("celery@host"))
	require.NoError(t, err)
	registerSome(w)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	client, err := NewClient(broker.URL(), quiet, WithConfig(broker.ClientConfigWithoutHeartbeats()))
	require.NoError(t, err)
	began := time.Now()
	tomorrow, err := client.Send(t.Context(), NewCall("tasks.add", 1).Countdown(24*time.Hour))
	require.NoError(t, err)
	late, err := client.Send(t.Context(), NewCall("tasks.add", 1).Countdown(24*time.Hour).Expires(time.Hour))
	require.NoError(t, err)
	value, err := Get[int](t.Context(), tomorrow)
	require.NoError(t, err)
	require.Equal(t, 1, value)
	require.InDelta(t, 24*time.Hour, time.Since(began), float64(time.Minute))
	if release == "4.3" { // in others it expires in the queue, when the channel is taken, and nobody is told
		result, err := late.Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, celery.Revoked, result.State)
	}
	cancel()
	require.NoError(t, <-done)
	require.NoError(t, client.Close())
}

// Quorum queues, which before 4.3 refuse a prefetch for the whole channel, as Celery 5.2 sets one.
func TestQuorumQueues(t *testing.T) {
	for _, release := range []string{"3.10", "4.0", "4.3"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			broker := testkit.Start(t, testkit.WithRelease(release))
			quorum := WithQueueArguments(amqp.Table{"x-queue-type": "quorum"})
			startNode(t, broker, nil, quorum)
			client := startClient(t, broker, quorum)
			for i := range 10 {
				result, err := client.Send(testContext(t), NewCall("tasks.add", i).Countdown(time.Duration(i)*time.Millisecond))
				require.NoError(t, err)
				require.Equal(t, fmt.Sprint(i), outcomeText(t, result))
			}
		})
	}
}
