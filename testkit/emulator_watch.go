package testkit

import (
	"sync"

	"github.com/minirabbit/minirabbit/broker"
)

// sight is what a wait has seen of the virtual hosts: of each what it was at the end
// of its last critical section. Nobody hears of what a critical section did before
// it has ended, so all of it together is what was there at one instant, although no
// two virtual hosts are ever locked together.
type sight struct {
	wait wait
	done chan struct{}

	mu sync.Mutex // a leaf: it is taken with the lock of a virtual host held
	// guarded by mu
	seen     map[*broker.VHost]any
	all      []any // scratch
	complete bool  // every virtual host was looked at
	over     bool
}

func (e *emulator) watch(w wait) (done <-chan struct{}, forget func() error) {
	s := &sight{wait: w, done: make(chan struct{}), seen: make(map[*broker.VHost]any)}
	stop := e.node.Watch(func(vh *broker.VHost) { s.look(e, vh) })
	s.mu.Lock()
	s.complete = true
	s.decideLocked()
	s.mu.Unlock()
	return s.done, func() error {
		s.mu.Lock()
		s.over = true
		s.mu.Unlock()
		stop()
		return nil
	}
}

// look looks at a virtual host that is locked.
func (s *sight) look(e *emulator, vh *broker.VHost) {
	if s.wait.vhost != "" && s.wait.vhost != vh.Name() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.over:
		return
	case vh.Closed() && s.wait.vhost == "":
		delete(s.seen, vh)
	default:
		seen, err := s.wait.see(emulatorVHost{e, vh})
		if err != nil {
			panic("testkit: a look at a virtual host of the emulator failed: " + err.Error())
		}
		s.seen[vh] = seen
	}
	if s.complete || s.wait.vhost != "" {
		s.decideLocked()
	}
}

// decideLocked ends the wait if enough was seen.
func (s *sight) decideLocked() {
	if s.over {
		return
	}
	s.all = s.all[:0]
	for _, seen := range s.seen {
		s.all = append(s.all, seen)
	}
	if s.wait.enough(s.all) {
		s.over = true
		close(s.done)
	}
}
