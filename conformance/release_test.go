package conformance

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReleaseOfTakesTheNearestBelow(t *testing.T) {
	for version, want := range map[string]Release{
		"3.10.8": "3.10", "3.11.2": "3.10", "3.13.7": "3.13", "4.0.5": "4.0", "4.2.0": "4.2", "4.3.6": "4.3", "5.0.0": "4.3",
		"3.9.1": "", "four": "", "": "",
	} {
		got, err := ReleaseOf(version)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("ReleaseOf(%q) = %q, %v, want %q", version, got, err, want)
		}
	}
}

func TestRangesOfReleases(t *testing.T) {
	for _, each := range []struct {
		name string
		got  Releases
		want Releases
	}{
		{"since 4.2", Since("4.2"), Releases{"4.2", "4.3"}},
		{"up to 3.12", UpTo("3.12"), Releases{"3.10", "3.12"}},
		{"3.13 to 4.1", Between("3.13", "4.1"), Releases{"3.13", "4.0", "4.1"}},
		{"4.0", Only("4.0"), Releases{"4.0"}},
		{"up to 3.12, 4.3", Since("4.3").Or(UpTo("3.12")), Releases{"3.10", "3.12", "4.3"}},
		{"all", UpTo("4.3"), AllReleases},
	} {
		if diff := cmp.Diff(each.want, each.got); diff != "" || each.got.String() != each.name {
			t.Errorf("%s is called %v, and has (-want +got):\n%s", each.name, each.got, diff)
		}
	}
}

func TestARangeOfUnknownReleasesPanics(t *testing.T) {
	for _, ends := range [][2]Release{{"3.11", "4.0"}, {"4.0", "4.9"}, {"4.0", "3.10"}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("the range from %s to %s was made", ends[0], ends[1])
				}
			}()
			Between(ends[0], ends[1])
		}()
	}
}
