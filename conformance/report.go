package conformance

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Report is what [Check] found.
type Report struct {
	// Version is the one that the broker tells its clients.
	Version string
	// As is the release that the broker was held against.
	As Release
	// Outcomes are how the cases ended, in the order of [Cases].
	Outcomes []Outcome

	recordings Recordings
}

// Likeness is how many cases a broker answered as a release does.
type Likeness struct {
	Release Release
	Version string // the one that was recorded
	Same    int
	Of      int // the cases that ran and are recorded of the release
}

// String is a sentence without its subject, such as "equals 3.13.7 in 818 of 823 cases".
func (l Likeness) String() string {
	return fmt.Sprintf("equals %s in %d of %d cases", l.Version, l.Same, l.Of)
}

// Likenesses compares the broker with each release, the one with the most equal answers first. The cases were run with the expectations of
// [Report.As]; what the broker answered is what counts.
func (r *Report) Likenesses() []Likeness {
	var all []Likeness
	for _, release := range AllReleases {
		versions, _, _ := r.recordings.Versions(release)
		likeness := Likeness{Release: release, Version: strings.Join(versions, "/")}
		for _, o := range r.Outcomes {
			recorded, ok := r.recordings.Of(release, o.Case.ID)
			if !ok || o.Case.Run == nil || o.Skipped != "" {
				continue
			}
			likeness.Of++
			if slices.Equal(recorded, o.transcript) {
				likeness.Same++
			}
		}
		all = append(all, likeness)
	}
	other := func(l Likeness) int {
		if l.Release == r.As {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(all, func(a, b Likeness) int { return cmp.Or(b.Same-a.Same, a.Of-b.Of, other(a)-other(b)) })
	return all
}

// Counts gives how many cases were answered as the release does, otherwise, and were not run.
func (r *Report) Counts() (same, different, skipped int) {
	return countOutcomes(r.Outcomes)
}

func countOutcomes(outcomes []Outcome) (same, different, skipped int) {
	for _, o := range outcomes {
		switch {
		case o.Skipped != "":
			skipped++
		case o.Same():
			same++
		default:
			different++
		}
	}
	return same, different, skipped
}

// areaReport is the part of a report that is about one area.
type areaReport struct {
	Name                     string
	Same, Different, Skipped int
	Outcomes                 []Outcome
}

// areas splits the report, in the order in which areas run.
func (r *Report) areas() []*areaReport {
	var all []*areaReport
	byName := make(map[string]*areaReport)
	for _, o := range r.Outcomes {
		name := areaOf(o.Case.ID)
		if byName[name] == nil {
			byName[name] = &areaReport{Name: name}
			all = append(all, byName[name])
		}
		byName[name].Outcomes = append(byName[name].Outcomes, o)
	}
	for _, a := range all {
		a.Same, a.Different, a.Skipped = countOutcomes(a.Outcomes)
	}
	return all
}

// differences are the outcomes that are not as the release's.
func (r *Report) differences() []Outcome {
	return slices.DeleteFunc(slices.Clone(r.Outcomes), func(o Outcome) bool { return o.Skipped != "" || o.Same() })
}

// skips gives why cases were not run, and how many for each reason, the most frequent first.
func (r *Report) skips() []skip {
	var all []skip
	for _, o := range r.Outcomes {
		if o.Skipped == "" {
			continue
		}
		reason := o.Skipped
		if !o.Case.isFor(r.As) {
			reason = "for other releases of RabbitMQ"
		}
		at := slices.IndexFunc(all, func(s skip) bool { return s.Reason == reason })
		if at < 0 {
			at = len(all)
			all = append(all, skip{Reason: reason})
		}
		all[at].Cases++
	}
	slices.SortStableFunc(all, func(a, b skip) int { return b.Cases - a.Cases })
	return all
}

type skip struct {
	Reason string
	Cases  int
}

// details tells of a difference: what was expected and what came. The lines compare the whole conversation; checks that
// failed are told only where there is none, or where the case ended before its recording does.
func (o Outcome) details() []string {
	lines := slices.Clone(o.Difference)
	for _, failure := range o.Failures {
		lines = append(lines, strings.Split(strings.TrimSpace(strings.ReplaceAll(failure, "\u00a0", " ")), "\n")...)
	}
	return lines
}

// WriteText writes the report for a terminal: each difference, a summary by area, and which release the broker is like.
func (r *Report) WriteText(w io.Writer) error {
	var text strings.Builder
	differences := r.differences()
	for _, o := range differences {
		fmt.Fprintf(&text, "%s: %s\n", o.Case.ID, o.Case.Title)
		for _, line := range o.details() {
			fmt.Fprintf(&text, "    %s\n", line)
		}
		text.WriteString("\n")
	}
	if len(differences) > 0 {
		fmt.Fprintf(&text, "Lines with - are what RabbitMQ %s answered, lines with + are what this broker did instead.\n\n", r.As)
	}
	fmt.Fprintf(&text, "%-28s %6s %6s %8s\n", "area", "same", "differ", "not run")
	for _, a := range r.areas() {
		if a.Same+a.Different > 0 {
			fmt.Fprintf(&text, "%-28s %6d %6d %8d\n", a.Name, a.Same, a.Different, a.Skipped)
		}
	}
	same, different, skipped := r.Counts()
	fmt.Fprintf(&text, "%-28s %6d %6d %8d\n\n", "all", same, different, skipped)
	for _, s := range r.skips() {
		fmt.Fprintf(&text, "not run: %d cases: %s\n", s.Cases, s.Reason)
	}
	fmt.Fprintf(&text, "The broker calls itself %s and was held against RabbitMQ %s.\n", r.Version, r.As)
	likest := r.Likenesses()
	fmt.Fprintf(&text, "It is nearest to RabbitMQ %s: it %v.\n", likest[0].Release, likest[0])
	for _, likeness := range likest[1:] {
		fmt.Fprintf(&text, "    It %v.\n", likeness)
	}
	_, err := io.WriteString(w, text.String())
	return err
}
