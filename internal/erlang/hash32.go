package erlang

// Sum32 returns erlang:phash2(Term, 1 bsl 32): the whole of the hash.
func (h *Hash) Sum32() uint32 { return h.state }
