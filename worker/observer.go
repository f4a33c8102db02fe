package worker

import (
	"maps"
	"sync"
	"time"

	"github.com/minirabbit/minirabbit/worker/celery"
)

// An Observer is told what happens in a Worker, to count and time it. Its methods are called from many goroutines and
// hold up the worker while they run.
type Observer interface {
	// TaskReceived: a message with a task that the worker knows has come.
	TaskReceived(task string)
	// TaskStarted: its function is called, so long after the message came.
	TaskStarted(task string, waited time.Duration)
	// TaskEnded: it ended in a state (SUCCESS, FAILURE, RETRY or REVOKED, or "REJECTED" or "IGNORED", which Celery knows
	// too) after its function ran so long; zero if it was not called.
	TaskEnded(task string, state celery.State, ran time.Duration)
	// MessageRefused: a message was rejected because it is not a task, or none that the worker knows.
	MessageRefused(reason error)
	// Connected and Disconnected: the worker has a connection, or lost it because of an error.
	Connected()
	Disconnected(err error)
}

// States of tasks that end without a result.
const (
	stateRejected celery.State = "REJECTED"
	stateIgnored  celery.State = "IGNORED"
)

type discardObserver struct{}

func (discardObserver) TaskReceived(string)                           {}
func (discardObserver) TaskStarted(string, time.Duration)             {}
func (discardObserver) TaskEnded(string, celery.State, time.Duration) {}
func (discardObserver) MessageRefused(error)                          {}
func (discardObserver) Connected()                                    {}
func (discardObserver) Disconnected(error)                            {}

// Counters is an Observer that counts. Its zero value is ready for use.
type Counters struct {
	mu     sync.Mutex
	counts Counts // guarded by mu
}

var _ Observer = (*Counters)(nil)

// Counts is what Counters has counted.
type Counts struct {
	// Received, Started and Ended are numbers of tasks, by name, and Ended by state, too.
	Received, Started map[string]int
	Ended             map[string]map[celery.State]int

	// Waited and Ran are sums over all tasks that were started, by name.
	Waited, Ran map[string]time.Duration

	Refused, Connected, Disconnected int
}

// Counts returns what was counted so far.
func (c *Counters) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	counts := c.counts
	counts.Received, counts.Started = maps.Clone(counts.Received), maps.Clone(counts.Started)
	counts.Waited, counts.Ran = maps.Clone(counts.Waited), maps.Clone(counts.Ran)
	counts.Ended = maps.Clone(counts.Ended)
	for task, states := range counts.Ended {
		counts.Ended[task] = maps.Clone(states)
	}
	return counts
}

func add[K comparable, V int | time.Duration](to *map[K]V, key K, value V) {
	if *to == nil {
		*to = map[K]V{}
	}
	(*to)[key] += value
}

// TaskReceived counts.
func (c *Counters) TaskReceived(task string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	add(&c.counts.Received, task, 1)
}

// TaskStarted counts, and adds the wait to others.
func (c *Counters) TaskStarted(task string, waited time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	add(&c.counts.Started, task, 1)
	add(&c.counts.Waited, task, waited)
}

// TaskEnded counts, and adds the time to others.
func (c *Counters) TaskEnded(task string, state celery.State, ran time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts.Ended == nil {
		c.counts.Ended = map[string]map[celery.State]int{}
	}
	states := c.counts.Ended[task]
	add(&states, state, 1)
	c.counts.Ended[task] = states
	add(&c.counts.Ran, task, ran)
}

// MessageRefused counts.
func (c *Counters) MessageRefused(error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.Refused++
}

// Connected counts.
func (c *Counters) Connected() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.Connected++
}

// Disconnected counts.
func (c *Counters) Disconnected(error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.Disconnected++
}
