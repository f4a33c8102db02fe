//go:build unix

package interop

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/worker"
	"github.com/minirabbit/minirabbit/worker/celery"
)

// What a Python producer gets from a Go worker is what it gets from a Python one.
func TestPythonCanvas(t *testing.T) {
	needTime(t)
	for _, language := range []string{"python", "go"} {
		t.Run(language, func(t *testing.T) {
			b := start(t)
			if language == "python" {
				b.pythonWorker(t, "more", "checks")
			} else {
				b.goWorker(t, "checks")
			}
			lines := b.output(t, "canvas", "checks")
			want := []string{
				"chain 17",
				"group [0, 2, 4, 6, 8]",
				"end in a group [13, 23]",
				"kwargs 9",
				"countdown 2",
				"again 2",
				"failing chain broken FAILURE",
				"tasks.fail builtins RuntimeError ('broken',) True",
				"tasks.fail_own builtins ValueError ('own', 17) True",
				"tasks.unknown celery.exceptions NotRegistered ('tasks.unknown',) False",
				"tasks.add builtins TypeError ('add() takes from 1 to 2 positional arguments but 3 were given',) True",
			}
			require.Equal(t, strings.Join(want, "\n"), strings.Join(lines[:len(want)], "\n"))
			require.Contains(t, lines[len(want)], "tasks.add builtins TypeError (")
		})
	}
}

// The states before the last are told, too.
func TestStatesOnTheWay(t *testing.T) {
	needTime(t)
	for _, language := range []string{"python", "go"} {
		t.Run(language, func(t *testing.T) {
			b := start(t)
			if language == "python" {
				b.pythonWorker(t, "more", "checks")
			} else {
				b.goWorker(t, "checks")
			}
			require.Equal(t, []string{"tasks.sleep SUCCESS STARTED", "tasks.again SUCCESS RETRY", "tasks.fail FAILURE"}, b.output(t, "states"))
		})
	}
}

// A Python worker heeds the Go client's revocations.
func TestGoRevokesPythonTasks(t *testing.T) {
	needTime(t)
	b := start(t)
	b.pythonWorker(t, "more", "checks")
	client := b.goClient(t, "checks")
	running, err := client.Delay(patience(t), "tasks.sleep", 60)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return running.State() == celery.Started }, time.Minute, 10*time.Millisecond)
	later, err := client.Send(patience(t), worker.NewCall("tasks.add", 1).Countdown(2*time.Second))
	require.NoError(t, err)
	require.NoError(t, client.Revoke(patience(t), true, running.ID()))
	require.NoError(t, client.Revoke(patience(t), false, later.ID()))
	for _, result := range []*worker.AsyncResult{running, later} {
		end, err := result.Wait(patience(t))
		require.NoError(t, err)
		require.Equal(t, celery.Revoked, end.State)
	}
}

// A Python worker obeys a Go producer.
func TestGoCallsOfPythonTasks(t *testing.T) {
	needTime(t)
	b := start(t)
	b.pythonWorker(t, "more", "checks")
	client := b.goClient(t, "checks")
	get := func(call worker.Call) string {
		t.Helper()
		result, err := client.Send(patience(t), call)
		require.NoError(t, err)
		value, err := worker.Get[json.RawMessage](patience(t), result)
		if failed, ok := errors.AsType[*worker.TaskFailedError](err); ok {
			return string(failed.State) + " " + failed.Exception.Error()
		}
		require.NoError(t, err)
		return string(value)
	}
	require.Equal(t, "3", get(worker.NewCall("tasks.add", 1, 2)))
	require.Equal(t, `"ab ☃"`, mustJSON(t, get(worker.NewCall("tasks.add", "ab", " ☃"))))
	require.Equal(t, "2", get(worker.NewCall("tasks.again", 2)))
	require.Equal(t, "FAILURE RuntimeError: not yet", get(worker.NewCall("tasks.again", 3)))
	require.Equal(t, "FAILURE RuntimeError: broken", get(worker.NewCall("tasks.fail")))
	require.Equal(t, "FAILURE ValueError: ('own', 17)", get(worker.NewCall("tasks.fail_own")))
	require.Equal(t, "FAILURE celery.exceptions.NotRegistered: tasks.nobody", get(worker.NewCall("tasks.nobody")))
	require.Equal(t, "FAILURE billiard.exceptions.TimeLimitExceeded: 1", get(worker.NewCall("tasks.sleep", 30).TimeLimits(0, time.Second)))
	require.Contains(t, get(worker.NewCall("tasks.sleep", 30).TimeLimits(300*time.Millisecond, 0)), "FAILURE billiard.exceptions.SoftTimeLimitExceeded")

	began := time.Now()
	require.Equal(t, "1", get(worker.NewCall("tasks.add", 1).Countdown(time.Second)))
	require.Greater(t, time.Since(began), 900*time.Millisecond)
	require.Equal(t, "1", get(worker.NewCall("tasks.add", 1).ETA(time.Now().Add(500*time.Millisecond).In(time.FixedZone("", -3*3600)))))

	var shown map[string]any
	require.NoError(t, json.Unmarshal([]byte(get(worker.NewCall("tasks.show", 1, "two").Kwarg("three", []int{3}).Priority(5).Retries(1).
		Shadow("alias").Header("mine", "kept").TimeLimits(2500*time.Millisecond, 10*time.Second))), &shown))
	require.Equal(t, map[string]any{"args": []any{1.0, "two"}, "kwargs": map[string]any{"three": []any{3.0}}, "priority": 5.0, "retries": 1.0,
		"root": true, "mine": "kept", "shadow": "alias", "reply_to": true, "ignore": false, "timelimit": []any{10.0, 2.5}, "origin": true}, shown)

	// It expires while it waits for its eta.
	require.Equal(t, "REVOKED celery.exceptions.TaskRevokedError: expired", get(worker.NewCall("tasks.add", 1).Countdown(time.Second).Expires(500*time.Millisecond)))

	last, err := client.SendChain(patience(t), worker.NewCall("tasks.add", 1, 2), worker.NewCall("tasks.add", 4), worker.NewCall("tasks.add", 10))
	require.NoError(t, err)
	value, err := worker.Get[int](patience(t), last)
	require.NoError(t, err)
	require.Equal(t, 17, value)
	require.Equal(t, celery.Success, last.Parent().Parent().State())
	members, err := client.SendGroup(patience(t), worker.NewCall("tasks.add", 1), worker.NewCall("tasks.add", 2))
	require.NoError(t, err)
	for i, member := range members {
		value, err := worker.Get[int](patience(t), member)
		require.NoError(t, err)
		require.Equal(t, i+1, value)
	}
}

func mustJSON(t *testing.T, text string) string {
	t.Helper()
	var value string
	require.NoError(t, json.Unmarshal([]byte(text), &value))
	return `"` + value + `"`
}
