package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/worker/celery"
)

// An outcome is what came of a request.
type outcome struct {
	state     celery.State
	value     json.RawMessage
	exception *celery.Exception
	traceback string
	retry     *RetryError
	ran       time.Duration
	fields    map[string]any // of the event, besides the usual ones
}

// Causes for the end of a run's context.
var (
	errSoftLimit  = celery.NewException("billiard.exceptions", "SoftTimeLimitExceeded")
	errTerminated = errors.New("worker: terminated by remote control")
	errHardLimit  = errors.New("worker: hard time limit exceeded")
	errRunEnded   = errors.New("worker: the task has ended")
)

// receive takes a delivery: a request that waits for its eta or for somebody to be free, or something to refuse.
func (s *nodeSession) receive(ctx, work, taking context.Context, in *inflow, d amqp.Delivery) error {
	for n, largest := int64(len(d.Body)), s.w.largest.Load(); n > largest; largest = s.w.largest.Load() {
		s.w.largest.CompareAndSwap(largest, n)
	}
	task, err := celery.DecodeTask(d, s.cfg.accept)
	if err != nil {
		return s.refuse(work, d, err)
	}
	definition := s.w.tasks[task.Name]
	if definition == nil {
		return s.refuse(work, d, &unknownTask{*task})
	}
	if task.Root == "" {
		task.Root = task.ID
	}
	r := &Request{
		Task: task, Redelivered: d.Redelivered, Exchange: d.Exchange, RoutingKey: d.RoutingKey,
		definition: definition, delivery: d, received: time.Now(), phase: reserved,
	}
	s.cfg.observer.TaskReceived(task.Name)
	s.w.ledger.add(r)
	if s.dead(work, r) {
		return nil
	}
	if s.w.taskEvents.Load() {
		s.emitTask(r, "task-received", map[string]any{
			"name": orElse(r.Shadow, r.Name), "args": r.ArgsRepr, "kwargs": r.KwargsRepr, "root_id": r.Root,
			"parent_id": orNil(r.Parent), "retries": r.Retries, "eta": timeOrNil(r.ETA), "expires": timeOrNil(r.Expires)})
	}
	s.log.Debug("task received", "task", r.Name, "id", r.ID, "redelivered", r.Redelivered)
	if r.ETA.After(r.received) {
		r.enter(scheduled)
		return s.hold(ctx, work, taking, in, r)
	}
	s.backlog.push(r)
	return nil
}

// dead ends a request that must not begin, and reports whether it did.
func (s *nodeSession) dead(work context.Context, r *Request) bool {
	expired := r.Expired(time.Now())
	if !expired && !s.w.revoked.has(r.ID) {
		return false
	}
	why := map[bool]string{true: "expired", false: "revoked"}[expired]
	if expired {
		s.w.revoked.add(r.ID)
	}
	s.log.Info("task discarded", "task", r.Name, "id", r.ID, "reason", why)
	s.end(work, r, &outcome{
		state:     celery.Revoked,
		exception: celery.NewException("celery.exceptions", "TaskRevokedError", why),
		fields:    map[string]any{"terminated": false, "signum": nil, "expired": expired},
	})
	return true
}

// end settles a request, while the caller goes on if there is something to wait for.
func (s *nodeSession) end(work context.Context, r *Request, o *outcome) {
	r.enter(ended)
	if nobodyWaits := r.ReplyTo == "" || r.IgnoreResult || r.definition.ignoreResult; nobodyWaits && o.state == celery.Success &&
		len(r.Callbacks) == 0 && len(r.Chain) == 0 {
		defer s.w.ledger.remove(r)
		if err := s.settle(work, r, o); err != nil {
			s.stop(err)
		}
		return
	}
	s.group.Go(func() error {
		defer s.w.ledger.remove(r)
		return s.settle(work, r, o)
	})
}

// run does a request's task.
func (s *nodeSession) run(work context.Context, r *Request) {
	ctx, stop := context.WithCancelCause(context.WithValue(work, requestKey{}, r))
	defer stop(errRunEnded)
	r.mu.Lock()
	r.stop = stop
	r.mu.Unlock()
	if s.dead(work, r) { // from here on, who terminates it finds how to
		return
	}
	if r.definition.early || s.cfg.early {
		r.acked = true
		if err := r.delivery.Ack(false); err != nil {
			return // the session is lost, which the feeders tell
		}
		s.settled.Add(1)
	}
	r.mu.Lock()
	r.phase, r.began = active, time.Now()
	r.mu.Unlock()
	s.w.ledger.begun(r.Name)
	s.cfg.observer.TaskStarted(r.Name, r.began.Sub(r.received))
	s.emitTask(r, "task-started", nil)
	if r.definition.trackStarted {
		host, _ := json.Marshal(map[string]any{"pid": pid, "hostname": s.cfg.name})
		s.tellSoon(work, r, celery.Result{TaskID: r.ID, State: celery.Started, Value: host})
	}
	ctx, span := traced(ctx, r.Task)
	r.trace = traceHeaders(ctx)
	o := s.call(ctx, work, stop, r)
	if o == nil {
		span.End()
		return // the session is lost: the task comes again
	}
	o.ran = time.Since(r.began)
	endSpan(span, o)
	s.end(work, r, o)
}

// limits are the first that somebody has set, for each: the message, the definition, the worker.
func (s *nodeSession) limits(r *Request) (soft, hard time.Duration) {
	for _, l := range []time.Duration{s.cfg.softLimit, r.definition.softLimit, r.SoftLimit} {
		if l > 0 {
			soft = l
		}
	}
	for _, l := range []time.Duration{s.cfg.hardLimit, r.definition.hardLimit, r.HardLimit} {
		if l > 0 {
			hard = l
		}
	}
	return soft, hard
}

// call calls the task's function and waits for it, for the hard limit or for its termination. It returns nil if the
// session is lost.
func (s *nodeSession) call(ctx, work context.Context, stop context.CancelCauseFunc, r *Request) *outcome {
	done := make(chan *outcome, 1)
	go func() { // ends with the function, which may outlive its task if it heeds no context
		o := s.failure(r, errors.New("the function ended its goroutine (runtime.Goexit)"))
		defer func() { done <- o }()
		o = s.outcomeOf(ctx, r)
	}()
	soft, hard := s.limits(r)
	var softly, firmly <-chan time.Time
	if soft > 0 {
		timer := time.NewTimer(soft)
		defer timer.Stop()
		softly = timer.C
	}
	if hard > 0 {
		timer := time.NewTimer(hard)
		defer timer.Stop()
		firmly = timer.C
	}
	over := ctx
	for {
		select {
		case o := <-done:
			switch cause := context.Cause(ctx); {
			case errors.Is(cause, errTerminated):
				return terminated()
			case cause != nil && !errors.Is(cause, errSoftLimit):
				return nil
			}
			return o
		case <-softly:
			s.log.Warn("soft time limit exceeded", "task", r.Name, "id", r.ID, "limit", soft)
			stop(errSoftLimit)
		case <-firmly:
			s.log.Error("hard time limit exceeded", "task", r.Name, "id", r.ID, "limit", hard)
			stop(errHardLimit)
			return &outcome{state: celery.Failure, exception: celery.NewException("billiard.exceptions", "TimeLimitExceeded", hard.Seconds())}
		case <-over.Done():
			switch cause := context.Cause(over); {
			case errors.Is(cause, errTerminated):
				return terminated()
			case errors.Is(cause, errSoftLimit):
				over = work // wait on, for the function or the hard limit
			default:
				return nil
			}
		}
	}
}

// terminated is the outcome of a run that remote control has ended, whatever the function made of that.
func terminated() *outcome {
	return &outcome{
		state:     celery.Revoked,
		exception: celery.NewException("celery.exceptions", "TaskRevokedError", "terminated"),
		fields:    map[string]any{"terminated": true, "signum": 15, "expired": false},
	}
}

// mostBytes is how large messages may be on this worker's broker: maxBytes, or as large as one that it has delivered.
func (w *Worker) mostBytes() int { return max(w.cfg.maxBytes, int(w.largest.Load())) }

// outcomeOf calls the function.
func (s *nodeSession) outcomeOf(ctx context.Context, r *Request) (o *outcome) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("task panicked", "task", r.Name, "id", r.ID, "panic", p)
			e := celery.NewException("builtins", "RuntimeError", fmt.Sprintf("panic: %v", p))
			o = &outcome{state: celery.Failure, exception: e, traceback: fmt.Sprintf("%s\n%s", e.Error(), debug.Stack())}
		}
	}()
	if r.Chord != nil {
		return s.failure(r, errChord)
	}
	value, err := r.definition.call(ctx, Arguments{r.Args, r.Kwargs})
	switch {
	case err == nil && len(value) > s.w.mostBytes()/256*255: // before anything follows from it
		return s.failure(r, fmt.Errorf("result of %d bytes, a message holds %d at most", len(value), s.w.mostBytes()))
	case err == nil:
		return &outcome{state: celery.Success, value: value}
	case errors.Is(err, ErrIgnore):
		return &outcome{state: stateIgnored}
	case errors.As(err, new(*RejectError)):
		s.log.Warn("task rejects itself", "task", r.Name, "id", r.ID, "error", err)
		return &outcome{state: stateRejected}
	}
	if errors.Is(context.Cause(ctx), errSoftLimit) && (errors.Is(err, context.Canceled) || errors.Is(err, errSoftLimit)) {
		err = errSoftLimit
	}
	if retry, may := r.definition.retry(err, r.Retries, s.cfg.random); retry != nil {
		if !may {
			return s.failure(r, retry.Cause)
		}
		o := s.failure(r, retry.Cause)
		o.state, o.retry = celery.Retry, retry
		return o
	}
	return s.failure(r, err)
}

// failure is the outcome of an error.
func (s *nodeSession) failure(r *Request, err error) *outcome {
	e, ok := errors.AsType[*celery.Exception](err)
	if !ok {
		text := "unknown"
		if err != nil {
			text = err.Error()
		}
		e = celery.NewException("builtins", "RuntimeError", text)
	}
	return &outcome{
		state:     celery.Failure,
		exception: e,
		traceback: fmt.Sprintf("Traceback (most recent call last):\n  Go task %s at %s\n%s\n", r.Name, s.cfg.name, e.Error()),
	}
}

// An unknownTask is the error of a task that nobody has registered.
type unknownTask struct{ task celery.Task }

func (e *unknownTask) Error() string {
	return fmt.Sprintf("worker: received unregistered task %q", e.task.Name)
}

// refuse rejects a message that cannot be done, and tells who waits for it, if that can be told.
func (s *nodeSession) refuse(work context.Context, d amqp.Delivery, reason error) error {
	var task celery.Task
	var exception *celery.Exception
	if unknown, ok := errors.AsType[*unknownTask](reason); ok {
		task, exception = unknown.task, celery.NewException("celery.exceptions", "NotRegistered", unknown.task.Name)
	} else if wrong, ok := errors.AsType[*celery.MessageError](reason); ok {
		task, exception = wrong.Task, wrong.Exception()
	}
	s.log.Error("message rejected", "error", reason, "id", task.ID, "task", task.Name, "exchange", d.Exchange,
		"routing_key", d.RoutingKey, "content_type", d.ContentType, "bytes", len(d.Body))
	s.cfg.observer.MessageRefused(reason)
	r := &Request{Task: &task, delivery: d, definition: &definition{}}
	if task.ID == "" {
		return s.reject(r)
	}
	s.emitTask(r, "task-failed", map[string]any{"exception": exception.Repr()})
	s.group.Go(func() error {
		result := celery.Result{TaskID: task.ID, State: celery.Failure, Exception: exception}
		if err := s.tell(work, r, result); err != nil {
			return s.unfit(work, err)
		}
		if err := s.propagate(work, r, result); err != nil {
			return s.unfit(work, err)
		}
		return s.unfit(work, s.reject(r))
	})
	return nil
}
