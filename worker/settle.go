package worker

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/worker/celery"
)

// settle makes an outcome known, in this order: what follows from it is sent, then the result, and when the broker has
// answered for both, the message is acknowledged. The error is not nil if the session is unfit to go on; the message
// then stays the broker's.
func (s *nodeSession) settle(work context.Context, r *Request, o *outcome) error {
	children, err := s.follow(work, r, o)
	if err != nil {
		return s.unfit(work, err)
	}
	switch o.state {
	case stateIgnored:
	case stateRejected:
		s.emitTask(r, "task-rejected", map[string]any{"requeue": false})
	default:
		result := celery.Result{TaskID: r.ID, State: o.state, Value: o.value, Exception: o.exception, Traceback: o.traceback, Children: children}
		if err := s.tell(work, r, result); err != nil {
			return s.unfit(work, err)
		}
		if err := s.propagate(work, r, result); err != nil {
			return s.unfit(work, err)
		}
	}
	if o.state == stateRejected {
		err = s.reject(r)
	} else if !r.acked {
		err = r.delivery.Ack(false)
		s.settled.Add(1)
	}
	if err != nil {
		return s.unfit(work, fmt.Errorf("worker: settle task %s: %w", r.ID, err))
	}
	s.cfg.observer.TaskEnded(r.Name, o.state, o.ran)
	s.report(r, o)
	return nil
}

// unfit is nil if the session has ended anyway, for another reason.
func (s *nodeSession) unfit(work context.Context, err error) error {
	if work.Err() != nil {
		return nil
	}
	return err
}

// report logs an outcome, and tells monitors.
func (s *nodeSession) report(r *Request, o *outcome) {
	switch o.state {
	case celery.Success:
		if s.w.taskEvents.Load() {
			s.emitTask(r, "task-succeeded", map[string]any{"result": celery.Repr(o.value), "runtime": o.ran.Seconds()})
		}
		s.log.Debug("task succeeded", "task", r.Name, "id", r.ID, "took", o.ran)
	case celery.Failure:
		if s.w.taskEvents.Load() {
			s.emitTask(r, "task-failed", map[string]any{"exception": o.exception.Repr(), "traceback": o.traceback})
		}
		s.log.Error("task failed", "task", r.Name, "id", r.ID, "error", o.exception, "took", o.ran)
	case celery.Retry:
		s.emitTask(r, "task-retried", map[string]any{"exception": o.exception.Repr(), "traceback": o.traceback})
		s.log.Info("task is tried again", "task", r.Name, "id", r.ID, "error", o.exception, "after", o.retry.After, "retries", r.Retries+1)
	case celery.Revoked:
		s.emitTask(r, "task-revoked", o.fields)
	}
}

// follow sends what follows from an outcome: callbacks and the next step of the chain, callbacks for failures, or the
// task once more. It returns the ids. What cannot be sent, because it makes no sense, turns the outcome into a failure.
func (s *nodeSession) follow(work context.Context, r *Request, o *outcome) (children []string, err error) {
	switch o.state {
	case celery.Retry:
		again := *r.Task
		again.Retries++
		again.ETA = time.Now().Add(o.retry.After).UTC()
		err := s.send(work, sending{task: &again, exchange: r.Exchange, routingKey: r.RoutingKey})
		if refused(err) {
			s.fail(r, o, fmt.Errorf("task cannot be tried again: %w", err))
			return nil, nil
		}
		return []string{r.ID}, err
	case celery.Success:
		sendings, err := s.successors(r, o.value)
		if err == nil {
			children, err = s.sendAll(work, sendings)
		}
		if refused(err) || err != nil && len(sendings) == 0 {
			s.fail(r, o, err)
			return nil, nil
		}
		return children, err
	case celery.Failure:
		id, _ := json.Marshal(r.ID)
		for _, each := range r.Errbacks {
			sendings, err := s.cfg.sendings(each, id, s.template(r), time.Now())
			if err == nil {
				_, err = s.sendAll(work, sendings)
			}
			if refused(err) || err != nil && len(sendings) == 0 {
				s.log.Error("a callback for failures cannot be sent", "task", r.Name, "id", r.ID, "error", err)
			} else if err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

// fail turns an outcome into a failure, because of what was to follow from it.
func (s *nodeSession) fail(r *Request, o *outcome, err error) {
	s.log.Error("what follows a task cannot be sent", "task", r.Name, "id", r.ID, "error", err)
	failed := s.failure(r, err)
	o.state, o.exception, o.traceback, o.value, o.retry = failed.state, failed.exception, failed.traceback, nil, nil
}

// template is what tasks have from the one that they follow.
func (s *nodeSession) template(r *Request) celery.Task {
	return celery.Task{Parent: r.ID, Root: r.Root, Origin: s.cfg.name, Headers: r.trace}
}

// successors are the tasks that a success leads to.
func (s *nodeSession) successors(r *Request, value json.RawMessage) (all []sending, err error) {
	now := time.Now()
	for _, callback := range r.Callbacks {
		each, err := s.cfg.sendings(callback, value, s.template(r), now)
		if err != nil {
			return nil, err
		}
		all = append(all, each...)
	}
	if n := len(r.Chain); n > 0 {
		next, rest := r.Chain[n-1], r.Chain[:n-1]
		steps, err := s.cfg.sendings(next, value, s.template(r), now)
		if err != nil {
			return nil, err
		}
		if len(rest) > 0 && next.Subtask == "group" {
			return nil, errChord // to go on when all members are done takes a chord
		}
		for _, step := range steps {
			step.task.Chain = append(rest[:len(rest):len(rest)], step.task.Chain...)
		}
		all = append(all, steps...)
	}
	return all, nil
}

func (s *nodeSession) sendAll(work context.Context, all []sending) (ids []string, err error) {
	for _, each := range all {
		if err := s.send(work, each); err != nil {
			return nil, err
		}
		ids = append(ids, each.task.ID)
	}
	return ids, nil
}

// send sends a task, until the broker has confirmed it.
func (s *nodeSession) send(work context.Context, one sending) error {
	if err := s.ensure(one); err != nil {
		return err
	}
	message, err := one.task.Publishing()
	if err != nil {
		return refusal{err}
	}
	message.MessageId = one.task.ID
	return s.deliver(work, one.exchange, one.routingKey, message)
}

// ensure declares the queue that a task goes to, or makes sure that its exchange is there: to publish to one that is
// not would cost the session its channel. It asks the broker once a session for each.
func (s *nodeSession) ensure(one sending) error {
	name := "queue " + one.queue
	switch {
	case one.queue == "" && one.exchange == "":
		return nil
	case one.queue == "":
		name = "exchange " + one.exchange
	case !s.cfg.declares:
		return nil
	}
	if max(len(one.queue), len(one.exchange)) > maxShort {
		return refusal{fmt.Errorf("%s: a name of %d bytes, AMQP has room for %d", name, max(len(one.queue), len(one.exchange)), maxShort)}
	}
	if err := s.w.barred.why(one.exchange); err != nil {
		return refusal{err}
	}
	s.mu.Lock()
	known, ok := s.known[name]
	s.mu.Unlock()
	if ok {
		return known
	}
	ch, err := s.conn.Channel()
	if err != nil {
		return fmt.Errorf("worker: open channel: %w", err)
	}
	if one.queue != "" {
		err = declareTaskQueue(ch, one.queue, s.cfg.queueArguments)
	} else {
		err = ch.ExchangeDeclarePassive(one.exchange, amqp.ExchangeDirect, true, false, false, false, nil)
	}
	if err != nil && s.conn.IsClosed() {
		return err
	}
	if err != nil {
		err = refusal{err}
	} else {
		_ = ch.Close() // of a channel that has done its work
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[name] = err
	return err
}

// resultMessage is a result's message. Unlike Celery's by default it is persistent (as with result_persistent), for who
// waits at a queue that outlives the broker; in another it makes no difference.
//
// Of a failure that no message has room for, it tells the class and how long the text is.
func (w *Worker) resultMessage(r *Request, result celery.Result) (amqp.Publishing, error) {
	message, err := result.Publishing(r.CorrelationID)
	if n := len(message.Body); n > w.mostBytes() {
		text := fmt.Sprintf("result of %d bytes, a message holds %d at most", n, w.mostBytes())
		if result.Exception == nil {
			result.State, result.Value, result.Exception = celery.Failure, nil, celery.NewException("builtins", "RuntimeError")
		}
		result.Exception, result.Traceback = celery.NewException(result.Exception.Module, result.Exception.Type, text), ""
		message, err = result.Publishing(r.CorrelationID)
	}
	message.MessageId = rand.Text()
	message.DeliveryMode = amqp.Persistent
	return message, err
}

// tell sends a result to who waits for it. If its queue is not there, it is tried again later.
func (s *nodeSession) tell(work context.Context, r *Request, result celery.Result) error {
	if r.ReplyTo == "" || r.IgnoreResult || r.definition.ignoreResult {
		return nil
	}
	message, err := s.w.resultMessage(r, result)
	if err != nil {
		return err
	}
	err = s.deliver(work, "", r.ReplyTo, message)
	if errors.As(err, new(refusal)) {
		s.log.Error("a result cannot be told", "task", r.Name, "id", result.TaskID, "error", err)
		return nil
	}
	if !errors.As(err, new(*ReturnedError)) {
		return err
	}
	kept := result.State.Final() && s.cfg.resultPatience > 0 &&
		s.w.orphans.add(orphan{r, result, time.Now().Add(s.cfg.resultPatience)})
	s.log.Debug("no queue for a result", "task", r.Name, "id", r.ID, "queue", r.ReplyTo, "kept", kept)
	return nil
}

// propagate tells a failure for each step of the chain that will not be done because of it, as Celery does.
func (s *nodeSession) propagate(work context.Context, r *Request, result celery.Result) error {
	if result.State != celery.Failure {
		return nil
	}
	for _, step := range r.Chain {
		var task celery.Task
		for option, to := range map[string]*string{"task_id": &task.ID, "reply_to": &task.ReplyTo} {
			if _, err := step.Option(option, to); err != nil {
				s.log.Error("a failure cannot be told for a step of its chain", "task", r.Name, "id", r.ID, "error", err)
			}
		}
		if task.ID == "" {
			continue // as Celery does with groups
		}
		result.TaskID, result.Children = task.ID, nil
		if err := s.tell(work, &Request{Task: &task, definition: r.definition}, result); err != nil {
			return err
		}
	}
	return nil
}

// tellSoon sends a result without waiting for the broker.
func (s *nodeSession) tellSoon(work context.Context, r *Request, result celery.Result) {
	if r.ReplyTo == "" || r.IgnoreResult || r.definition.ignoreResult {
		return
	}
	if message, err := s.w.resultMessage(r, result); err == nil {
		_, _ = s.out.publish(work, "", r.ReplyTo, message) // what is lost with the session is told anew by the next
	}
}

// adopt sends results again that no queue took before, until their time is up.
func (s *nodeSession) adopt(serving context.Context) {
	for pause(serving, time.Second) == nil {
		for _, o := range s.w.orphans.take() {
			message, err := s.w.resultMessage(o.request, o.result)
			if err != nil || time.Now().After(o.until) {
				continue
			}
			if s.deliver(serving, "", o.request.ReplyTo, message) != nil {
				s.w.orphans.add(o)
			}
		}
	}
}

// deliver publishes a message until the broker confirms it. A refusal, as from a full queue, is tried again. The error
// is a *ReturnedError if no queue takes it, or a refusal; every other means that the session is unfit.
func (s *nodeSession) deliver(ctx context.Context, exchange, key string, message amqp.Publishing) error {
	if n, most := len(message.Body), s.w.mostBytes(); n > most {
		return refusal{fmt.Errorf("message of %d bytes, a broker takes %d", n, most)}
	}
	retry := backoff{first: s.cfg.firstWait, cap: s.cfg.maxWait, random: s.cfg.random}
	for {
		underway, err := s.out.publish(ctx, exchange, key, message)
		if err == nil {
			err = underway.wait(ctx)
		}
		if !errors.Is(err, ErrNacked) {
			s.w.barred.note(exchange, err)
			return err
		}
		wait := retry.next()
		s.log.Warn("message refused by the broker", "exchange", exchange, "routing_key", key, "retry_in", wait)
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

// reject sends a message to the dead-letter exchange of its queue, if that has one.
func (s *nodeSession) reject(r *Request) error {
	if r.acked {
		return nil
	}
	if err := r.delivery.Reject(false); err != nil {
		return fmt.Errorf("worker: reject: %w", err)
	}
	s.settled.Add(1)
	return nil
}
