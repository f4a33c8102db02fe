package worker

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// Results of tasks that were not sent say so, and nothing is kept for them, nor for the steps after them.
func TestResultsOfWhatWasNotSent(t *testing.T) {
	t.Parallel()
	broker := testkit.Start(t)
	client := startClient(t, broker)
	waits := func(result *AsyncResult) error {
		_, err := result.Wait(testContext(t))
		return err
	}
	long := NewCall("tasks.add").ID(strings.Repeat("i", 256))
	result, err := client.Send(testContext(t), long)
	require.ErrorIs(t, err, ErrNotSent)
	require.ErrorContains(t, err, "correlation id of 256 bytes, AMQP has room for 255")
	require.ErrorIs(t, waits(result), ErrNotSent)

	last, err := client.SendChain(testContext(t), long, NewCall("tasks.add"), NewCall("tasks.add"))
	require.ErrorIs(t, err, ErrNotSent)
	for _, result := range []*AsyncResult{last, last.Parent(), last.Parent().Parent()} {
		require.ErrorIs(t, waits(result), ErrNotSent)
	}
	last, err = client.SendChain(testContext(t), NewCall("tasks.add"), NewCall("tasks.add"), NewCall("tasks.add", func() {}))
	require.Error(t, err)
	require.Nil(t, last)
	require.False(t, client.expecting())
	all, err := client.SendGroup(testContext(t), NewCall(""), long)
	require.ErrorIs(t, err, ErrNotSent)
	require.Nil(t, all[0])
	require.ErrorIs(t, waits(all[1]), ErrNotSent)
	require.False(t, client.expecting())

	forgotten, err := client.Delay(testContext(t), "tasks.add", 1)
	require.NoError(t, err)
	client.Forget(forgotten)
	require.ErrorIs(t, waits(forgotten), ErrForgotten)
}
