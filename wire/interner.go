package wire

import "hash/maphash"

// An Interner holds short strings that were decoded before, so that the names which a connection repeats with every
// message (exchanges, routing keys, consumer tags, header names) are allocated once. It keeps a fixed number of them,
// the later in place of the earlier. One goroutine at a time may use it; a connection's reader has one of its own.
type Interner struct {
	seed    maphash.Seed
	strings [internedStrings]string
}

const internedStrings = 256 // a power of two

// NewInterner returns an empty Interner.
func NewInterner() *Interner { return &Interner{seed: maphash.MakeSeed()} }

// Intern returns b as a string. A nil Interner allocates it.
func (i *Interner) Intern(b []byte) string {
	if i == nil || len(b) == 0 {
		return string(b)
	}
	slot := &i.strings[maphash.Bytes(i.seed, b)%internedStrings]
	if *slot != string(b) {
		*slot = string(b)
	}
	return *slot
}
