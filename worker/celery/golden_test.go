package celery

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
)

// golden reads a message of real Celery that testdata/record.py recorded.
func golden(t *testing.T, name string) amqp.Delivery {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "golden", name+".json"))
	require.NoError(t, err)
	var m struct {
		Exchange   string         `json:"exchange"`
		RoutingKey string         `json:"routing_key"`
		Headers    map[string]any `json:"headers"`
		Body       string         `json:"body"`
		Base64     string         `json:"base64"`
		Properties struct {
			ContentType     string `json:"content_type"`
			ContentEncoding string `json:"content_encoding"`
			CorrelationID   string `json:"correlation_id"`
			ReplyTo         string `json:"reply_to"`
			Expiration      string `json:"expiration"`
			DeliveryMode    uint8  `json:"delivery_mode"`
			Priority        uint8  `json:"priority"`
		} `json:"properties"`
	}
	require.NoError(t, json.Unmarshal(data, &m))
	body := []byte(m.Body)
	if m.Base64 != "" {
		body, err = base64.StdEncoding.DecodeString(m.Base64)
		require.NoError(t, err)
	}
	p := m.Properties
	return amqp.Delivery{
		Exchange: m.Exchange, RoutingKey: m.RoutingKey, Headers: table(m.Headers).(amqp.Table), Body: body,
		ContentType: p.ContentType, ContentEncoding: p.ContentEncoding, CorrelationId: p.CorrelationID,
		ReplyTo: p.ReplyTo, Expiration: p.Expiration, DeliveryMode: p.DeliveryMode, Priority: p.Priority,
	}
}

// table turns JSON into what the client library makes of headers.
func table(value any) any {
	switch v := value.(type) {
	case map[string]any:
		t := amqp.Table{}
		for name, item := range v {
			t[name] = table(item)
		}
		return t
	case []any:
		items := make([]any, len(v))
		for i, item := range v {
			items[i] = table(item)
		}
		return items
	case float64:
		if v == float64(int64(v)) {
			return int64(v)
		}
	}
	return value
}

func goldens(t *testing.T, prefix string) (names []string) {
	files, err := filepath.Glob(filepath.Join("testdata", "golden", prefix+"*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".json"))
	}
	return names
}

func decodeJSON(t *testing.T, data []byte) (v any) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&v))
	return v
}

// What Celery sends, read and written again, says the same: known and unknown headers, properties and body.
func TestTasksRoundTrip(t *testing.T) {
	for _, name := range goldens(t, "task_") {
		t.Run(name, func(t *testing.T) {
			d := golden(t, name)
			task, err := DecodeTask(d, nil)
			switch name {
			case "task_yaml", "task_pickle":
				require.ErrorContains(t, err, strings.TrimPrefix(name, "task_"))
				var wrong *MessageError
				require.ErrorAs(t, err, &wrong)
				require.Equal(t, Disallowed, wrong.Kind)
				require.Equal(t, "record.add", wrong.Task.Name)
				require.Equal(t, "golden.results", wrong.Task.ReplyTo)
				require.NotEmpty(t, wrong.Task.ID)
				return
			}
			require.NoError(t, err)
			again, err := task.Publishing()
			require.NoError(t, err)
			if task.Protocol == 1 {
				second, err := DecodeTask(amqp.Delivery{Headers: again.Headers, Body: again.Body, ContentType: again.ContentType,
					CorrelationId: again.CorrelationId, ReplyTo: again.ReplyTo, Priority: again.Priority, DeliveryMode: again.DeliveryMode}, nil)
				require.NoError(t, err)
				task.Protocol, task.Root, task.Lang = 2, task.ID, "go"
				require.Empty(t, cmp.Diff(task, second, cmp.AllowUnexported(Signature{})))
				return
			}
			if name == "task_eta_naive" {
				d.Headers["eta"] = d.Headers["eta"].(string) + "+00:00"
			}
			if d.Headers["compression"] != nil {
				delete(d.Headers, "compression")
				again.Headers["compressed"] = "not any more"
				d.Headers["compressed"] = "not any more"
				d.Body = again.Body
			}
			require.Empty(t, cmp.Diff(d.Headers, again.Headers))
			require.Empty(t, cmp.Diff(decodeJSON(t, d.Body), decodeJSON(t, again.Body)))
			require.Equal(t, []any{d.ContentType, d.ContentEncoding, d.CorrelationId, d.ReplyTo, d.DeliveryMode, d.Priority},
				[]any{again.ContentType, again.ContentEncoding, again.CorrelationId, again.ReplyTo, again.DeliveryMode, again.Priority})
			require.Equal(t, d.Expiration != "", again.Expiration != "")
		})
	}
}

func TestTaskFields(t *testing.T) {
	eta := time.Date(2030, 1, 2, 3, 4, 5, 678901000, time.UTC)
	for name, check := range map[string]func(t *testing.T, task *Task){
		"task_delay": func(t *testing.T, task *Task) {
			require.Equal(t, "record.add", task.Name)
			require.Equal(t, "11111111-2222-3333-4444-555555555555", task.ID)
			require.Equal(t, []json.RawMessage{json.RawMessage("15")}, task.Args)
			require.Equal(t, "py", task.Lang)
			require.Empty(t, task.Headers)
		},
		"task_eta":         func(t *testing.T, task *Task) { require.True(t, eta.Equal(task.ETA), task.ETA) },
		"task_eta_offset":  func(t *testing.T, task *Task) { require.True(t, eta.Equal(task.ETA), task.ETA) },
		"task_eta_naive":   func(t *testing.T, task *Task) { require.True(t, eta.Truncate(time.Second).Equal(task.ETA), task.ETA) },
		"task_expires_at":  func(t *testing.T, task *Task) { require.True(t, eta.Equal(task.Expires), task.Expires) },
		"task_priority":    func(t *testing.T, task *Task) { require.EqualValues(t, 7, task.Priority) },
		"task_retries":     func(t *testing.T, task *Task) { require.Equal(t, 3, task.Retries) },
		"task_shadow":      func(t *testing.T, task *Task) { require.Equal(t, "an alias", task.Shadow) },
		"task_transient":   func(t *testing.T, task *Task) { require.True(t, task.Transient) },
		"task_gzip":        func(t *testing.T, task *Task) { require.Len(t, task.Args, 1) },
		"task_group_1":     func(t *testing.T, task *Task) { require.NotEmpty(t, task.Group) },
		"task_time_limits": func(t *testing.T, task *Task) { require.Equal(t, 2500*time.Millisecond, task.SoftLimit) },
		"task_ignore_result": func(t *testing.T, task *Task) {
			require.True(t, task.IgnoreResult)
		},
		"task_chain": func(t *testing.T, task *Task) {
			require.Len(t, task.Chain, 2)
			last := task.Chain[0]
			require.True(t, last.Immutable)
			var queue string
			ok, err := last.Option("queue", &queue)
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, "golden2", queue)
		},
		"task_link": func(t *testing.T, task *Task) {
			require.Equal(t, "record.add", task.Callbacks[0].Task)
			require.Equal(t, "record.fail", task.Errbacks[0].Task)
		},
		"task_headers": func(t *testing.T, task *Task) {
			require.Equal(t, "kept", task.Headers["mine"])
			require.Equal(t, amqp.Table{"list": []any{int64(1), "two", true}}, task.Headers["nested"])
		},
		"task_protocol1": func(t *testing.T, task *Task) {
			require.Equal(t, 1, task.Protocol)
			require.Equal(t, "record.add", task.Name)
			require.JSONEq(t, "2", string(task.Kwargs["y"]))
		},
		"task_protocol1_options": func(t *testing.T, task *Task) {
			require.True(t, eta.Equal(task.ETA), task.ETA)
			require.False(t, task.Expires.IsZero())
			require.Len(t, task.Callbacks, 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			task, err := DecodeTask(golden(t, name), nil)
			require.NoError(t, err)
			check(t, task)
		})
	}
}

func TestRegisteredContentTypes(t *testing.T) {
	accept := Accept{"application/x-yaml": func(body []byte) ([]byte, error) {
		require.Contains(t, string(body), "callbacks: null")
		return []byte(`[[1], {}, {}]`), nil
	}}
	task, err := DecodeTask(golden(t, "task_yaml"), accept)
	require.NoError(t, err)
	require.Len(t, task.Args, 1)
}

// The texts are those of Celery.
func TestRepr(t *testing.T) {
	d := golden(t, "task_texts")
	task, err := DecodeTask(d, nil)
	require.NoError(t, err)
	want := strings.ReplaceAll(d.Headers["argsrepr"].(string), "[...]", "[]") // which it leaves out so deep
	want = strings.ReplaceAll(want, "\n", `\n`)                               // which it does not escape
	require.Equal(t, want, ReprArgs(task.Args))
	require.Equal(t, `{'a': "it's", 'b': None}`, Repr(json.RawMessage(`{"b": null, "a": "it's"}`)))
	require.Equal(t, "()", ReprArgs(nil))
	require.Equal(t, "{}", ReprKwargs(nil))
	require.Len(t, ReprArgs([]json.RawMessage{json.RawMessage(`"` + strings.Repeat("x", 5000) + `"`)}), maxRepr+3)
}

func TestResultsRoundTrip(t *testing.T) {
	for _, name := range goldens(t, "result_") {
		t.Run(name, func(t *testing.T) {
			d := golden(t, name)
			result, err := DecodeResult(d, nil)
			require.NoError(t, err)
			require.Equal(t, strings.ToUpper(name[strings.LastIndex(name, "_")+1:]), string(result.State))
			again, err := result.Publishing(d.CorrelationId)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(decodeJSON(t, d.Body), decodeJSON(t, again.Body)))
			require.Equal(t, []any{d.ContentType, d.ContentEncoding, d.CorrelationId, d.DeliveryMode},
				[]any{again.ContentType, again.ContentEncoding, again.CorrelationId, again.DeliveryMode})
		})
	}
	failed, err := DecodeResult(golden(t, "result_fail_failure"), nil)
	require.NoError(t, err)
	require.Equal(t, "ValueError: ('broken', 17)", failed.Exception.Error())
	require.Equal(t, "ValueError('broken', 17)", failed.Exception.Repr())
	require.ErrorIs(t, failed.Exception, NewException("builtins", "ValueError"))
	linked, err := DecodeResult(golden(t, "result_link_success"), nil)
	require.NoError(t, err)
	require.Len(t, linked.Children, 1)
}

func TestCommandsRoundTrip(t *testing.T) {
	for _, name := range goldens(t, "control_") {
		t.Run(name, func(t *testing.T) {
			d := golden(t, name)
			command, err := DecodeCommand(d)
			require.NoError(t, err)
			require.NotEmpty(t, command.Ticket)
			require.Equal(t, ReplyExchange, command.ReplyTo.Exchange)
			require.True(t, command.For("golden@host"))
			again, err := command.Publishing()
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(decodeJSON(t, d.Body), decodeJSON(t, again.Body)))
			require.EqualValues(t, d.Headers["clock"], again.Headers["clock"])
		})
	}
	ping, err := DecodeCommand(golden(t, "control_ping_destination"))
	require.NoError(t, err)
	require.False(t, ping.For("other@host"))
	d := golden(t, "reply_ping")
	reply, err := (&Command{Ticket: d.Headers["ticket"].(string)}).Reply("golden@host", map[string]any{"ok": "pong"}, d.Headers["clock"].(int64))
	require.NoError(t, err)
	require.JSONEq(t, string(d.Body), string(reply.Body))
	require.Equal(t, d.Headers, reply.Headers)
}

func TestEventsRoundTrip(t *testing.T) {
	for _, name := range goldens(t, "event_") {
		t.Run(name, func(t *testing.T) {
			d := golden(t, name)
			events, err := DecodeEvents(d)
			require.NoError(t, err)
			if name == "event_task_multi" {
				return
			}
			require.Len(t, events, 1)
			require.Equal(t, strings.ReplaceAll(strings.TrimPrefix(name, "event_"), "_", "-"), events[0].Type)
			again, err := events[0].Publishing()
			require.NoError(t, err)
			want, got := map[string]any{}, map[string]any{}
			require.NoError(t, json.Unmarshal(d.Body, &want))
			require.NoError(t, json.Unmarshal(again.Body, &got))
			require.InDelta(t, want["timestamp"], got["timestamp"], 1e-5)
			delete(want, "timestamp")
			delete(got, "timestamp")
			require.Empty(t, cmp.Diff(want, got))
			require.Equal(t, d.Headers, again.Headers)
		})
	}
}
