package broker

import "github.com/minirabbit/minirabbit/queue"

// policyRules is how releases differ in policies.
type policyRules struct {
	policyTargets     []Target
	policyTargetsText string // of the refusal of others
	// unknownPolicySettings came later, or are gone.
	unknownPolicySettings []string
	// moreOperatorSettings are in operator policies too.
	moreOperatorSettings         []string
	refusesNegativeDeliveryLimit bool
	// mirrors: policies may ask for mirrors, of which one node has none.
	mirrors bool
	// unsupportedSettings are those that a type of queue has no use for. A policy
	// with one of them does not apply to queues of that type at all.
	unsupportedSettings map[queue.Kind][]string
	// forbiddenSettings are deprecated, and refused in words of their own.
	forbiddenSettings []string
}

var (
	allTargets     = []Target{ToAll, ToQueues, ToClassicQueues, ToQuorumQueues, ToStreams, ToExchanges}
	allTargetsText = "one of: 'queues', 'classic_queues',  'quorum_queues', 'streams', 'exchanges', or 'all'"

	// What streams and quorum queues support is the same in all releases, but
	// for settings that a release does not know at all.
	unsupportedByQuorum = []string{"queue-mode", "ha-mode", "ha-params", "ha-sync-mode", "ha-promote-on-shutdown", "ha-promote-on-failure",
		"queue-master-locator", "max-age", "stream-max-segment-size-bytes", "initial-cluster-size"}
	unsupportedByStreams = []string{"expires", "message-ttl", "dead-letter-exchange", "dead-letter-routing-key", "max-length",
		"max-in-memory-length", "max-in-memory-bytes", "overflow", "queue-mode", "delivery-limit", "ha-mode", "ha-params", "ha-sync-mode",
		"ha-promote-on-shutdown", "ha-promote-on-failure", "queue-master-locator", "dead-letter-strategy", "target-group-size"}
	unsupportedByClassic = []string{"max-age", "stream-max-segment-size-bytes", "initial-cluster-size", "delivery-limit",
		"dead-letter-strategy", "max-in-memory-length", "max-in-memory-bytes", "target-group-size"}

	unsupportedSince40 = map[queue.Kind][]string{
		queue.Classic: unsupportedByClassic, queue.Quorum: unsupportedByQuorum, queue.Stream: unsupportedByStreams,
	}

	policies310 = policyRules{
		policyTargets:     []Target{ToAll, ToQueues, ToExchanges},
		policyTargetsText: "'queues', 'exchanges' or 'all'",
		unknownPolicySettings: []string{"consumer-timeout", "target-group-size", "stream-filter-size-bytes",
			"delayed-retry-min", "delayed-retry-max", "delayed-retry-type", "consumer-disconnected-timeout"},
		unsupportedSettings: map[queue.Kind][]string{
			queue.Classic: {"max-age", "stream-max-segment-size-bytes", "queue-leader-locator", "initial-cluster-size", "delivery-limit", "dead-letter-strategy"},
			queue.Quorum:  unsupportedByQuorum,
			queue.Stream:  unsupportedByStreams,
		},
		refusesNegativeDeliveryLimit: true,
		mirrors:                      true,
	}
	policies40 = policyRules{
		policyTargets: allTargets, policyTargetsText: allTargetsText,
		unknownPolicySettings: []string{"delayed-retry-min", "delayed-retry-max", "delayed-retry-type", "consumer-disconnected-timeout"},
		unsupportedSettings:   unsupportedSince40,
		moreOperatorSettings:  []string{"overflow", "queue-version", "queue-master-locator", "target-group-size"},
	}
	policies43 = policyRules{
		policyTargets: allTargets, policyTargetsText: allTargetsText,
		forbiddenSettings:    []string{"queue-master-locator"},
		unsupportedSettings:  unsupportedSince40,
		moreOperatorSettings: []string{"overflow", "queue-version", "queue-master-locator", "target-group-size"},
	}
)

// ManagementRules is how the HTTP API of a release differs from that of others.
type ManagementRules struct {
	ErlangVersion, ErlangFullVersion string
	// AllowHeader: every answer lists the methods of its path.
	AllowHeader bool
	// ContentSecurityPolicy is sent with every answer.
	ContentSecurityPolicy string
	// LoginFailed is the reason in a refusal for a wrong password, and
	// Challenge whether it asks for another.
	LoginFailed string
	Challenge   bool
	// HidesVHosts: a virtual host that a user may not enter is not found.
	HidesVHosts bool
	// InternalUser: whoami says that the user is the broker's own.
	InternalUser bool
	// EscapesPolicyErrors: what is wrong with a policy is told as HTML.
	EscapesPolicyErrors bool
	// NamesQueueType: the arguments of a queue say its type, declared or not.
	NamesQueueType bool
	// DefaultQueueType is that of a virtual host that has none.
	DefaultQueueType string
	// MetadataQueueType: a virtual host's metadata has the default queue type.
	MetadataQueueType bool
	// MissingObject: to publish to or to get from what is not there is answered
	// by its name instead of the channel's text.
	MissingObject bool
	// TopicNeedsExchange refuses topic permissions for an exchange that is not
	// there.
	TopicNeedsExchange bool
	// HasDeprecatedFeatures, HasVersion and so on: the path is there.
	HasDeprecatedFeatures, HasVersion, HasAuth, HasReadiness, HasHashPassword bool
	// HidesUserLimits: who is no monitor sees no limits but their own.
	HidesUserLimits bool
	// FailsOnOwnConnections answers with 500 who is no monitor and asks for a user's connections.
	FailsOnOwnConnections bool
	// PagesUsers: the list of users comes in pages if asked to.
	PagesUsers bool
	// AdministersAttempts: only administrators reset the counts of attempts to log in.
	AdministersAttempts bool
	// ListsProtocols: the health of protocol listeners lists those that are there.
	ListsProtocols bool
	// ActiveReaders: consumers of streams are told to be active, as they are.
	ActiveReaders bool
	// InternalQueues: queues say whether they are the broker's own.
	InternalQueues bool
	// StorageVersion: classic queues say the version of their storage.
	StorageVersion bool
	// BackingQueue: queues tell of the backing queue, and of bytes paged out.
	BackingQueue, PagedOut bool
	// ConsumerTimeout: consumers tell theirs.
	ConsumerTimeout bool
	// TellsBlocked: a consumer without credit is blocked, not up.
	TellsBlocked bool
	// Protected: virtual hosts tell whether they may be deleted.
	Protected bool
	// ChecksQueueType refuses a default queue type that there is not;
	// FailsOnQueueType answers with 500.
	ChecksQueueType, FailsOnQueueType bool
	// ChecksAckMode refuses an unknown one with 400.
	ChecksAckMode bool
	// VHostDefinitions: the definitions of one virtual host say which.
	VHostDefinitions bool
	// VHostLimitsInDefinitions: virtual hosts have their limits there.
	VHostLimitsInDefinitions bool
	// OmitsInternal: definitions have no exchanges that are internal, nor other
	// things that are the broker's own.
	OmitsInternal bool
	// InvalidPageRegex: a bad expression in name is a bad request.
	InvalidPageRegex bool
	// WholeVHosts: the list of virtual hosts has all columns, whatever is asked for.
	WholeVHosts bool
	// TellsTLS: listeners say whether they speak TLS.
	TellsTLS bool
	// Drains: nodes say whether they are being drained.
	Drains bool
	// CertificateSerial: connections have the field peer_cert_serial_number.
	CertificateSerial bool
}

var (
	management310 = ManagementRules{
		ContentSecurityPolicy: "script-src 'self' 'unsafe-eval' 'unsafe-inline'; object-src 'self'",
		ErlangVersion:         "25.2.3", ErlangFullVersion: "Erlang/OTP 25 [erts-13.1.5] [source] [64-bit]",
		LoginFailed: "Login failed", Challenge: true,
		EscapesPolicyErrors: true,
		DefaultQueueType:    "undefined",
		BackingQueue:        true, PagedOut: true,
		InvalidPageRegex: true, FailsOnOwnConnections: true,
	}
	management40 = ManagementRules{
		ContentSecurityPolicy: "script-src 'self' 'unsafe-eval' 'unsafe-inline'; object-src 'self'",
		ErlangVersion:         "27.3.4.1", ErlangFullVersion: "Erlang/OTP 27 [erts-15.2.7] [source] [64-bit]",
		LoginFailed:  "Not_Authorized",
		InternalUser: true, EscapesPolicyErrors: true,
		NamesQueueType: true, DefaultQueueType: "classic", MetadataQueueType: true,
		MissingObject: true, HasDeprecatedFeatures: true, HasVersion: true, HasAuth: true, HasHashPassword: true,
		StorageVersion: true, PagedOut: true, ConsumerTimeout: true, VHostDefinitions: true, InvalidPageRegex: true, Drains: true, WholeVHosts: true,
		FailsOnQueueType: true, PagesUsers: true,
	}
	management43 = ManagementRules{
		ErlangVersion: "29.1.2", ErlangFullVersion: "Erlang/OTP 29 [erts-17.1.1] [source] [64-bit]",
		ContentSecurityPolicy: "script-src 'self'; object-src 'self'",
		AllowHeader:           true, LoginFailed: "Not_Authorized", HidesVHosts: true, InternalUser: true,
		NamesQueueType: true, DefaultQueueType: "classic", MetadataQueueType: true,
		MissingObject: true, TopicNeedsExchange: true,
		HasDeprecatedFeatures: true, HasVersion: true, HasReadiness: true, HasHashPassword: true,
		ListsProtocols: true, InternalQueues: true, ActiveReaders: true, StorageVersion: true, ConsumerTimeout: true, TellsBlocked: true,
		Protected: true, ChecksQueueType: true, ChecksAckMode: true, VHostDefinitions: true, VHostLimitsInDefinitions: true, CertificateSerial: true,
		TellsTLS: true, Drains: true, OmitsInternal: true, WholeVHosts: true, HidesUserLimits: true, AdministersAttempts: true, PagesUsers: true,
	}
)

// Management returns how the HTTP API of the release is.
func (r *Release) Management() *ManagementRules { return &r.management }
