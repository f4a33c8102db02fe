//go:build !unix

package worker

// resources is what `celery inspect stats` shows of the process.
func resources() any { return "N/A" }
