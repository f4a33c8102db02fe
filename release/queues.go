package release

// Queues is how the arguments of queue.declare and basic.consume differ, and classic queues.
type Queues struct {
	// DefaultQueueTypes: the default queue type of a virtual host counts.
	DefaultQueueTypes bool
	// NamesDefaultType: a redeclaration without x-queue-type counts as one of type classic.
	NamesDefaultType bool
	// SameAsClassic: x-queue-type "classic" and none are equivalent.
	SameAsClassic bool
	// EmptyQueueType: x-queue-type "" stands for the default.
	EmptyQueueType bool
	// UnknownTypeUnnamed is the text that refuses an unknown x-queue-type of a server-named queue; none is an internal
	// error.
	UnknownTypeUnnamed string
	// IgnoredArguments are arguments of queue.declare that have no meaning for a type of queue.
	IgnoredArguments ByType
	// RefusedArguments are known arguments of queue.declare that are refused for a type of queue.
	RefusedArguments ByType
	// ComparedArguments are those that a redeclaration must repeat, besides those that it must in every release.
	ComparedArguments ByType
	// RefusedConsumeArguments are arguments of basic.consume that belong to another type of queue.
	RefusedConsumeArguments ByType
	// QueueVersions are the values of x-queue-version.
	QueueVersions []int64
	// LeaderLocators are the values of x-queue-leader-locator.
	LeaderLocators []string
	// MasterLocators are the values of x-queue-master-locator; nil is any.
	MasterLocators []string
	// MasterLocatorText is the reason in the refusal of others.
	MasterLocatorText string
	// FilterSizeText refuses a value of x-stream-filter-size-bytes.
	FilterSizeText string
	// LeastMaxPriority is what a lower x-max-priority counts as.
	LeastMaxPriority int64
	// HeedsCredit: x-credit limits how many messages a consumer gets in all.
	HeedsCredit bool
	// ChecksFailover: x-cancel-on-ha-failover of basic.consume must be a bool.
	ChecksFailover bool
	// QueueLimitFirst: the limit of queues is checked before their arguments.
	QueueLimitFirst bool
	// PurgeCountsWithheld: queue.purge counts the dead letters that the queue withholds, which it leaves alone.
	PurgeCountsWithheld bool
}

// ByType is a list for each type of queue.
type ByType struct{ Classic, Quorum, Stream []string }

// Of returns the list for a type of queue: "classic", "quorum" or "stream".
func (b *ByType) Of(kind string) []string {
	switch kind {
	case "classic":
		return b.Classic
	case "quorum":
		return b.Quorum
	case "stream":
		return b.Stream
	}
	return nil
}

// Everywhere is the same list for all types.
func everywhere(list ...string) ByType { return ByType{list, list, list} }
