package conformance

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRecordingsAreReadAsWritten(t *testing.T) {
	id := Cases()[0].ID
	recordings := make(Recordings)
	recordings.Put("4.3", id, "4.3.6", "2026-11-23", []string{`1.1 basic.deliver "a"`, "# label: nil"})
	recordings.Put("4.3", "gone/case", "4.3.6", "2026-11-23", []string{})
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "4.3"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "4.3", "gone.txt"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"gone/case"}, recordings.Stale("4.3")); diff != "" {
		t.Errorf("stale (-want +got):\n%s", diff)
	}
	if err := recordings.Write(dir, "4.3"); err != nil {
		t.Fatal(err)
	}
	got, err := ReadRecordings(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := Recordings{"3.10": {}, "3.12": {}, "3.13": {}, "4.0": {}, "4.1": {}, "4.2": {}, "4.3": {
		areaOf(id): {Version: "4.3.6", Date: "2026-11-23", Cases: map[string][]string{
			id: {`1.1 basic.deliver "a"`, "# label: nil"},
		}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
	missing := got.Missing("4.3")
	if len(missing) == 0 || missing[0] == id {
		t.Errorf("of %d missing cases the first is %q, which is there", len(missing), id)
	}
}

func TestARecordingKeepsItsDateUntilItChanges(t *testing.T) {
	recordings := make(Recordings)
	for _, put := range []struct{ version, date, line, want string }{
		{"4.3.6", "2026-11-01", "a", "RabbitMQ 4.3.6, recorded 2026-11-01\n\nx/y\n  a\n"},
		{"4.3.6", "2026-11-02", "a", "RabbitMQ 4.3.6, recorded 2026-11-01\n\nx/y\n  a\n"},
		{"4.3.6", "2026-11-03", "b", "RabbitMQ 4.3.6, recorded 2026-11-03\n\nx/y\n  b\n"},
		{"4.3.7", "2026-11-04", "b", "RabbitMQ 4.3.7, recorded 2026-11-04\n\nx/y\n  b\n"},
	} {
		recordings.Put("4.3", "x/y", put.version, put.date, []string{put.line})
		if diff := cmp.Diff(put.want, recordings["4.3"]["x"].String()); diff != "" {
			t.Errorf("after %v (-want +got):\n%s", put, diff)
		}
	}
	versions, first, last := recordings.Versions("4.3")
	if diff := cmp.Diff([]any{[]string{"4.3.7"}, "2026-11-04", "2026-11-04"}, []any{versions, first, last}); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
}

func TestParseAreaRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, text := range []string{"", "RabbitMQ 4.3.6\n", "RabbitMQ 4.3.6, recorded 2026-11-23\n\n  a line of no case\n"} {
		if area, err := parseArea(text); err == nil {
			t.Errorf("%q was read as %v, want an error", text, area)
		}
	}
}
