// Package tutorial holds the tutorial as Python programs: a Celery app with one task, its messenger, and the programs
// that make the topology and ask for jobs. Go code gets them as files.
package tutorial

import "embed"

// Files are the programs.
//
//go:embed *.py
var Files embed.FS
