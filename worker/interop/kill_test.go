//go:build unix

package interop

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
	"github.com/minirabbit/minirabbit/worker"
)

// workerVariable has the test binary be a Go worker on the broker that it names, to be killed.
const workerVariable = "INTEROP_WORKER"

// beWorker is such a worker. It logs to its standard output.
func beWorker(url string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	w, err := worker.New(url, worker.WithQueues("checks"), worker.WithDefaultQueue("checks"), worker.WithConcurrency(2),
		worker.WithBackoff(10*time.Millisecond, 200*time.Millisecond),
		worker.WithLogger(slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	messenger, err := worker.NewMessenger(url)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	register(w, messenger)
	if err := w.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// A seen is a task as the Python producer sees it at the end.
type seen struct{ ID, State, Value, Traceback string }

// produce starts a Python producer of n tasks, each of which sleeps for a while, and returns when it has sent them.
func (b place) produce(t *testing.T, n int, pause float64) *process {
	t.Helper()
	calls := make([]any, n)
	for i := range calls {
		calls[i] = []any{"tasks.sleep", []any{pause + float64(i)/1e6}, map[string]any{}, map[string]any{"task_id": fmt.Sprintf("task-%d", i)}}
	}
	data, err := json.Marshal(calls)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "calls.json")
	require.NoError(t, os.WriteFile(file, data, 0o644))
	producer := b.script(t, "producer", "checks", "60", file)
	require.Equal(t, "sent", producer.line(t))
	return producer
}

// check waits for the producer's report: every task has succeeded, with its own value.
func check(t *testing.T, producer *process, n int, pause float64) {
	t.Helper()
	lines := producer.all(t)
	require.Len(t, lines, n)
	for i, line := range lines {
		var s seen
		require.NoError(t, json.Unmarshal([]byte(line), &s))
		require.Equal(t, fmt.Sprintf("task-%d", i), s.ID)
		require.Equal(t, "SUCCESS", s.State, line)
		var value float64
		require.NoError(t, json.Unmarshal([]byte(s.Value), &value))
		require.InDelta(t, pause+float64(i)/1e6, value, 1e-9)
	}
}

// Go workers are killed while they process: the Python producer sees each task succeed.
func TestWorkerIsKilled(t *testing.T) {
	needTime(t)
	b := start(t)
	self, err := os.Executable()
	require.NoError(t, err)
	const n, pause = 120, 0.05
	work := func() *process { return run(t, []string{workerVariable + "=" + b.url}, self) }
	victim := work()
	b.await(t, "checks")
	producer := b.produce(t, n, pause)
	for range 4 {
		for range 10 { // of the tasks; the worker's other goroutine is in the midst of one
			for !strings.Contains(victim.line(t), "task succeeded") {
			}
		}
		victim.signal(syscall.SIGKILL)
		<-victim.ended
		victim = work()
	}
	check(t, producer, n, pause)
}

// The worker's connection drops, once at each step of tasks under way.
func TestWorkersConnectionDrops(t *testing.T) {
	needTime(t)
	if os.Getenv("MINIRABBIT_AMQP_URL") != "" {
		t.Skip("SKIPPED: faults need the emulator")
	}
	broker := testkit.Start(t)
	b := placeOf(t, broker.URL())
	host, err := os.Hostname()
	require.NoError(t, err)
	var struck []func(testkit.T)
	for _, step := range []testkit.When{
		testkit.Before(testkit.BasicDeliver).From("checks").Nth(10), testkit.After(testkit.BasicDeliver).From("checks").Nth(20),
		testkit.Before(testkit.BasicPublish).Nth(10), testkit.After(testkit.BasicPublish).Nth(20),
		testkit.Before(testkit.Confirm).Nth(30), testkit.After(testkit.Confirm).Nth(40),
		testkit.Before(testkit.BasicAck).Nth(30), testkit.After(testkit.BasicAck).Nth(50),
		testkit.After(testkit.BasicConsume).Nth(2), testkit.After(testkit.QueueDeclare).Nth(4), testkit.After(testkit.ConfirmSelect).Nth(3),
	} {
		fault := broker.Inject(t, testkit.Fault{When: step.By("celery-worker@" + host), Do: testkit.DropConnection})
		struck = append(struck, func(t testkit.T) { fault.Await(t) })
	}
	const n, pause = 120, 0.005
	b.goWorker(t, "checks")
	check(t, b.produce(t, n, pause), n, pause)
	for _, await := range struck {
		await(t)
	}
	broker.Queue("checks").AwaitIdle(t)
}

// The broker is restarted while tasks wait and run. The producer's own queue dies with it, as it does on RabbitMQ, and
// is there again when the producer asks: so nothing must have been told before, and the worker tells it then.
func TestBrokerIsRestarted(t *testing.T) {
	needTime(t)
	const n, pause = 12, 1.5
	if real, ctl := os.Getenv("MINIRABBIT_AMQP_URL") != "", os.Getenv("RABBITMQCTL"); real && ctl == "" {
		t.Skip("SKIPPED: to restart a real broker takes RABBITMQCTL, the path of its rabbitmqctl")
	} else if real {
		b := start(t)
		b.goWorker(t, "checks")
		producer := b.produce(t, n, pause)
		b.awaitReady(t, "checks", n-8)
		for _, command := range []string{"stop_app", "start_app"} {
			out, err := exec.Command(ctl, command).CombinedOutput()
			require.NoError(t, err, "%s %s\n%s", ctl, command, out)
		}
		check(t, producer, n, pause)
		return
	}
	broker := testkit.Start(t)
	b := placeOf(t, broker.URL())
	b.goWorker(t, "checks")
	producer := b.produce(t, n, pause)
	broker.Queue("checks").AwaitUnacked(t, 8) // of which two run
	broker.Queue("checks").AwaitReady(t, n-8) // all have arrived: the producer asks for no confirms
	broker.Restart(t)
	check(t, producer, n, pause)
}

// awaitReady waits until so many messages are in a queue that nobody has.
func (b place) awaitReady(t *testing.T, queue string, n int) {
	t.Helper()
	conn, err := amqp.Dial(b.url)
	require.NoError(t, err)
	defer conn.Close()
	ch, err := conn.Channel()
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		q, err := ch.QueueDeclarePassive(queue, true, false, false, false, nil)
		return err == nil && q.Messages == n
	}, 60*time.Second, 10*time.Millisecond, "not %d messages in %s", n, queue)
}
