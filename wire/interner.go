package wire

import "hash/maphash"

// An Interner holds short strings that were decoded before, so that the names which a connection repeats with every
// message (exchanges, routing keys, consumer tags, header names) are allocated once. It keeps a limited number of them,
// the later in place of the earlier. One goroutine at a time may use it; a connection's reader has one of its own.
//
// Strings with the same hash share a set. It has several places, lest two names of one message take turns in one.
type Interner struct {
	seed maphash.Seed
	sets [][internerPlaces]string // few at first, many once one of them is full
}

const (
	fewSets        = 4
	manySets       = 64
	internerPlaces = 4 // no method has more short strings
)

// NewInterner returns an empty Interner.
func NewInterner() *Interner {
	return &Interner{seed: maphash.MakeSeed(), sets: make([][internerPlaces]string, fewSets)}
}

// Intern returns b as a string. A nil Interner allocates it.
func (i *Interner) Intern(b []byte) string {
	if i == nil || len(b) == 0 {
		return string(b)
	}
	hash := maphash.Bytes(i.seed, b)
	set := &i.sets[hash%uint64(len(i.sets))]
	for _, known := range set {
		if known == string(b) {
			return known
		}
	}
	if set[internerPlaces-1] != "" && len(i.sets) < manySets {
		i.sets = make([][internerPlaces]string, manySets)
		set = &i.sets[hash%manySets]
	}
	copy(set[1:], set[:])
	set[0] = string(b)
	return set[0]
}
