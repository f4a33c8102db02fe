package conformance

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Recordings are what real releases answered, case by case: the transcripts of the cases' runs against them.
//
// A directory holds them, with a subdirectory for each release and in it one file for each area, AREA.txt:
//
//	RabbitMQ 4.3.6, recorded 2026-11-23
//
//	queue.purge/count
//	  1.1 queue.declare-ok queue="<q>" message-count=0 consumer-count=0
//	  1.1 queue.purge-ok message-count=3
//	  # purged
type Recordings map[Release]map[string]*Area

// Area is what a release answered to the cases of one area, the part of their IDs before the slash.
type Area struct {
	Version string // of the broker, as "4.3.6"
	Date    string // of the last change, as "2026-11-23"
	Cases   map[string][]string
}

// ReadRecordings reads a directory of recordings. One that does not exist holds none.
func ReadRecordings(dir string) (Recordings, error) { return readRecordings(os.DirFS(dir)) }

func readRecordings(dir fs.FS) (Recordings, error) {
	recordings := make(Recordings)
	for _, release := range AllReleases {
		recordings[release] = make(map[string]*Area)
		names, err := fs.Glob(dir, string(release)+"/*.txt")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			text, err := fs.ReadFile(dir, name)
			if err != nil {
				return nil, err
			}
			area, err := parseArea(string(text))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			recordings[release][strings.TrimSuffix(path.Base(name), ".txt")] = area
		}
	}
	return recordings, nil
}

// Of gives what a release answered in a case, and whether that is recorded.
func (r Recordings) Of(release Release, id string) (transcript []string, ok bool) {
	if area := r[release][areaOf(id)]; area != nil {
		transcript, ok = area.Cases[id]
	}
	return transcript, ok
}

// Put records what a release answered in a case. The area's version and date change only if the answer did.
func (r Recordings) Put(release Release, id, version, date string, transcript []string) {
	if r[release] == nil {
		r[release] = make(map[string]*Area)
	}
	area := r[release][areaOf(id)]
	if area == nil {
		area = &Area{Cases: make(map[string][]string)}
		r[release][areaOf(id)] = area
	}
	if was, ok := area.Cases[id]; ok && slices.Equal(was, transcript) && area.Version == version {
		return
	}
	area.Cases[id], area.Version, area.Date = transcript, version, date
}

// Stale gives the IDs of what is recorded of a release though there is no such case for it.
func (r Recordings) Stale(release Release) []string {
	wanted := make(map[string]bool)
	for _, c := range Cases() {
		wanted[c.ID] = c.isFor(release)
	}
	var stale []string
	for _, area := range r[release] {
		for id := range area.Cases {
			if !wanted[id] {
				stale = append(stale, id)
			}
		}
	}
	slices.Sort(stale)
	return stale
}

// Missing gives the IDs of the cases for a release that are not recorded of it.
func (r Recordings) Missing(release Release) []string {
	var missing []string
	for _, c := range Cases() {
		if _, ok := r.Of(release, c.ID); !ok && c.isFor(release) {
			missing = append(missing, c.ID)
		}
	}
	return missing
}

// Versions gives the versions of a release that were recorded, and the dates of the first and the last recording.
func (r Recordings) Versions(release Release) (versions []string, first, last string) {
	for _, area := range r[release] {
		versions = append(versions, area.Version)
		if first == "" || area.Date < first {
			first = area.Date
		}
		last = max(last, area.Date)
	}
	slices.Sort(versions)
	return slices.Compact(versions), first, last
}

// Write writes the recordings of a release below dir, without those that are stale.
func (r Recordings) Write(dir string, release Release) error {
	for _, id := range r.Stale(release) {
		delete(r[release][areaOf(id)].Cases, id)
	}
	if err := os.MkdirAll(filepath.Join(dir, string(release)), 0o777); err != nil {
		return err
	}
	for name, area := range r[release] {
		file := filepath.Join(dir, string(release), name+".txt")
		if len(area.Cases) == 0 {
			if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
				return err
			}
			continue
		}
		if err := os.WriteFile(file, []byte(area.String()), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// String gives the text of the area's file.
func (a *Area) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "RabbitMQ %s, recorded %s\n", a.Version, a.Date)
	for _, id := range slices.Sorted(maps.Keys(a.Cases)) {
		fmt.Fprintf(&text, "\n%s\n", id)
		for _, line := range a.Cases[id] {
			fmt.Fprintf(&text, "  %s\n", line)
		}
	}
	return text.String()
}

// parseArea reads what String gives.
func parseArea(text string) (*Area, error) {
	head, rest, _ := strings.Cut(text, "\n")
	a := &Area{Cases: make(map[string][]string)}
	if _, err := fmt.Sscanf(strings.Replace(head, ",", " ", 1), "RabbitMQ %s recorded %s", &a.Version, &a.Date); err != nil {
		return nil, fmt.Errorf("line 1 is %q, want RabbitMQ VERSION, recorded DATE", head)
	}
	id := ""
	for i, line := range strings.Split(strings.TrimSuffix(rest, "\n"), "\n") {
		content, indented := strings.CutPrefix(line, "  ")
		switch {
		case indented && id != "":
			a.Cases[id] = append(a.Cases[id], content)
		case indented:
			return nil, fmt.Errorf("line %d belongs to no case: %q", i+2, line)
		case line != "":
			id = line
			a.Cases[id] = []string{}
		}
	}
	return a, nil
}

func areaOf(id string) string {
	area, _, _ := strings.Cut(id, "/")
	return area
}
