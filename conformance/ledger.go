package conformance

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Ledger is the list of differences between RabbitMQ and the emulator that remain: what differs in the transcripts of
// cases. differences.md holds it. An entry is a section whose title is the case's ID, with the reason as text, and with
// a block for each set of releases in which it differs alike: the lines of the recording that the emulator does not
// give, and those that it gives instead.
//
//	## difference/login-refused
//
//	RabbitMQ lets three seconds pass …
//
//	```diff 3.10 4.0 4.3
//	- # closed after: "3 s"
//	+ # closed after: "0 s"
//	```
type Ledger map[string]map[Release][]string

// ReadLedger reads a file of differences.
func ReadLedger(name string) (Ledger, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	ledger, err := parseLedger(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return ledger, nil
}

// Of gives the difference of a case on a release, as lineDiff does; it is empty where there is none.
func (l Ledger) Of(release Release, id string) []string { return l[id][release] }

func parseLedger(text string) (Ledger, error) {
	ledger := make(Ledger)
	id, releases, prose := "", Releases(nil), 0
	for i, line := range strings.Split(text, "\n") {
		fail := func(format string, values ...any) (Ledger, error) {
			return nil, fmt.Errorf("line %d: %s", i+1, fmt.Sprintf(format, values...))
		}
		title, isTitle := strings.CutPrefix(line, "## ")
		block, isBlock := strings.CutPrefix(line, "```diff ")
		switch {
		case releases != nil && line == "```":
			releases = nil
		case releases != nil:
			if !strings.HasPrefix(line, "- ") && !strings.HasPrefix(line, "+ ") {
				return fail("%q is neither - nor +", line)
			}
			for _, release := range releases {
				ledger[id][release] = append(ledger[id][release], line)
			}
		case isTitle:
			if ledger[title] != nil {
				return fail("%s has two entries", title)
			}
			id, prose = title, 0
			ledger[id] = make(map[Release][]string)
		case isBlock:
			if id == "" || prose == 0 {
				return fail("a difference without a case or without its reason above it")
			}
			for _, name := range strings.Fields(block) {
				release := Release(name)
				if !slices.Contains(AllReleases, release) || ledger[id][release] != nil {
					return fail("%q is no release, or has a block already", name)
				}
				releases = append(releases, release)
			}
		case line != "":
			prose++
		}
	}
	if releases != nil {
		return nil, fmt.Errorf("the last block does not end")
	}
	return ledger, nil
}
