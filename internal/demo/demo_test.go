package demo

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/minirabbit/minirabbit/testkit"
	"github.com/minirabbit/minirabbit/worker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	var out bytes.Buffer
	tally, err := Run(t.Context(), &out, broker.URL(), 8)
	require.NoError(t, err)
	require.Equal(t, Tally{Published: 10, Processed: 8, DeadLettered: 2}, tally)
	require.Zero(t, tally.Lost())
	broker.AwaitIdle(t)

	text := out.String()
	for _, want := range []string{
		`redpill   below      12:  Job finished! Result is 8\n`,
		`bluepill  below      21:  Job finished! Result is 13\n`,
		`redpill   below    1112:  Job finished! Result is 987\n`,
		`bluepill  dead-lettered:  \{"limit": -3\}\n`,
		`redpill   dead-lettered:  twelve, please\n`,
		`\[####################\] 10/10  published 10  processed 8  dead-lettered 2\n` +
			`published 10, processed 8, dead-lettered 2, lost 0\n$`,
	} {
		require.Regexp(t, regexp.MustCompile(want), text)
	}
	require.NotContains(t, text, "\x1b") // it is not a terminal
	require.Equal(t, 8, strings.Count(text, "Job finished!"))
}

func TestRunIsInterrupted(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	tally, err := Run(ctx, cancelOn{"Job finished!", cancel}, broker.URL(), 40)
	require.ErrorIs(t, err, context.Canceled)
	require.Positive(t, tally.Processed)
}

// cancelOn is a writer that calls cancel when it gets a text.
type cancelOn struct {
	text   string
	cancel context.CancelFunc
}

func (c cancelOn) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(c.text)) {
		c.cancel()
	}
	return len(b), nil
}

func TestRunFails(t *testing.T) {
	t.Parallel()
	t.Run("without tasks", func(t *testing.T) {
		_, err := Run(t.Context(), t.Output(), "amqp://localhost", 0)
		require.EqualError(t, err, "demo: 0 tasks, expected 1 or more")
	})
	t.Run("without a broker", func(t *testing.T) {
		_, err := Run(t.Context(), t.Output(), "amqp://127.0.0.1:1", 1)
		require.ErrorContains(t, err, "demo: connect: ")
	})
	t.Run("with another topology", func(t *testing.T) {
		broker := testkit.Start(t)
		broker.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: worker.RedQueue}}})
		_, err := Run(t.Context(), t.Output(), broker.URL(), 1)
		var refusal *amqp.Error
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, amqp.PreconditionFailed, refusal.Code)
	})
}

func TestTally(t *testing.T) {
	require.Equal(t, 3, Tally{Published: 10, Processed: 5, DeadLettered: 2}.Lost())
	require.Equal(t, "published 10, processed 5, dead-lettered 2, lost 3",
		Tally{Published: 10, Processed: 5, DeadLettered: 2}.String())
	require.Zero(t, Tally{Published: 1, Processed: 2}.Lost()) // interrupted before the confirm was counted
}

func TestScreenOnATerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := &screen{w: &out, terminal: true}
	s.printf("a line")
	s.progress(Tally{Published: 2}, 2)
	s.printf("another")
	s.progress(Tally{Published: 2, Processed: 1}, 2)
	s.finish(Tally{Published: 2, Processed: 1})
	const erase = "\r\x1b[K"
	none, half := "[....................] 0/2  published 2  processed 0  dead-lettered 0",
		"[##########..........] 1/2  published 2  processed 1  dead-lettered 0"
	require.Equal(t, "a line\n"+
		erase+none+
		erase+"another\n"+none+
		erase+half+
		"\npublished 2, processed 1, dead-lettered 0, lost 1\n", out.String())
}

func TestRunCelery(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	var out bytes.Buffer
	err := RunCelery(t.Context(), &out, broker.URL())
	if errors.Is(err, ErrNoCelery) {
		t.Skip("SKIPPED, no Celery on this machine: ", err)
	}
	require.NoError(t, err)
	require.Equal(t, 4, strings.Count(out.String(), "result 13"), out.String())
	require.Equal(t, 4, strings.Count(out.String(), "Job finished! Result is 13"), out.String())
}
