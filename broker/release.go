package broker

import (
	"fmt"
	"slices"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// Release is a release of RabbitMQ whose behaviour the node shows. Where
// releases differ, the code asks the release a named question; the answers are
// all here, each measured on the version that it names.
type Release struct {
	name    string
	version string

	// unknownExchangeType is the reply code for one: 503 closes the
	// connection, 406 the channel.
	unknownExchangeType wire.ReplyCode
	// maxMessageSize is the default limit for a body, in bytes.
	maxMessageSize int
	// routing is how exchanges differ.
	routing exchange.Rules
	// checksDeliveryMode refuses a delivery mode that is neither 1 nor 2.
	checksDeliveryMode bool

	// lastDeath: a dead letter says in x-last-death-* what happened last.
	lastDeath bool
	// deadLetterDropsCC: a dead letter with a routing key of its own loses
	// the header CC.
	deadLetterDropsCC bool

	// Arguments of queue.declare.

	// ignoredArguments have no meaning for a type of queue, refusedArguments
	// are known but not for this type.
	ignoredArguments, refusedArguments map[queue.Kind][]string
	queueVersions                      []int64
	// emptyQueueType: the type "" stands for the default.
	emptyQueueType bool
	leaderLocators []string
	// masterLocators are the values of x-queue-master-locator that are taken,
	// nil for any. masterLocatorText is the reason that a refusal gives.
	masterLocators    []string
	masterLocatorText string
	filterSizeText    string
	// namesDefaultType: a redeclaration that names no type counts as naming
	// the type classic.
	namesDefaultType bool

	// Quorum queues.

	// firstDeliveryCount: the first delivery carries x-delivery-count 0.
	firstDeliveryCount bool
	// acquiredCount: redeliveries carry x-acquired-count, and a delivery that
	// the client gave back has not failed.
	acquiredCount bool
	// globalQos: the global prefetch applies to quorum queues and streams.
	globalQos bool
	// deliveryLimit is the default limit.
	deliveryLimit queue.Optional
	// releasedToBack: without a delivery limit, what a client gives back goes
	// to the end of the queue.
	releasedToBack bool
	priorities     queue.Priorities
	// negativeLimitIsNone: a negative delivery limit means none; otherwise the
	// first failure is one too many.
	negativeLimitIsNone bool
}

// The releases.
var (
	Release310 = &Release{
		name: "3.10", version: "3.10.8",
		unknownExchangeType: wire.CommandInvalid,
		maxMessageSize:      128 << 20,
		routing: exchange.Rules{
			LooseHeaders: true, PlainTexts: true, TypedHashHeader: true,
			HeavyHashBindings: true, ManyTopicHashes: true, ShortDelay: true,
		},
		checksDeliveryMode: true,
		deadLetterDropsCC:  true,
		ignoredArguments: map[queue.Kind][]string{
			queue.Classic: {argConsumerTimeout, "x-stream-filter-size-bytes"},
			queue.Quorum:  {argConsumerTimeout, "x-stream-filter-size-bytes"},
			queue.Stream:  {argConsumerTimeout, "x-stream-filter-size-bytes"},
		},
		refusedArguments:   map[queue.Kind][]string{queue.Classic: {"x-queue-leader-locator"}},
		queueVersions:      []int64{1, 2},
		leaderLocators:     []string{"client-local", "balanced", "least-leaders", "random"},
		masterLocators:     []string{"min-masters", "client-local", "random"},
		firstDeliveryCount: true,
		releasedToBack:     true,
	}
	Release40 = &Release{
		name: "4.0", version: "4.0.5",
		unknownExchangeType: wire.PreconditionFailed,
		maxMessageSize:      16 << 20,
		routing:             exchange.Rules{HeavyHashBindings: true, ManyTopicHashes: true},
		lastDeath:           true,
		ignoredArguments: map[queue.Kind][]string{
			queue.Classic: {argConsumerTimeout, "x-stream-filter-size-bytes"},
			queue.Quorum:  {argConsumerTimeout, "x-stream-filter-size-bytes"},
			queue.Stream:  {argConsumerTimeout},
		},
		queueVersions:       []int64{1, 2},
		leaderLocators:      []string{"client-local", "balanced", "least-leaders", "random", "min-masters"},
		filterSizeText:      "Invalid value for  %s",
		namesDefaultType:    true,
		deliveryLimit:       queue.Some(20),
		priorities:          queue.Interleaved,
		negativeLimitIsNone: true,
	}
	Release43 = &Release{
		name: "4.3", version: "4.3.6",
		unknownExchangeType: wire.PreconditionFailed,
		maxMessageSize:      16 << 20,
		lastDeath:           true,
		ignoredArguments:    map[queue.Kind][]string{queue.Classic: {"x-queue-mode"}},
		queueVersions:       []int64{2},
		emptyQueueType:      true,
		leaderLocators:      []string{"client-local", "balanced", "least-leaders", "random", "min-masters"},
		masterLocators:      []string{},
		masterLocatorText: "Feature `queue_master_locator` is deprecated.\nBy default, this feature is not permitted anymore.\n" +
			"The feature will be removed from a future major RabbitMQ version, regardless of the configuration; " +
			"actual version to be determined.\nTo continue using this feature",
		filterSizeText:      "Invalid value for %s",
		namesDefaultType:    true,
		acquiredCount:       true,
		globalQos:           true,
		deliveryLimit:       queue.Some(20),
		priorities:          queue.Strict,
		negativeLimitIsNone: true,
	}
)

// Releases lists the releases, oldest first.
var Releases = []*Release{Release310, Release40, Release43}

// DefaultRelease is the release that a node shows unless told otherwise.
var DefaultRelease = Release43

// FindRelease returns the release of this name: "3.10", "4.0" or "4.3".
func FindRelease(name string) (*Release, error) {
	for _, r := range Releases {
		if r.name == name {
			return r, nil
		}
	}
	return nil, fmt.Errorf("unknown release %q: there are 3.10, 4.0 and 4.3", name)
}

// Name returns "3.10", "4.0" or "4.3".
func (r *Release) Name() string { return r.name }

// Version returns the full version that clients see.
func (r *Release) Version() string { return r.version }

// MaxMessageSize is the default limit for a message's body, in bytes.
func (r *Release) MaxMessageSize() int { return r.maxMessageSize }

// masterLocatorError says whether RabbitMQ fails over a value of
// x-queue-master-locator, and what it then says.
func (r *Release) masterLocatorError(locator string) (reason string, fails bool) {
	return r.masterLocatorText, r.masterLocators != nil && !slices.Contains(r.masterLocators, locator)
}

// setQuorum sets how a quorum queue behaves.
func (r *Release) setQuorum(s *queue.Settings) {
	if s.Kind != queue.Quorum {
		return
	}
	if r.releasedToBack && !s.DeliveryLimit.Set {
		s.ReleasedToBack = true
	}
	if !s.DeliveryLimit.Set {
		s.DeliveryLimit = r.deliveryLimit
	}
	if s.DeliveryLimit.Value < 0 && !r.negativeLimitIsNone {
		s.DeliveryLimit.Value = 0
	}
	s.Priorities = r.priorities
	s.ReleasedIsFailed = !r.acquiredCount
}
