package worker

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFibonacci(t *testing.T) {
	for limit, want := range map[int64]int64{
		1: 0, 2: 1, 3: 2, 4: 3, 5: 3, 6: 5, 8: 5, 9: 8, 12: 8, 13: 8, 14: 13, 21: 13, 22: 21, 1112: 987,
		math.MaxInt64: 7540113804746346429, 7540113804746346429: 4660046610375530309, 7540113804746346430: 7540113804746346429,
	} {
		got, err := Fibonacci(limit)
		require.NoError(t, err)
		require.Equal(t, want, got, "below %d", limit)
	}
	for _, limit := range []int64{0, -1, math.MinInt64} {
		_, err := Fibonacci(limit)
		require.Error(t, err, "below %d", limit)
	}
}

func TestSlowFibonacciPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		longest := func(limit time.Duration) time.Duration { return limit - 1 }
		began := time.Now()
		got, err := slowFibonacci(10*time.Second, longest)(t.Context(), Task{Limit: 1112})
		require.NoError(t, err)
		require.Equal(t, int64(987), got)
		require.Equal(t, 10*time.Second-1, time.Since(began))
	})
}

func TestSlowFibonacciEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("out of time")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
		defer cancel()
		began := time.Now()
		_, err := slowFibonacci(time.Hour, func(time.Duration) time.Duration { return time.Minute })(ctx, Task{Limit: 1})
		require.ErrorIs(t, err, cause)
		require.Equal(t, time.Second, time.Since(began))
	})
}

func TestUniform(t *testing.T) {
	require.Zero(t, uniform(0))
	require.Zero(t, uniform(-time.Second))
	for range 1000 {
		d := uniform(3)
		require.True(t, d >= 0 && d < 3, d)
	}
}
