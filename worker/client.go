package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/worker/celery"
)

// A Client sends tasks to Celery's workers, in whatever language, and reads their results: the producer's side, with
// the rpc:// result backend. It connects when it is first used and again after the connection was lost, and is safe
// for concurrent use.
//
//	client, err := worker.NewClient(url, worker.WithRoute("tasks.*", "test-queue1"))
//	…
//	defer client.Close()
//	result, err := client.Delay(ctx, "tasks.wrapped_main", 15)
//	…
//	value, err := worker.Get[int](ctx, result)
type Client struct {
	url   string
	cfg   *config
	queue string // of its results
	mute  bool   // wants none

	// turn holds one token; who has it may use the fields below.
	turn      chan struct{}
	conn      *connection // nil until first used
	publisher *publisher  // conn's
	declared  map[string]bool
	closed    bool

	mu      sync.Mutex
	pending map[string]*AsyncResult // guarded by mu: by id, those that are not at their end
	reader  sync.WaitGroup
	life    context.Context // ends with Close
	end     context.CancelFunc
}

// NewClient makes a client for the broker at url. It fails only for a malformed URL or option: it does not connect yet.
// Close it after use.
func NewClient(url string, options ...Option) (*Client, error) {
	cfg, err := newConfig("celery-client", options)
	if err != nil {
		return nil, err
	}
	if err := checkURL(url); err != nil {
		return nil, err
	}
	c := &Client{
		url: url, cfg: cfg, queue: newID(), turn: make(chan struct{}, 1), declared: map[string]bool{},
		pending: map[string]*AsyncResult{},
	}
	c.life, c.end = context.WithCancel(context.Background())
	return c, nil
}

// Delay sends a task with positional arguments, and no options.
func (c *Client) Delay(ctx context.Context, task string, args ...any) (*AsyncResult, error) {
	return c.Send(ctx, NewCall(task, args...))
}

// Send sends a task and returns when the broker has it. If ctx is that of a task's function, the task becomes its child.
// The result can be used even after an error, to wait for a task that the broker may have: ErrUnconfirmed. After others, to
// wait for it fails with the same error; it is nil if the call makes no sense.
func (c *Client) Send(ctx context.Context, call Call) (*AsyncResult, error) {
	return c.sendFirst(ctx, call, nil)
}

// SendChain sends calls that follow each other, each with the result of the one before as its first argument. It
// returns the last one's result; its Parent is the one before. Steps after one that fails are not done; they fail with it.
func (c *Client) SendChain(ctx context.Context, calls ...Call) (*AsyncResult, error) {
	if len(calls) == 0 {
		return nil, errors.New("worker: a chain without calls")
	}
	var rest []celery.Signature // the next one last
	var ids []string            // of the calls behind the first
	for i, call := range calls {
		if call.err != nil {
			return nil, call.err
		}
		if i > 0 {
			id := newID()
			if _, err := call.signature.Option("task_id", &id); err != nil {
				return nil, err
			}
			call = call.ID(id).option("reply_to", c.queue)
			if _, routed := call.signature.Options["exchange"]; !routed && call.signature.Options["queue"] == nil {
				call = call.OnQueue(c.cfg.queueFor(call.signature.Task)) // as this side's routes say, not the worker's
			}
			rest = append([]celery.Signature{call.signature}, rest...)
			ids = append(ids, id)
		}
	}
	var last *AsyncResult
	results := make([]*AsyncResult, len(ids))
	for i, id := range ids {
		last = c.expect(id, last)
		results[i] = last
	}
	first, err := c.sendFirst(ctx, calls[0], rest)
	if err != nil && !errors.Is(err, ErrUnconfirmed) { // then nobody has the other steps either
		for _, id := range ids {
			c.forget(id, err)
		}
	}
	if first != nil && len(results) > 0 {
		results[0].parent = first
		return last, err
	}
	return first, err
}

// SendGroup sends calls that are done side by side. It returns their results in the same order, nil for a call that makes no
// sense; the error tells of those that were not sent, or not confirmed.
func (c *Client) SendGroup(ctx context.Context, calls ...Call) ([]*AsyncResult, error) {
	group := newID()
	results := make([]*AsyncResult, len(calls))
	var failed []error
	for i, call := range calls {
		var err error
		if results[i], err = c.Send(ctx, call.option("group_id", group).option("group_index", i)); err != nil {
			failed = append(failed, err)
		}
	}
	return results, errors.Join(failed...)
}

func (c *Client) sendFirst(ctx context.Context, call Call, chain []celery.Signature) (*AsyncResult, error) {
	if call.err != nil {
		return nil, call.err
	}
	template := celery.Task{ReplyTo: c.queue, Origin: fmt.Sprintf("gen%d@%s", pid, c.cfg.host)}
	if parent := FromContext(ctx); parent != nil {
		template.Parent, template.Root = parent.ID, parent.Root
	}
	all, err := c.cfg.sendings(call.signature, nil, template, time.Now())
	if err != nil {
		return nil, err
	}
	one := all[0]
	one.task.Chain = append(chain, one.task.Chain...)
	inject(ctx, one.task)
	message, err := one.task.Publishing()
	if err != nil {
		return nil, err
	}
	message.MessageId = one.task.ID
	result := c.expect(one.task.ID, nil)
	retry := backoff{first: c.cfg.firstWait, cap: c.cfg.maxWait, random: c.cfg.random}
	for attempt := 0; ; attempt++ {
		if err = c.attempt(ctx, one, message); err == nil {
			return result, nil
		}
		if !retryable(err) || attempt == c.cfg.publishRetries || pause(ctx, retry.next()) != nil {
			err = fmt.Errorf("worker: task %s, id %s: %w", one.task.Name, one.task.ID, err)
			if !errors.Is(err, ErrUnconfirmed) {
				c.forget(one.task.ID, err)
			}
			return result, err
		}
		c.cfg.logger.Warn("task is sent again", "task", one.task.Name, "id", one.task.ID, "error", err)
	}
}

// retryable reports an error that another attempt may not meet.
func retryable(err error) bool {
	if answer, ok := errors.AsType[*amqp.Error](err); ok && answer.Server && answer.Code == amqp.NotFound {
		return false
	}
	return !isRefusal(err) && !refused(err) && (errors.Is(err, ErrNotSent) || errors.Is(err, ErrUnconfirmed) || errors.Is(err, ErrNacked))
}

// attempt sends a message once.
func (c *Client) attempt(ctx context.Context, one sending, message amqp.Publishing) error {
	publisher, err := c.connected(ctx, one.queue)
	if err != nil {
		return err
	}
	underway, err := publisher.publish(ctx, one.exchange, one.routingKey, message)
	if err != nil {
		return err
	}
	return underway.wait(ctx)
}

// Revoke has workers discard tasks that have not begun; with terminate also those that run. Workers remember it only as
// long as they live, and nobody answers.
func (c *Client) Revoke(ctx context.Context, terminate bool, ids ...string) error {
	command := celery.Command{Method: "revoke", Arguments: map[string]json.RawMessage{}}
	for name, value := range map[string]any{"task_id": ids, "terminate": terminate, "signal": "SIGTERM"} {
		encoded, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("worker: revoke: %w", err)
		}
		command.Arguments[name] = encoded
	}
	message, err := command.Publishing()
	if err != nil {
		return err
	}
	err = c.attempt(ctx, sending{exchange: celery.ControlExchange}, message)
	if returned, ok := errors.AsType[*ReturnedError](err); ok {
		return fmt.Errorf("worker: revoke: no worker listens: %w", returned)
	}
	return err
}

// connected returns a publisher on a connection that was alive a moment ago, with the task queue declared.
func (c *Client) connected(ctx context.Context, queue string) (*publisher, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrNotSent, context.Cause(ctx))
	}
	if c.closed {
		return nil, fmt.Errorf("%w: the client is closed", ErrNotSent)
	}
	if c.conn == nil || c.publisher.channel.IsClosed() {
		if err := c.reconnect(ctx); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotSent, err)
		}
	}
	if queue == "" || !c.cfg.declares || c.declared[queue] {
		return c.publisher, nil
	}
	ch, err := c.conn.Channel()
	if err != nil {
		return nil, fmt.Errorf("%w: open channel: %w", ErrNotSent, err)
	}
	if err := declareTaskQueue(ch, queue, c.cfg.queueArguments); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	c.declared[queue] = true
	return c.publisher, ch.Close()
}

// reconnect connects, and consumes results. The caller has the turn.
func (c *Client) reconnect(ctx context.Context) error {
	c.hangUp()
	var fresh *publisher
	var results *channel
	var deliveries <-chan amqp.Delivery
	conn, err := open(ctx, c.url, c.cfg, func(conn *amqp.Connection) (err error) {
		if fresh, err = newPublisher(conn, c.cfg.window); err != nil {
			return err
		}
		if c.mute {
			return nil
		}
		if results, err = openChannel(conn); err != nil {
			return err
		}
		deliveries, err = c.consume(results)
		return err
	})
	if err != nil {
		return err
	}
	c.cfg.logger.Info("celery client connected", "address", conn.RemoteAddr().String(), "results", c.queue)
	c.conn, c.publisher = conn, fresh
	clear(c.declared)
	if c.mute {
		return nil
	}
	c.reader.Go(func() {
		c.read(deliveries)
		if c.drop(conn) {
			c.reader.Go(c.stayConnected)
		}
	})
	return nil
}

// drop hangs up a connection whose results have ended, even if its other channel does not know yet that it is lost.
// It reports whether the client lives on.
func (c *Client) drop(conn *connection) bool {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-c.life.Done():
		return false
	}
	if c.conn == conn {
		c.hangUp()
	}
	return c.life.Err() == nil
}

// consume declares the queue of results and consumes it. Python's clients have a queue that is transient and deleted
// when its consumer goes, and take results without acknowledging them: what comes while a connection is lost is lost, too.
// This one outlives lost connections and a restart of the broker, and expires when its client does not come back;
// workers cannot tell the difference.
func (c *Client) consume(results *channel) (<-chan amqp.Delivery, error) {
	arguments := amqp.Table{"x-expires": int32(c.cfg.resultExpires.Milliseconds())}
	if _, err := results.QueueDeclare(c.queue, true, false, false, false, arguments); err != nil {
		return nil, &TopologyError{fmt.Sprintf("queue %q (durable, x-expires)", c.queue), err}
	}
	deliveries, err := results.Consume(c.queue, "", false, false, false, false, nil)
	if err != nil {
		return nil, fmt.Errorf("worker: consume results: %w", err)
	}
	return deliveries, nil
}

// stayConnected connects again while there are results to come, without anybody having to send something.
func (c *Client) stayConnected() {
	retry := backoff{first: c.cfg.firstWait, cap: c.cfg.maxWait, random: c.cfg.random}
	for c.expecting() {
		if _, err := c.connected(c.life, ""); err == nil {
			return
		} else if c.life.Err() == nil {
			c.cfg.logger.Warn("celery client disconnected", "error", err)
		}
		if pause(c.life, retry.next()) != nil {
			return
		}
	}
}

func (c *Client) expecting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pending) > 0
}

// read hands results to who waits for them, until the connection is lost.
func (c *Client) read(deliveries <-chan amqp.Delivery) {
	for d := range deliveries {
		result, err := celery.DecodeResult(d, c.cfg.accept)
		if err != nil {
			c.cfg.logger.Error("result not understood", "id", d.CorrelationId, "error", err)
		} else {
			c.take(result)
		}
		_ = d.Ack(false) // of one that is lost with its connection: the result comes again, and nobody waits for it
	}
}

func (c *Client) take(result *celery.Result) {
	c.mu.Lock()
	waits := c.pending[result.TaskID]
	if waits != nil && result.State.Final() {
		delete(c.pending, result.TaskID)
	}
	c.mu.Unlock()
	if waits != nil {
		waits.update(result)
	}
}

// hangUp closes the connection, if there is one. The caller has the turn.
func (c *Client) hangUp() {
	if c.conn == nil {
		return
	}
	if err := c.conn.close(); err != nil && !errors.Is(err, amqp.ErrClosed) {
		c.cfg.logger.Debug("closing a lost connection", "error", err)
	}
	c.publisher.wait()
	c.conn, c.publisher = nil, nil
}

// Close deletes the queue of results and closes the connection. Who waits for a result is told. Closing again does
// nothing.
func (c *Client) Close() error {
	c.end()
	c.turn <- struct{}{}
	if c.conn != nil && !c.closed && !c.mute {
		if ch, err := c.conn.Channel(); err == nil {
			_, _ = ch.QueueDelete(c.queue, false, false, false) // it expires otherwise
		}
	}
	c.closed = true
	c.hangUp()
	<-c.turn
	c.reader.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, waits := range c.pending {
		waits.abandon(ErrClientClosed)
		delete(c.pending, id)
	}
	return nil
}
