package testkit

import (
	"fmt"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/broker"
)

// trap is an observer that panics whenever a message is published.
type trap struct{}

func (trap) Observe(e *broker.Event) {
	if e.Kind == broker.MessagePublished {
		panic("sprung")
	}
}

// failing is a test that notes its failures.
type failing struct {
	Test
	cleanups []func()
	errors   []string
}

func (f *failing) Cleanup(cleanup func()) { f.cleanups = append(f.cleanups, cleanup) }
func (f *failing) Failed() bool           { return len(f.errors) > 0 }
func (f *failing) Errorf(format string, args ...any) {
	f.errors = append(f.errors, fmt.Sprintf(format, args...))
}

// TestPanicFailsTest checks that a test during which the broker has panicked fails, with the
// stack of the panic.
func TestPanicFailsTest(t *testing.T) {
	f := &failing{Test: t}
	b := Start(f, WithoutRecording(), func(c *config) { c.options.Observer = trap{} })
	conn, err := amqp.DialConfig(b.URL(), b.ClientConfig())
	require.NoError(t, err)
	ended := conn.NotifyClose(make(chan *amqp.Error, 1))
	ch, err := conn.Channel()
	require.NoError(t, err)
	require.NoError(t, ch.PublishWithContext(t.Context(), "", "q", false, false, amqp.Publishing{}))
	require.Equal(t, amqp.InternalError, (<-ended).Code)
	for i := len(f.cleanups) - 1; i >= 0; i-- {
		f.cleanups[i]()
	}
	require.Len(t, f.errors, 1)
	require.Contains(t, f.errors[0], "minirabbit panicked: sprung, which is a bug in minirabbit")
	require.Contains(t, f.errors[0], "testkit.trap.Observe")
}
