// Command throughput compares workers on one broker, in one run: Celery's prefork worker, the Go worker of package
// worker, and machinery. Each works through a queue of tasks that do nothing, two at a time with a prefetch of eight;
// what is timed is how the queue empties, so that no start-up counts. It prints a line for each run and the medians.
//
//	go run . -amqp amqp://guest:guest@127.0.0.1:5672/ -tasks 20000 -rounds 3
//
// It is a module of its own, so that machinery and all that it needs stay out of minirabbit's.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	neturl "net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	machinery "github.com/RichardKnop/machinery/v1"
	"github.com/RichardKnop/machinery/v1/backends/null"
	mamqp "github.com/RichardKnop/machinery/v1/brokers/amqp"
	mconfig "github.com/RichardKnop/machinery/v1/config"
	"github.com/RichardKnop/machinery/v1/locks/eager"
	mlog "github.com/RichardKnop/machinery/v1/log"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/worker"
	"github.com/minirabbit/minirabbit/worker/celery"
)

const (
	queue       = "throughput"
	results     = "throughput-results"
	concurrency = 2
	prefetch    = 8
)

// A contender works on the queue until it is stopped.
type contender struct {
	name    string
	results bool // whether it sends any
	message func(i int) (amqp.Publishing, error)
	start   func(ctx context.Context, url string) (stop func(), err error)
}

func main() {
	url := flag.String("amqp", "amqp://guest:guest@127.0.0.1:5672/", "the broker's `URL`")
	tasks := flag.Int("tasks", 20_000, "the `NUMBER` of tasks in a run")
	rounds := flag.Int("rounds", 3, "the `NUMBER` of runs for each")
	flag.Parse()
	if err := compare(*url, *tasks, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "throughput:", err)
		os.Exit(1)
	}
}

// celeryTask is the message of a task, with or without somebody who waits for its result.
func celeryTask(replyTo string) func(int) (amqp.Publishing, error) {
	return func(i int) (amqp.Publishing, error) {
		return celery.Task{ID: fmt.Sprint("task-", i), Name: "throughput.nothing", ReplyTo: replyTo, IgnoreResult: replyTo == ""}.Publishing()
	}
}

func machineryTask(i int) (amqp.Publishing, error) {
	body := fmt.Sprintf(`{"UUID":"task-%d","Name":"throughput.nothing","RoutingKey":%q,"Args":[]}`, i, queue)
	return amqp.Publishing{ContentType: "application/json", DeliveryMode: amqp.Persistent, Body: []byte(body)}, nil
}

var contenders = []contender{
	{"celery prefork", false, celeryTask(""), startCelery()},
	{"celery prefork, acks_late", false, celeryTask(""), startCelery("--acks-late")},
	{"go worker", false, celeryTask(""), startGo()},
	{"go worker, early ack", false, celeryTask(""), startGo(worker.WithEarlyAck())},
	{"machinery", false, machineryTask, startMachinery},
	{"celery prefork", true, celeryTask(results), startCelery()},
	{"go worker", true, celeryTask(results), startGo()},
}

func compare(url string, tasks, rounds int) error {
	rates := make([][]float64, len(contenders))
	for round := range rounds {
		for i, c := range contenders {
			rate, err := c.run(url, tasks)
			if err != nil {
				return fmt.Errorf("%s: %w", c, err)
			}
			fmt.Printf("round %d  %-40s %8.0f tasks/s\n", round+1, c, rate)
			rates[i] = append(rates[i], rate)
		}
	}
	base := map[bool]float64{}
	for i, c := range contenders {
		slices.Sort(rates[i])
		median := rates[i][len(rates[i])/2]
		if base[c.results] == 0 {
			base[c.results] = median // Celery is first
		}
		fmt.Printf("median   %-40s %8.0f tasks/s  %6.2f times celery prefork\n", c, median, median/base[c.results])
	}
	return nil
}

func (c contender) String() string {
	return c.name + map[bool]string{true: ", with results", false: ", no results"}[c.results]
}

// run fills the queue, starts the worker and times how the queue empties.
func (c contender) run(url string, tasks int) (rate float64, err error) {
	conn, err := amqp.Dial(url)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		return 0, err
	}
	if err := c.fill(ch, tasks); err != nil {
		return 0, err
	}
	got := make(chan struct{}) // all results are in
	close(got)
	if c.results {
		deliveries, err := ch.Consume(results, "", true, false, false, false, nil)
		if err != nil {
			return 0, err
		}
		got = make(chan struct{})
		go func() {
			for range tasks {
				<-deliveries
			}
			close(got)
		}()
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop, err := c.start(ctx, url)
	if err != nil {
		return 0, err
	}
	defer stop()
	first, began, err := drop(ch, tasks)
	if err != nil {
		return 0, err
	}
	if _, ended, err := drop(ch, 1); err != nil {
		return 0, err
	} else if !c.results {
		return float64(first) / ended.Sub(began).Seconds(), nil
	}
	<-got
	return float64(first) / time.Since(began).Seconds(), nil
}

// drop waits until fewer messages than n wait in the queue, and returns how many do, and when.
func drop(ch *amqp.Channel, n int) (ready int, at time.Time, err error) {
	for patience := time.Now().Add(3 * time.Minute); time.Now().Before(patience); time.Sleep(5 * time.Millisecond) {
		q, err := ch.QueueDeclarePassive(queue, true, false, false, false, nil)
		if err != nil {
			return 0, at, err
		}
		if q.Messages < n {
			return q.Messages, time.Now(), nil
		}
	}
	return 0, at, fmt.Errorf("still %d messages or more in the queue after 3 minutes", n)
}

// fill makes the queues anew and publishes the tasks.
func (c contender) fill(ch *amqp.Channel, tasks int) error {
	if err := ch.ExchangeDeclare(queue, "direct", true, false, false, false, nil); err != nil {
		return err
	}
	for _, name := range []string{queue, results} {
		if _, err := ch.QueueDelete(name, false, false, false); err != nil {
			return err
		}
		if _, err := ch.QueueDeclare(name, true, false, false, false, nil); err != nil {
			return err
		}
	}
	if err := ch.QueueBind(queue, queue, queue, false, nil); err != nil {
		return err
	}
	if err := ch.Confirm(false); err != nil {
		return err
	}
	var last *amqp.DeferredConfirmation
	for i := range tasks {
		m, err := c.message(i)
		if err != nil {
			return err
		}
		if last, err = ch.PublishWithDeferredConfirm("", queue, false, false, m); err != nil {
			return err
		}
	}
	last.Wait()
	return nil
}

// startGo runs package worker's Worker, in this process.
func startGo(options ...worker.Option) func(context.Context, string) (func(), error) {
	return func(ctx context.Context, url string) (func(), error) {
		w, err := worker.New(url, append([]worker.Option{worker.WithQueues(queue), worker.WithConcurrency(concurrency), worker.WithPrefetch(prefetch),
			worker.WithLogger(slog.New(slog.DiscardHandler))}, options...)...)
		if err != nil {
			return nil, err
		}
		worker.Register(w, "throughput.nothing", func(context.Context, struct{}) (any, error) { return nil, nil })
		ctx, cancel := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- w.Run(ctx) }()
		return func() { cancel(); <-done }, nil
	}
}

// startMachinery runs machinery's worker, in this process, with a backend that keeps no results.
func startMachinery(_ context.Context, url string) (func(), error) {
	mlog.Set(silence{})
	cfg := &mconfig.Config{Broker: url, DefaultQueue: queue, NoUnixSignals: true,
		AMQP: &mconfig.AMQPConfig{Exchange: queue, ExchangeType: "direct", BindingKey: queue, PrefetchCount: prefetch}}
	server := machinery.NewServerWithBrokerBackendLock(cfg, mamqp.New(cfg), null.New(), eager.New())
	if err := server.RegisterTask("throughput.nothing", func() error { return nil }); err != nil {
		return nil, err
	}
	w := server.NewWorker("throughput", concurrency)
	failed := make(chan error, 1)
	w.LaunchAsync(failed)
	return w.Quit, nil
}

type silence struct{}

func (silence) Print(...any)              {}
func (silence) Printf(string, ...any)     {}
func (silence) Println(...any)            {}
func (silence) Fatal(a ...any)            { panic(fmt.Sprint(a...)) }
func (silence) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (silence) Fatalln(a ...any)          { panic(fmt.Sprintln(a...)) }
func (silence) Panic(a ...any)            { panic(fmt.Sprint(a...)) }
func (silence) Panicf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (silence) Panicln(a ...any)          { panic(fmt.Sprintln(a...)) }

// app is the Celery app, given to Python as a module.
const app = `
import os
from celery import Celery
app = Celery('throughput_app', broker=os.environ['AMQP'], backend='rpc://')
app.conf.task_acks_late = bool(os.environ['LATE'])

@app.task(name='throughput.nothing')
def nothing():
    pass
`

// startCelery runs Celery's prefork worker, with the system's own Python.
func startCelery(flags ...string) func(context.Context, string) (func(), error) {
	return func(_ context.Context, url string) (func(), error) {
		dir, err := os.MkdirTemp("", "throughput")
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(dir+"/throughput_app.py", []byte(app), 0o644); err != nil {
			return nil, err
		}
		u, err := neturl.Parse(url)
		if err != nil {
			return nil, err
		}
		cmd := exec.Command("/usr/bin/python3", "-m", "celery", "-A", "throughput_app", "worker", "-Q", queue, "-c", strconv.Itoa(concurrency),
			"--prefetch-multiplier", strconv.Itoa(prefetch/concurrency), "-l", "error", "--without-gossip", "--without-mingle", "--without-heartbeat")
		cmd.Dir = dir
		late := strings.Join(flags, "")
		cmd.Env = append(os.Environ(), "AMQP="+u.String(), "LATE="+late, "C_FORCE_ROOT=1", "PYTHONWARNINGS=ignore")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		return func() {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			_ = cmd.Wait()
			_ = os.RemoveAll(dir)
		}, nil
	}
}
