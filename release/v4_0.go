package release

import "github.com/minirabbit/minirabbit/wire"

var v4_0 = v3_10.next("4.0", "4.0.5", func(r *Release) {
	// Protocol
	r.Copyright = "Copyright (c) 2007-2024 Broadcom Inc and/or its subsidiaries"
	r.Platform = "Erlang/OTP 27.3.4.1"
	r.AnswersAMQP10 = true
	r.Mechanisms = "PLAIN AMQPLAIN ANONYMOUS"
	r.LoginMustBeText = true
	r.LongTextFails = true
	r.ConsumerTimeouts = QueuedChannelTimeouts

	// Publishing
	r.MaxMessageSize = 16 << 20
	r.ChecksDeliveryMode = false
	r.ChecksUserIDLast = true
	r.SortsHeaders = true
	r.SubtractsBCC = true
	r.CopiesNeedTopicPermission = true
	r.RepliesAreUntraced = false
	r.RepliesMissDeadLetters = true
	r.TxQueues = TxRouted

	// Exchanges
	r.UnknownExchangeType = wire.PreconditionFailed
	r.LooseHeaders = false
	r.PlainTexts = false
	r.TypedHashHeader = false
	r.EmptyHashHeaderFails = true
	r.NoLocalRandom = false
	r.ShortDelay = false
	r.EmptyReplayText = "could not find queue/exchange ''"
	r.UndoesReplay = false
	r.SendsDelayedAsPublished = false

	// Queues
	r.DefaultQueueTypes = true
	r.NamesDefaultType = true
	r.SameAsClassic = false
	r.IgnoredArguments.Stream = append(retryArguments, "x-consumer-timeout")
	r.RefusedArguments.Classic = nil
	r.RefusedConsumeArguments.Classic = []string{"x-stream-offset", "x-stream-filter", "x-stream-match-unfiltered"}
	r.RefusedConsumeArguments.Quorum = r.RefusedConsumeArguments.Classic
	r.LeaderLocators = []string{"client-local", "balanced", "least-leaders", "random", "min-masters"}
	r.MasterLocators = nil
	r.FilterSizeText = "Invalid value for  %s"
	r.LeastMaxPriority = 1
	r.HeedsCredit = false
	r.ChecksFailover = false
	r.QueueLimitFirst = false

	// Quorum queues
	r.DeliveryLimit = 20
	r.NegativeLimitIsNone = true
	r.GetCountsFirst = false
	r.QuorumBlame = BlameDiscarded
	r.Priorities = Interleaved
	r.SingleActive = HighestAtOnce
	r.ConsumersByTag = false

	// Streams
	r.StreamNoun = "stream"
	r.StreamPrefetchText = "consumer prefetch count is not set for stream %s"
	r.FilterSizeAlone = true
	r.FiltersStreams = true
	r.DeliversWholeChunks = false
	r.RefusesStreamNack = false
	r.StreamsMissDeadLetters = false
	r.KeepsAnnotations = true
	r.SetsDeliveryMode = true

	// Dead letters
	r.LastDeath = true
	r.DropsCC = false
	r.OwnDeathsOnly = true
	r.GathersDeaths = false
	r.LazyForgetsExpiration = false
	r.SortsDeaths = false
	r.ExpirationFirst = true

	// Access
	r.RefusesWithoutPermission = false
	r.ChannelLimitNamesNode = true

	// Policies
	r.PolicyTargets = []string{"all", "queues", "classic_queues", "quorum_queues", "streams", "exchanges"}
	r.PolicyTargetsText = "one of: 'queues', 'classic_queues',  'quorum_queues', 'streams', 'exchanges', or 'all'"
	r.UnknownSettings = retrySettings
	r.MoreOperatorSettings = []string{"overflow", "queue-version", "queue-master-locator", "target-group-size"}
	r.UnsupportedSettings.Classic = []string{
		"max-age", "stream-max-segment-size-bytes", "initial-cluster-size", "delivery-limit", "dead-letter-strategy",
		"max-in-memory-length", "max-in-memory-bytes", "target-group-size",
	}
	r.RefusesNegativeDeliveryLimit = false
	r.Mirrors = false

	// The HTTP API
	r.ErlangVersion = "27.3.4.1"
	r.ErlangFullVersion = "Erlang/OTP 27 [erts-15.2.7] [source] [64-bit]"
	r.FeatureFlags = flags4_0
	r.DeprecatedFeatures = deprecated4_0
	r.LoginFailed = "Not_Authorized"
	r.Challenge = false
	r.FailsOnOwnConnections = false
	r.InternalUser = true
	r.HasVersion = true
	r.HasAuth = true
	r.HasHashPassword = true
	r.NamesQueueType = true
	r.DefaultQueueType = "classic"
	r.MetadataQueueType = true
	r.NullQueueType = false
	r.FailsOnQueueType = true
	r.WholeVHosts = true
	r.MissingObject = true
	r.PagesUsers = true
	r.StorageVersion = true
	r.BackingQueue = false
	r.ConsumerTimeout = true
	r.Drains = true
	r.VHostDefinitions = true

	// rabbitmqctl
	r.CtlToldOfMissing = false
	r.CtlPlainNotFound = false
	r.CtlJSONBadarg = false
	r.CtlQuotesTexts = false
})
