package worker

import (
	"context"
	"testing"
	"time"

	"github.com/minirabbit/minirabbit/wire"
	"github.com/stretchr/testify/require"
)

// A gate is a job that begins when it is called and ends when it is opened.
type gate struct {
	begun  chan Task
	opened chan struct{}
}

func newGate() *gate { return &gate{begun: make(chan Task, 100), opened: make(chan struct{})} }

func (g *gate) job(ctx context.Context, task Task) (int64, error) {
	g.begun <- task
	select {
	case <-g.opened:
		return Fibonacci(task.Limit)
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

func TestDrainFinishesWhatRunsAndGivesBackTheRest(t *testing.T) {
	url := startBroker(t)
	ctx := testContext(t)
	tasks := publish(t, url, 12, 1, 21, 1, 1112) // three of them red
	g := newGate()
	worker := start(t, url, WithQueues(RedQueue), WithConcurrency(1), WithPrefetch(3), withJob(g.job))
	running := <-g.begun
	require.Equal(t, tasks[0].ID, running.ID)

	worker.cancel()
	givenBack, hangUp := consume(t, url, RedQueue) // while the job runs
	for _, task := range []Task{tasks[2], tasks[4]} {
		select {
		case d := <-givenBack:
			require.Equal(t, task.ID, d.MessageId)
			require.True(t, d.Redelivered)
		case <-ctx.Done():
			t.Fatal("the worker kept a task that it had not begun")
		}
	}
	hangUp()
	select {
	case err := <-worker.done:
		t.Fatal("Run returned before its job was finished:", err)
	default:
	}
	close(g.opened)
	require.NoError(t, worker.wait(ctx))
	awaitResults(t, url, tasks[:1])
	require.Zero(t, ready(t, url, RedQueue))
	require.Empty(t, g.begun)
}

func TestDrainTimeout(t *testing.T) {
	for _, timeout := range []time.Duration{0, 50 * time.Millisecond} {
		t.Run(timeout.String(), func(t *testing.T) {
			url := startBroker(t)
			ctx := testContext(t)
			publish(t, url, 12)
			g := newGate()
			worker := start(t, url, WithDrainTimeout(timeout), withJob(g.job))
			<-g.begun
			require.ErrorIs(t, worker.stop(ctx), ErrDrainTimeout)

			again, _ := consume(t, url, RedQueue)
			select {
			case d := <-again:
				require.True(t, d.Redelivered)
			case <-ctx.Done():
				t.Fatal("the task did not come back")
			}
			require.Zero(t, ready(t, url, ResultQueue))
		})
	}
}

// Whatever moment of a drain the connection drops, Run returns, and another worker finds what is left.
func TestNoTaskIsLostWhenTheConnectionDropsInADrain(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault fault
		clean bool // Run knows that all is settled
	}{
		{"before basic.cancel", fault{before, client, wire.IDBasicCancel, 0, nil}, false},
		{"after basic.cancel", fault{after, client, wire.IDBasicCancel, 0, nil}, false},
		{"before basic.cancel-ok", fault{before, broker, wire.IDBasicCancelOk, 0, nil}, false},
		{"after basic.cancel-ok", fault{after, broker, wire.IDBasicCancelOk, 0, nil}, false},
		{"before a task is given back", fault{before, client, wire.IDBasicNack, 0, nil}, false},
		{"after a task is given back", fault{after, client, wire.IDBasicNack, 0, nil}, false},
		{"before the last result", fault{before, client, wire.IDBasicPublish, 0, nil}, false},
		{"before the last result is confirmed", fault{before, broker, wire.IDBasicAck, 0, nil}, false},
		{"before the last acknowledgement", fault{before, client, wire.IDBasicAck, 0, nil}, false},
		{"after the last acknowledgement", fault{after, client, wire.IDBasicAck, 0, nil}, false},
		{"before connection.close", fault{before, client, wire.IDConnectionClose, 0, nil}, false},
		{"after connection.close", fault{after, client, wire.IDConnectionClose, 0, nil}, false},
		{"before connection.close-ok", fault{before, broker, wire.IDConnectionCloseOk, 0, nil}, false},
		{"after connection.close-ok", fault{after, broker, wire.IDConnectionCloseOk, 0, nil}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := startBroker(t)
			ctx := testContext(t)
			tasks := publish(t, url, 12, 21, 1112, 100, 1000)
			p := startProxy(t, url, c.fault)
			g := newGate()
			worker := start(t, p.url, WithConcurrency(1), WithPrefetch(2), withJob(g.job))
			<-g.begun
			worker.cancel()
			close(g.opened)
			err := worker.wait(ctx)
			if c.clean {
				require.NoError(t, err)
			} else {
				require.Error(t, err)
				require.NotErrorIs(t, err, context.DeadlineExceeded)
			}
			<-p.struck

			successor := start(t, url)
			require.Len(t, awaitResults(t, url, tasks), len(tasks))
			require.NoError(t, successor.stop(ctx))
			require.Zero(t, ready(t, url, RedQueue)+ready(t, url, BlueQueue))
			require.Empty(t, p.audit.complaints())
		})
	}
}
