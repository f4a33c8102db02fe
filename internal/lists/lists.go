// Package lists removes elements from slices that many others are removed from, too.
package lists

import "slices"

// Remove removes the first or the last v of a list, in place, and says whether there
// was one. It is quick if v is near either end: whoever removes all elements in order of
// their arrival, or in the opposite order, needs time in proportion to their number.
func Remove[T comparable](list []T, v T) (rest []T, removed bool) {
	for i, j := 0, len(list)-1; i <= j; i, j = i+1, j-1 {
		if list[i] == v {
			return removeAt(list, i), true
		}
		if list[j] == v {
			return removeAt(list, j), true
		}
	}
	return list, false
}

func removeAt[T any](list []T, i int) []T {
	if i >= len(list)/2 {
		return slices.Delete(list, i, i+1)
	}
	copy(list[1:i+1], list[:i])
	clear(list[:1])
	return list[1:]
}
