package management

import (
	"net/http"
	"time"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/release"
)

// maxBody is the largest request body that is read. RabbitMQ takes 20 MB.
const maxBody = 20 << 20

// API is the HTTP API of a node. It is an http.Handler.
type API struct {
	// immutable
	node    *broker.Node
	rules   *release.HTTP
	config  config
	samples *sampler
	started time.Time
	turns   chan struct{} // holds one for each request that has its turn
}

var _ http.Handler = (*API)(nil)

// config is what options set.
type config struct {
	listeners func() []Listener
	alarm     func(resource string, raised bool)
	alarms    func() []string
	restart   Restarter
	metrics   http.Handler
	recording Recording
	hosts     []string
	memory    func() uint64 // used
	limit     func() uint64 // of memory, 0 for none
	faults    func() []Fault
}

// Option is a part of the API that needs more than the node.
type Option func(*config)

// Listener is an open port of the node, for its listings.
type Listener struct {
	Protocol string // "amqp", "http"
	Host     string
	Port     int
}

// WithListeners has the API name the open ports. f is called for each request.
func WithListeners(f func() []Listener) Option {
	return func(c *config) { c.listeners = f }
}

// Restarter stops and starts the node's AMQP side.
type Restarter interface {
	// StopApp closes all connections and takes no new ones.
	StopApp()
	// StartApp takes connections again.
	StartApp()
	// Reset removes everything but what a new node has.
	Reset()
	// Running says whether connections are taken.
	Running() bool
}

// WithRestarter lets the control command stop, reset and start the node.
func WithRestarter(r Restarter) Option {
	return func(c *config) { c.restart = r }
}

// WithAlarms lets the control command raise and clear alarms of a resource,
// "memory" or "disk", and has the API tell of those that there are.
func WithAlarms(set func(resource string, raised bool), raised func() []string) Option {
	return func(c *config) { c.alarm, c.alarms = set, raised }
}

// WithMemory has the API tell how many bytes of memory are used and what the limit
// is, 0 for none. Without it, it tells of the heap and of no limit that matters.
func WithMemory(used, limit func() uint64) Option {
	return func(c *config) { c.memory, c.limit = used, limit }
}

// WithMetrics serves metrics at /metrics, to whoever asks. See package
// management/metrics.
func WithMetrics(h http.Handler) Option {
	return func(c *config) { c.metrics = h }
}

// New returns the API of a node. It samples the node's counts in a goroutine of
// its own until Close is called.
func New(node *broker.Node, options ...Option) *API {
	a := &API{node: node, rules: &node.Release().HTTP, started: time.Now(), turns: make(chan struct{}, maxTurns())}
	a.config.listeners = func() []Listener { return nil }
	a.config.alarms = func() []string { return nil }
	for _, option := range options {
		option(&a.config)
	}
	a.samples = newSampler(node)
	return a
}

// Close ends the sampling and returns when its goroutine has ended.
func (a *API) Close() { a.samples.close() }

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Vary", "accept, accept-encoding, origin")
	h.Set("Cache-Control", "no-cache")
	a.setSecurityHeaders(h)
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	req := &request{api: a, w: w, Request: r}
	req.keepWriting()
	if !req.isFromHere() {
		return
	}
	defer req.leaveTurn()
	defer func() {
		if value := recover(); value != nil {
			req.panicked(value)
		}
	}()
	req.serve()
}
