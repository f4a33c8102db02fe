package conformance

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Release is a release series of RabbitMQ whose behaviour the suite knows, such as "4.0".
type Release string

// AllReleases are the releases that the suite knows, oldest first. Nothing else orders releases.
var AllReleases = Releases{"3.10", "3.12", "3.13", "4.0", "4.1", "4.2", "4.3"}

// Releases is a set of releases, oldest first.
type Releases []Release

// Installable are the releases that scripts/rabbitmq installs. A case with these has been measured on them, and not on the others.
var Installable = Releases{"3.10", "4.0", "4.3"}

// Since is a release and those after it.
func Since(first Release) Releases { return Between(first, AllReleases[len(AllReleases)-1]) }

// UpTo is a release and those before it.
func UpTo(last Release) Releases { return Between(AllReleases[0], last) }

// Between is two releases and those between them.
func Between(first, last Release) Releases {
	from, to := slices.Index(AllReleases, first), slices.Index(AllReleases, last)
	if from < 0 || to < from {
		panic(fmt.Sprintf("conformance: there are no releases from %q to %q", first, last))
	}
	return AllReleases[from : to+1]
}

// Only is one release.
func Only(release Release) Releases { return Between(release, release) }

// Or is what is in either of two sets.
func (rs Releases) Or(others Releases) Releases {
	return slices.DeleteFunc(slices.Clone(AllReleases), func(r Release) bool { return !rs.Has(r) && !others.Has(r) })
}

// Has tells whether r is in the set.
func (rs Releases) Has(r Release) bool { return slices.Contains(rs, r) }

// String names a set by its ranges, such as "up to 3.13, since 4.3".
func (rs Releases) String() string {
	if len(rs) == len(AllReleases) {
		return "all"
	}
	var ranges []string
	for rest := rs; len(rest) > 0; {
		at, n := slices.Index(AllReleases, rest[0]), 1
		for n < len(rest) && rest[n] == AllReleases[at+n] {
			n++
		}
		first, last := string(rest[0]), string(rest[n-1])
		switch {
		case n == 1:
			ranges = append(ranges, first)
		case at == 0:
			ranges = append(ranges, "up to "+last)
		case at+n == len(AllReleases):
			ranges = append(ranges, "since "+first)
		default:
			ranges = append(ranges, first+" to "+last)
		}
		rest = rest[n:]
	}
	return strings.Join(ranges, ", ")
}

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
	return "", fmt.Errorf("version %q is older than %s, the oldest release that the suite knows", version, AllReleases[0])
}

// FindRelease finds a release by its name, such as "3.13", or by a version of it, such as "3.13.7".
func FindRelease(name string) (Release, error) {
	parts := strings.SplitN(name, ".", 3)
	release := Release(strings.Join(parts[:min(2, len(parts))], "."))
	if !AllReleases.Has(release) {
		names := make([]string, len(AllReleases))
		for i, known := range AllReleases {
			names[i] = string(known)
		}
		return "", fmt.Errorf("unknown release %q: there are %s", name, strings.Join(names, ", "))
	}
	return release, nil
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

// On makes an Answer: on those releases, that value.
func On[V any](releases Releases, value V) Answer[V] { return Answer[V]{releases, value} }

// ByRelease picks the answer for the target's release. Exactly one of the answers has to be for it:
//
//	ByRelease(t, On(UpTo("3.13"), 1), On(Since("4.0"), 4))
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
