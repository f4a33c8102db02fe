package worker

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
	"github.com/minirabbit/minirabbit/worker/celery"
)

// At whatever step either side's connection drops: each task ends once, as its sender sees it, and with the right value.
func TestNoCeleryTaskIsLostWhenAConnectionDrops(t *testing.T) {
	t.Parallel()
	steps := []testkit.When{
		testkit.Before(testkit.ConnectionOpen), testkit.After(testkit.ConnectionOpen),
		testkit.Before(testkit.ChannelOpen), testkit.After(testkit.ChannelOpen).Nth(3),
		testkit.Before(testkit.ExchangeDeclare), testkit.After(testkit.ExchangeDeclare).Nth(2),
		testkit.Before(testkit.QueueDeclare), testkit.Before(testkit.QueueDeclareOk), testkit.After(testkit.QueueDeclareOk),
		testkit.After(testkit.QueueBind), testkit.Before(testkit.ConfirmSelect), testkit.After(testkit.ConfirmSelect),
		testkit.Before(testkit.BasicQos), testkit.After(testkit.BasicQos),
		testkit.Before(testkit.BasicConsume), testkit.Before(testkit.BasicConsumeOk), testkit.After(testkit.BasicConsumeOk).Nth(2),
		testkit.Before(testkit.BasicDeliver), testkit.After(testkit.BasicDeliver), testkit.After(testkit.BasicDeliver).Nth(3),
		testkit.Before(testkit.BasicPublish), testkit.After(testkit.BasicPublish), testkit.After(testkit.BasicPublish).Nth(4),
		testkit.Before(testkit.Confirm), testkit.After(testkit.Confirm), testkit.Before(testkit.Confirm).Nth(3),
		testkit.Before(testkit.BasicAck), testkit.After(testkit.BasicAck), testkit.Before(testkit.BasicAck).Nth(3),
	}
	tears := []testkit.When{testkit.Before(testkit.BasicDeliver), testkit.Before(testkit.Confirm)}
	// What a client does not come to: it has one exchange, one consumer and no prefetch.
	workersOnly := []testkit.When{testkit.Before(testkit.BasicQos), testkit.After(testkit.BasicQos),
		testkit.After(testkit.BasicConsumeOk).Nth(2), testkit.After(testkit.ExchangeDeclare).Nth(2)}
	names := func(steps []testkit.When, step testkit.When) bool {
		return slices.ContainsFunc(steps, func(other testkit.When) bool { return other.String() == step.String() })
	}
	for _, side := range []string{"celery-worker", "celery-client"} {
		for _, step := range steps {
			if side == "celery-client" && names(workersOnly, step) {
				continue
			}
			t.Run(fmt.Sprintf("%s, %v", side, step), func(t *testing.T) {
				t.Parallel()
				testDrop(t, side, testkit.Fault{When: step, Do: testkit.DropConnection})
			})
			if names(tears, step) {
				t.Run(fmt.Sprintf("%s, within %v", side, step), func(t *testing.T) {
					t.Parallel()
					testDrop(t, side, testkit.Fault{When: step, Do: testkit.TearFrame})
				})
			}
		}
	}
}

func testDrop(t *testing.T, side string, fault testkit.Fault) {
	broker := testkit.Start(t)
	quiet := WithLogger(slog.New(slog.DiscardHandler))
	host := newHost(t)
	fault.When = fault.When.By(side + "@" + host)
	struck := broker.Inject(t, fault)
	client := startClient(t, broker, quiet, WithPublishRetries(20))
	w, err := New(broker.URL(), quiet, WithBackoff(time.Millisecond, 20*time.Millisecond), WithConcurrency(2))
	require.NoError(t, err)
	registerSome(w)
	stop := runNode(t, w)
	sums := make([]*AsyncResult, 12)
	for i := range sums {
		sums[i], err = client.Delay(testContext(t), "tasks.add", i, 100)
		require.NoError(t, err)
	}
	last, err := client.SendChain(testContext(t), NewCall("tasks.add", 1), NewCall("tasks.add", 2), NewCall("tasks.again", 1).Immutable())
	require.NoError(t, err)
	for i, r := range sums {
		require.Equal(t, fmt.Sprint(100+i), outcomeText(t, r))
		require.Equal(t, celery.Success, r.State())
	}
	require.Equal(t, "1", outcomeText(t, last))
	require.Equal(t, "3", outcomeText(t, last.Parent()))
	struck.Await(t)
	broker.AwaitIdle(t)
	stop()
}

// newHost is the host's name, of which connections are named.
func newHost(t *testing.T) string {
	cfg, err := newConfig("test", nil)
	require.NoError(t, err)
	return cfg.host
}

// The broker is stopped, killed and restarted while tasks wait, run, and are told.
func TestNoCeleryTaskIsLostWhenTheBrokerRestarts(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*testkit.Broker, testkit.T){"stopped": (*testkit.Broker).Stop, "killed": (*testkit.Broker).Kill} {
		for _, moment := range []testkit.When{
			testkit.After(testkit.BasicDeliver).From("celery").Nth(5), testkit.After(testkit.BasicPublish).Key("celery").Nth(20),
			testkit.After(testkit.BasicAck).From("celery").Nth(10), testkit.Before(testkit.Confirm).Nth(25),
		} {
			t.Run(fmt.Sprintf("%s %v", name, moment), func(t *testing.T) {
				t.Parallel()
				broker := testkit.Start(t)
				quiet := WithLogger(slog.New(slog.DiscardHandler))
				client := startClient(t, broker, quiet, WithPublishRetries(1000))
				w, err := New(broker.URL(), quiet, WithBackoff(time.Millisecond, 20*time.Millisecond), WithConcurrency(2))
				require.NoError(t, err)
				registerSome(w)
				stop := runNode(t, w)
				struck := broker.Inject(t, testkit.Fault{When: moment, Do: testkit.Call(func() {
					end(broker, t)
					broker.Restart(t)
				})})
				results := make([]*AsyncResult, 40)
				for i := range results {
					results[i], err = client.Delay(testContext(t), "tasks.add", i, 100)
					require.NoError(t, err)
				}
				for i, r := range results {
					require.Equal(t, fmt.Sprint(100+i), outcomeText(t, r))
				}
				struck.Await(t)
				broker.AwaitIdle(t)
				stop()
			})
		}
	}
}

// A worker that dies with tasks begun and not begun leaves all of them to the next.
func TestTasksOfADeadWorkerAreDoneByTheNext(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	client := startClient(t, broker)
	dead, err := New(broker.URL(), WithLogger(testLogger(t)), WithConcurrency(2), WithDrainTimeout(0))
	require.NoError(t, err)
	begun := registerWait(dead)
	stop := runDying(t, dead)
	results := make([]*AsyncResult, 20)
	for i := range results {
		results[i], err = client.Delay(testContext(t), "tasks.add", i, 1)
		require.NoError(t, err)
	}
	<-begun
	<-begun
	broker.Queue("celery").AwaitUnacked(t, 8)
	require.ErrorIs(t, stop(), ErrDrainTimeout)
	startNode(t, broker, nil)
	for i, r := range results {
		require.Equal(t, fmt.Sprint(i+1), outcomeText(t, r))
	}
	broker.AwaitIdle(t)
}
