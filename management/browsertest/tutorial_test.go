package browsertest

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// TestTutorial does with the page what the tutorial does with RabbitMQ's.
func TestTutorial(t *testing.T) {
	broker := testkit.Start(t, testkit.WithManagement())
	p := open(t, broker, "401 (Unauthorized)") // the wrong password below
	p.fills("User", "guest")
	p.fills("Password", "wrong")
	p.presses("Log in")
	p.sees("does not know this user")
	p.logsIn()

	p.goes("#/queues")
	p.sees("There are no queues yet.")
	for _, name := range []string{"test-queue1", "test-queue2"} {
		p.presses("Add queue …")
		p.fills("Name", name)
		p.presses("Add queue")
		p.seesRow("Queues", name, "classic", "running")
	}
	p.goes("#/exchanges")
	p.presses("Add exchange …")
	p.fills("Name", "test-exchange")
	p.presses("Add exchange")
	p.seesRow("Exchanges", "test-exchange", "direct")
	p.goes("#/exchanges/%2F/test-exchange")
	for key, queue := range map[string]string{"redpill": "test-queue1", "bluepill": "test-queue2"} {
		p.fillsIn("Add a binding", "Name", queue)
		p.fillsIn("Add a binding", "Routing key", key)
		p.pressesIn("Add a binding", "Bind")
		p.seesRow("Bindings to queues and exchanges", queue, key)
	}

	p.fillsIn("Publish a message", "Routing key", "redpill")
	p.fillsIn("Publish a message", "Payload", `{"limit": 1112}`)
	p.fillsIn("Publish a message", "Headers", "attempt = 3")
	p.pressesIn("Publish a message", "Publish")
	p.sees("Published.")
	require.Equal(t, 1, broker.Queue("test-queue1").Ready(t))
	p.fillsIn("Publish a message", "Routing key", "greenpill")
	p.pressesIn("Publish a message", "Publish")
	p.sees("no queue took it")

	p.goes("#/queues")
	p.seesRow("Queues", "test-queue1", "1")
	p.goes("#/queues/%2F/test-queue1")
	p.pressesIn("Get messages", "Get messages")
	p.sees(`"limit": 1112`)
	p.sees("attempt = 3")
	message := broker.Queue("test-queue1").Messages(t)[0]
	require.True(t, message.Redelivered, "it was got and put back")
	require.Equal(t, `{"limit": 1112}`, string(message.Body))

	p.presses("Purge …")
	p.presses("Purge")
	p.sees("Queue test-queue1 was purged.")
	require.Equal(t, 0, broker.Queue("test-queue1").Ready(t))
	p.presses("Unbind")
	p.missesRow("Bindings", "test-exchange")
	p.presses("Delete queue …")
	p.presses("Delete")
	p.sees("Queue test-queue1 is gone.")
	p.missesRow("Queues", "test-queue1")
	require.False(t, broker.Queue("test-queue1").Exists(t))
	p.goes("#/exchanges/%2F/test-exchange")
	p.presses("Delete exchange …")
	p.presses("Delete")
	p.sees("Exchange test-exchange is gone.")
	p.missesRow("Exchanges", "test-exchange")
	require.Empty(t, broker.Exchanges(t))
}

func TestCloseConnection(t *testing.T) {
	broker := testkit.Start(t, testkit.WithManagement())
	conn, ch := dial(broker, "shop")
	defer conn.Close()
	_, err := ch.QueueDeclare("q", false, false, false, false, nil)
	require.NoError(t, err)
	_, err = ch.Consume("q", "worker", false, false, false, false, nil)
	require.NoError(t, err)
	closed := conn.NotifyClose(make(chan *amqp.Error, 1))
	p := open(t, broker)
	p.logsIn()
	p.goes("#/connections")
	p.sees("shop")
	p.do(chromedp.Click(chromedp.CSS(`td a`)))
	p.seesRow("Channels of the connection", broker.Connections(t)[0].Address+" (1)")
	p.goes("#/channels/" + url.PathEscape(broker.Connections(t)[0].Address+" (1)"))
	p.seesRow("Consumers", "worker", "q")
	p.goes("#/connections/" + url.PathEscape(broker.Connections(t)[0].Address))
	p.presses("Close connection …")
	p.fills("Reason, for the client", "enough of it")
	p.presses("Close connection")
	require.Equal(t, "CONNECTION_FORCED - enough of it", (<-closed).Reason)
	p.sees("Nobody is connected.")
}

func TestAdmin(t *testing.T) {
	broker := testkit.Start(t, testkit.WithManagement())
	p := open(t, broker)
	p.logsIn()
	p.goes("#/admin/vhosts")
	p.presses("Add virtual host …")
	p.fills("Name", "shop <b>&amp;")
	p.presses("Add virtual host")
	p.seesRow("Virtual hosts", "shop <b>&amp;")
	p.goes("#/admin/users")
	p.presses("Add user …")
	p.fills("Name", "anna")
	p.fills("Password", "secret")
	p.fills("Tags", "monitoring")
	p.presses("Add user")
	p.sees("The user may enter no virtual host.")
	p.fillsIn("Set permissions", "Configure: names that match", "^mine")
	p.pressesIn("Set permissions", "Set")
	p.seesRow("Permissions", "/", "^mine", ".*")
	p.fillsIn("Set topic permissions", "Write: names that match", "^news")
	p.pressesIn("Set topic permissions", "Set")
	p.seesRow("Topic permissions", "/", "amq.topic", "^news")
	p.presses("Clear")
	p.missesRow("Permissions", "/")
	p.goes("#/admin/policies")
	p.presses("Add policy …")
	p.fills("Name", "short")
	p.fills("Pattern", "^q")
	p.fills("Definition", "max-length = 10\noverflow = reject-publish")
	p.presses("Add policy")
	p.seesRow("Policies", "short", "/", "^q", "max-length = 10\noverflow = reject-publish")
	p.presses("Delete …")
	p.presses("Delete")
	p.missesRow("Policies", "short")
}

func TestDefinitionsRoundTrip(t *testing.T) {
	broker := testkit.Start(t, testkit.WithManagement())
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "kept"}}, Exchanges: []testkit.Exchange{{Name: "x"}}, Bindings: []testkit.Binding{{Source: "x", Queue: "kept", RoutingKey: "k"}}})
	p := open(t, broker)
	p.logsIn()
	dir := t.TempDir()
	_, err := chromedp.CallBrowser(p.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: "allow", DownloadPath: dir})
	require.NoError(t, err)
	p.goes("#/admin/definitions")
	p.presses("Download")
	p.sees("Downloaded definitions.json.")
	file := filepath.Join(dir, "definitions.json")
	require.Eventually(t, func() bool { text, err := os.ReadFile(file); return err == nil && len(text) > 0 }, patience, 20*time.Millisecond)
	broker.Reset(t)
	require.False(t, broker.Queue("kept").Exists(t))
	p.finds("Upload", "File")
	p.do(chromedp.SetUploadFiles(chromedp.CSS(`[data-found]`), []string{file}))
	p.presses("Upload")
	p.sees("Uploaded definitions.json.")
	require.True(t, broker.Queue("kept").Exists(t))
	require.Len(t, broker.Bindings(t), 1)
}

func TestTraceHistoryAndFaults(t *testing.T) {
	broker := testkit.Start(t, testkit.WithManagement())
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicAck).From("q"), Do: testkit.DropConnection})
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "q"}}})
	p := open(t, broker)
	p.logsIn()
	p.goes("#/faults")
	p.seesRow("Faults", `before basic.ack from "q": drop the connection`, "0 times", "once")
	p.goes("#/trace")
	p.sees("Nothing has passed yet.")
	conn, ch := dial(broker, "worker")
	defer conn.Close()
	p.sees("channel.open-ok")
	broker.Publish(t, "", "q", []byte(`<script>alert("x")</script>`))
	got, _, err := ch.Get("q", false)
	require.NoError(t, err)
	p.sees("basic.get-ok")
	p.sees(`<script>alert("x")</script>`)
	got.Ack(false)
	p.sees("drop the connection")
	p.presses("Pause")
	p.presses("Go on")
	broker.Queue("q").Take(t, 1)

	p.goes("#/history?queue=q")
	p.seesRow("Messages, the latest first", "#1", "q", "taken without ack")
	p.do(chromedp.Click(chromedp.CSS(`td a`)))
	for _, what := range []string{"published", "routed", "got", "requeued", "by worker, channel 1"} {
		p.sees(what)
	}
	broker.RaiseAlarm(t, testkit.Memory)
	p.goes("#/faults")
	p.seesRow("Faults", `before basic.ack from "q": drop the connection`, "once", "no more")
	p.seesRow("Alarms", "memory")
}

// TestKeyboard does it all without a mouse.
func TestKeyboard(t *testing.T) {
	broker := testkit.Start(t, testkit.WithManagement())
	p := open(t, broker)
	p.until("the focus in the form", `document.activeElement.name === 'name'`)
	p.keys("guest" + kb.Tab + "guest" + kb.Enter)
	p.sees("Message rates")
	p.goes("#/queues")
	p.sees("There are no queues yet.")
	focus := func(text string) {
		t.Helper()
		for range 40 {
			p.keys(kb.Tab)
			if run(p, p.ctx, chromedp.Evaluate[string](`document.activeElement.textContent`)) == text {
				return
			}
		}
		t.Fatalf("no way to %q with the tab key", text)
	}
	focus("Add queue …")
	require.NotEqual(t, "none", run(p, p.ctx, chromedp.Evaluate[string](`getComputedStyle(document.activeElement).outlineStyle`)), "the focus is to be visible")
	p.keys(kb.Enter)
	p.until("a dialog", `document.querySelector('dialog[open]') !== null`)
	p.keys(kb.Escape)
	p.until("no dialog", `document.querySelector('dialog') === null`)
	p.keys(kb.Enter) // the focus is back at the button
	p.until("a dialog", `document.querySelector('dialog[open]') !== null`)
	p.keys(kb.Tab + "by-keyboard" + kb.Enter)
	p.seesRow("Queues", "by-keyboard")
	focus("by-keyboard")
	p.keys(kb.Enter)
	p.sees("Get messages")
}

// TestNamesAndTables checks of each view what a screen reader needs: that controls
// have names and tables captions, and that there is one first heading.
func TestNamesAndTables(t *testing.T) {
	broker := testkit.Start(t, testkit.WithManagement())
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "q"}}})
	p := open(t, broker)
	p.logsIn()
	for _, view := range []string{"#/", "#/connections", "#/channels", "#/exchanges", "#/exchanges/%2F/amq.topic", "#/queues", "#/queues/%2F/q",
		"#/admin/users", "#/admin/users/guest", "#/admin/vhosts", "#/admin/policies", "#/admin/definitions", "#/trace", "#/history", "#/faults"} {
		p.goes(view)
		p.until("the view "+view, `location.hash === %s && document.querySelectorAll('h1').length === 1`, view)
		nameless := run(p, p.ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll('input, select, textarea, button, a, svg[role=img], table')].filter((e) =>
			e.tagName === 'TABLE' ? !e.caption : !(e.labels?.length || e.getAttribute('aria-label') || e.textContent.trim())).map((e) => e.outerHTML)`))
		require.Empty(t, nameless, view)
	}
}

// TestColours follow the user's setting, and can be read: WCAG asks for a contrast
// of 4.5.
func TestColours(t *testing.T) {
	broker := testkit.Start(t, testkit.WithManagement())
	p := open(t, broker)
	p.logsIn()
	grounds := map[string]string{}
	for _, scheme := range []string{"light", "dark"} {
		p.prefers(scheme)
		grounds[scheme] = run(p, p.ctx, chromedp.Evaluate[string](`getComputedStyle(document.body).backgroundColor`))
		for _, text := range []string{"text", "quiet", "accent", "danger", "good"} {
			for _, ground := range []string{"ground", "surface", "hover"} {
				contrast := run(p, p.ctx, chromedp.Evaluate[float64](fmt.Sprintf(contrastOf, text, ground)))
				require.GreaterOrEqual(t, contrast, 4.5, "%s: %s on %s", scheme, text, ground)
			}
		}
	}
	require.NotEqual(t, grounds["light"], grounds["dark"])
}

const contrastOf = `((names) => {
	const [a, b] = names.map((name) => {
		const hex = getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim()
		const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		return 0.2126 * r + 0.7152 * g + 0.0722 * b
	})
	return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
})([%q, %q])`

// TestNarrow must not need to scroll the page sideways, once what it shows is there and charts have taken their new width.
func TestNarrow(t *testing.T) {
	const long = "a-queue-with-a-name-that-is-longer-than-the-page-is-wide-and-has-no-spaces"
	broker := testkit.Start(t, testkit.WithManagement())
	broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: long}}})
	broker.Publish(t, "", long, []byte("m"))
	p := open(t, broker)
	p.logsIn()
	p.do(chromedp.EmulateViewport(360, 700))
	for _, c := range []struct{ view, sees string }{{"#/", "Message rates"}, {"#/queues", long}, {"#/queues/%2F/" + long, "Consumers"},
		{"#/admin/users/guest", "Permissions"}, {"#/history", long}, {"#/trace", "channel.open"}} {
		p.goes(c.view)
		if c.view == "#/trace" { // it shows what comes
			conn, _ := dial(broker, "worker")
			defer conn.Close()
		}
		p.sees(c.sees)
		p.until("no need to scroll sideways in "+c.view, `location.hash === %s && document.documentElement.scrollWidth <= 360`, c.view)
	}
}

// TestLittleRights shows a user no more than the API does.
func TestLittleRights(t *testing.T) {
	broker := testkit.Start(t, testkit.WithManagement())
	p := open(t, broker)
	p.logsIn()
	p.goes("#/admin/users")
	p.presses("Add user …")
	p.fills("Name", "anna")
	p.fills("Password", "secret")
	p.fills("Tags", "management")
	p.presses("Add user")
	p.sees("The user may enter no virtual host.")
	p.presses("Log out")
	p.fills("User", "anna")
	p.fills("Password", "secret")
	p.presses("Log in")
	p.sees("Message rates")
	for _, view := range []string{"Admin", "Trace", "History", "Faults"} {
		p.until("no view "+view, `![...document.querySelectorAll('#views a')].some((a) => a.textContent === %s)`, view)
	}
	p.goes("#/queues")
	p.sees("There are no queues yet.")
}

// TestHostileNames shows, in every view, names and texts that would run as a script if they were taken for HTML. The page
// fails on requests and messages on the console by itself; the script would say so in the title.
func TestHostileNames(t *testing.T) {
	const hostile = `<img src=x onerror="document.title='owned'">`
	broker := testkit.Start(t, testkit.WithManagement())
	broker.Declare(t, testkit.Topology{
		Exchanges: []testkit.Exchange{{Name: hostile}},
		Queues:    []testkit.Queue{{Name: hostile, Arguments: amqp.Table{"x-dead-letter-exchange": hostile}}},
		Bindings:  []testkit.Binding{{Source: hostile, Queue: hostile, RoutingKey: hostile}},
	})
	broker.Inject(t, testkit.Fault{When: testkit.Before(testkit.BasicAck).From(hostile), Do: testkit.DropConnection})
	conn, ch := dial(broker, hostile)
	defer conn.Close()
	_, err := ch.Consume(hostile, hostile, false, false, false, false, nil)
	require.NoError(t, err)
	require.NoError(t, ch.Publish(hostile, hostile, false, false, amqp.Publishing{
		MessageId: hostile, Headers: amqp.Table{hostile: hostile}, ContentType: "text/html", Body: []byte(hostile)}))
	broker.Queue(hostile).AwaitUnacked(t, 1)
	p := open(t, broker, "404 (Not Found)") // the last view is of a queue that is not there
	p.logsIn()
	api := func(method, path, body string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, broker.ManagementURL()+"/api/"+path, strings.NewReader(body))
		require.NoError(t, err)
		request.SetBasicAuth("guest", "guest")
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		answer.Body.Close()
		require.Less(t, answer.StatusCode, 300, "%s %s", method, path)
	}
	name, quoted := url.PathEscape(hostile), strconv.Quote(hostile)
	api("PUT", "users/"+name, `{"password":"x","tags":`+quoted+`}`)
	api("PUT", "permissions/%2F/"+name, `{"configure":`+quoted+`,"write":"","read":""}`)
	api("PUT", "policies/%2F/"+name, `{"pattern":`+quoted+`,"definition":{"dead-letter-exchange":`+quoted+`}}`)
	api("PUT", "vhosts/"+name, `{"description":`+quoted+`,"tags":`+quoted+`}`)
	address := url.PathEscape(broker.Connections(t)[0].Address)
	for _, view := range []string{"#/queues", "#/queues/%2F/" + name, "#/exchanges", "#/exchanges/%2F/" + name, "#/connections", "#/connections/" + address,
		"#/channels/" + address + "%20(1)", "#/admin/users", "#/admin/users/" + name, "#/admin/vhosts", "#/admin/policies", "#/trace", "#/history",
		"#/history/1", "#/faults", "#/queues/%2F/" + url.PathEscape("missing "+hostile)} {
		p.goes(view)
		p.sees("<img src=x onerror=")
		require.Empty(t, run(p, p.ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll('img[onerror]')].map((e) => e.outerHTML)`)), view)
		require.NotEqual(t, "owned", run(p, p.ctx, chromedp.Evaluate[string](`document.title`)), view)
	}
}
