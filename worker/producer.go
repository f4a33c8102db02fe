package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
)

// A Producer publishes tasks and tells what became of each. It connects when it is first used and again after the
// connection was lost. It is safe for concurrent use.
type Producer struct {
	url string
	cfg *config

	// turn holds one token; who has it may use the fields below. A channel, so that a context can end the wait.
	turn      chan struct{}
	conn      *connection // nil until first used
	publisher *publisher  // conn's
	closed    bool
}

// A Receipt tells what became of one task.
type Receipt struct {
	// ID is the message id that the task went by, and the correlation id of its result.
	ID string

	// Task is the task with that ID, so that it can be published again under the same.
	Task Task

	// Err is nil if the broker confirmed the task, which is then safe with it. Otherwise it is a *ReturnedError if no
	// queue took it; ErrNacked if the broker refused it; ErrUnconfirmed if the broker may have it or not, because the
	// connection was lost or the context ended in between; ErrNotSent or a *TaskError if it was never sent. All but
	// the first are to be tested with errors.Is and errors.As.
	Err error
}

// An UnconfirmedError is the error of a Publish that did not get everything confirmed.
type UnconfirmedError struct {
	// Receipts are those of the tasks that were not confirmed, in the order of publishing.
	Receipts []Receipt

	// Published is how many tasks there were in all.
	Published int
}

var _ error = (*UnconfirmedError)(nil)

// Error counts them and gives the first one's reason.
func (e *UnconfirmedError) Error() string {
	first := e.Receipts[0]
	return fmt.Sprintf("worker: %d of %d tasks were not confirmed, first of them %s: %v",
		len(e.Receipts), e.Published, first.ID, first.Err)
}

// Unwrap returns each task's reason.
func (e *UnconfirmedError) Unwrap() []error {
	reasons := make([]error, len(e.Receipts))
	for i, r := range e.Receipts {
		reasons[i] = r.Err
	}
	return reasons
}

// NewProducer makes a producer for the broker at url. It fails only for a malformed URL or option: it does not connect
// yet. Close it after use.
func NewProducer(url string, options ...Option) (*Producer, error) {
	cfg, err := newConfig("producer", options)
	if err != nil {
		return nil, err
	}
	if err := checkURL(url); err != nil {
		return nil, err
	}
	return &Producer{url: url, cfg: cfg, turn: make(chan struct{}, 1)}, nil
}

// Publish publishes the tasks in their order with a routing key, RedPill or BluePill, and waits until the broker has
// settled each of them or ctx ends. There is a receipt for each task, in the same order. The error is nil if all were
// confirmed, and otherwise an *UnconfirmedError.
//
// Publish does not repeat anything: whether a second copy of a task is better than none is the caller's to say.
func (p *Producer) Publish(ctx context.Context, routingKey string, tasks ...Task) ([]Receipt, error) {
	receipts := make([]Receipt, len(tasks))
	for i, task := range tasks {
		if task.ID == "" {
			task.ID = rand.Text()
		}
		receipts[i] = Receipt{ID: task.ID, Task: task}
	}
	publisher, err := p.connected(ctx)
	underway := make([]*publishing, len(tasks))
	for i := range receipts {
		r := &receipts[i]
		if r.Err = err; r.Err == nil {
			underway[i], r.Err = send(ctx, publisher, routingKey, r.Task)
		}
	}
	failed := &UnconfirmedError{Published: len(tasks)}
	for i := range receipts {
		if underway[i] != nil {
			receipts[i].Err = underway[i].wait(ctx)
		}
		if receipts[i].Err != nil {
			failed.Receipts = append(failed.Receipts, receipts[i])
		}
	}
	if len(failed.Receipts) > 0 {
		return receipts, failed
	}
	return receipts, nil
}

func send(ctx context.Context, publisher *publisher, routingKey string, task Task) (*publishing, error) {
	if err := task.check(); err != nil {
		return nil, err
	}
	message, err := task.publishing()
	if err != nil {
		return nil, err
	}
	return publisher.publish(ctx, TaskExchange, routingKey, message)
}

// Close closes the connection. Publish calls that are waiting return with what they know. Closing again does nothing.
func (p *Producer) Close() error {
	p.turn <- struct{}{}
	defer func() { <-p.turn }()
	p.closed = true
	return p.hangUp()
}

// connected returns a publisher on a live connection, and connects if there is none. The error wraps ErrNotSent.
func (p *Producer) connected(ctx context.Context) (*publisher, error) {
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrNotSent, context.Cause(ctx))
	}
	defer func() { <-p.turn }()
	if p.closed {
		return nil, fmt.Errorf("%w: the producer is closed", ErrNotSent)
	}
	if p.publisher != nil && !p.publisher.channel.IsClosed() {
		return p.publisher, nil
	}
	if err := p.hangUp(); err != nil {
		p.cfg.logger.Debug("closing a connection whose channel was lost", "error", err)
	}
	var fresh *publisher
	conn, err := open(ctx, p.url, p.cfg, func(conn *amqp.Connection) (err error) {
		if fresh, err = newPublisher(conn, p.cfg.window); err != nil {
			return err
		}
		return DeclareTopology(fresh.channel.Channel)
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	p.cfg.logger.Info("producer connected", "address", conn.RemoteAddr().String())
	p.conn, p.publisher = conn, fresh
	return fresh, nil
}

// hangUp closes the connection, if there is one, and waits for what was going on on it. The caller has the turn.
func (p *Producer) hangUp() error {
	if p.conn == nil {
		return nil
	}
	err := p.conn.close()
	p.publisher.wait()
	p.conn, p.publisher = nil, nil
	if err != nil && !errors.Is(err, amqp.ErrClosed) { // what a lost connection did is in the receipts
		return fmt.Errorf("worker: close producer: %w", err)
	}
	return nil
}
