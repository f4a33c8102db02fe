package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"

	amqp "github.com/rabbitmq/amqp091-go"
)

var (
	// ErrNacked means that the broker received a message and could not take responsibility for it.
	ErrNacked = errors.New("worker: refused by the broker (basic.nack)")

	// ErrNotSent means that a message was not sent: the broker does not have it.
	ErrNotSent = errors.New("worker: not sent")

	// ErrUnconfirmed means that a message was sent and nothing was heard of it, because the connection was lost or the
	// context ended: the broker may have it, or not.
	ErrUnconfirmed = errors.New("worker: not confirmed")
)

// A ReturnedError means that a message came back: the broker knew no queue for it, and has not kept it.
type ReturnedError struct {
	Exchange, RoutingKey string

	// Code and Text are the broker's: 312 and NO_ROUTE.
	Code uint16
	Text string
}

var _ error = (*ReturnedError)(nil)

// Error says where the message was to go and why the broker returned it.
func (e *ReturnedError) Error() string {
	return fmt.Sprintf("worker: returned by exchange %q, routing key %q: %d %s", e.Exchange, e.RoutingKey, e.Code, e.Text)
}

// A publisher publishes on a channel of its own, in confirm mode, and tells what became of each message.
//
// The channel is nobody else's because the library does not keep the frames of a message together against calls such
// as Cancel on the same channel.
type publisher struct {
	channel *channel
	frame   int // how large the connection's frames may be

	// window holds a place for each message that is published and not settled. So a broker that has stopped reading
	// makes publish wait here, where a context can end the wait, instead of in a write to the socket.
	window chan struct{}

	// returns is filled by the library. It has a place for each message in the window, and so never holds up the
	// library's reader.
	returns chan amqp.Return

	mu       sync.Mutex
	returned map[destination][]*ReturnedError // guarded by mu: what came back and was not confirmed yet
}

// A destination is what a return repeats of the publishing that it answers. Two on their way may be equal, if somebody
// publishes a task twice; then the broker returns both.
type destination struct{ exchange, key, id string }

// A publishing is a message on its way. Only wait may look into it.
type publishing struct {
	settled chan struct{} // closed when err is set
	err     error
}

func newPublisher(conn *amqp.Connection, window int) (*publisher, error) {
	ch, err := openChannel(conn)
	if err != nil {
		return nil, err
	}
	if err := ch.Confirm(false); err != nil {
		return nil, fmt.Errorf("worker: confirm mode: %w", err)
	}
	return &publisher{
		channel:  ch,
		frame:    conn.Config.FrameSize,
		window:   make(chan struct{}, window),
		returns:  ch.NotifyReturn(make(chan amqp.Return, window)),
		returned: make(map[destination][]*ReturnedError),
	}, nil
}

// publish sends a message as mandatory: what no queue takes comes back. It waits while the window is full. The error is a
// refusal if the message cannot be written.
func (p *publisher) publish(ctx context.Context, exchange, key string, message amqp.Publishing) (*publishing, error) {
	if err := fits(exchange, key, message, p.frame); err != nil {
		return nil, refusal{fmt.Errorf("%w: %w", ErrNotSent, err)}
	}
	select {
	case p.window <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrNotSent, context.Cause(ctx))
	}
	confirmation, err := p.channel.PublishWithDeferredConfirm(exchange, key, true, false, message)
	if err != nil {
		<-p.window
		if errors.Is(err, amqp.ErrClosed) {
			return nil, fmt.Errorf("%w: %w", ErrNotSent, p.channel.lost())
		}
		return nil, fmt.Errorf("%w: %w", ErrUnconfirmed, err) // a write failed, perhaps after the last byte
	}
	out := &publishing{settled: make(chan struct{})}
	go func() { // ends with the confirm or the channel; wait waits for it
		<-confirmation.Done()
		out.err = p.outcome(destination{exchange, key, message.MessageId}, confirmation.Acked())
		close(out.settled)
		<-p.window
	}()
	return out, nil
}

// outcome tells what became of the message whose confirm has just been handled.
func (p *publisher) outcome(to destination, acked bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	// A message that comes back is returned first and confirmed then (RabbitMQ, "When Will Published Messages Be
	// Confirmed by the Broker?"). The library's one reader handles both: by now the return is in the buffer.
	for p.collectLocked() {
	}
	if back := p.returned[to]; len(back) > 0 {
		if p.returned[to] = back[1:]; len(back) == 1 {
			delete(p.returned, to)
		}
		return back[0]
	}
	switch {
	case acked:
		return nil
	case p.channel.IsClosed(): // the library then says nack to everything that is open
		return fmt.Errorf("%w: %w", ErrUnconfirmed, p.channel.lost())
	default:
		return ErrNacked
	}
}

// collectLocked takes one return from the buffer. It reports false if there is none.
func (p *publisher) collectLocked() bool {
	select {
	case r, ok := <-p.returns:
		if ok {
			to := destination{r.Exchange, r.RoutingKey, r.MessageId}
			p.returned[to] = append(p.returned[to], &ReturnedError{r.Exchange, r.RoutingKey, r.ReplyCode, r.ReplyText})
		}
		return ok
	default:
		return false
	}
}

// wait returns nil when the broker has the message, or else what became of it.
func (p *publishing) wait(ctx context.Context) error {
	select {
	case <-p.settled:
		return p.err
	default:
	}
	select {
	case <-p.settled:
		return p.err
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrUnconfirmed, context.Cause(ctx))
	}
}

// wait returns when every message is settled, which closing the connection brings about.
func (p *publisher) wait() {
	for range cap(p.window) {
		p.window <- struct{}{}
	}
	for range cap(p.window) {
		<-p.window // somebody may still be waiting to be told that the channel is closed
	}
}
