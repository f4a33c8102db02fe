package release

var v4_3 = v4_2.next("4.3", "4.3.6", func(r *Release) {
	// Protocol
	r.Copyright = "Copyright (c) 2007-2026 Broadcom Inc and/or its subsidiaries"
	r.Platform = "Erlang/OTP 29.1.2"
	r.Mechanisms = "PLAIN ANONYMOUS AMQPLAIN"
	r.CancelOkFails = true
	r.QosPerConsumer = true
	r.ConsumerTimeouts = QueueTimeouts

	// Publishing

	// Exchanges
	r.EmptyHashHeaderFails = false
	r.ManyTopicHashes = false
	r.Words = "x-random x-jms-topic"
	r.NoModulusHash = false

	// Queues
	r.UnknownTypeUnnamed = "unknown queue type"
	r.IgnoredArguments = ByType{Classic: []string{"x-queue-mode"}}
	r.ComparedArguments.Quorum = append(retryArguments, "x-consumer-timeout")
	r.QueueVersions = []int64{2}
	r.MasterLocators = []string{}
	r.MasterLocatorText = "Feature `queue_master_locator` is deprecated.\nBy default, this feature is not permitted anymore.\n" +
		"The feature will be removed from a future major RabbitMQ version, regardless of the configuration; " +
		"actual version to be determined.\nTo continue using this feature"
	r.PurgeCountsWithheld = true

	// Quorum queues
	r.ReleasedToBack = false
	r.AcquiredCount = true
	r.ClassicBlame = BlameRefused
	r.QuorumBlame = BlameRefused
	r.Priorities = Strict
	r.GlobalQos = true
	r.CountsProperties = true

	// Streams
	r.ComparesAges = true

	// Access
	r.MissingParenthesis = "missing closing parenthesis"

	// Policies
	r.UnknownSettings = nil
	r.ForbiddenSettings = []string{"queue-master-locator"}

	// The HTTP API
	r.ErlangVersion = "29.1.2"
	r.ErlangFullVersion = "Erlang/OTP 29 [erts-17.1.1] [source] [64-bit]"
	r.FeatureFlags = flags4_3
	r.DeprecatedFeatures = deprecated4_3
	r.ContentSecurityPolicy = "script-src 'self'; object-src 'self'"
	r.AllowHeader = true
	r.HidesConsumers = true
	r.AdministersAttempts = true
	r.HasAuth = false
	r.ListsProtocols = true
	r.Protected = true
	r.TopicNeedsExchange = true
	r.ActiveReaders = true
	r.InternalQueues = true
	r.PagedOut = false
	r.TellsBlocked = true
	r.TellsTLS = true
	r.CertificateSerial = true

	// rabbitmqctl
	r.CtlQueueNotFoundText = "No such queue was found"
})
