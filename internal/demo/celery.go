package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	neturl "net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/worker"
	"github.com/minirabbit/minirabbit/worker/testdata/tutorial"
)

// python is the system's own, for which distributions package Celery.
const python = "/usr/bin/python3"

// ErrNoCelery means that the machine lacks what RunCelery needs. Its text says what to install.
var ErrNoCelery = errors.New("demo: " + python + " has not celery, kombu and pika: apt-get install celery python3-kombu python3-pika")

// RunCelery runs the tutorial with the machine's Python Celery on the broker at url, whose virtual host must be the
// usual one: a worker of each language, with a producer of each. It writes to w what becomes of each request, and takes
// about ten seconds. The error is ErrNoCelery if the machine lacks Celery.
func RunCelery(ctx context.Context, w io.Writer, url string) error {
	if err := exec.CommandContext(ctx, python, "-c", "import celery, kombu, pika").Run(); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("demo: interrupted: %w", context.Cause(ctx))
		}
		return ErrNoCelery
	}
	dir, err := os.MkdirTemp("", "minirabbit-tutorial")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, tutorial.Files); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	broker, err := neturl.Parse(url)
	if err != nil {
		return fmt.Errorf("demo: broker URL: %w", err)
	}
	d := &bilingual{w: w, url: url, dir: dir, host: broker.Host + "//"}
	if err := d.run(ctx); err != nil && ctx.Err() != nil {
		return fmt.Errorf("demo: interrupted: %w", context.Cause(ctx))
	} else if err != nil {
		return err
	}
	return nil
}

// A bilingual demonstration is of Python and Go.
type bilingual struct {
	w              io.Writer
	url, dir, host string
	told           <-chan amqp.Delivery // by messengers
}

// program is one of the tutorial's.
func (d *bilingual) program(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, python, args...)
	cmd.Dir = d.dir
	cmd.Env = append(os.Environ(), "BROKER="+d.host, "PYTHONUNBUFFERED=1", "PYTHONWARNINGS=ignore")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // Celery then stops warmly
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

func (d *bilingual) run(ctx context.Context) error {
	if out, err := d.program(ctx, "topology.py").CombinedOutput(); err != nil {
		return fmt.Errorf("demo: topology.py: %w\n%s", err, out)
	}
	conn, err := amqp.DialConfig(d.url, amqp.Config{Properties: amqp.Table{"connection_name": "demo"}})
	if err != nil {
		return fmt.Errorf("demo: connect: %w", err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		return fmt.Errorf("demo: open channel: %w", err)
	}
	if d.told, err = ch.Consume(worker.ResultQueue, "audience", true, false, false, false, nil); err != nil {
		return fmt.Errorf("demo: consume results: %w", err)
	}
	for _, language := range []struct {
		name string
		work func(context.Context) error
	}{{"Python", d.pythonWorker}, {"Go", d.goWorker}} {
		fmt.Fprintf(d.w, "a worker in %s\n", language.name)
		working, closingTime := context.WithCancel(ctx)
		ended := make(chan struct{})
		var failed error
		go func() {
			failed = language.work(working)
			close(ended)
		}()
		err := d.ask(working, ended)
		closingTime()
		<-ended
		if err := errors.Join(err, failed); err != nil {
			return err
		}
	}
	return nil
}

func (d *bilingual) pythonWorker(ctx context.Context) error {
	var log bytes.Buffer
	cmd := d.program(ctx, "-m", "celery", "-A", "tasks", "worker", "-Q", worker.RedQueue, "-c", "1", "-l", "warning")
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Run(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("demo: celery worker: %w\n%s", err, log.String())
	}
	return nil
}

func (d *bilingual) goWorker(ctx context.Context) error {
	quiet := worker.WithLogger(slog.New(slog.DiscardHandler))
	messenger, err := worker.NewMessenger(d.url, quiet)
	if err != nil {
		return err
	}
	defer messenger.Close()
	w, err := worker.New(d.url, quiet, worker.WithQueues(worker.RedQueue))
	if err != nil {
		return err
	}
	worker.Register(w, "tasks.wrapped_main", func(ctx context.Context, limit int64) (int64, error) {
		value, err := worker.Fibonacci(limit)
		if err != nil {
			return 0, err
		}
		return value, messenger.Tell(ctx, worker.Result{TaskID: worker.FromContext(ctx).ID, Limit: limit, Value: value})
	})
	return w.Run(ctx)
}

// ask has a producer of each language ask for a job, and shows results and messages.
func (d *bilingual) ask(ctx context.Context, worked <-chan struct{}) error {
	for _, producer := range []struct {
		name string
		ask  func(context.Context) (string, error)
	}{{"Python", d.pythonProducer}, {"Go", d.goProducer}} {
		result, err := producer.ask(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(d.w, "  asked in %-6s  %s\n", producer.name, result)
		select {
		case m, ok := <-d.told:
			if !ok {
				return errBlind
			}
			fmt.Fprintf(d.w, "    %s  (%v, %v)\n", m.Body, m.Headers["host"], m.Headers["time"])
		case <-worked:
			return errors.New("demo: the worker ended")
		case <-time.After(patience):
			return errors.New("demo: no message of the result")
		}
	}
	return nil
}

func (d *bilingual) pythonProducer(ctx context.Context) (string, error) {
	out, err := d.program(ctx, "create_request.py", "--wait").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("demo: create_request.py: %w\n%s", err, out)
	}
	id, value, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return fmt.Sprintf("task %s  result %s", id, value), nil
}

func (d *bilingual) goProducer(ctx context.Context) (string, error) {
	client, err := worker.NewClient(d.url, worker.WithLogger(slog.New(slog.DiscardHandler)), worker.WithRoute("tasks.*", worker.RedQueue))
	if err != nil {
		return "", err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	result, err := client.Delay(ctx, "tasks.wrapped_main", 15)
	if err != nil {
		return "", err
	}
	value, err := worker.Get[int64](ctx, result)
	return fmt.Sprintf("task %s  result %d", result.ID(), value), err
}
