package testkit

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// T is what testkit needs of a test. *testing.T, *testing.B and *testing.F have
// it.
type T interface {
	Helper()
	Name() string
	Context() context.Context
	Cleanup(func())
	Failed() bool
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
}

// report logs something of many lines: to the test's output, as far as it has one,
// where no line of the testkit's source stands before it.
func report(t T, format string, args ...any) {
	t.Helper()
	if o, ok := t.(interface{ Output() io.Writer }); ok {
		fmt.Fprintln(o.Output(), strings.TrimRight(fmt.Sprintf(format, args...), "\n"))
		return
	}
	t.Logf(format, args...)
}
