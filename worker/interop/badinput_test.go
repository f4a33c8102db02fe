//go:build unix

package interop

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/worker"
	"github.com/minirabbit/minirabbit/worker/celery"
)

// What both workers make of messages that cannot be done: whether it goes to the dead-letter queue, and the state that
// who waits is told, if anybody. Where Celery tells nobody, or drops the message, the Go worker does more.
func TestBadInput(t *testing.T) {
	needTime(t)
	type end struct {
		dead  bool
		state celery.State
	}
	const empty = `[[], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]`
	past := time.Now().Add(-time.Hour).UTC()
	next := func(options string) string {
		return `[[1], {}, {"chain": [{"task": "tasks.add", "args": [2], "kwargs": {}, "options": {` + options + `}}]}]`
	}
	cases := []struct {
		name           string
		headers        amqp.Table
		kind, body     string
		python, golang end
	}{
		{"not Celery", amqp.Table{"task": nil}, "", "hello", end{true, ""}, end{true, ""}},
		{"other JSON", amqp.Table{"task": nil}, "application/json", `{"limit": 1}`, end{true, ""}, end{true, ""}},
		{"unknown task", amqp.Table{"task": "tasks.nobody"}, "application/json", empty, end{true, celery.Failure}, end{true, celery.Failure}},
		{"wrong types", nil, "application/json", `[["a", 1], {}, {}]`, end{false, celery.Failure}, end{false, celery.Failure}},
		{"too many arguments", nil, "application/json", `[[1, 2, 3], {}, {}]`, end{false, celery.Failure}, end{false, celery.Failure}},
		{"expired", amqp.Table{"expires": celery.FormatTime(past)}, "application/json", `[[1], {}, {}]`, end{false, celery.Revoked}, end{false, celery.Revoked}},
		{"a next step with an id of 256 bytes", nil, "application/json", next(`"task_id": "` + strings.Repeat("i", 256) + `"`), end{false, celery.Failure}, end{false, celery.Failure}},
		// Celery acknowledges these, and so drops them, and tells nobody.
		{"plain text", amqp.Table{"task": nil}, "text/plain", "hello", end{false, ""}, end{true, ""}},
		{"not JSON", nil, "application/json", "15, please", end{false, ""}, end{true, celery.Failure}},
		// Celery rejects these, and tells nobody.
		{"pickle", nil, "application/x-python-serialize", "\x80\x04N.", end{true, ""}, end{true, celery.Failure}},
		{"eta in no known format", amqp.Table{"eta": "tomorrow"}, "application/json", `[[1], {}, {}]`, end{true, ""}, end{true, celery.Failure}},
	}
	for _, language := range []string{"python", "go"} {
		t.Run(language, func(t *testing.T) {
			b := start(t)
			conn, err := amqp.Dial(b.url)
			require.NoError(t, err)
			defer conn.Close()
			ch, err := conn.Channel()
			require.NoError(t, err)
			for _, queue := range []string{"dead", "told"} {
				_, err := ch.QueueDeclare(queue, true, false, false, false, nil)
				require.NoError(t, err)
			}
			arguments := amqp.Table{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"}
			if language == "python" {
				b.pythonWorker(t, "more", "checks", "DEAD=dead")
			} else {
				b.goWorker(t, "checks", worker.WithQueueArguments(arguments))
			}
			ends := map[string]end{}
			for _, c := range cases {
				headers := amqp.Table{"task": "tasks.add", "id": c.name, "lang": "py", "root_id": c.name, "retries": 0}
				for name, value := range c.headers {
					headers[name] = value
				}
				if headers["task"] == nil {
					headers = nil
				}
				require.NoError(t, ch.PublishWithContext(t.Context(), "", "checks", false, false, amqp.Publishing{
					Headers: headers, ContentType: c.kind, ContentEncoding: "utf-8", Body: []byte(c.body), ReplyTo: "told", CorrelationId: c.name}), c.name)
				ends[c.name] = end{}
			}
			// The last word is that of a good task, after all others were looked at.
			message, err := celery.Task{ID: "good", Name: "tasks.sleep", Args: []json.RawMessage{json.RawMessage("0.5")}, ReplyTo: "told"}.Publishing()
			require.NoError(t, err)
			require.NoError(t, ch.PublishWithContext(t.Context(), "", "checks", false, false, message))
			told, err := ch.Consume("told", "", true, false, false, false, nil)
			require.NoError(t, err)
			waits := map[string]bool{"good": true} // for these; Celery tells of some after it has gone on
			for _, c := range cases {
				if want := map[string]end{"python": c.python, "go": c.golang}[language]; want.state != "" {
					waits[c.name] = true
				}
			}
			for len(waits) > 0 {
				select {
				case d := <-told:
					result, err := celery.DecodeResult(d, nil)
					require.NoError(t, err)
					if !result.State.Final() {
						continue // that the good task has begun says nothing of the others
					}
					delete(waits, result.TaskID)
					if result.TaskID != "good" {
						e := ends[result.TaskID]
						require.Empty(t, e.state, "%s was told of twice", result.TaskID)
						e.state = result.State
						ends[result.TaskID] = e
					}
				case <-patience(t).Done():
					t.Fatal("not told of: ", waits)
				}
			}
			for {
				d, ok, err := ch.Get("dead", true)
				require.NoError(t, err)
				if !ok {
					break
				}
				e := ends[d.CorrelationId]
				require.False(t, e.dead, "%s was rejected twice", d.CorrelationId)
				e.dead = true
				ends[d.CorrelationId] = e
			}
			for _, c := range cases {
				want := map[string]end{"python": c.python, "go": c.golang}[language]
				assert.Equal(t, fmt.Sprint(want), fmt.Sprint(ends[c.name]), c.name)
			}
		})
	}
}
