package conformance

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Release is a release series of RabbitMQ whose behaviour the suite knows.
type Release string

// The releases that the cases were measured on: 3.10.8, 4.0.5 and 4.3.6.
const (
	Release310 Release = "3.10"
	Release40  Release = "4.0"
	Release43  Release = "4.3"
)

// Releases is a set of releases.
type Releases []Release

// The sets that cases use to tell differing answers apart.
var (
	AllReleases = Releases{Release310, Release40, Release43}

	Only310  = Releases{Release310}
	Only40   = Releases{Release40}
	Only43   = Releases{Release43}
	Before43 = Releases{Release310, Release40}
	Since40  = Releases{Release40, Release43}
)

// Has tells whether r is in the set.
func (rs Releases) Has(r Release) bool { return slices.Contains(rs, r) }

// ReleaseOf finds the release to expect of a broker with that version: the newest that is not newer than it.
func ReleaseOf(version string) (Release, error) {
	major, minor, err := splitVersion(version)
	if err != nil {
		return "", err
	}
	for _, release := range slices.Backward(AllReleases) {
		knownMajor, knownMinor, _ := splitVersion(string(release))
		if major > knownMajor || major == knownMajor && minor >= knownMinor {
			return release, nil
		}
	}
	return "", fmt.Errorf("version %q is older than %s, the oldest release that the suite knows", version, Release310)
}

func splitVersion(version string) (major, minor int, err error) {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) >= 2 {
		major, err = strconv.Atoi(parts[0])
		if err == nil {
			minor, err = strconv.Atoi(parts[1])
		}
		if err == nil {
			return major, minor, nil
		}
	}
	return 0, 0, fmt.Errorf("version %q is not of the form MAJOR.MINOR", version)
}

// Answer is what some releases are expected to give.
type Answer[V any] struct {
	releases Releases
	value    V
}

// From makes an Answer: on those releases, that value.
func From[V any](releases Releases, value V) Answer[V] { return Answer[V]{releases, value} }

// ByRelease picks the answer for the target's release. Exactly one of the answers has to be for it.
func ByRelease[V any](t *T, answers ...Answer[V]) V {
	t.Helper()
	var picked []V
	for _, answer := range answers {
		if answer.releases.Has(t.target.Release) {
			picked = append(picked, answer.value)
		}
	}
	if len(picked) != 1 {
		t.Fatalf("the case has %d answers for release %s, want exactly one", len(picked), t.target.Release)
	}
	return picked[0]
}
