package release

import (
	"math"

	"github.com/minirabbit/minirabbit/wire"
)

// v3_10 is the oldest release here, which has no predecessor.
var v3_10 = (&Release{}).next("3.10", "3.10.8", func(r *Release) {
	// Protocol
	r.Copyright = "Copyright (c) 2007-2022 VMware, Inc. or its affiliates."
	r.Platform = "Erlang/OTP 25.2.3"
	r.Mechanisms = "AMQPLAIN PLAIN"
	r.MinFrameMax = 4096
	r.MaxBodySize = math.MaxUint64

	// Publishing
	r.MaxMessageSize = 128 << 20
	r.ChecksDeliveryMode = true
	r.MalformedReplyFails = true
	r.RepliesAreUntraced = true

	// Exchanges
	r.UnknownExchangeType = wire.CommandInvalid
	r.LooseHeaders = true
	r.PlainTexts = true
	r.TypedHashHeader = true
	r.HeavyHashBindings = true
	r.ManyTopicHashes = true
	r.NoLocalRandom = true
	r.NoModulusHash = true
	r.ShortDelay = true
	r.UndoesReplay = true
	r.SendsDelayedAsPublished = true
	r.ForgetsHistory = true

	// Queues
	r.SameAsClassic = true
	r.IgnoredArguments = everywhere(append(retryArguments, "x-consumer-timeout", "x-stream-filter-size-bytes")...)
	r.RefusedArguments.Classic = []string{"x-queue-leader-locator"}
	r.RefusedConsumeArguments.Classic = []string{"x-stream-offset"}
	r.RefusedConsumeArguments.Quorum = []string{"x-cancel-on-ha-failover", "x-stream-offset"}
	r.QueueVersions = []int64{1, 2}
	r.LeaderLocators = []string{"client-local", "balanced", "least-leaders", "random"}
	r.MasterLocators = []string{"min-masters", "client-local", "random"}
	r.HeedsCredit = true
	r.ChecksFailover = true
	r.QueueLimitFirst = true

	// Quorum queues
	r.ReleasedToBack = true
	r.GetCountsFirst = true
	r.SingleActive = LongestNext
	r.GetSingleText = "quorum queues"
	r.ConsumersByTag = true
	r.DropsReversed = true

	// Streams
	r.StreamNoun = "stream queues"
	r.StreamPrefetchText = "consumer prefetch count is not set for '%s'"
	r.FailsOnBadAge = true
	r.DeliversWholeChunks = true
	r.RefusesStreamNack = true
	r.StreamsMissDeadLetters = true

	// Dead letters
	r.DropsCC = true
	r.GathersDeaths = true
	r.LazyForgetsExpiration = true
	r.SortsDeaths = true

	// Access
	r.RefusesWithoutPermission = true
	r.ChannelLimitText = "number of channels opened for user '%s' has reached the maximum allowed user limit of (%d)"
	r.MissingParenthesis = "missing )"

	// Policies
	r.PolicyTargets = []string{"all", "queues", "exchanges"}
	r.PolicyTargetsText = "'queues', 'exchanges' or 'all'"
	r.UnknownSettings = append(retrySettings, "consumer-timeout", "target-group-size", "stream-filter-size-bytes")
	r.UnsupportedSettings.Classic = []string{
		"max-age", "stream-max-segment-size-bytes", "queue-leader-locator", "initial-cluster-size", "delivery-limit", "dead-letter-strategy",
	}
	r.UnsupportedSettings.Quorum = []string{
		"queue-mode", "ha-mode", "ha-params", "ha-sync-mode", "ha-promote-on-shutdown", "ha-promote-on-failure", "queue-master-locator",
		"max-age", "stream-max-segment-size-bytes", "initial-cluster-size",
	}
	r.UnsupportedSettings.Stream = []string{
		"expires", "message-ttl", "dead-letter-exchange", "dead-letter-routing-key", "max-length", "max-in-memory-length",
		"max-in-memory-bytes", "overflow", "queue-mode", "delivery-limit", "ha-mode", "ha-params", "ha-sync-mode",
		"ha-promote-on-shutdown", "ha-promote-on-failure", "queue-master-locator", "dead-letter-strategy", "target-group-size",
	}
	r.RefusesNegativeDeliveryLimit = true
	r.Mirrors = true

	// The HTTP API
	r.ErlangVersion = "25.2.3"
	r.ErlangFullVersion = "Erlang/OTP 25 [erts-13.1.5] [source] [64-bit]"
	r.FeatureFlags = flags3_10
	r.ContentSecurityPolicy = "script-src 'self' 'unsafe-eval' 'unsafe-inline'; object-src 'self'"
	r.LoginFailed = "Login failed"
	r.Challenge = true
	r.FailsOnOwnConnections = true
	r.DefaultQueueType = "undefined"
	r.NullQueueType = true
	r.EscapesPolicyErrors = true
	r.UnknownNodeText = "Node %s could not be contacted"
	r.InvalidPageRegex = true
	r.BackingQueue = true
	r.PagedOut = true

	// rabbitmqctl
	r.CtlToldOfMissing = true
	r.CtlPlainNotFound = true
	r.CtlJSONBadarg = true
	r.CtlQuotesTexts = true
	r.CtlQueueNotFoundText = "Queue not found"
})

// retryArguments and retrySettings came with 4.3.
var (
	retryArguments = []string{"x-consumer-disconnected-timeout", "x-delayed-retry-type", "x-delayed-retry-min", "x-delayed-retry-max"}
	retrySettings  = []string{"delayed-retry-min", "delayed-retry-max", "delayed-retry-type", "consumer-disconnected-timeout"}
)
