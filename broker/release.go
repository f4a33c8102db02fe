package broker

import (
	"fmt"
	"math"

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
	// emptyReplayText is what 541 says when a message that an exchange kept
	// reaches no queue from an exchange that is bound to it.
	emptyReplayText string
	// undoesReplay: the binding then does not come to be, and what exchanges
	// have kept on the way is forgotten.
	undoesReplay bool
	management   ManagementRules
	// refusesWithoutPermission: a refusal does not say which permission lacks.
	refusesWithoutPermission bool
	// channelLimitText refuses a channel for a user's limit.
	// channelLimitNamesNode: it names the node where it means the user.
	channelLimitText      string
	channelLimitNamesNode bool
	// queueLimitFirst: the limit of queues is checked before their arguments.
	queueLimitFirst bool
	// passiveNeedsConfigure: even a passive declaration needs permission.
	passiveNeedsConfigure bool
	// topicPermissionsEnd: topic permissions go with the exchange.
	topicPermissionsEnd bool
	// sendsDelayedAsPublished: consumers of a classic queue get a message that
	// x-delayed-message held back with the properties that its publisher sent, of
	// which x-delay is negated for the broker's own eyes only: in the routing, in
	// dead letters, in the HTTP API. If the broker has changed the properties before,
	// or the queue is a quorum queue, consumers see it too.
	sendsDelayedAsPublished bool
	// copiesNeedTopicPermission: topic permissions hold for CC and BCC too.
	copiesNeedTopicPermission bool
	// missingParenthesis is how the library of regular expressions puts it.
	missingParenthesis string
	policyRules
	// checksDeliveryMode refuses a delivery mode that is neither 1 nor 2.
	checksDeliveryMode bool

	// subtractsBCC: a routing key in BCC is taken from all that there are where it
	// comes first, so that x-death has another order if it repeats one.
	subtractsBCC bool
	// lastDeath: a dead letter says in x-last-death-* what happened last.
	lastDeath bool
	// deadLetterDropsCC: a dead letter with a routing key of its own loses
	// the header CC.
	deadLetterDropsCC bool
	// ownDeathsOnly: an x-death that a client wrote counts for nothing.
	ownDeathsOnly bool
	// gathersDeaths: each death makes one of the earlier ones in x-death that have a
	// queue and a reason in common, and puts them into the opposite order.
	gathersDeaths bool
	// lazyForgetsExpiration: a death in a lazy queue has no original-expiration,
	// unless the message was passed to a consumer at once.
	lazyForgetsExpiration bool
	// sortsDeaths: the fields of an entry in x-death are sorted once there are
	// others. expirationFirst: original-expiration comes before them.
	sortsDeaths, expirationFirst bool

	// The protocol.

	// mechanisms are the SASL mechanisms that are offered.
	mechanisms string
	// loginMustBeText: another value than text does not decode.
	loginMustBeText bool
	// answersAMQP10: AMQP 1.0 is spoken too, so a protocol header that is
	// nobody's is answered with that of AMQP 1.0.
	answersAMQP10 bool
	// minFrameMax is the least frame-max that a client may want.
	minFrameMax uint32
	// refusesExcessBody: a body longer than its header declared is an error.
	refusesExcessBody bool
	// maxBodySize is what a content header may declare at most.
	maxBodySize uint64
	// cancelOkCrashes: basic.cancel-ok from a client is an internal error.
	cancelOkCrashes bool
	// sortsHeaders: headers reach a consumer sorted by name, each once.
	sortsHeaders bool
	// volatileQueues: what stands for a consumer of direct replies is a queue of
	// a type of its own. Otherwise replies are none of routing: they are sent as
	// the message is published, a transaction or not, and are no destination.
	volatileQueues bool
	// txQueues is which queues get what a transaction has published.
	txQueues txQueues
	// repliesAreUntraced: the firehose tells of no queue for a direct reply.
	repliesAreUntraced bool
	// repliesMissDeadLetters: a dead letter is no direct reply.
	repliesMissDeadLetters bool
	// checksUserIDLast: the expiration and the headers are checked before.
	checksUserIDLast bool
	// crashesOnLongText: a reply text that is too long and not ASCII is an
	// internal error.
	crashesOnLongText bool
	// qosPerConsumer: the global prefetch is for each consumer to come.
	qosPerConsumer bool
	// copyright and platform are in the server properties.
	copyright, platform string

	argumentRules

	// Quorum queues.

	// getCountsFirst: what basic.get gets for the first time carries
	// x-delivery-count 0. The first delivery to a consumer never does.
	getCountsFirst bool
	// acquiredCount: redeliveries carry x-acquired-count, and a delivery that
	// the client gave back has not failed.
	acquiredCount bool
	// globalQos: the global prefetch applies to quorum queues and streams.
	globalQos bool
	// consumersByTag: consumers that get something at once are served in order
	// of their tags, not of their arrival.
	consumersByTag bool
	// getSingleText refuses basic.get where there is a single active consumer.
	getSingleText string
	// deliveryLimit is the default limit.
	deliveryLimit queue.Optional
	// releasedToBack: without a delivery limit, what a client gives back goes
	// to the end of the queue.
	releasedToBack bool
	priorities     queue.Priorities
	// consumerTimeouts is who looks after clients that hold messages for too
	// long.
	consumerTimeouts consumerTimeouts
	// countsProperties: limits of bytes count the properties of messages, too.
	countsProperties bool
	// dropsReversed: what a limit drops at once dies last to first.
	dropsReversed bool
	// purgeCountsWithheld: queue.purge counts the dead letters that the queue
	// withholds, though it does not touch them.
	purgeCountsWithheld bool
	// keepsTransientExchanges: they outlive a restart, since 4.3 keeps all
	// exchanges in its store.
	keepsTransientExchanges bool
	// forgetsHistory: what x-recent-history exchanges keep is lost in a restart.
	forgetsHistory bool
	// singleActive is who comes after the single active consumer.
	singleActive queue.SingleActive
	// classicBlame and quorumBlame are for which failures messages are blamed.
	classicBlame, quorumBlame queue.Blame
	// negativeLimitIsNone: a negative delivery limit means none; otherwise the
	// first failure is one too many.
	negativeLimitIsNone bool

	streamRules
}

// The releases.
var (
	Release310 = &Release{
		repliesAreUntraced: true,
		forgetsHistory:     true,
		argumentRules:      arguments310,
		consumersByTag:     true,
		getSingleText:      "quorum queues",
		name:               "3.10", version: "3.10.8",
		streamRules:              streams310,
		management:               management310,
		policyRules:              policies310,
		refusesWithoutPermission: true,
		sendsDelayedAsPublished:  true,
		undoesReplay:             true,
		queueLimitFirst:          true,
		dropsReversed:            true,
		lazyForgetsExpiration:    true,
		channelLimitText:         "number of channels opened for user '%s' has reached the maximum allowed user limit of (%d)",
		missingParenthesis:       "missing )",
		unknownExchangeType:      wire.CommandInvalid,
		maxMessageSize:           128 << 20,
		routing: exchange.Rules{
			LooseHeaders: true, PlainTexts: true, TypedHashHeader: true,
			HeavyHashBindings: true, ManyTopicHashes: true, ShortDelay: true,
			NoLocalRandom: true, NoModulusHash: true,
		},
		checksDeliveryMode: true,
		mechanisms:         "AMQPLAIN PLAIN",
		minFrameMax:        4096,
		maxBodySize:        math.MaxUint64,
		copyright:          "Copyright (c) 2007-2022 VMware, Inc. or its affiliates.",
		platform:           "Erlang/OTP 25.2.3",
		deadLetterDropsCC:  true,
		gathersDeaths:      true,
		sortsDeaths:        true,
		getCountsFirst:     true,
		releasedToBack:     true,
		singleActive:       queue.LongestNext,
	}
	Release40 = &Release{
		subtractsBCC:   true,
		forgetsHistory: true,
		argumentRules:  arguments40,
		getSingleText:  "quorum queues",
		name:           "4.0", version: "4.0.5",
		channelLimitNamesNode:     true,
		repliesMissDeadLetters:    true,
		streamRules:               streams40,
		management:                management40,
		policyRules:               policies40,
		channelLimitText:          "number of channels opened for user '%s' has reached the maximum allowed user limit of (%d)",
		copiesNeedTopicPermission: true,
		missingParenthesis:        "missing )",
		mechanisms:                "PLAIN AMQPLAIN ANONYMOUS",
		answersAMQP10:             true,
		loginMustBeText:           true,
		minFrameMax:               4096,
		maxBodySize:               math.MaxUint64,
		sortsHeaders:              true,
		txQueues:                  txRouted,
		dropsReversed:             true,
		checksUserIDLast:          true,
		crashesOnLongText:         true,
		copyright:                 "Copyright (c) 2007-2024 Broadcom Inc and/or its subsidiaries",
		platform:                  "Erlang/OTP 27.3.4.1",
		unknownExchangeType:       wire.PreconditionFailed,
		maxMessageSize:            16 << 20,
		routing:                   exchange.Rules{EmptyHashHeaderFails: true, HeavyHashBindings: true, ManyTopicHashes: true, NoModulusHash: true},
		emptyReplayText:           "could not find queue/exchange ''",
		lastDeath:                 true,
		ownDeathsOnly:             true,
		expirationFirst:           true,
		deliveryLimit:             queue.Some(20),
		priorities:                queue.Interleaved,
		singleActive:              queue.HighestAtOnce,
		quorumBlame:               queue.BlameDiscarded,
		negativeLimitIsNone:       true,
		releasedToBack:            true,
		consumerTimeouts:          queuedChannelTimeouts,
	}
	Release43 = &Release{
		subtractsBCC:  true,
		argumentRules: arguments43,
		getSingleText: "<<\"quorum\">> queues",
		name:          "4.3", version: "4.3.6",
		streamRules:               streams43,
		management:                management43,
		policyRules:               policies43,
		channelLimitText:          "number of channels opened for user '%s' has reached the maximum allowed user limit of %d",
		passiveNeedsConfigure:     true,
		copiesNeedTopicPermission: true,
		missingParenthesis:        "missing closing parenthesis",
		mechanisms:                "PLAIN ANONYMOUS AMQPLAIN",
		answersAMQP10:             true,
		loginMustBeText:           true,
		minFrameMax:               8192,
		maxBodySize:               512 << 20,
		refusesExcessBody:         true,
		cancelOkCrashes:           true,
		sortsHeaders:              true,
		topicPermissionsEnd:       true,
		volatileQueues:            true,
		txQueues:                  txNamed,
		checksUserIDLast:          true,
		crashesOnLongText:         true,
		qosPerConsumer:            true,
		copyright:                 "Copyright (c) 2007-2026 Broadcom Inc and/or its subsidiaries",
		platform:                  "Erlang/OTP 29.1.2",
		unknownExchangeType:       wire.PreconditionFailed,
		maxMessageSize:            16 << 20,
		routing:                   exchange.Rules{Words: "x-random x-jms-topic"},
		emptyReplayText:           "could not find queue/exchange ''",
		lastDeath:                 true,
		ownDeathsOnly:             true,
		expirationFirst:           true,
		acquiredCount:             true,
		globalQos:                 true,
		deliveryLimit:             queue.Some(20),
		priorities:                queue.Strict,
		singleActive:              queue.HighestAtOnce,
		classicBlame:              queue.BlameRefused,
		quorumBlame:               queue.BlameRefused,
		negativeLimitIsNone:       true,
		consumerTimeouts:          queueTimeouts,
		purgeCountsWithheld:       true,
		keepsTransientExchanges:   true,
		countsProperties:          true,
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

// complete sets what no argument says: how this release's queues behave.
func (r *Release) complete(s *queue.Settings) {
	if s.MaxPriority.Set {
		s.MaxPriority.Value = max(s.MaxPriority.Value, r.leastMaxPriority)
	}
	s.Blame = r.classicBlame
	if s.Kind != queue.Quorum {
		return
	}
	s.Blame, s.SingleActive = r.quorumBlame, r.singleActive
	if !s.DeliveryLimit.Set {
		s.DeliveryLimit = r.deliveryLimit
	}
	if s.DeliveryLimit.Value < 0 && !r.negativeLimitIsNone {
		s.DeliveryLimit.Value = 0
	}
	s.ReleasedToBack = r.releasedToBack
	s.Priorities = r.priorities
	s.ConsumersByTag = r.consumersByTag
	s.ReleasedIsFailed = !r.acquiredCount
	s.CountsProperties = r.countsProperties
	s.DropsReversed = r.dropsReversed
}
