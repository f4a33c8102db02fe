//go:build unix

package worker

import "syscall"

// resources is what `celery inspect stats` shows of the process.
func resources() any {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return "N/A"
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return map[string]any{"utime": seconds(usage.Utime), "stime": seconds(usage.Stime), "maxrss": usage.Maxrss}
}
