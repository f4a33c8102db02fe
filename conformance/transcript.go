package conformance

import (
	"fmt"
	"hash/crc32"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

// transcript is what a case has seen so far, as lines that are the same in every run against the same release. Package
// documentation says what is in it and what is not.
type transcript struct {
	lines     []string
	taken     []string       // Command.String of what was taken since the last check
	generated map[string]int // names that the broker made up, by order of appearance
	silent    int            // how many T.unrecorded are running
	racy      bool           // nothing but checks is kept
}

// longestBody is how many bytes of a body are written out; of a longer one the size and a checksum are.
const longestBody = 100

// took records a command that the case has taken.
func (t *T) took(connection int, c Command) {
	if t.silent > 0 {
		return
	}
	if len(c.Body) <= longestBody {
		t.taken = append(t.taken, t.placeholders(c.String()))
	}
	line := fmt.Sprintf("%d.%d %s", connection, c.Channel, wire.Format(steady(c.Method)))
	if c.Header != nil {
		line += t.properties(&c.Header.Properties) + " " + t.body(c.Body)
	}
	t.event(line)
}

// event records a line. Names that differ from run to run become their placeholders.
func (t *T) event(format string, values ...any) {
	if t.silent > 0 || t.racy {
		return
	}
	if len(values) > 0 {
		format = fmt.Sprintf(format, values...)
	}
	t.lines = append(t.lines, t.steadyNames(t.placeholders(format)))
}

// asked records a request to the HTTP API. What is asked again and again until something has happened is recorded once.
func (t *T) asked(line string) {
	line = t.steadyNames(t.placeholders(line))
	if t.silent > 0 || t.racy || len(t.lines) > 0 && t.lines[len(t.lines)-1] == line {
		return
	}
	t.lines = append(t.lines, line)
}

// checked records a check's label, and its value unless that is just what the lines above say.
func (t *T) checked(label string, normalised any) {
	if t.silent > 0 {
		return
	}
	line := "# " + strings.ReplaceAll(t.placeholders(label), "\n", `\n`)
	if !t.isTaken(normalised) {
		line += ": " + render(normalised)
	}
	t.lines = append(t.lines, t.steadyNames(line))
	t.taken = nil
}

// isTaken tells whether a value, normalised, consists of commands that were taken since the last check.
func (t *T) isTaken(value any) bool {
	if t.racy {
		return false
	}
	var parts []string
	switch v := value.(type) {
	case []string:
		parts = v
	case string:
		parts = []string{v}
	case Error:
		parts = []string{v.String()}
	case wire.Method:
		parts = []string{Command{Method: v}.String()}
	}
	for _, part := range parts {
		if !slices.Contains(t.taken, part) {
			return false
		}
	}
	return len(parts) > 0
}

// unrecorded runs what takes an unforeseeable number of commands, such as asking until the answer is as wanted, or what
// says nothing of the broker. Its commands do not appear in the recording; checks in it neither.
func (t *T) unrecorded(do func()) {
	t.silent++
	defer func() { t.silent-- }()
	do()
}

// madeUp are the names and addresses that a broker makes up. Each keeps its prefix, the first group, and gets a number.
var madeUp = regexp.MustCompile(`(amq\.gen-|amq\.ctag-|amq\.rabbitmq\.reply-to\.)[A-Za-z0-9_=+/.-]+` +
	`|()\b\d+\.\d+\.\d+\.\d+:\d+` + // an address
	`|((?:mini)?rabbit@)[A-Za-z0-9-]+` + // a node
	`|()<[a-z]+@[^ >]+\.\d+\.\d+\.\d+>|()<\d+\.\d+\.\d+>`) // a process

// steadyNames replaces names that the broker made up.
func (t *T) steadyNames(s string) string {
	return madeUp.ReplaceAllStringFunc(s, func(name string) string {
		number := t.generated[name]
		if number == 0 {
			number = len(t.generated) + 1
			if t.generated == nil {
				t.generated = make(map[string]int)
			}
			t.generated[name] = number
		}
		prefix := ""
		for _, known := range []string{"amq.gen-", "amq.ctag-", "amq.rabbitmq.reply-to.", "rabbit@"} {
			if strings.HasPrefix(strings.TrimPrefix(name, "mini"), known) {
				prefix = known
			}
		}
		return fmt.Sprintf("%s<%d>", prefix, number)
	})
}

// steady gives a method without what tells one build or machine from another.
func steady(m wire.Method) wire.Method {
	start, ok := m.(*wire.ConnectionStart)
	if !ok {
		return m
	}
	copied := *start
	mechanisms := strings.Fields(string(start.Mechanisms)) // their order differs between nodes of the same release
	slices.Sort(mechanisms)
	copied.Mechanisms = []byte(strings.Join(mechanisms, " "))
	copied.ServerProperties = slices.Clone(start.ServerProperties)
	for i, field := range copied.ServerProperties {
		switch field.Key {
		case "cluster_name", "copyright", "platform", "version":
			copied.ServerProperties[i].Value = "<" + field.Key + ">"
		}
	}
	return &copied
}

// properties writes those that are there, with a space before them.
func (t *T) properties(p *wire.Properties) string {
	var all []string
	add := func(flag wire.PropertyFlags, name, value string) {
		if p.Flags&flag != 0 {
			all = append(all, name+"="+value)
		}
	}
	add(wire.HasContentType, "content-type", strconv.Quote(p.ContentType))
	add(wire.HasContentEncoding, "content-encoding", strconv.Quote(p.ContentEncoding))
	add(wire.HasHeaders, "headers", t.value(p.Headers))
	add(wire.HasDeliveryMode, "delivery-mode", strconv.Itoa(int(p.DeliveryMode)))
	add(wire.HasPriority, "priority", strconv.Itoa(int(p.Priority)))
	add(wire.HasCorrelationID, "correlation-id", strconv.Quote(p.CorrelationID))
	add(wire.HasReplyTo, "reply-to", strconv.Quote(p.ReplyTo))
	add(wire.HasExpiration, "expiration", strconv.Quote(p.Expiration))
	add(wire.HasMessageID, "message-id", strconv.Quote(p.MessageID))
	add(wire.HasTimestamp, "timestamp", t.timestamp(p.Timestamp))
	add(wire.HasType, "type", strconv.Quote(p.Type))
	add(wire.HasUserID, "user-id", t.user(p.UserID))
	add(wire.HasAppID, "app-id", strconv.Quote(p.AppID))
	add(wire.HasClusterID, "cluster-id", strconv.Quote(p.ClusterID))
	if len(all) == 0 {
		return ""
	}
	return " " + strings.Join(all, " ")
}

// value writes a value of a table with its type.
func (t *T) value(value any) string {
	switch v := value.(type) {
	case nil:
		return "void"
	case string:
		return strconv.Quote(v)
	case []byte:
		return "bytes(" + strconv.Quote(string(v)) + ")"
	case bool:
		return strconv.FormatBool(v)
	case wire.Timestamp:
		return "timestamp(" + t.timestamp(v) + ")"
	case wire.Decimal:
		return fmt.Sprintf("decimal(%de-%d)", v.Value, v.Scale)
	case wire.Array:
		elements := make([]string, len(v))
		for i, element := range v {
			elements[i] = t.value(element)
		}
		return "[" + strings.Join(elements, ", ") + "]"
	case wire.Table:
		fields := make([]string, len(v))
		for i, field := range v {
			fields[i] = field.Key + "=" + t.value(field.Value)
		}
		return "{" + strings.Join(fields, ", ") + "}"
	default: // a number
		return fmt.Sprintf("%s(%v)", reflect.TypeOf(v).Name(), v)
	}
}

// timestamp writes a time, or <now> for one that the broker has just set.
func (t *T) timestamp(at wire.Timestamp) string {
	now := time.Now()
	if d := now.Sub(time.Unix(int64(at), 0)); at < 1<<40 && d.Abs() < 24*time.Hour {
		return "<now>"
	}
	return strconv.FormatUint(uint64(at), 10)
}

// user writes a user-id; the target's user is called guest, as everywhere.
func (t *T) user(name string) string { return strconv.Quote(t.placeholders(name)) }

// body writes a body.
func (t *T) body(body []byte) string {
	text := body
	if len(body) < 1024 {
		text = []byte(t.placeholders(string(body)))
	}
	if len(text) > longestBody {
		return fmt.Sprintf("(%d bytes, crc32 %08x)", len(text), crc32.ChecksumIEEE(text))
	}
	return strconv.Quote(string(text))
}
