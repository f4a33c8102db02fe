package queue

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// A deque must behave as a sorted list, whatever comes and goes at both ends and
// in between.
func TestDequeIsASortedList(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 20 {
		var d deque
		var list, taken []uint64
		next := uint64(0)
		for range 5000 {
			switch n := random.IntN(10); {
			case n < 4+round%3:
				next++
				d.insert(Entry{position: next})
				list = append(list, next)
			case n < 9 && len(list) > 0:
				e := d.popFront()
				if e.position != list[0] {
					t.Fatalf("popped %d, expected %d", e.position, list[0])
				}
				taken = append(taken, list[0])
				list = list[1:]
			case len(taken) > 0: // one that was taken comes back: often the last one
				i := len(taken) - 1
				if random.IntN(2) == 0 {
					i = random.IntN(len(taken))
				}
				at, _ := slices.BinarySearch(list, taken[i])
				list = slices.Insert(slices.Clone(list), at, taken[i])
				d.insert(Entry{position: taken[i]})
				taken = slices.Delete(taken, i, i+1)
			}
			if d.length != len(list) {
				t.Fatalf("length %d, expected %d", d.length, len(list))
			}
		}
		for i, want := range list {
			if got := d.at(i).position; got != want {
				t.Fatalf("entry %d is %d, expected %d", i, got, want)
			}
		}
		for range list {
			d.popFront()
		}
		for _, block := range d.blocks {
			for _, e := range block {
				if e != (Entry{}) {
					t.Fatal("a place that was left is not empty")
				}
			}
		}
	}
}

// BenchmarkDeque puts in and takes out with a number of entries in between.
func BenchmarkDeque(b *testing.B) {
	for name, depth := range map[string]int{"empty": 0, "1000": 1000, "1000000": 1_000_000} {
		b.Run(name, func(b *testing.B) {
			var d deque
			for i := range depth {
				d.append(Entry{position: uint64(i)})
			}
			b.ReportAllocs()
			for i := depth; b.Loop(); i++ {
				d.append(Entry{position: uint64(i)})
				d.popFront()
			}
		})
	}
}
