package worker

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"
)

// A Messenger tells results to whoever listens at ResultExchange, as the tutorial's worker does: the sentence
// "Job finished! Result is 987", with host and time in the headers. It is for the functions of a Worker's tasks. It
// connects when it is first used and again after the connection was lost, and is safe for concurrent use.
type Messenger struct {
	client *Client
}

// NewMessenger makes a messenger for the broker at url. It fails only for a malformed URL or option. Close it after use.
func NewMessenger(url string, options ...Option) (*Messenger, error) {
	client, err := NewClient(url, options...)
	if err != nil {
		return nil, err
	}
	client.mute = true
	return &Messenger{client}, nil
}

// Tell publishes a result with the routing key ResultKey and waits for the broker's confirm. Host and Time are filled in
// if empty. The error is a *ReturnedError if no queue is bound for it: then nobody listens, and nothing is kept.
// A ResultExchange that is not there is an error, too; DeclareTopology, or somebody else, has to declare it.
func (m *Messenger) Tell(ctx context.Context, result Result) error {
	if result.Host == "" {
		result.Host = m.client.cfg.host
	}
	if result.Time.IsZero() {
		result.Time = time.Now()
	}
	message := result.publishing(rand.Text())
	retry := backoff{first: m.client.cfg.firstWait, cap: m.client.cfg.maxWait, random: m.client.cfg.random}
	for attempt := 0; ; attempt++ {
		err := m.client.attempt(ctx, sending{exchange: ResultExchange, routingKey: ResultKey}, message)
		if err == nil {
			return nil
		}
		if !retryable(err) || attempt == m.client.cfg.publishRetries || pause(ctx, retry.next()) != nil {
			return fmt.Errorf("worker: tell the result of task %s: %w", result.TaskID, err)
		}
	}
}

// Close closes the connection.
func (m *Messenger) Close() error { return m.client.Close() }
