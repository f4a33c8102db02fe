package erlang

// An Exs1024 is Erlang's generator exs1024, Sebastiano Vigna's xorshift1024*, as rand:seed_s(exs1024, {K, K, K}) and
// rand:uniform_s/1 use it.
type Exs1024 struct {
	ring [16]uint64
	at   int
}

// NewExs1024 returns the generator seeded with {key, key, key}.
func NewExs1024(key uint64) Exs1024 {
	const low21 = 1<<21 - 1
	part := (key & low21) + 1
	seed := part*2097131&low21<<43 | part*2097133&low21<<22 | part*2097143&low21<<1 | 1
	var e Exs1024
	for i := len(e.ring) - 1; i >= 0; i-- { // Erlang conses the list up, so its first is drawn last
		seed ^= seed >> 12
		seed ^= seed << 25
		seed ^= seed >> 27
		e.ring[i] = seed * 2685821657736338717
	}
	return e
}

// Uniform returns the next number in [0, 1].
func (e *Exs1024) Uniform() float64 {
	return float64(e.next()) / (1 << 64)
}

func (e *Exs1024) next() uint64 {
	s0 := e.ring[e.at]
	e.at = (e.at + 1) & 15
	s1 := e.ring[e.at]
	s1 ^= s1 << 31
	s1 ^= s1 >> 11
	s0 ^= s0 >> 30
	e.ring[e.at] = s0 ^ s1
	return e.ring[e.at] * 1181783497276652981
}
