package conformance

// The pages and documents that cases rest on.
const (
	specification        = "AMQP 0-9-1 specification, " // amqp0-9-1.pdf; a section's number or title follows
	reference            = "AMQP 0-9-1 reference, "     // rabbitmq.com/amqp-0-9-1-reference; a method follows
	pageErrata           = "rabbitmq.com/docs/amqp-0-9-1-errata"
	pageProtocol         = "rabbitmq.com/docs/amqp-0-9-1-protocol"
	pageConcepts         = "rabbitmq.com/tutorials/amqp-concepts"
	pageQueues           = "rabbitmq.com/docs/queues"
	pageExchanges        = "rabbitmq.com/docs/exchanges"
	pageAlternate        = "rabbitmq.com/docs/ae"
	pageE2E              = "rabbitmq.com/docs/e2e"
	pageConsumers        = "rabbitmq.com/docs/consumers"
	pagePrefetch         = "rabbitmq.com/docs/consumer-prefetch"
	pageCancel           = "rabbitmq.com/docs/consumer-cancel"
	pageConfirms         = "rabbitmq.com/docs/confirms"
	pageNack             = "rabbitmq.com/docs/nack"
	pagePublishers       = "rabbitmq.com/docs/publishers"
	pageTx               = "rabbitmq.com/docs/semantics"
	pageConnections      = "rabbitmq.com/docs/connections"
	pageChannels         = "rabbitmq.com/docs/channels"
	pageHeartbeats       = "rabbitmq.com/docs/heartbeats"
	pageAuth             = "rabbitmq.com/docs/access-control"
	pageAuthClose        = "rabbitmq.com/docs/auth-notification"
	pageLimits           = "rabbitmq.com/docs/limits"
	pageDLX              = "rabbitmq.com/docs/dlx"
	pageTTL              = "rabbitmq.com/docs/ttl"
	pageMaxLength        = "rabbitmq.com/docs/maxlength"
	pagePriority         = "rabbitmq.com/docs/priority"
	pageStreams          = "rabbitmq.com/docs/streams"
	pageConsumerPriority = "rabbitmq.com/docs/consumer-priority"
	pageHash             = "README of the plug-in rabbitmq_consistent_hash_exchange"
	pageRandom           = "README of the plug-in rabbitmq_random_exchange"
	pageHistory          = "README of the plug-in rabbitmq_recent_history_exchange"
	pageLocalRandom      = "rabbitmq.com/docs/local-random-exchange"
	pageVhosts           = "rabbitmq.com/docs/vhosts"
	pageReplyTo          = "rabbitmq.com/docs/direct-reply-to"
	pageQuorum           = "rabbitmq.com/docs/quorum-queues"
	measured             = "measured" // what RabbitMQ does where no page tells
)

const pageHTTP = "rabbitmq.com/docs/http-api-reference"
