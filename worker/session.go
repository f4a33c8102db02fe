package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"golang.org/x/sync/errgroup"
)

// A session is one connection's worth of work. Whatever goes wrong on it ends it as a whole; the broker then takes the
// unacknowledged tasks back, and a new session gets them again.
type session struct {
	cfg     *config
	conn    *connection
	channel *channel   // consumes, acknowledges
	results *publisher // publishes, on a channel of its own
	intake  []intake

	tasks     chan amqp.Delivery // from the consumers to whoever is free
	cancelled chan struct{}      // closed when the broker has confirmed the end of every consumer

	settled atomic.Int64 // tasks acknowledged or rejected
}

// An intake is one queue's consumer.
type intake struct {
	queue, tag string
	deliveries <-chan amqp.Delivery
}

// ErrDrainTimeout means that jobs were still running when the drain timeout had passed. Their tasks are back in their
// queues.
var ErrDrainTimeout = errors.New("worker: drain timeout")

// openSession connects, declares the topology and starts the consumers.
func openSession(ctx context.Context, url string, cfg *config) (*session, error) {
	s := &session{cfg: cfg, tasks: make(chan amqp.Delivery), cancelled: make(chan struct{})}
	conn, err := open(ctx, url, cfg, s.setup)
	if err != nil {
		return nil, err
	}
	s.conn = conn
	return s, nil
}

func (s *session) setup(conn *amqp.Connection) (err error) {
	if s.channel, err = openChannel(conn); err != nil {
		return err
	}
	if err := DeclareTopology(s.channel.Channel); err != nil {
		return err
	}
	// Before the consumers, whose first tasks may come at once.
	if s.results, err = newPublisher(conn, s.cfg.concurrency); err != nil {
		return err
	}
	if err := s.channel.Qos(s.cfg.prefetch, 0, false); err != nil {
		return fmt.Errorf("worker: prefetch %d: %w", s.cfg.prefetch, err)
	}
	for _, queue := range s.cfg.queues {
		tag := queue + "@" + s.cfg.host
		deliveries, err := s.channel.Consume(queue, tag, false, false, false, false, nil)
		if err != nil {
			return fmt.Errorf("worker: consume queue %q: %w", queue, err)
		}
		s.intake = append(s.intake, intake{queue, tag, deliveries})
	}
	return nil
}

// serve works until the session is lost, or ctx has ended and running jobs are finished. It closes the connection. The
// error is nil if every task that was begun is settled.
func (s *session) serve(ctx context.Context) error {
	// Jobs outlive ctx by the drain timeout. They end at once when the session is lost: their tasks come again.
	stoppable, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	group, work := errgroup.WithContext(stoppable)

	var feeders sync.WaitGroup
	for _, in := range s.intake {
		feeders.Add(1)
		group.Go(func() error {
			defer feeders.Done()
			return s.feed(ctx, work, in)
		})
	}
	group.Go(func() error {
		feeders.Wait()
		close(s.tasks)
		return nil
	})
	for range s.cfg.concurrency {
		group.Go(func() error { return s.work(work) })
	}
	group.Go(func() error { return s.drain(ctx, work, stop) })

	done := make(chan error, 1)
	go func() { done <- group.Wait() }()
	<-work.Done() // lost, out of time, or all done
	cause := context.Cause(work)
	closed := s.conn.close() // ends whatever in the group still waits for the broker
	s.results.wait()
	lost := <-done
	switch {
	case errors.Is(cause, ErrDrainTimeout):
		return fmt.Errorf("%w: tasks not settled after %v go back to their queues", cause, s.cfg.drainTimeout)
	case lost != nil:
		return lost
	case errors.Is(closed, amqp.ErrClosed):
		return fmt.Errorf("worker: close: %w", s.channel.lost())
	case closed != nil: // the answer to the close is the only receipt for the acknowledgements before it
		return fmt.Errorf("worker: close: %w", closed)
	}
	return nil
}

// feed hands one consumer's deliveries to whoever is free, and once ctx has ended gives them back.
func (s *session) feed(ctx, work context.Context, in intake) error {
	for {
		var d amqp.Delivery
		var open bool
		select {
		case d, open = <-in.deliveries:
		case <-work.Done():
			return nil
		}
		switch {
		case open:
		case s.channel.IsClosed():
			return fmt.Errorf("worker: queue %q: %w", in.queue, s.channel.lost())
		case ctx.Err() == nil:
			return fmt.Errorf("worker: queue %q: consumer cancelled by the broker", in.queue)
		default:
			return nil // cancelled by drain
		}
		if ctx.Err() == nil {
			select {
			case s.tasks <- d:
				continue
			case <-work.Done():
				return nil
			case <-ctx.Done():
			}
		}
		select {
		case <-s.cancelled: // before that the broker would send it here again
		case <-work.Done():
			return nil
		}
		if err := d.Nack(false, true); err != nil {
			return fmt.Errorf("worker: give back a task: %w", err)
		}
	}
}

// drain waits for the end of ctx. Then it cancels the consumers and gives the running jobs their last deadline.
func (s *session) drain(ctx, work context.Context, stop context.CancelCauseFunc) error {
	select {
	case <-ctx.Done():
	case <-work.Done():
		return nil
	}
	s.cfg.logger.Info("worker draining", "timeout", s.cfg.drainTimeout)
	deadline := time.AfterFunc(s.cfg.drainTimeout, func() { stop(ErrDrainTimeout) })
	context.AfterFunc(work, func() { deadline.Stop() })
	for _, in := range s.intake {
		if err := s.channel.Cancel(in.tag, false); err != nil {
			return fmt.Errorf("worker: cancel the consumer of queue %q: %w", in.queue, err)
		}
	}
	close(s.cancelled)
	return nil
}

// work does tasks one after the other until there are no more.
func (s *session) work(ctx context.Context) error {
	for d := range s.tasks {
		if err := s.handle(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// handle does one task and settles it. The error is not nil if the session is unfit to go on; a task that is not
// settled then stays the broker's.
func (s *session) handle(ctx context.Context, d amqp.Delivery) error {
	log := s.cfg.logger.With("task", d.MessageId, "routing_key", d.RoutingKey, "redelivered", d.Redelivered)
	task, err := ParseTask(d.Body)
	if err != nil {
		return s.reject(log.With("error", err), d)
	}
	task.ID = d.MessageId
	began := time.Now()
	value, err := s.cfg.job(ctx, task)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return s.reject(log.With("error", err), d)
	}
	result := Result{TaskID: task.ID, Limit: task.Limit, Value: value, Host: s.cfg.host, Time: time.Now()}
	if err := s.publish(ctx, result); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("result of task %q: %w", task.ID, err) // ErrNotSent, ErrUnconfirmed or a *ReturnedError
	}
	// Only here, where the broker has answered for the result.
	if err := d.Ack(false); err != nil {
		return fmt.Errorf("worker: acknowledge task %q: %w", task.ID, err)
	}
	s.settled.Add(1)
	log.Debug("task done", "limit", task.Limit, "value", value, "took", result.Time.Sub(began))
	return nil
}

// reject sends what cannot be done to the dead-letter queue.
func (s *session) reject(log *slog.Logger, d amqp.Delivery) error {
	if err := d.Reject(false); err != nil {
		return fmt.Errorf("worker: reject task %q: %w", d.MessageId, err)
	}
	s.settled.Add(1)
	log.Warn("task rejected to the dead-letter queue")
	return nil
}

// publish publishes a result until the broker confirms it. A refusal, as from a full queue, is tried again: the job is
// done, and doing it anew would help nobody. Everything else ends the session, also a result that no queue takes: the
// next session declares the topology again.
func (s *session) publish(ctx context.Context, result Result) error {
	retry := backoff{first: s.cfg.firstWait, cap: s.cfg.maxWait, random: s.cfg.random}
	for {
		underway, err := s.results.publish(ctx, ResultExchange, ResultKey, result.publishing(rand.Text()))
		if err == nil {
			err = underway.wait(ctx)
		}
		if !errors.Is(err, ErrNacked) {
			return err
		}
		wait := retry.next()
		s.cfg.logger.Warn("result refused by the broker", "task", result.TaskID, "retry_in", wait)
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}
