package release

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Release is a release series of RabbitMQ: all that its behaviour has different from other releases. Nobody changes it.
type Release struct {
	// Name is that of the series, such as "4.0".
	Name string
	// Version is the full version on which the behaviour was measured, and which clients see.
	Version string

	Protocol
	Publishing
	Exchanges
	Queues
	Quorum
	Streams
	DeadLetters
	Access
	Policies
	HTTP
	Ctl
}

// next makes the release that follows r: it is r, but for the changes.
func (r *Release) next(name, version string, change func(r *Release)) *Release {
	after := *r
	after.Name, after.Version = name, version
	change(&after)
	return &after
}

// all lists the releases, oldest first.
var all = []*Release{v3_10, v4_0, v4_1, v4_2, v4_3}

// All lists the releases, oldest first.
func All() []*Release { return slices.Clone(all) }

// Default returns the release that a node shows unless told otherwise: the newest.
func Default() *Release { return all[len(all)-1] }

// Names lists the names of the releases, oldest first, as text: "3.10, 4.0 and 4.3".
func Names() string {
	names := make([]string, len(all))
	for i, r := range all {
		names[i] = r.Name
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// Find returns the release of a name, such as "4.0". A version in full, such as "4.0.5", is one of its series; "3" or "4"
// is the newest release of that line.
func Find(name string) (*Release, error) {
	parts := strings.Split(name, ".")
	for _, part := range parts {
		if _, err := strconv.ParseUint(part, 10, 16); err != nil {
			parts = nil
		}
	}
	for _, r := range slices.Backward(all) {
		switch series := strings.Split(r.Name, "."); {
		case len(parts) == 1 && parts[0] == series[0], len(parts) > 1 && len(parts) <= 3 && slices.Equal(parts[:2], series):
			return r, nil
		}
	}
	return nil, fmt.Errorf("unknown release %q: there are %s", name, Names())
}

// String returns the name.
func (r *Release) String() string { return r.Name }

// Before says whether r is older than other.
func (r *Release) Before(other *Release) bool { return slices.Index(all, r) < slices.Index(all, other) }
