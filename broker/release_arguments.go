package broker

import (
	"slices"

	"github.com/minirabbit/minirabbit/queue"
)

// argumentRules is how releases differ over the arguments of queue.declare and
// basic.consume.
type argumentRules struct {
	// ignoredArguments have no meaning for a type of queue, refusedArguments
	// are known but not for this type.
	ignoredArguments, refusedArguments map[queue.Kind][]string
	queueVersions                      []int64
	// refusedConsumeArguments are those of basic.consume that are for another
	// type of queue.
	refusedConsumeArguments map[queue.Kind][]string
	// comparedArguments are what a redeclaration must repeat, besides what it
	// must in every release.
	comparedArguments map[queue.Kind][]string
	// unknownTypeUnnamed refuses the type of a queue that the server is to
	// name, if there is no such type; if empty, it is an internal error.
	unknownTypeUnnamed string
	// emptyQueueType: the type "" stands for the default.
	emptyQueueType bool
	leaderLocators []string
	// masterLocators are the values of x-queue-master-locator that are taken,
	// nil for any. masterLocatorText is the reason that a refusal gives.
	masterLocators    []string
	masterLocatorText string
	filterSizeText    string
	// defaultQueueTypes: a virtual host's default type is heeded.
	defaultQueueTypes bool
	// namesDefaultType: a redeclaration that names no type counts as naming
	// the type classic.
	namesDefaultType bool
	// sameAsClassic: the type classic is the same as none.
	sameAsClassic bool

	// leastMaxPriority is what a lower x-max-priority counts as.
	leastMaxPriority int64
	// heedsCredit: x-credit limits how much a consumer ever gets.
	heedsCredit bool
	// checksFailover: basic.consume wants a bool as x-cancel-on-ha-failover.
	checksFailover bool
}

// retryArguments came with 4.3.
var retryArguments = []string{"x-consumer-disconnected-timeout", "x-delayed-retry-type", "x-delayed-retry-min", "x-delayed-retry-max"}

// streamConsumeArguments are those of basic.consume for streams.
var streamConsumeArguments = []string{argStreamOffset, argStreamFilter, argMatchUnfiltered}

var (
	arguments310 = argumentRules{
		ignoredArguments: map[queue.Kind][]string{
			queue.Classic: append(retryArguments, argConsumerTimeout, "x-stream-filter-size-bytes"),
			queue.Quorum:  append(retryArguments, argConsumerTimeout, "x-stream-filter-size-bytes"),
			queue.Stream:  append(retryArguments, argConsumerTimeout, "x-stream-filter-size-bytes"),
		},
		refusedArguments: map[queue.Kind][]string{queue.Classic: {"x-queue-leader-locator"}},
		refusedConsumeArguments: map[queue.Kind][]string{
			queue.Classic: {argStreamOffset},
			queue.Quorum:  {argFailover, argStreamOffset},
		},
		queueVersions:  []int64{1, 2},
		leaderLocators: []string{"client-local", "balanced", "least-leaders", "random"},
		masterLocators: []string{"min-masters", "client-local", "random"},
		heedsCredit:    true,
		checksFailover: true,
		sameAsClassic:  true,
	}
	arguments40 = argumentRules{
		ignoredArguments: map[queue.Kind][]string{
			queue.Classic: append(retryArguments, argConsumerTimeout, "x-stream-filter-size-bytes"),
			queue.Quorum:  append(retryArguments, argConsumerTimeout, "x-stream-filter-size-bytes"),
			queue.Stream:  append(retryArguments, argConsumerTimeout),
		},
		refusedConsumeArguments: map[queue.Kind][]string{queue.Classic: streamConsumeArguments, queue.Quorum: streamConsumeArguments},
		queueVersions:           []int64{1, 2},
		leaderLocators:          []string{"client-local", "balanced", "least-leaders", "random", "min-masters"},
		filterSizeText:          "Invalid value for  %s",
		defaultQueueTypes:       true,
		namesDefaultType:        true,
		leastMaxPriority:        1,
	}
	arguments43 = argumentRules{
		unknownTypeUnnamed:      "unknown queue type",
		ignoredArguments:        map[queue.Kind][]string{queue.Classic: {"x-queue-mode"}},
		refusedConsumeArguments: map[queue.Kind][]string{queue.Classic: streamConsumeArguments, queue.Quorum: streamConsumeArguments},
		comparedArguments: map[queue.Kind][]string{
			queue.Quorum: append(retryArguments, argConsumerTimeout),
			queue.Stream: {argFilterSize},
		},
		queueVersions:  []int64{2},
		emptyQueueType: true,
		leaderLocators: []string{"client-local", "balanced", "least-leaders", "random", "min-masters"},
		masterLocators: []string{},
		masterLocatorText: "Feature `queue_master_locator` is deprecated.\nBy default, this feature is not permitted anymore.\n" +
			"The feature will be removed from a future major RabbitMQ version, regardless of the configuration; " +
			"actual version to be determined.\nTo continue using this feature",
		filterSizeText:    "Invalid value for %s",
		defaultQueueTypes: true,
		namesDefaultType:  true,
		leastMaxPriority:  1,
	}
)

// masterLocatorError says whether RabbitMQ fails over a value of
// x-queue-master-locator, and what it then says.
func (r *Release) masterLocatorError(locator string) (reason string, fails bool) {
	return r.masterLocatorText, r.masterLocators != nil && !slices.Contains(r.masterLocators, locator)
}
