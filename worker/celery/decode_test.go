package celery

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
)

// jsonTask is a message of protocol 2 with these headers and body.
func jsonTask(body string, headers amqp.Table) amqp.Delivery {
	all := amqp.Table{"task": "t", "id": "1"}
	for name, value := range headers {
		all[name] = value
	}
	return amqp.Delivery{Headers: all, Body: []byte(body), ContentType: contentType, ContentEncoding: contentEncoding, ReplyTo: "r"}
}

const emptyBody = `[[], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]`

func TestWhatIsNotATask(t *testing.T) {
	for _, c := range []struct {
		name   string
		d      amqp.Delivery
		kind   ErrorKind
		reason string
	}{
		{"plain text", amqp.Delivery{Body: []byte("Hello")}, NotCelery, `no header "task"`},
		{"nothing", amqp.Delivery{}, NotCelery, `no header "task"`},
		{"other JSON", amqp.Delivery{ContentType: contentType, Body: []byte(`{"limit": 12}`)}, NotCelery, `"task"`},
		{"JSON array without headers", amqp.Delivery{ContentType: contentType, Body: []byte(emptyBody)}, NotCelery, `no header "task"`},
		{"task header that is a number", amqp.Delivery{ContentType: contentType, Headers: amqp.Table{"task": 1}, Body: []byte(emptyBody)}, NotCelery, "task"},
		{"body that is not JSON", jsonTask("15, please", nil), Malformed, "not JSON"},
		{"body that is not UTF-8", jsonTask("\"\xff\"", nil), Malformed, "UTF-8"},
		{"empty body", jsonTask("", nil), Malformed, "not JSON"},
		{"NaN, which Python writes and JSON has not", jsonTask(`[[NaN], {}, {}]`, nil), Malformed, "not JSON"},
		{"two parts", jsonTask(`[[], {}]`, nil), Malformed, "array of 2"},
		{"a number", jsonTask(`15`, nil), Malformed, "expected [args"},
		{"args that are an object", jsonTask(`[{}, {}, {}]`, nil), Invalid, "must be a list"},
		{"kwargs that are a list", jsonTask(`[[], [], {}]`, nil), Invalid, "must be a mapping"},
		{"callbacks of another shape", jsonTask(`[[], {}, {"callbacks": 5}]`, nil), Malformed, "callbacks"},
		{"chain of a step without task", jsonTask(`[[], {}, {"chain": [{}]}]`, nil), Malformed, `"task" is missing`},
		{"eta in no known format", jsonTask(emptyBody, amqp.Table{"eta": "tomorrow"}), Invalid, `invalid eta value "tomorrow"`},
		{"eta that is a number", jsonTask(emptyBody, amqp.Table{"eta": 5}), Invalid, "invalid eta value 5"},
		{"expires in no known format", jsonTask(emptyBody, amqp.Table{"expires": "never"}), Invalid, `invalid expires value "never"`},
		{"no id", jsonTask(emptyBody, amqp.Table{"id": nil}), Invalid, "expected both"},
		{"retries that are a text", jsonTask(emptyBody, amqp.Table{"retries": "1"}), Invalid, "invalid retries value 1"},
		{"time limits that are a text", jsonTask(emptyBody, amqp.Table{"timelimit": "1"}), Invalid, "invalid timelimit value 1"},
		{"three time limits", jsonTask(emptyBody, amqp.Table{"timelimit": []any{1, 2, 3}}), Invalid, "invalid timelimit value [1 2 3]"},
		{"a time limit that is a text", jsonTask(emptyBody, amqp.Table{"timelimit": []any{1, "2"}}), Invalid, "invalid timelimit value [1 2]"},
		{"id that is a number", jsonTask(emptyBody, amqp.Table{"id": 5}), Invalid, "invalid id value"},
		{"latin-1", func() amqp.Delivery {
			d := jsonTask(emptyBody, nil)
			d.ContentEncoding = "iso-8859-1"
			return d
		}(), Disallowed, "iso-8859-1"},
		{"lzma", jsonTask(emptyBody, amqp.Table{"compression": "application/x-lzma"}), Disallowed, "lzma"},
		{"msgpack", func() amqp.Delivery {
			d := jsonTask("\x93", nil)
			d.ContentType = "application/x-msgpack"
			return d
		}(), Disallowed, "msgpack"},
		{"gzip that is none", jsonTask("[]", amqp.Table{"compression": "application/x-gzip"}), Malformed, "compressed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := DecodeTask(c.d, nil)
			var wrong *MessageError
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, c.kind, wrong.Kind, wrong)
			require.ErrorContains(t, err, c.reason)
			require.Equal(t, c.d.ReplyTo, wrong.Task.ReplyTo)
			require.NotEmpty(t, wrong.Exception().Error())
		})
	}
}

// Who waits for a task of protocol 1 is told of its errors, too: its id is read whatever else is wrong.
func TestErrorsOfProtocol1HaveAnID(t *testing.T) {
	for _, member := range []string{`"args": 5`, `"kwargs": []`, `"callbacks": 5`, `"eta": "tomorrow"`, `"retries": "x"`, `"timelimit": 1`} {
		_, err := DecodeTask(amqp.Delivery{ContentType: contentType, Body: []byte(`{"task": "tasks.add", "id": "one", ` + member + `}`)}, nil)
		var wrong *MessageError
		require.ErrorAs(t, err, &wrong, member)
		require.Equal(t, "one", wrong.Task.ID, member)
		require.Equal(t, "tasks.add", wrong.Task.Name, member)
	}
}

// A task that is tried again must not outgrow the limit that it came under.
func TestTasksDoNotGrowWhenWrittenAgain(t *testing.T) {
	body := `[["<&>"],{"x":"<"},{"callbacks":null,"errbacks":null,"chain":[{"args":["<"],"immutable":false,"kwargs":{},"options":{},"subtask_type":null,"task":"a"}],"chord":null}]`
	task, err := DecodeTask(jsonTask(body, nil), nil)
	require.NoError(t, err)
	again, err := task.Publishing()
	require.NoError(t, err)
	require.Equal(t, body, string(again.Body))
}

func TestInflateStops(t *testing.T) {
	var bomb bytes.Buffer
	w := zlib.NewWriter(&bomb)
	_, err := w.Write(make([]byte, 1<<16))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	d := amqp.Delivery{Headers: amqp.Table{"compression": "application/x-gzip"}, Body: bomb.Bytes()}
	_, err = inflate(d, 1<<16-1)
	require.ErrorContains(t, err, "more than 65535 bytes")
	require.Equal(t, Malformed, kindOf(err))
	body, err := inflate(d, 1<<16)
	require.NoError(t, err)
	require.Len(t, body, 1<<16)
}

func TestParseTime(t *testing.T) {
	want := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, text := range []string{"2030-01-02T03:04:05", "2030-01-02T03:04:05Z", "2030-01-02 03:04:05+00:00", "2030-01-02T08:34:05+05:30"} {
		got, err := ParseTime(text)
		require.NoError(t, err, text)
		require.True(t, want.Equal(got), text)
		again, err := ParseTime(FormatTime(got))
		require.NoError(t, err)
		require.True(t, want.Equal(again), text)
	}
	for _, text := range []string{"", "soon", "2030-13-01", "1700000000", "2030-01-02T25:00:00"} {
		_, err := ParseTime(text)
		require.Error(t, err, text)
	}
}

func TestHybridOfBothProtocols(t *testing.T) {
	task, err := DecodeTask(jsonTask(`{"task": "t", "id": "1", "args": [3], "kwargs": {}, "retries": 0}`, amqp.Table{"root_id": "0", "retries": int32(2)}), nil)
	require.NoError(t, err)
	require.Len(t, task.Args, 1)
	require.Equal(t, "0", task.Root)
	require.Equal(t, 2, task.Retries)
}

func TestExpirationIsWhatIsLeft(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for left, want := range map[time.Duration]string{time.Minute: "60000", -time.Minute: "0", time.Microsecond: "0"} {
		m, err := Task{ID: "1", Name: "t", Expires: now.Add(left)}.publishing(now)
		require.NoError(t, err)
		require.Equal(t, want, m.Expiration)
	}
	_, err := Task{Name: "t"}.Publishing()
	require.Error(t, err)
	_, err = Task{ID: "1", Name: "t", Args: []json.RawMessage{json.RawMessage("{")}}.Publishing()
	require.Error(t, err)
}

func TestPatternsOfCommands(t *testing.T) {
	glob, pcre, pattern, expression := "glob", "pcre", "cel*@a?", "cel.*@a[0-9]"
	require.True(t, (&Command{Pattern: &pattern, Matcher: &glob}).For("celery@a1"))
	require.False(t, (&Command{Pattern: &pattern, Matcher: &glob}).For("celery@b1"))
	require.True(t, (&Command{Pattern: &expression, Matcher: &pcre}).For("celery@a1"))
	require.False(t, (&Command{Pattern: &expression, Matcher: &pcre}).For("xcelery@a1"))
}

// Whatever comes, there is a task or a reason; and what was read can be written and read again.
func FuzzDecodeTask(f *testing.F) {
	f.Add([]byte(emptyBody), "2030-01-02T03:04:05+00:00", true)
	f.Add([]byte(`[[15], {"y": 1}, {"callbacks": [{"task": "t"}]}]`), "", true)
	f.Add([]byte(`{"task": "t", "id": "1", "args": [1], "timelimit": [1, 2.5]}`), "", false)
	f.Fuzz(func(t *testing.T, body []byte, eta string, headed bool) {
		d := amqp.Delivery{Body: body, ContentType: contentType}
		if headed {
			d = jsonTask(string(body), amqp.Table{"eta": eta})
		}
		task, err := DecodeTask(d, nil)
		if err != nil {
			require.ErrorAs(t, err, new(*MessageError))
			return
		}
		m, err := task.Publishing()
		require.NoError(t, err)
		again, err := DecodeTask(amqp.Delivery{Headers: m.Headers, Body: m.Body, ContentType: m.ContentType}, nil)
		require.NoError(t, err)
		require.Equal(t, task.ID, again.ID)
		require.Len(t, again.Args, len(task.Args))
	})
}
