package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/worker/celery"
)

var pid = os.Getpid()

// A Worker does Celery's tasks, as a node that the rest of Celery sees as one of its own: Python producers send it
// tasks and read results through the rpc:// backend, `celery inspect`, `status`, `control` and `events` find it.
//
//	w, err := worker.New(url, worker.WithQueues("test-queue1"))
//	…
//	worker.Register(w, "tasks.wrapped_main", func(ctx context.Context, limit int64) (int64, error) {
//		return worker.Fibonacci(limit)
//	})
//	err = w.Run(ctx)
type Worker struct {
	url string
	cfg *config

	tasks map[string]*definition // not changed once it runs
	began atomic.Bool

	clock   clock
	revoked revocations
	ledger  ledger
	orphans orphans
	barred  barred

	taskEvents atomic.Bool
	dropped    atomic.Int64  // events that there was no room for
	largest    atomic.Int64  // bytes of a message that the broker has delivered
	shutdown   chan struct{} // closed when remote control asks for it
	once       sync.Once
	start      time.Time
}

// New makes a worker for the broker at url. It fails only for a malformed URL or option: it does not connect yet.
func New(url string, options ...Option) (*Worker, error) {
	cfg, err := newConfig(nodeRole, options)
	if err != nil {
		return nil, err
	}
	if err := checkURL(url); err != nil {
		return nil, err
	}
	w := &Worker{url: url, cfg: cfg, tasks: map[string]*definition{}, shutdown: make(chan struct{}), start: time.Now()}
	w.taskEvents.Store(cfg.taskEvents)
	return w, nil
}

// Name returns the node's name, such as celery@host.
func (w *Worker) Name() string { return w.cfg.name }

func (w *Worker) register(d *definition) {
	switch {
	case d.name == "":
		panic("worker: Register: no name")
	case w.tasks[d.name] != nil:
		panic(fmt.Sprintf("worker: Register: task %q is registered twice", d.name))
	case w.began.Load():
		panic(fmt.Sprintf("worker: Register: task %q after the worker was run", d.name))
	}
	w.tasks[d.name] = d
}

// names are the registered tasks' names, sorted.
func (w *Worker) names() (names []string) {
	for name := range w.tasks {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Run does tasks until ctx ends, or until remote control shuts the worker down. It declares its queues, consumes them,
// and reconnects like the function of this name.
//
// A task is acknowledged after its result, and the tasks that follow it, are safe with the broker (see WithEarlyAck for
// the other order): at whatever moment a worker or its connection dies, the broker hands the task to another, and none
// is lost. One that was done already is then done twice and told twice; who waits for the result takes the first.
//
// When ctx ends the worker stops warmly: it gives back what it has not begun, and waits for what runs (WithDrainTimeout).
// It then returns nil, or an error if that was cut short. Run a Worker once.
func (w *Worker) Run(ctx context.Context) error {
	if w.began.Swap(true) {
		return errors.New("worker: Run: the worker was run before")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // ends with Run
		select {
		case <-w.shutdown:
			cancel()
		case <-ctx.Done():
		}
	}()
	retry := backoff{first: w.cfg.firstWait, cap: w.cfg.maxWait, random: w.cfg.random}
	worked := false
	log := w.cfg.logger.With("node", w.cfg.name)
	for {
		s, err := openNodeSession(ctx, w, log)
		if err == nil {
			worked = true
			began := time.Now()
			log.Info("worker connected", "address", s.conn.RemoteAddr().String(), "queues", w.cfg.queues, "tasks", w.names())
			w.cfg.observer.Connected()
			err = s.serve(ctx)
			w.cfg.observer.Disconnected(err)
			if ctx.Err() != nil {
				log.Info("worker stopped", "settled", s.settled.Load(), "error", err)
				return err
			}
			if s.settled.Load() > 0 || time.Since(began) > w.cfg.maxWait {
				retry.reset()
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		if !worked && isRefusal(err) {
			return err
		}
		wait := retry.next()
		log.Warn("worker disconnected", "error", err, "retry_in", wait)
		if pause(ctx, wait) != nil {
			return nil
		}
	}
}

// A ledger knows the requests that a worker has.
type ledger struct {
	mu       sync.Mutex
	requests map[*Request]bool // guarded by mu
	totals   map[string]int    // guarded by mu: tasks that were begun, by name
}

func (l *ledger) add(r *Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.requests == nil {
		l.requests, l.totals = map[*Request]bool{}, map[string]int{}
	}
	l.requests[r] = true
}

func (l *ledger) begun(task string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.totals[task]++
}

func (l *ledger) remove(r *Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.requests, r)
}

// in returns the requests of a phase, oldest first.
func (l *ledger) in(p phase) (all []*Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r := range l.requests {
		if r.in() == p {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b *Request) int { return a.received.Compare(b.received) })
	return all
}

// find returns the request of a task.
func (l *ledger) find(id string) *Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r := range l.requests {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// begunSoFar returns how many tasks were begun, by name and in all.
func (l *ledger) begunSoFar() (byName map[string]int, all int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	byName = map[string]int{}
	for name, n := range l.totals {
		byName[name], all = n, all+n
	}
	return byName, all
}

// A clock is Celery's logical clock (Lamport's).
type clock struct{ now atomic.Int64 }

// tick moves on, and returns the time.
func (c *clock) tick() int64 { return c.now.Add(1) }

// heard moves on past a time that somebody else told.
func (c *clock) heard(other int64) {
	for {
		now := c.now.Load()
		if c.now.CompareAndSwap(now, max(now, other)+1) {
			return
		}
	}
}

// revocations are the ids of revoked tasks: the last 50 000, as in Celery, which keeps them only in memory, too.
type revocations struct {
	mu    sync.Mutex
	ids   map[string]bool // guarded by mu
	order []string        // guarded by mu: oldest first
}

const mostRevocations = 50_000

func (r *revocations) add(ids ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ids == nil {
		r.ids = map[string]bool{}
	}
	for _, id := range ids {
		if r.ids[id] {
			continue
		}
		if len(r.order) == mostRevocations {
			delete(r.ids, r.order[0])
			r.order = r.order[1:]
		}
		r.ids[id], r.order = true, append(r.order, id)
	}
}

func (r *revocations) has(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ids[id]
}

func (r *revocations) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.order...)
}

// orphans are results that no queue took, to be tried again.
type orphans struct {
	mu  sync.Mutex
	all []orphan // guarded by mu
}

type orphan struct {
	request *Request
	result  celery.Result
	until   time.Time
}

// mostOrphans bounds what producers that are gone may leave behind.
const mostOrphans = 1000

// add keeps a result; it reports whether there was room.
func (o *orphans) add(one orphan) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.all) >= mostOrphans {
		return false
	}
	o.all = append(o.all, one)
	return true
}

// take takes all.
func (o *orphans) take() []orphan {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := o.all
	o.all = nil
	return all
}

// barred are the exchanges that the broker lately let nobody of this worker publish to: internal ones, and those that its
// user may not write to. Asking for them tells nothing; publishing costs the channel, and the task behind it comes again.
type barred struct {
	mu  sync.Mutex
	all map[string]bar // guarded by mu: by name
}

type bar struct {
	err   error
	until time.Time
}

// barredFor is how long an exchange counts as barred: permissions change.
const barredFor = time.Minute

// note remembers an exchange, if that is what the error of a publishing to it is about.
func (b *barred) note(exchange string, err error) {
	answer, ok := errors.AsType[*amqp.Error](err)
	if exchange == "" || !ok || !answer.Server || answer.Code != amqp.AccessRefused || !strings.Contains(answer.Reason, "'"+exchange+"'") {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all == nil {
		b.all = map[string]bar{}
	}
	b.all[exchange] = bar{answer, time.Now().Add(barredFor)}
}

// why is the error that an exchange is barred for, nil if it is not.
func (b *barred) why(exchange string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Now().After(b.all[exchange].until) {
		delete(b.all, exchange)
	}
	return b.all[exchange].err
}
