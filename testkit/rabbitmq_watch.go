package testkit

import (
	"context"
	"sync"
	"time"
)

const (
	// realPoll is how often a wait asks a real RabbitMQ.
	realPoll = 50 * time.Millisecond
	// realLag is by how much the counts of unacked messages that the
	// management API gives may be behind: five seconds, and some.
	realLag = 6 * time.Second
	// realPatience is for how long testkit itself waits for RabbitMQ.
	realPatience = 2*realLag + defaultPatience
)

// watch asks again and again. What is told of unacked messages and of connections
// lags behind: their absence must last.
func (r *rabbitmq) watch(w wait) (done <-chan struct{}, forget func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	var asking sync.WaitGroup
	var failure error
	asking.Go(func() {
		poll := time.NewTicker(realPoll)
		defer poll.Stop()
		var since time.Time // for as long it was enough
		for {
			enough, err := r.ask(w)
			switch {
			case err != nil:
				failure = err
				close(over)
				return
			case !enough:
				since = time.Time{}
			case since.IsZero() && w.lasting:
				since = time.Now()
			case !w.lasting || time.Since(since) > realLag:
				close(over)
				return
			}
			select {
			case <-poll.C:
			case <-ctx.Done():
				return
			}
		}
	})
	return over, func() error {
		cancel()
		asking.Wait()
		return failure
	}
}

// ask looks once.
func (r *rabbitmq) ask(w wait) (enough bool, err error) {
	var seen []any
	for _, name := range r.vhosts() {
		if w.vhost != "" && w.vhost != name {
			continue
		}
		err := r.enter(name, func(vh vhost) error {
			s, err := w.see(vh)
			seen = append(seen, s)
			return err
		})
		if err != nil {
			return false, err
		}
	}
	return w.enough(seen), nil
}
