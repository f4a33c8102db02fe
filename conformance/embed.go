package conformance

import (
	"embed"
	"io/fs"
)

//go:embed testdata/recordings
var recorded embed.FS

// Recorded are the recordings that come with this package: what each of [AllReleases] answered.
func Recorded() (Recordings, error) {
	dir, err := fs.Sub(recorded, "testdata/recordings")
	if err != nil {
		return nil, err
	}
	return readRecordings(dir)
}
