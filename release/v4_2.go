package release

var v4_2 = v4_1.next("4.2", "4.2.9", func(r *Release) {
	// Protocol
	r.MaxBodySize = 512 << 20
	r.RefusesExcessBody = true

	// Publishing
	r.VolatileQueues = true
	r.RepliesMissDeadLetters = false
	r.TxQueues = TxNamed

	// Exchanges
	r.HeavyHashBindings = false
	r.Words = "x-jms-topic"
	r.KeepsTransientExchanges = true
	r.ForgetsHistory = false

	// Queues
	r.EmptyQueueType = true
	r.IgnoredArguments = everywhere(append(retryArguments, "x-consumer-timeout")...)
	r.ComparedArguments.Stream = []string{"x-stream-filter-size-bytes"}
	r.FilterSizeText = "Invalid value for %s"

	// Quorum queues
	r.GetSingleText = "<<\"quorum\">> queues"
	r.DropsReversed = false

	// Streams
	r.FailsOnBadAge = false
	r.FilterSizeAlone = false

	// Access
	r.PassiveNeedsConfigure = true
	r.TopicPermissionsEnd = true
	r.ChannelLimitText = "number of channels opened for user '%s' has reached the maximum allowed user limit of %d"
	r.ChannelLimitNamesNode = false

	// The HTTP API
	r.HidesVHosts = true
	r.HidesUserLimits = true
	r.FailsOnOneAddress = false
	r.ChecksQueueType = true
	r.FailsOnQueueType = false
	r.EscapesPolicyErrors = false
	r.ChecksAckMode = true
	r.UnknownNodeText = "Node %s is not a cluster member"
	r.InvalidPageRegex = false
	r.VHostLimitsInDefinitions = true
	r.OmitsInternal = true
})
