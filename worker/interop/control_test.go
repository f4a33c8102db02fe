//go:build unix

package interop

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/worker"
	"github.com/minirabbit/minirabbit/worker/celery"
)

// Celery's command line finds the Go worker, asks it and tells it.
func TestInspectAndControl(t *testing.T) {
	needTime(t)
	b := start(t)
	b.goWorker(t, "checks")
	client := b.goClient(t, "checks")

	require.Regexp(t, `go@host: OK`, b.celery(t, "more", "status"))
	require.Regexp(t, `1 node online`, b.celery(t, "more", "status"))
	require.Regexp(t, `go@host: OK\s+pong`, b.celery(t, "more", "inspect", "ping", "-d", "go@host"))
	require.Regexp(t, `(?s)go@host: OK.*\* tasks\.add\s.*\* tasks\.wrapped_main`, b.celery(t, "more", "inspect", "registered"))
	stats := b.celery(t, "more", "inspect", "stats")
	for _, want := range []string{`"max-concurrency": 2`, `"prefetch_count": 8`, `"implementation": "goroutines"`, `"transport": "amqp"`} {
		require.Contains(t, stats, want)
	}
	require.Regexp(t, `(?s)go@host: OK.*'name': 'checks'|go@host: OK.*"name": "checks"|name: checks`, b.celery(t, "more", "inspect", "active_queues"))

	running, err := client.Send(patience(t), worker.NewCall("tasks.sleep", 60).ID("running"))
	require.NoError(t, err)
	later, err := client.Send(patience(t), worker.NewCall("tasks.add", 1).ID("later").Countdown(time.Hour))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return regexp.MustCompile(`'id': 'running'|"id": "running"|id: running`).MatchString(b.celery(t, "more", "inspect", "active"))
	}, time.Minute, time.Millisecond)
	require.Regexp(t, `(?s)later`, b.celery(t, "more", "inspect", "scheduled"))
	require.Regexp(t, `(?s)empty|\[\]`, b.celery(t, "more", "inspect", "reserved"))
	require.Contains(t, b.celery(t, "more", "inspect", "query_task", "running"), "active")

	// Revoked before it begins, and while it runs.
	revoked := b.script(t, "revoke", "new", "later")
	require.Equal(t, "revoked", revoked.line(t))
	fresh, err := client.Send(patience(t), worker.NewCall("tasks.add", 1).ID("new"))
	require.NoError(t, err)
	result, err := fresh.Wait(patience(t))
	require.NoError(t, err)
	require.Equal(t, celery.Revoked, result.State)
	require.Equal(t, "celery.exceptions.TaskRevokedError: revoked", result.Exception.Error())
	require.Contains(t, b.celery(t, "more", "inspect", "revoked"), "new")
	require.Equal(t, celery.Pending, later.State())
	require.Equal(t, "revoked", b.script(t, "revoke", "--terminate", "running").line(t))
	result, err = running.Wait(patience(t))
	require.NoError(t, err)
	require.Equal(t, "celery.exceptions.TaskRevokedError: terminated", result.Exception.Error())

	require.Regexp(t, `go@host: OK\s+task events enabled`, b.celery(t, "more", "control", "enable_events"))
	require.Regexp(t, `go@host: OK\s+task events already enabled`, b.celery(t, "more", "control", "enable_events"))
	// What the Go worker has not is refused, and Celery's command line says so.
	for _, command := range [][]string{{"pool_grow", "1"}, {"add_consumer", "other"}, {"rate_limit", "tasks.add", "10/m"}} {
		require.Regexp(t, `go@host: ERROR\s+KeyError\('`+command[0]+`'\): the Go worker has no such command`,
			b.celery(t, "more", append([]string{"control"}, command...)...))
	}
}

// Monitors see the Go worker, and what it does.
func TestEvents(t *testing.T) {
	needTime(t)
	b := start(t)
	dump := run(t, []string{"BROKER=" + b.host}, python, "-m", "celery", "-A", "more", "events", "--dump")
	b.goWorker(t, "checks", worker.WithTaskEvents(), worker.WithHeartbeats(200*time.Millisecond))
	client := b.goClient(t, "checks")
	missing := []*regexp.Regexp{
		regexp.MustCompile(`go@host .*heartbeat`),
		regexp.MustCompile(`task received: tasks\.add\(one\)`),
		regexp.MustCompile(`task started: tasks\.add\(one\)`),
		regexp.MustCompile(`task succeeded: tasks\.add\(one\)`),
		regexp.MustCompile(`task failed: tasks\.fail\(two\)`),
		regexp.MustCompile(`task retried: tasks\.again\(three\)`),
	}
	ended := time.Now().Add(time.Minute)
	sent := false
	for len(missing) > 0 {
		require.True(t, time.Now().Before(ended), "no event %s", missing)
		line := dump.line(t)
		if !sent && strings.Contains(line, "heartbeat") { // it listens
			sent = true
			for _, call := range []worker.Call{worker.NewCall("tasks.add", 1).ID("one"), worker.NewCall("tasks.fail").ID("two"), worker.NewCall("tasks.again", 1).ID("three")} {
				_, err := client.Send(patience(t), call)
				require.NoError(t, err)
			}
		}
		for i, want := range missing {
			if want.MatchString(line) {
				missing = append(missing[:i:i], missing[i+1:]...)
				break
			}
		}
	}
}

// Flower and others keep Celery's State of what they hear.
func TestMonitorsKnowTheGoWorkersTasks(t *testing.T) {
	needTime(t)
	b := start(t)
	b.goWorker(t, "checks", worker.WithTaskEvents(), worker.WithHeartbeats(200*time.Millisecond))
	monitor := b.script(t, "monitor", "5")
	require.Equal(t, "watching", monitor.line(t))
	client := b.goClient(t, "checks")
	for _, call := range []worker.Call{
		worker.NewCall("tasks.add", 1).Kwarg("y", 2).ID("a"), worker.NewCall("tasks.fail").ID("b"), worker.NewCall("tasks.again", 1).ID("c"),
		worker.NewCall("tasks.nobody").ID("d"), worker.NewCall("tasks.add", 1).Countdown(500 * time.Millisecond).Expires(200 * time.Millisecond).ID("e"),
	} {
		_, err := client.Send(patience(t), call)
		require.NoError(t, err)
	}
	require.Equal(t, []string{
		"go@host ONLINE go-minirabbit",
		"a tasks.add SUCCESS (1,) {'y': 2} 3 go@host",
		"b tasks.fail FAILURE () {} RuntimeError('broken') go@host",
		"c tasks.again SUCCESS (1,) {} 1 go@host",
		"d None FAILURE None None NotRegistered('tasks.nobody') go@host", // as of a Python worker
		"e tasks.add REVOKED (1,) {} None go@host",
	}, monitor.all(t))
}

// An onDisconnect is told why the worker has no connection any more: nil after a warm shutdown.
type onDisconnect struct {
	*worker.Counters
	told chan<- error
}

func (o onDisconnect) Disconnected(err error) { o.told <- err }

// Both languages work side by side on one queue, know each other's revocations, and stop warmly by remote control.
func TestMixedWorkers(t *testing.T) {
	needTime(t)
	b := start(t)
	stopped := make(chan error, 1)
	b.goWorker(t, "checks", worker.WithObserver(onDisconnect{new(worker.Counters), stopped}))
	require.Equal(t, "revoked", b.script(t, "revoke", "known").line(t))
	run(t, []string{"BROKER=" + b.host}, python, "-m", "celery", "-A", "more", "worker", "-Q", "checks", "-c", "1", "-l", "info", "-n", "python@host")
	require.Eventually(t, func() bool {
		return regexp.MustCompile(`2 nodes online`).MatchString(b.celery(t, "more", "status"))
	}, time.Minute, time.Millisecond)
	// It heard of the revocation when it started (mingle).
	require.Regexp(t, `known`, b.celery(t, "more", "inspect", "revoked", "-d", "python@host"))
	client := b.goClient(t, "checks")
	var results []*worker.AsyncResult
	for i := range 100 {
		result, err := client.Delay(patience(t), "tasks.add", i, 1)
		require.NoError(t, err)
		results = append(results, result)
	}
	for i, result := range results {
		value, err := worker.Get[int](patience(t), result)
		require.NoError(t, err)
		require.Equal(t, i+1, value)
	}
	run(t, []string{"BROKER=" + b.host}, python, "-m", "celery", "-A", "more", "control", "shutdown", "-d", "go@host")
	require.NoError(t, <-stopped)
}
