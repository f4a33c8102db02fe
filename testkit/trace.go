package testkit

import (
	"strings"

	"github.com/minirabbit/minirabbit/internal/record"
)

// logMethods is how much of the trace is logged when a test fails.
const logMethods = 100

// Trace returns the last methods that clients and broker have sent each other,
// one line each, the latest last: at most 1,000. The last 100 of them are logged
// when the test fails.
func (b *Broker) Trace(t T) []string {
	t.Helper()
	b.needRecording(t, "the trace of methods")
	return b.trace.Lines(record.KeepMethods)
}

func (b *Broker) logTrace(t Test) {
	if lines := b.trace.Lines(logMethods); len(lines) > 0 {
		report(t, "the last %d methods (> from client, < from broker):\n  %s", len(lines), strings.Join(lines, "\n  "))
	}
}
