//go:build unix

package interop

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	neturl "net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// python is the system's own, for which Debian packages Celery; another may stand first on PATH.
const python = "/usr/bin/python3"

var lacking = sync.OnceValue(func() string {
	out, err := exec.Command(python, "-c", "import celery, kombu, pika").CombinedOutput()
	if err == nil {
		return ""
	}
	return fmt.Sprintf("%s has not celery, kombu and pika (apt-get install celery python3-kombu python3-pika): %v\n%s", python, err, out)
})

// needPython skips a test on a machine that lacks Celery.
func needPython(t *testing.T) {
	t.Helper()
	why := lacking()
	switch {
	case why == "":
	case os.Getenv("MINIRABBIT_CELERY") == "required":
		t.Fatal(why)
	default:
		t.Skip("SKIPPED, no Celery on this machine: " + why)
	}
}

// needTime skips a test that takes long unless it is asked for, as CI does.
func needTime(t *testing.T) {
	t.Helper()
	needPython(t)
	if os.Getenv("MINIRABBIT_CELERY") != "required" {
		t.Skip("SKIPPED, takes long: set MINIRABBIT_CELERY=required to run it")
	}
}

// A place is a broker, for both languages.
type place struct {
	url  string
	host string // HOST of pyamqp://guest@HOST: address, slash, virtual host
}

func placeOf(t *testing.T, url string) place {
	t.Helper()
	u, err := neturl.Parse(url)
	require.NoError(t, err)
	vhost, err := neturl.PathUnescape(strings.TrimPrefix(u.EscapedPath(), "/"))
	require.NoError(t, err)
	if vhost == "" {
		vhost = "/"
	}
	return place{url, u.Host + "/" + vhost}
}

// built is the directory of the binary, once there is one.
var built string

var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "interop")
	if err != nil {
		return "", err
	}
	built = dir
	file := filepath.Join(dir, "minirabbit")
	if out, err := exec.Command("go", "build", "-o", file, "github.com/minirabbit/minirabbit/cmd/minirabbit").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return file, nil
})

func TestMain(m *testing.M) {
	if url := os.Getenv(workerVariable); url != "" {
		os.Exit(beWorker(url))
	}
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built)
	}
	os.Exit(code)
}

// start returns a broker with nothing in it: `minirabbit serve`, or a virtual host of a real RabbitMQ.
func start(t *testing.T) place {
	t.Helper()
	needPython(t)
	if os.Getenv("MINIRABBIT_AMQP_URL") != "" {
		return placeOf(t, testkit.Start(t).URL())
	}
	file, err := binary()
	require.NoError(t, err)
	serve := run(t, nil, file, "serve", "--amqp", "127.0.0.1:0")
	return placeOf(t, serve.line(t))
}

// A process is a program that runs until the test ends, at the latest.
type process struct {
	cmd   *exec.Cmd
	lines chan string // of its standard output
	ended chan struct{}
	err   error // once ended

	mu  sync.Mutex
	log bytes.Buffer // guarded by mu: standard error
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

func (p *process) stderr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// run starts a program, in the directory of the tutorial. It ends, with what it started, with the test.
func run(t *testing.T, env []string, name string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(name, args...), lines: make(chan string, 1000), ended: make(chan struct{})}
	p.cmd.Dir = filepath.Join("..", "testdata", "tutorial")
	p.cmd.Env = append(os.Environ(), append(env, "PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1", "C_FORCE_ROOT=1", "PYTHONWARNINGS=ignore")...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Stderr = p
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	go func() { // ends with the program
		scanner := bufio.NewScanner(out)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			p.lines <- scanner.Text()
		}
		close(p.lines)
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.signal(syscall.SIGTERM)
		select {
		case <-p.ended:
		case <-time.After(10 * time.Second):
			p.signal(syscall.SIGKILL)
		}
		if t.Failed() {
			t.Logf("%s %s: %v\n%s", name, strings.Join(args, " "), p.err, p.stderr())
		}
	})
	return p
}

// signal tells the program and all that it started.
func (p *process) signal(s syscall.Signal) { _ = syscall.Kill(-p.cmd.Process.Pid, s) }

// line returns the next line of output.
func (p *process) line(t *testing.T) string {
	t.Helper()
	select {
	case line, ok := <-p.lines:
		if !ok {
			t.Fatalf("%s ended without a further line: %s", p.cmd, p.stderr())
		}
		return line
	case <-time.After(60 * time.Second):
		t.Fatalf("%s says nothing: %s", p.cmd, p.stderr())
		return ""
	}
}

// script starts a program of the tutorial.
func (b place) script(t *testing.T, name string, args ...string) *process {
	t.Helper()
	return run(t, []string{"BROKER=" + b.host}, python, append([]string{name + ".py"}, args...)...)
}

// output runs a program of the tutorial to its end and returns its lines.
func (b place) output(t *testing.T, name string, args ...string) []string {
	t.Helper()
	return b.script(t, name, args...).all(t)
}

func (p *process) all(t *testing.T) (lines []string) {
	t.Helper()
	for line := range p.lines {
		lines = append(lines, line)
	}
	<-p.ended
	require.NoError(t, p.err, "%s\n%s", p.cmd, p.stderr())
	return lines
}

// celery runs Celery's command line to its end and returns what it printed.
func (b place) celery(t *testing.T, app string, args ...string) string {
	t.Helper()
	p := run(t, []string{"BROKER=" + b.host, "NO_COLOR=1"}, python, append([]string{"-m", "celery", "--no-color", "-A", app}, args...)...)
	return strings.Join(p.all(t), "\n")
}

// pythonWorker starts a Celery worker and waits until it consumes.
func (b place) pythonWorker(t *testing.T, app, queue string, env ...string) {
	t.Helper()
	run(t, append(env, "BROKER="+b.host), python, "-m", "celery", "-A", app, "worker", "-Q", queue, "-c", "2", "-l", "info", "-n", "python@host",
		"--without-gossip", "--without-mingle")
	b.await(t, queue)
}

// await waits until somebody consumes a queue.
func (b place) await(t *testing.T, queue string) {
	t.Helper()
	conn, err := amqp.Dial(b.url)
	require.NoError(t, err)
	defer conn.Close()
	require.Eventually(t, func() bool {
		ch, err := conn.Channel()
		if err != nil {
			return false
		}
		defer ch.Close()
		q, err := ch.QueueDeclarePassive(queue, true, false, false, false, nil)
		return err == nil && q.Consumers > 0
	}, 60*time.Second, 200*time.Millisecond, "nobody consumes %s", queue)
}

func patience(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func logger(t *testing.T) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }
