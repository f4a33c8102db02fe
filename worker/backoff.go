package worker

import "time"

// backoff says how long to wait before each attempt in a row: the wait doubles from first up to cap, and each is
// shortened by a random part of up to a half, so that workers which lost their broker together do not come back
// together.
type backoff struct {
	first, cap time.Duration
	random     randomDuration

	step time.Duration // before jitter; zero before the first attempt
}

// next returns the wait before the next attempt: more than a half of the step, at most all of it.
func (b *backoff) next() time.Duration {
	switch {
	case b.step == 0:
		b.step = b.first
	case b.step > b.cap/2: // doubling would pass the cap, or overflow
		b.step = b.cap
	default:
		b.step *= 2
	}
	return b.step - b.random(b.step/2)
}

// reset starts over: the last attempt succeeded.
func (b *backoff) reset() { b.step = 0 }
