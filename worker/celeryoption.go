package worker

import (
	"maps"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/worker/celery"
)

// DefaultTaskQueue is Celery's default queue (task_default_queue).
const DefaultTaskQueue = "celery"

// nodeRole names a Worker's connection.
const nodeRole = "celery-worker"

// WithPrefetchMultiplier sets how many tasks a Worker has from each queue for each that it works on at a time: 4 if
// never set, Celery's default (worker_prefetch_multiplier). Fewer share long tasks out more evenly. WithPrefetch
// overrides it.
func WithPrefetchMultiplier(n int) Option { return func(cfg *config) { cfg.multiplier = n } }

// WithName names a Worker: "celery" at the host's name if never set, as Celery's is. The host is added to a name that
// has no @. Each worker of a broker needs a name of its own, by which remote control finds it.
func WithName(name string) Option { return func(cfg *config) { cfg.name = name } }

// WithEarlyAck has a Worker acknowledge every task when it begins, as Celery does by default; see Early. If never set,
// a task is acknowledged when its result is safe with the broker.
func WithEarlyAck() Option { return func(cfg *config) { cfg.early = true } }

// WithTimeLimits bounds the runs of tasks for which neither definition nor message does; see TimeLimits. Zero, the
// default, means none.
func WithTimeLimits(soft, hard time.Duration) Option {
	return func(cfg *config) { cfg.softLimit, cfg.hardLimit = soft, hard }
}

// WithTaskEvents has a Worker tell monitors about each task from the beginning, as `celery worker -E` does. Otherwise
// it does so once `celery control enable_events` has asked for it.
func WithTaskEvents() Option { return func(cfg *config) { cfg.taskEvents = true } }

// WithHeartbeats sets how often a Worker tells monitors that it is there: every 2 seconds if never set, as Celery does.
func WithHeartbeats(every time.Duration) Option { return func(cfg *config) { cfg.heartbeat = every } }

// WithObserver has a Worker tell an observer what happens, for metrics. See Counters for one that counts.
func WithObserver(o Observer) Option { return func(cfg *config) { cfg.observer = o } }

// WithResultPatience sets how long a Worker tries to deliver a result whose queue is not there, as when its reader is
// connecting again: 30 seconds if never set. The task counts as done meanwhile. Zero drops such results at once, as
// Celery does.
func WithResultPatience(d time.Duration) Option { return func(cfg *config) { cfg.resultPatience = d } }

// WithoutDeclaring has a Worker and a Client take the task queues as they are instead of declaring them the way Celery
// does: durable, and bound by their name to a durable direct exchange of their name.
func WithoutDeclaring() Option { return func(cfg *config) { cfg.declares = false } }

// WithQueueArguments sets the arguments that task queues are declared with, such as x-max-priority or
// x-dead-letter-exchange: Celery's queue_arguments. Both sides have to declare a queue alike.
func WithQueueArguments(arguments amqp.Table) Option {
	arguments = maps.Clone(arguments)
	return func(cfg *config) { cfg.queueArguments = arguments }
}

// WithDefaultQueue sets the queue for tasks that no route concerns: DefaultTaskQueue if never set. A Worker needs it
// for the tasks that its tasks lead to.
func WithDefaultQueue(name string) Option { return func(cfg *config) { cfg.defaultQueue = name } }

// WithRoute sends tasks whose names match a pattern, such as "tasks.*", to a queue. Of several routes the first that
// matches counts. The pattern is one of package path.
func WithRoute(pattern, queue string) Option {
	return func(cfg *config) { cfg.routes = append(cfg.routes, route{pattern, queue}) }
}

// WithContentType has a Worker and a Client read bodies of a content type besides JSON, by a function that turns one
// into JSON. Without, they are refused.
func WithContentType(contentType string, toJSON func(body []byte) ([]byte, error)) Option {
	return func(cfg *config) {
		cfg.accept = maps.Clone(cfg.accept)
		if cfg.accept == nil {
			cfg.accept = celery.Accept{}
		}
		cfg.accept[contentType] = toJSON
	}
}

// WithResultExpiry sets how long results of a Client wait for it while it is away: a day if never set, as Celery's
// result_expires.
func WithResultExpiry(d time.Duration) Option { return func(cfg *config) { cfg.resultExpires = d } }

// WithPublishRetries sets how often a Client tries again to send what it could not send, with waits as WithBackoff says:
// 3 times if never set, as Celery does. A task that was sent and not confirmed is sent again too, under the same id: it
// may then be done twice.
func WithPublishRetries(n int) Option { return func(cfg *config) { cfg.publishRetries = n } }
