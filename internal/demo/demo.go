package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"golang.org/x/sync/errgroup"

	"github.com/minirabbit/minirabbit/worker"
)

const (
	concurrency = 4
	length      = 2500 * time.Millisecond // about how long the jobs take together
	longest     = 500 * time.Millisecond  // the longest pause of a job
	patience    = 15 * time.Second        // without news, what is missing counts as lost
)

// Run declares the topology on the broker at url, starts a worker and a producer, publishes so many tasks and two
// messages that are none, and writes to w what becomes of each: a line for every result, a line of progress (redrawn
// in place if w is a terminal), and the tally. It takes a few seconds for some tens of tasks.
//
// The error is nil if the demonstration ran to its end, whatever the tally says; it is not if the broker cannot be
// reached or refuses something, or if ctx ends. The broker should be free of other users of the same topology, whose
// messages the demonstration would take.
func Run(ctx context.Context, w io.Writer, url string, tasks int) (Tally, error) {
	if tasks < 1 {
		return Tally{}, fmt.Errorf("demo: %d tasks, expected 1 or more", tasks)
	}
	conn, err := amqp.DialConfig(url, amqp.Config{Properties: amqp.Table{"connection_name": "demo"}})
	if err != nil {
		return Tally{}, fmt.Errorf("demo: connect: %w", err)
	}
	defer conn.Close()
	d := &demonstration{
		url:      url,
		conn:     conn,
		messages: makeMessages(rand.Text()[:8], tasks),
		screen:   newScreen(w),
	}
	if err := d.observe(); err != nil {
		return Tally{}, err
	}
	return d.run(ctx)
}

type demonstration struct {
	url      string
	conn     *amqp.Connection // the audience's; the worker and the producer have their own
	messages []message
	screen   *screen

	results, deadLetters <-chan amqp.Delivery
	published            chan message // confirmed by the broker
}

// observe declares the topology and consumes what comes out of it.
func (d *demonstration) observe() error {
	ch, err := d.conn.Channel()
	if err != nil {
		return fmt.Errorf("demo: open channel: %w", err)
	}
	if err := worker.DeclareTopology(ch); err != nil {
		return err
	}
	if d.results, err = ch.Consume(worker.ResultQueue, "audience-results", true, false, false, false, nil); err != nil {
		return fmt.Errorf("demo: consume results: %w", err)
	}
	if d.deadLetters, err = ch.Consume(worker.DeadLetterQueue, "audience-dead-letters", true, false, false, false, nil); err != nil {
		return fmt.Errorf("demo: consume dead letters: %w", err)
	}
	return nil
}

func (d *demonstration) run(ctx context.Context) (Tally, error) {
	d.screen.printf("exchange %s: %s → %s, %s → %s; results to %s, rejected messages to %s",
		worker.TaskExchange, worker.RedPill, worker.RedQueue, worker.BluePill, worker.BlueQueue,
		worker.ResultQueue, worker.DeadLetterQueue)
	d.screen.printf("a worker on %d tasks at a time, a producer of %d messages", concurrency, len(d.messages))

	quiet := worker.WithLogger(slog.New(slog.DiscardHandler))
	pause := min(longest, 2*length*concurrency/time.Duration(len(d.messages)))
	d.published = make(chan message, len(d.messages))
	working, closingTime := context.WithCancel(ctx)
	defer closingTime()
	group, running := errgroup.WithContext(working)
	group.Go(func() error {
		return worker.Run(running, d.url, quiet, worker.WithConcurrency(concurrency), worker.WithMaxPause(pause))
	})
	group.Go(func() error { return d.produce(running, quiet) })
	tally, err := d.watch(running)
	closingTime()
	err = errors.Join(group.Wait(), err)
	d.screen.finish(tally)
	if ctx.Err() != nil {
		return tally, fmt.Errorf("demo: interrupted: %w", context.Cause(ctx))
	}
	return tally, err
}

// produce publishes every message and tells which are confirmed.
func (d *demonstration) produce(ctx context.Context, options ...worker.Option) (err error) {
	producer, err := worker.NewProducer(d.url, options...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, producer.Close()) }()
	stranger, err := d.conn.Channel()
	if err != nil {
		return fmt.Errorf("demo: open channel: %w", err)
	}
	if err := stranger.Confirm(false); err != nil {
		return fmt.Errorf("demo: confirm mode: %w", err)
	}
	for _, m := range d.messages {
		if m.junk == nil {
			_, err = producer.Publish(ctx, m.key, m.task)
		} else {
			err = publishJunk(ctx, stranger, m)
		}
		if err != nil && ctx.Err() != nil {
			return nil // why is not the producer's to say
		}
		if err != nil {
			return err
		}
		d.published <- m
	}
	return nil
}

// publishJunk publishes, as some other program might, a message that is not a task.
func publishJunk(ctx context.Context, ch *amqp.Channel, m message) error {
	confirmation, err := ch.PublishWithDeferredConfirm(worker.TaskExchange, m.key, true, false, amqp.Publishing{
		MessageId: m.task.ID,
		Body:      m.junk,
	})
	if err != nil {
		return fmt.Errorf("demo: publish: %w", err)
	}
	if acked, err := confirmation.WaitContext(ctx); err != nil || !acked {
		return errors.Join(err, errors.New("demo: a message was not confirmed"))
	}
	return nil
}

// errBlind means that the audience saw no more of what came out.
var errBlind = errors.New("demo: the connection that results and dead letters arrive on was lost")

// watch follows every message to its end, and gives up when there has been no news for long or ctx ends.
func (d *demonstration) watch(ctx context.Context) (tally Tally, err error) {
	open := make(map[string]message, len(d.messages)) // by id: neither processed nor dead-lettered
	for _, m := range d.messages {
		open[m.task.ID] = m
	}
	begin := time.Now()
	silence := time.NewTimer(patience)
	defer silence.Stop()
	for len(open) > 0 || tally.Published < len(d.messages) {
		select {
		case <-d.published:
			tally.Published++
		case result, ok := <-d.results:
			if !ok {
				return tally, errBlind
			}
			if m, first := open[result.CorrelationId]; first {
				delete(open, m.task.ID)
				tally.Processed++
				d.screen.printf("%5.1fs  %-8s  below %7d:  %s", time.Since(begin).Seconds(), m.key, m.task.Limit, result.Body)
			} else {
				tally.Repeated++
			}
		case letter, ok := <-d.deadLetters:
			if !ok {
				return tally, errBlind
			}
			if m, first := open[letter.MessageId]; first {
				delete(open, m.task.ID)
				tally.DeadLettered++
				d.screen.printf("%5.1fs  %-8s  dead-lettered:  %s", time.Since(begin).Seconds(), m.key, m.junk)
			}
		case <-silence.C:
			return tally, nil
		case <-ctx.Done():
			return tally, nil
		}
		silence.Reset(patience)
		d.screen.progress(tally, len(d.messages))
	}
	return tally, nil
}
