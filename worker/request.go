package worker

import (
	"context"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/worker/celery"
)

// A Request is a task as a worker has it, with where it came from.
type Request struct {
	*celery.Task

	// Redelivered tells that the message was delivered before, to this worker or another: the task may have been done
	// in part, or whole.
	Redelivered bool

	// Exchange and RoutingKey are those of the message.
	Exchange, RoutingKey string

	definition *definition
	delivery   amqp.Delivery
	received   time.Time
	acked      bool       // early; else it is settled last
	trace      amqp.Table // headers by which what follows from the run is part of its trace

	mu    sync.Mutex
	phase phase                   // guarded by mu
	began time.Time               // guarded by mu
	stop  context.CancelCauseFunc // guarded by mu; of the run
}

// A phase is where a request is.
type phase int

const (
	scheduled phase = iota // waits for its eta
	reserved               // waits for somebody to be free
	active                 // runs
	ended
)

type requestKey struct{}

// FromContext returns the request that a task's function is called for, given the function's context; nil outside of
// one.
func FromContext(ctx context.Context) *Request {
	r, _ := ctx.Value(requestKey{}).(*Request)
	return r
}

// info is what `celery inspect` shows of a request.
func (r *Request) info(node string) map[string]any {
	r.mu.Lock()
	defer r.mu.Unlock()
	var began any
	if !r.began.IsZero() {
		began = float64(r.began.UnixMicro()) / 1e6
	}
	args, kwargs := any(r.Args), any(r.Kwargs)
	if r.Args == nil {
		args = []any{}
	}
	if r.Kwargs == nil {
		kwargs = map[string]any{}
	}
	return map[string]any{
		"id": r.ID, "name": orElse(r.Shadow, r.Name), "type": r.Name, "args": args, "kwargs": kwargs,
		"hostname": node, "time_start": began, "acknowledged": r.acked, "worker_pid": pid,
		"delivery_info": map[string]any{"exchange": r.Exchange, "routing_key": r.RoutingKey, "priority": r.Priority, "redelivered": r.Redelivered},
	}
}

func (r *Request) enter(p phase) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.phase = p
}

func (r *Request) in() phase {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.phase
}

// A backlog holds requests until somebody is free. It does not bound them: the prefetch does.
type backlog struct {
	some chan struct{} // holds a token if there may be any

	mu       sync.Mutex
	requests []*Request // guarded by mu
}

func newBacklog() *backlog { return &backlog{some: make(chan struct{}, 1)} }

func (b *backlog) push(r *Request) {
	b.mu.Lock()
	b.requests = append(b.requests, r)
	b.mu.Unlock()
	b.wake()
}

func (b *backlog) wake() {
	select {
	case b.some <- struct{}{}:
	default:
	}
}

// take takes the oldest request, or returns nil if there is none.
func (b *backlog) take() *Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.requests) == 0 {
		return nil
	}
	r := b.requests[0]
	b.requests[0] = nil
	b.requests = b.requests[1:]
	if len(b.requests) > 0 {
		b.wake()
	}
	return r
}

// pop waits for a request. It returns nil when ctx has ended.
func (b *backlog) pop(ctx context.Context) *Request {
	for {
		select {
		case <-ctx.Done():
			return nil
		default:
		}
		if r := b.take(); r != nil {
			return r
		}
		select {
		case <-b.some:
		case <-ctx.Done():
			return nil
		}
	}
}
