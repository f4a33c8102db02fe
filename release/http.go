package release

// HTTP is how the management HTTP API differs.
type HTTP struct {
	// ErlangVersion is that of the overview and the nodes.
	ErlangVersion string
	// ErlangFullVersion is the same in full.
	ErlangFullVersion string
	// FeatureFlags are the feature flags, each as name:state:stability, the latter two by their first letters.
	FeatureFlags string
	// DeprecatedFeatures are the deprecated features, each as name:phase; none if there is no such path.
	DeprecatedFeatures string

	// ContentSecurityPolicy is sent with every response.
	ContentSecurityPolicy string
	// AllowHeader: every response lists the methods of its path.
	AllowHeader bool
	// LoginFailed is the reason in a refusal for a wrong password.
	LoginFailed string
	// Challenge: that refusal asks for another one, with WWW-Authenticate.
	Challenge bool
	// HidesVHosts: a virtual host that a user may not enter is 404.
	HidesVHosts bool
	// HidesConsumers: a user who may not enter a virtual host, nor monitor it, gets no list of its consumers.
	HidesConsumers bool
	// HidesUserLimits: users without the tag monitoring see only their own limits.
	HidesUserLimits bool
	// FailsOnOwnConnections: a user without the tag monitoring who asks for a user's connections gets 500.
	FailsOnOwnConnections bool
	// AdministersAttempts: only administrators reset the counts of login attempts.
	AdministersAttempts bool
	// InternalUser: whoami says that the user is the broker's own.
	InternalUser bool

	// HasVersion: there is the path /version.
	HasVersion bool
	// HasAuth: there is the path /auth.
	HasAuth bool
	// HasReadiness: there are the paths /health/checks/below-node-connection-limit and the like.
	HasReadiness bool
	// FailsOnOneAddress: the health checks below-node-connection-limit and ready-to-serve-clients are 500 where a listener is
	// bound to one address.
	FailsOnOneAddress bool
	// HasHashPassword: there is the path /auth/hash_password.
	HasHashPassword bool
	// ListsProtocols: the health check of protocol listeners lists those that exist.
	ListsProtocols bool

	// NamesQueueType: the arguments of a queue include its type, declared or not.
	NamesQueueType bool
	// DefaultQueueType is that of a virtual host that has none.
	DefaultQueueType string
	// MetadataQueueType: the metadata of a virtual host includes the default queue type.
	MetadataQueueType bool
	// ChecksQueueType: an unknown default queue type is 400.
	ChecksQueueType bool
	// NullQueueType: a default queue type of null is none. Otherwise it is an unknown one.
	NullQueueType bool
	// FailsOnQueueType: it is 500.
	FailsOnQueueType bool
	// Protected: virtual hosts can be protected from deletion.
	Protected bool
	// WholeVHosts: the list of virtual hosts has all columns, whatever is asked for.
	WholeVHosts bool

	// MissingObject: publish to and get from what does not exist is 404 with the name of it, instead of the channel's
	// text.
	MissingObject bool
	// TopicNeedsExchange: topic permissions for an exchange that does not exist are refused.
	TopicNeedsExchange bool
	// EscapesPolicyErrors: the text of an invalid policy is escaped as HTML.
	EscapesPolicyErrors bool
	// ChecksAckMode: an unknown ackmode is 400.
	ChecksAckMode bool
	// PagesUsers: the list of users can be asked for in pages.
	PagesUsers bool
	// UnknownNodeText refuses to declare a queue on a node that does not exist.
	UnknownNodeText string
	// InvalidPageRegex: a bad regular expression in name is 400.
	InvalidPageRegex bool

	// ActiveReaders: consumers of streams are active.
	ActiveReaders bool
	// InternalQueues: queues say whether they are internal.
	InternalQueues bool
	// StorageVersion: classic queues have storage_version.
	StorageVersion bool
	// BackingQueue: queues have backing_queue_status.
	BackingQueue bool
	// PagedOut: queues have the bytes paged out.
	PagedOut bool
	// ConsumerTimeout: consumers have consumer_timeout.
	ConsumerTimeout bool
	// TellsBlocked: a consumer without credit is blocked, not up.
	TellsBlocked bool
	// TellsTLS: listeners say whether they speak TLS.
	TellsTLS bool
	// Drains: nodes say whether they are being drained.
	Drains bool
	// CertificateSerial: connections have peer_cert_serial_number.
	CertificateSerial bool

	// VHostDefinitions: the definitions of one virtual host say which.
	VHostDefinitions bool
	// VHostLimitsInDefinitions: virtual hosts include their limits there.
	VHostLimitsInDefinitions bool
	// OmitsInternal: definitions have no internal exchanges, nor other internal things.
	OmitsInternal bool
}
