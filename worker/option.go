package worker

import (
	"fmt"
	"log/slog"
	"maps"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/worker/celery"
)

// An Option changes how Run, a Producer, a Worker, a Client or a Messenger works; those that it does not concern ignore
// it. Run and the functions that make the others return an error for a value that makes no sense.
type Option func(*config)

// config is what the options set. It does not change once made.
type config struct {
	// for both sides
	amqp   amqp.Config
	logger *slog.Logger

	// for Run
	queues             []string
	concurrency        int
	prefetch           int // 0: the same as concurrency
	maxPause           time.Duration
	drainTimeout       time.Duration
	firstWait, maxWait time.Duration
	host               string
	random             randomDuration
	job                job // nil: slowFibonacci; tests put others here

	// for a Producer, a Client and a Messenger
	window int

	// for a Worker and a Client
	declares       bool
	queueArguments amqp.Table
	defaultQueue   string
	routes         []route
	accept         celery.Accept

	// for a Worker
	multiplier           int // of the concurrency, for the prefetch
	name                 string
	early                bool
	softLimit, hardLimit time.Duration
	taskEvents           bool
	heartbeat            time.Duration
	observer             Observer
	resultPatience       time.Duration
	maxBytes             int // of a message's body

	// for a Client
	resultExpires  time.Duration
	publishRetries int
}

// WithConfig sets how connections are dialed: TLS, credentials, heartbeat, client properties, and through Dial the
// network itself. Dial should give up by itself, as the client library has no context to give it; without one, TCP is
// dialed until the context ends, at most for 30 seconds. Recovery is ignored: reconnecting is this package's own.
func WithConfig(c amqp.Config) Option { return func(cfg *config) { cfg.amqp = c } }

// WithLogger sets where connections, retries and rejected messages are logged; slog.Default if never set.
// Single tasks are logged at level debug.
func WithLogger(l *slog.Logger) Option { return func(cfg *config) { cfg.logger = l } }

// WithQueues sets the queues that are consumed: if never set, Run consumes RedQueue and BlueQueue, a Worker "celery".
func WithQueues(names ...string) Option { return func(cfg *config) { cfg.queues = names } }

// WithConcurrency sets how many tasks Run works on at a time: GOMAXPROCS if never set.
func WithConcurrency(n int) Option { return func(cfg *config) { cfg.concurrency = n } }

// WithPrefetch sets how many unacknowledged tasks the broker lets Run or a Worker have from each queue, running ones
// included. Zero, the default, means as many as the concurrency, and for a Worker as many times that as
// WithPrefetchMultiplier says. More hides the network's delay; fewer caps the concurrency.
func WithPrefetch(n int) Option { return func(cfg *config) { cfg.prefetch = n } }

// WithMaxPause makes the job slow: each begins with a pause of random length below d. Zero, the default, means none.
func WithMaxPause(d time.Duration) Option { return func(cfg *config) { cfg.maxPause = d } }

// WithDrainTimeout sets how long Run lets running jobs go on after its context has ended: 30 seconds if never set.
// Tasks not finished by then go back to their queues. Zero gives up running jobs at once.
func WithDrainTimeout(d time.Duration) Option { return func(cfg *config) { cfg.drainTimeout = d } }

// WithBackoff sets the waits between attempts to connect: the first wait, doubled each time up to longest, and each
// shortened at random by up to a half. 200 milliseconds and 30 seconds if never set.
func WithBackoff(first, longest time.Duration) Option {
	return func(cfg *config) { cfg.firstWait, cfg.maxWait = first, longest }
}

// WithWindow sets how many tasks a Producer publishes ahead of the broker's confirms: 256 if never set.
func WithWindow(n int) Option { return func(cfg *config) { cfg.window = n } }

// newConfig applies the options to the defaults and checks the outcome. The role names the connection.
func newConfig(role string, options []Option) (*config, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	cfg := &config{
		logger:       slog.Default(),
		queues:       []string{RedQueue, BlueQueue},
		concurrency:  runtime.GOMAXPROCS(0),
		drainTimeout: 30 * time.Second,
		firstWait:    200 * time.Millisecond,
		maxWait:      30 * time.Second,
		host:         host,
		random:       uniform,
		window:       256,

		declares:       true,
		defaultQueue:   DefaultTaskQueue,
		multiplier:     1,
		name:           "celery",
		heartbeat:      2 * time.Second,
		observer:       discardObserver{},
		resultPatience: 30 * time.Second,
		maxBytes:       16 << 20, // RabbitMQ's from 4.0 on, unless it is configured otherwise; it closes the channel for more
		resultExpires:  24 * time.Hour,
		publishRetries: 3,
	}
	if role == nodeRole {
		cfg.queues, cfg.multiplier = []string{DefaultTaskQueue}, 4
	}
	for _, option := range options {
		option(cfg)
	}
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("worker: option %w", err)
	}
	if cfg.prefetch == 0 {
		cfg.prefetch = min(cfg.concurrency*cfg.multiplier, math.MaxUint16)
	}
	if !strings.Contains(cfg.name, "@") {
		cfg.name += "@" + host
	}
	if cfg.job == nil {
		cfg.job = slowFibonacci(cfg.maxPause, cfg.random)
	}
	cfg.queues = slices.Clone(cfg.queues)

	// The caller's configuration stays the caller's: the client library writes into what it is given.
	cfg.amqp.Recovery = nil
	cfg.amqp.TLSClientConfig = cfg.amqp.TLSClientConfig.Clone()
	cfg.amqp.Properties = maps.Clone(cfg.amqp.Properties)
	if cfg.amqp.Properties == nil {
		cfg.amqp.Properties = amqp.NewConnectionProperties()
	}
	if _, named := cfg.amqp.Properties["connection_name"]; !named {
		cfg.amqp.Properties.SetClientConnectionName(role + "@" + host)
	}
	return cfg, nil
}

func (cfg *config) check() error {
	switch {
	case cfg.logger == nil:
		return fmt.Errorf("WithLogger: nil, expected a logger")
	case len(cfg.queues) == 0:
		return fmt.Errorf("WithQueues: none, expected at least one")
	case cfg.concurrency < 1:
		return fmt.Errorf("WithConcurrency: %d, expected 1 or more", cfg.concurrency)
	case cfg.prefetch < 0 || cfg.prefetch > math.MaxUint16:
		return fmt.Errorf("WithPrefetch: %d, expected 0 to %d", cfg.prefetch, math.MaxUint16)
	case cfg.maxPause < 0:
		return fmt.Errorf("WithMaxPause: %v, expected 0 or more", cfg.maxPause)
	case cfg.drainTimeout < 0:
		return fmt.Errorf("WithDrainTimeout: %v, expected 0 or more", cfg.drainTimeout)
	case cfg.firstWait <= 0 || cfg.maxWait < cfg.firstWait:
		return fmt.Errorf("WithBackoff: %v and %v, expected more than 0 and no less than the first", cfg.firstWait, cfg.maxWait)
	case cfg.window < 1:
		return fmt.Errorf("WithWindow: %d, expected 1 or more", cfg.window)
	case cfg.multiplier < 1:
		return fmt.Errorf("WithPrefetchMultiplier: %d, expected 1 or more", cfg.multiplier)
	case cfg.defaultQueue == "":
		return fmt.Errorf("WithDefaultQueue: no name, expected one")
	case cfg.observer == nil:
		return fmt.Errorf("WithObserver: nil, expected an observer")
	case cfg.heartbeat <= 0:
		return fmt.Errorf("WithHeartbeats: %v, expected more than 0", cfg.heartbeat)
	case cfg.softLimit < 0 || cfg.hardLimit < 0:
		return fmt.Errorf("WithTimeLimits: %v and %v, expected 0 or more", cfg.softLimit, cfg.hardLimit)
	case cfg.resultPatience < 0:
		return fmt.Errorf("WithResultPatience: %v, expected 0 or more", cfg.resultPatience)
	case cfg.resultExpires < time.Millisecond || cfg.resultExpires > math.MaxInt32*time.Millisecond:
		return fmt.Errorf("WithResultExpiry: %v, expected a millisecond to 24 days", cfg.resultExpires)
	case cfg.publishRetries < 0:
		return fmt.Errorf("WithPublishRetries: %d, expected 0 or more", cfg.publishRetries)
	}
	return nil
}
