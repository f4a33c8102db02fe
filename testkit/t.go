package testkit

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// T is what a call needs of the test that makes it: *testing.T, *testing.B and
// *testing.F have it, and so do those of other frameworks, such as GinkgoT(). If T has
// a method Context, as *testing.T does, a wait ends with that context; see also
// [WithContext].
//
// Every method that asks the broker for something, or has it do something, takes the
// T of its caller first, and fails that test. What takes no T cannot fail.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
}

// Test is a test that a broker lives and ends with; see [Start].
type Test interface {
	T
	Name() string
	Cleanup(func())
	Failed() bool
	Logf(format string, args ...any)
}

// OrPanic is the T of a program that is not a test, or of a TestMain: what fails
// panics.
//
//	broker, err := testkit.Run()
//	...
//	broker.Declare(testkit.OrPanic, topology)
var OrPanic T = panicking{}

type panicking struct{}

func (panicking) Helper()                           {}
func (panicking) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (panicking) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (panicking) Skipf(format string, args ...any)  { panic(fmt.Sprintf(format, args...)) }

// bounded is a test whose waits a context bounds.
type bounded struct {
	T
	ctx context.Context
}

func (b bounded) Context() context.Context { return b.ctx }

// WithContext returns t with another context, to bound a wait by:
//
//	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
//	defer cancel()
//	broker.AwaitIdle(testkit.WithContext(t, ctx))
//
// A deadline of the context replaces the broker's patience, whether it is
// shorter or longer.
func WithContext(t T, ctx context.Context) T { return bounded{t, ctx} }

// contextOf returns the context of a test.
func contextOf(t T) context.Context {
	if c, ok := t.(interface{ Context() context.Context }); ok {
		return c.Context()
	}
	return context.Background()
}

// report logs something of many lines: to the test's output, as far as it has one,
// where no line of the testkit's source stands before it.
func report(t Test, format string, args ...any) {
	t.Helper()
	if o, ok := t.(interface{ Output() io.Writer }); ok {
		fmt.Fprintln(o.Output(), strings.TrimRight(fmt.Sprintf(format, args...), "\n"))
		return
	}
	t.Logf(format, args...)
}
