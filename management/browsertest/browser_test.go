package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// patience is how long the page has to do or show something.
const patience = 20 * time.Second

// tab is a browser's tab on the page of a broker. What it does fails the test if
// the page does not follow.
type tab struct {
	t      *testing.T
	ctx    context.Context
	broker *testkit.Broker

	mu sync.Mutex
	// guarded by mu
	problems []string // what the console complained of
	requests []string // addresses
}

// open starts a browser at the page of a broker. At the end, nothing must have been
// asked of another host, and the console must be empty but for what tolerate
// holds.
func open(t *testing.T, broker *testkit.Broker, tolerate ...string) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(t)), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1280, 860),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "en"))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeTab := chromedp.NewContext(allocator)
	p := &tab{t: t, ctx: ctx, broker: broker}
	t.Cleanup(func() {
		p.check(tolerate)
		chromedp.Cancel(ctx)
		closeTab()
		stop()
	})
	run(p, p.ctx, chromedp.Steps()) // opens the tab
	require.NoError(t, chromedp.Listen(ctx, p.listen))
	for _, domain := range []cdp.Command[cdp.Empty, cdp.Empty]{log.Enable, runtime.Enable} {
		_, err := chromedp.Call(ctx, domain, cdp.Empty{})
		require.NoError(t, err)
	}
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	require.NoError(t, err)
	p.do(chromedp.Navigate(broker.ManagementURL()))
	return p
}

// chromium is the path of the Chromium of this machine.
func chromium(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("MINIRABBIT_BROWSER"); path != "" {
		return path
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no chromium on this machine, and MINIRABBIT_BROWSER names none")
	return ""
}

// listen hears what the browser tells of the tab.
func (p *tab) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, e.Request.URL)
	case *network.EventWebSocketCreated:
		p.requests = append(p.requests, e.URL)
	case *runtime.EventExceptionThrown:
		p.problems = append(p.problems, e.ExceptionDetails.Text+" "+describe(e.ExceptionDetails.Exception))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			p.problems = append(p.problems, fmt.Sprintf("%s: %s", e.Type, e.Args[0].Value))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			p.problems = append(p.problems, fmt.Sprintf("%s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL))
		}
	}
}

func (p *tab) check(tolerate []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.t.Failed() {
		p.t.Logf("console: %q", p.problems)
	}
	require.NotEmpty(p.t, p.requests, "nothing was heard of requests, so that nothing was checked")
	for _, address := range p.requests {
		if !strings.HasPrefix(address, p.broker.ManagementURL()+"/") && !strings.HasPrefix(address, "blob:"+p.broker.ManagementURL()+"/") {
			p.t.Errorf("the page asked for %s, which is not its broker %s", address, p.broker.ManagementURL())
		}
	}
next:
	for _, problem := range p.problems {
		for _, known := range tolerate {
			if strings.Contains(problem, known) {
				continue next
			}
		}
		p.t.Errorf("the console says: %s", problem)
	}
}

// run carries out an action, or fails the test.
func run[T any](p *tab, ctx context.Context, action chromedp.Action[T]) T {
	p.t.Helper()
	result, err := chromedp.Run(ctx, action)
	if err != nil {
		p.t.Fatalf("%v: the page shows\n%s", err, p.text())
	}
	return result
}

// do carries out actions, one after the other, in time.
func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	run(p, ctx, chromedp.Steps(actions...))
}

// js evaluates an expression for its effect.
func js(expression string, args ...any) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.Evaluate[any](quoted(expression, args)+"; null")(ctx, t)
		return err
	})
}

// quoted puts texts into an expression in place of its verbs.
func quoted(expression string, args []any) string {
	literals := make([]any, len(args))
	for i, a := range args {
		literals[i] = strconv.Quote(a.(string))
	}
	return fmt.Sprintf(expression, literals...)
}

// text is what the page shows.
func (p *tab) text() string {
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return text
}

// until waits for an expression to be true.
func (p *tab) until(what, expression string, args ...any) {
	p.t.Helper()
	_, err := chromedp.Run(p.ctx, chromedp.Poll[bool](quoted(expression, args), chromedp.WithPollingTimeout(patience), chromedp.WithPollingInterval(50*time.Millisecond)))
	if err != nil {
		p.t.Fatalf("%s: %v; the page shows\n%s", what, err, p.text())
	}
}

// sees waits until the page shows a text.
func (p *tab) sees(text string) {
	p.t.Helper()
	p.until("see "+text, `document.body.innerText.includes(%s)`, text)
}

// missesRow waits until a table is there and has no row that begins with a text.
func (p *tab) missesRow(caption, first string) {
	p.t.Helper()
	p.until("miss "+first, `[...document.querySelectorAll('caption')].some((c) => c.textContent === %s) && `+rows+`(%s).every((r) => r[0] !== %s)`, caption, caption, first)
}

// seesRow waits until a table has a row that begins with a text and holds others.
func (p *tab) seesRow(caption, first string, others ...string) {
	p.t.Helper()
	args, condition := []any{caption, first}, ""
	for _, other := range others {
		condition += ` && r.includes(%s)`
		args = append(args, other)
	}
	p.until(fmt.Sprintf("see row %q with %q in %s", first, others, caption), rows+`(%s).some((r) => r[0] === %s`+condition+`)`, args...)
}

// rows is a function that returns the texts in the cells of a table.
const rows = `((caption) => [...document.querySelectorAll('table')].filter((t) => t.caption.textContent === caption)
	.flatMap((t) => [...t.tBodies[0].rows].map((r) => [...r.cells].map((c) => c.innerText.trim()))))`

// goes to the view at an address, such as #/queues.
func (p *tab) goes(address string) {
	p.t.Helper()
	p.do(js(`location.hash = %s`, address))
}

// presses a button of the view or, if one is open, the dialog.
func (p *tab) presses(name string) {
	p.t.Helper()
	p.pressesIn("", name)
}

// pressesIn presses a button of a section.
func (p *tab) pressesIn(section, name string) {
	p.t.Helper()
	p.until("a button "+name, find+`('button', %s, %s)`, name, section)
	p.do(chromedp.Click(chromedp.CSS(`[data-found]`)))
}

// fills in a field, known by its label.
func (p *tab) fills(label, value string) {
	p.t.Helper()
	p.fillsIn("", label, value)
}

// fillsIn fills in a field of a section.
func (p *tab) fillsIn(section, label, value string) {
	p.t.Helper()
	p.finds(section, label)
	p.do(js(`document.querySelector('[data-found]').select()`), chromedp.SendKeys(chromedp.CSS(`[data-found]`), value))
}

// finds the field of a label.
func (p *tab) finds(section, label string) {
	p.t.Helper()
	p.until("a field "+label, find+`('label', %s, %s)`, label, section)
	p.do(js(`mark(document.querySelector('[data-found]').control)`))
}

// find is a function that finds an element by its text, in the dialog if there is
// one and else in a section or anywhere, and marks it for chromedp.
const find = `((selector, text, section) => {
	window.mark = (e) => {
		document.querySelectorAll('[data-found]').forEach((old) => old.removeAttribute('data-found'))
		e.setAttribute('data-found', '')
	}
	const sections = [...document.querySelectorAll('section')].filter((s) => s.querySelector('h2').textContent === section)
	const roots = document.querySelector('dialog[open]') ? [document.querySelector('dialog[open]')] : section ? sections : [document]
	const found = roots.flatMap((root) => [...root.querySelectorAll(selector)]).find((e) => e.textContent === text && e.checkVisibility())
	if (found) mark(found)
	return found !== undefined
})`

// keys types as on a keyboard, wherever the focus is.
func (p *tab) keys(keys string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys))
}

// logsIn as guest.
func (p *tab) logsIn() {
	p.t.Helper()
	p.fills("User", "guest")
	p.fills("Password", "guest")
	p.presses("Log in")
	p.sees("Message rates")
}

// prefers sets the colours that the user prefers: light or dark.
func (p *tab) prefers(scheme string) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	require.NoError(p.t, err)
}

func describe(o *runtime.RemoteObject) string {
	if o == nil {
		return ""
	}
	return o.Description
}
