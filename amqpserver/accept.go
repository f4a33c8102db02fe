package amqpserver

import (
	"errors"
	"net"
	"time"
)

// The delays between attempts to accept after a temporary error are those of
// net/http: 5 ms, doubled with each error in a row, up to a second.
const (
	firstAcceptDelay = 5 * time.Millisecond
	maxAcceptDelay   = time.Second
)

// acceptBackoff says how long to wait after temporary errors in a row.
type acceptBackoff struct{ last time.Duration }

func (b *acceptBackoff) reset() { b.last = 0 }

func (b *acceptBackoff) next() time.Duration {
	b.last = min(max(2*b.last, firstAcceptDelay), maxAcceptDelay)
	return b.last
}

// temporary says whether a later Accept may succeed. The method Temporary is
// deprecated since most errors do not define it well; those of Accept do, and
// net/http relies on it too.
func temporary(err error) bool {
	var e interface{ Temporary() bool }
	return errors.As(err, &e) && e.Temporary() && !errors.Is(err, net.ErrClosed)
}

// sleep waits. It returns false if the server was closed meanwhile.
func (s *Server) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.closing:
		return false
	}
}
