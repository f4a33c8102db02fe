package lists_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/internal/lists"
)

func TestRemove(t *testing.T) {
	for length := range 6 {
		var all []*int
		for range length {
			all = append(all, new(int))
		}
		for i, v := range all {
			list := slices.Clone(all)
			rest, removed := lists.Remove(list, v)
			require.True(t, removed)
			require.True(t, slices.Equal(slices.Delete(slices.Clone(all), i, i+1), rest))
			require.False(t, slices.Contains(list, v), "what is removed must not stay reachable")
		}
		rest, removed := lists.Remove(slices.Clone(all), new(int))
		require.False(t, removed)
		require.Equal(t, slices.Clone(all), rest)
	}
}
