package worker

import (
	"context"
	"errors"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Run consumes tasks, does them and publishes their results until ctx ends. It acknowledges a task only after the broker
// has confirmed its result, and rejects what is not a task to the dead-letter queue.
//
// A lost connection or channel is replaced after a wait that grows (WithBackoff), for as long as it takes; running jobs
// are given up, as the broker hands their tasks out again. Only what no retry can change ends Run early, with an
// error: a malformed URL or option, and a refusal by the broker (access, virtual host, topology with other properties)
// before it has worked once. A wrong password is retried and logged, as to this client RabbitMQ answers it by closing
// the socket without a word.
//
// When ctx ends, Run drains: it cancels its consumers, gives tasks not begun back to their queues, finishes, publishes
// and acknowledges those that are running (WithDrainTimeout), and closes the connection. It then returns nil, or an
// error if the drain was cut short by a timeout or a lost connection. Even so no task is lost.
func Run(ctx context.Context, url string, options ...Option) error {
	cfg, err := newConfig("worker", options)
	if err != nil {
		return err
	}
	if err := checkURL(url); err != nil {
		return err
	}
	retry := backoff{first: cfg.firstWait, cap: cfg.maxWait, random: cfg.random}
	worked := false
	for {
		s, err := openSession(ctx, url, cfg)
		if err == nil {
			worked = true
			began := time.Now()
			cfg.logger.Info("worker connected", "address", s.conn.RemoteAddr().String(), "queues", cfg.queues)
			err = s.serve(ctx)
			if ctx.Err() != nil {
				cfg.logger.Info("worker stopped", "settled", s.settled.Load(), "error", err)
				return err
			}
			if s.settled.Load() > 0 || time.Since(began) > cfg.maxWait {
				retry.reset() // it did work; if it only connects and fails, the waits go on growing
			}
		}
		if ctx.Err() != nil {
			return nil // there was nothing to drain
		}
		if !worked && isRefusal(err) {
			return err
		}
		wait := retry.next()
		cfg.logger.Warn("worker disconnected", "error", err, "retry_in", wait)
		if pause(ctx, wait) != nil {
			return nil
		}
	}
}

// isRefusal reports an answer of the broker that stays the same however often it is asked, until somebody changes
// credentials, permissions or topology.
func isRefusal(err error) bool {
	answer, ok := errors.AsType[*amqp.Error](err)
	if !ok || !answer.Server {
		return false
	}
	switch answer.Code {
	case amqp.AccessRefused, amqp.NotAllowed, amqp.PreconditionFailed:
		return true
	}
	return false
}
