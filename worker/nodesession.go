package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"golang.org/x/sync/errgroup"

	"github.com/minirabbit/minirabbit/worker/celery"
)

// A nodeSession is one connection's worth of a Worker's work. As with Run, whatever goes wrong on it ends it as a whole.
type nodeSession struct {
	w    *Worker
	cfg  *config
	log  *slog.Logger
	conn *connection

	channel *channel   // consumes tasks, settles them
	out     *publisher // results and further tasks
	control *channel   // remote control
	news    *channel   // events

	commands  <-chan amqp.Delivery
	events    chan celery.Event
	backlog   *backlog
	cancelled chan struct{} // closed when the broker has confirmed the end of every consumer

	group   *errgroup.Group // tasks and what they need
	feeders sync.WaitGroup
	stop    context.CancelCauseFunc

	mu       sync.Mutex
	intakes  map[*inflow]bool // guarded by mu: consumers that are not cancelled
	rotated  int              // guarded by mu
	draining bool             // guarded by mu
	known    map[string]error // guarded by mu: queues and exchanges that were made sure of

	settled atomic.Int64
}

// An inflow is one consumer of a queue.
type inflow struct {
	queue, tag string
	deliveries <-chan amqp.Delivery
	held       int  // guarded by the session's mu: requests that wait for their eta
	retired    bool // guarded by the session's mu: another has taken its place
}

func openNodeSession(ctx context.Context, w *Worker, log *slog.Logger) (*nodeSession, error) {
	s := &nodeSession{
		w: w, cfg: w.cfg, log: log,
		events:    make(chan celery.Event, 1024),
		backlog:   newBacklog(),
		cancelled: make(chan struct{}),
		intakes:   map[*inflow]bool{},
		known:     map[string]error{},
	}
	conn, err := open(ctx, w.url, w.cfg, s.setup)
	if err != nil {
		return nil, err
	}
	s.conn = conn
	return s, nil
}

func (s *nodeSession) setup(conn *amqp.Connection) (err error) {
	for _, ch := range []**channel{&s.channel, &s.control, &s.news} {
		if *ch, err = openChannel(conn); err != nil {
			return err
		}
	}
	if s.cfg.declares {
		for _, queue := range s.cfg.queues {
			if err := declareTaskQueue(s.channel.Channel, queue, s.cfg.queueArguments); err != nil {
				return err
			}
		}
	}
	if err := s.setupControl(); err != nil {
		return err
	}
	if err := s.news.ExchangeDeclare(celery.EventExchange, amqp.ExchangeTopic, true, false, false, false, nil); err != nil {
		return &TopologyError{fmt.Sprintf("exchange %q (topic, durable)", celery.EventExchange), err}
	}
	// Results wait for their confirms while others are worked on: as many as there may be tasks.
	if s.out, err = newPublisher(conn, max(256, 2*s.cfg.prefetch)); err != nil {
		return err
	}
	// For each consumer to come, not for the channel: RabbitMQ 4.3 knows no other, and before it quorum queues refuse it.
	if err := s.channel.Qos(s.cfg.prefetch, 0, false); err != nil {
		return fmt.Errorf("worker: prefetch %d: %w", s.cfg.prefetch, err)
	}
	for _, queue := range s.cfg.queues {
		if _, err := s.consume(queue); err != nil {
			return err
		}
	}
	return nil
}

func (s *nodeSession) consume(queue string) (*inflow, error) {
	s.mu.Lock()
	s.rotated++
	in := &inflow{queue: queue, tag: fmt.Sprintf("%s-%s-%d", s.cfg.name, queue, s.rotated)}
	if len(in.tag) > 255 {
		in.tag = fmt.Sprintf("%d-%d", pid, s.rotated)
	}
	s.mu.Unlock()
	deliveries, err := s.channel.Consume(queue, in.tag, false, false, false, false, nil)
	if err != nil {
		return nil, fmt.Errorf("worker: consume queue %q: %w", queue, err)
	}
	in.deliveries = deliveries
	s.mu.Lock()
	defer s.mu.Unlock()
	s.intakes[in] = true
	return in, nil
}

// serve works until the session is lost, or ctx has ended and what runs is finished. It closes the connection.
func (s *nodeSession) serve(ctx context.Context) error {
	stoppable, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	s.stop = stop
	group, work := errgroup.WithContext(stoppable)
	s.group = group
	taking, enough := context.WithCancel(work)
	defer enough()

	var services, announcer sync.WaitGroup
	serving, rest := context.WithCancel(stoppable)
	defer rest()
	for _, service := range []func(context.Context){s.answer, s.beat, s.adopt} {
		services.Go(func() { service(serving) })
	}
	announcer.Go(s.announce)
	s.emit("worker-online", s.vitals())

	for _, in := range slices.Collect(maps.Keys(s.intakes)) { // which feeders change
		s.feeders.Add(1)
		group.Go(func() error { return s.feed(ctx, work, taking, in) })
	}
	for range s.cfg.concurrency {
		group.Go(func() error {
			for {
				r := s.backlog.pop(taking)
				if r == nil {
					return nil
				}
				s.run(work, r)
			}
		})
	}
	group.Go(func() error { return s.drain(ctx, work, enough) })

	done := make(chan error, 1)
	go func() { done <- group.Wait() }()
	var lost error
	select {
	case lost = <-done:
	case <-work.Done():
		if !errors.Is(context.Cause(work), context.Canceled) { // which would be the group's end
			_ = s.conn.close() // ends what still waits for the broker
		}
		lost = <-done
	}
	cause := context.Cause(stoppable)
	rest()
	services.Wait()
	if lost == nil && cause == nil {
		s.emit("worker-offline", s.vitals())
	}
	close(s.events)
	announcer.Wait()
	closed := s.conn.close()
	s.out.wait()
	s.giveUp()
	switch {
	case errors.Is(cause, ErrDrainTimeout):
		return fmt.Errorf("%w: tasks not settled after %v go back to their queues", cause, s.cfg.drainTimeout)
	case lost != nil:
		return lost
	case cause != nil:
		return cause
	case errors.Is(closed, amqp.ErrClosed):
		return fmt.Errorf("worker: close: %w", s.channel.lost())
	case closed != nil: // the answer to the close is the only receipt for the acknowledgements before it
		return fmt.Errorf("worker: close: %w", closed)
	}
	return nil
}

// giveUp forgets the requests of a session that has ended: the broker hands them out again.
func (s *nodeSession) giveUp() {
	for r := range s.requests() {
		s.w.ledger.remove(r)
	}
}

func (s *nodeSession) requests() map[*Request]bool {
	s.w.ledger.mu.Lock()
	defer s.w.ledger.mu.Unlock()
	all := make(map[*Request]bool, len(s.w.ledger.requests))
	for r := range s.w.ledger.requests {
		all[r] = true
	}
	return all
}

// feed takes one consumer's deliveries, and gives them back once ctx has ended.
func (s *nodeSession) feed(ctx, work, taking context.Context, in *inflow) error {
	defer s.feeders.Done()
	for {
		var d amqp.Delivery
		var open bool
		select {
		case d, open = <-in.deliveries:
		case <-work.Done():
			return nil
		}
		if !open {
			s.mu.Lock()
			ours := in.retired || s.draining
			delete(s.intakes, in)
			s.mu.Unlock()
			switch {
			case s.channel.IsClosed():
				return fmt.Errorf("worker: queue %q: %w", in.queue, s.channel.lost())
			case !ours:
				return fmt.Errorf("worker: queue %q: consumer cancelled by the broker", in.queue)
			}
			return nil
		}
		var err error
		if ctx.Err() == nil {
			err = s.receive(ctx, work, taking, in, d)
		} else {
			err = s.giveBack(work, d)
		}
		if err != nil {
			return err
		}
	}
}

// giveBack returns a task to its queue, when no consumer is left here that it would come back to.
func (s *nodeSession) giveBack(work context.Context, d amqp.Delivery) error {
	select {
	case <-s.cancelled:
	case <-work.Done():
		return nil
	}
	if err := d.Nack(false, true); err != nil {
		return fmt.Errorf("worker: give back a task: %w", err)
	}
	return nil
}

// drain waits for the end of ctx, cancels the consumers, gives back what has not begun and gives what runs its last
// deadline.
func (s *nodeSession) drain(ctx, work context.Context, enough context.CancelFunc) error {
	select {
	case <-ctx.Done():
	case <-work.Done():
		return nil
	}
	s.log.Info("worker draining", "timeout", s.cfg.drainTimeout)
	deadline := time.AfterFunc(s.cfg.drainTimeout, func() { s.stop(ErrDrainTimeout) })
	context.AfterFunc(work, func() { deadline.Stop() })
	enough()
	s.mu.Lock()
	s.draining = true
	var tags []string
	for in := range s.intakes {
		tags = append(tags, in.tag)
	}
	s.mu.Unlock()
	for _, tag := range tags {
		if err := s.channel.Cancel(tag, false); err != nil {
			return fmt.Errorf("worker: cancel consumer %q: %w", tag, err)
		}
	}
	close(s.cancelled)
	s.feeders.Wait()
	for r := s.backlog.take(); r != nil; r = s.backlog.take() {
		s.w.ledger.remove(r)
		if err := s.giveBack(work, r.delivery); err != nil {
			return err
		}
	}
	return nil
}

// hold keeps a request until its eta. As it counts as unacknowledged meanwhile, a consumer that holds many would starve:
// another takes its place, with a prefetch of its own. (Celery raises the channel's prefetch instead, which RabbitMQ
// 4.3 applies to later consumers only.)
func (s *nodeSession) hold(ctx, work, taking context.Context, in *inflow, r *Request) error {
	s.mu.Lock()
	in.held++
	rotate := !s.draining && !in.retired && 2*in.held >= s.cfg.prefetch
	in.retired = in.retired || rotate
	s.mu.Unlock()
	s.group.Go(func() error {
		err := pause(taking, time.Until(r.ETA))
		s.mu.Lock()
		in.held--
		s.mu.Unlock()
		if err != nil {
			s.w.ledger.remove(r)
			return s.giveBack(work, r.delivery)
		}
		r.enter(reserved)
		s.backlog.push(r)
		return nil
	})
	if !rotate {
		return nil
	}
	next, err := s.consume(in.queue)
	if err != nil {
		return err
	}
	s.feeders.Add(1)
	s.group.Go(func() error { return s.feed(ctx, work, taking, next) })
	if err := s.channel.Cancel(in.tag, false); err != nil {
		return fmt.Errorf("worker: cancel consumer %q: %w", in.tag, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.intakes, in)
	if s.draining { // which began in between and did not see the new one
		return s.channel.Cancel(next.tag, true)
	}
	return nil
}
