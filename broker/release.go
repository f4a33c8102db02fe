package broker

import (
	"fmt"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/wire"
)

// Release is a release of RabbitMQ whose behaviour the node shows. Where
// releases differ, the code asks the release a named question; the answers are
// all here.
type Release struct {
	name    string
	version string

	unknownExchangeType wire.ReplyCode
	maxMessageSize      int
	routing             exchange.Rules
	// lastDeath: a dead letter says in x-last-death-* what happened last.
	lastDeath bool
	// deadLetterDropsCC: a dead letter with a routing key of its own loses
	// the header CC.
	deadLetterDropsCC bool
}

// The releases, each measured on the version that it names.
var (
	Release310 = &Release{
		name: "3.10", version: "3.10.8",
		unknownExchangeType: wire.CommandInvalid,
		maxMessageSize:      128 << 20,
		routing: exchange.Rules{
			LooseHeaders: true, PlainTexts: true, TypedHashHeader: true,
			HeavyHashBindings: true, ManyTopicHashes: true, ShortDelay: true,
		},
		deadLetterDropsCC: true,
	}
	Release40 = &Release{
		name: "4.0", version: "4.0.5",
		unknownExchangeType: wire.PreconditionFailed,
		maxMessageSize:      16 << 20,
		routing:             exchange.Rules{HeavyHashBindings: true, ManyTopicHashes: true},
		lastDeath:           true,
	}
	Release43 = &Release{
		name: "4.3", version: "4.3.6",
		unknownExchangeType: wire.PreconditionFailed,
		maxMessageSize:      16 << 20,
		lastDeath:           true,
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
