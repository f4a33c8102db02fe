package broker

// watcher waits for something to become true in a virtual host.
type watcher struct {
	check func() bool
	done  chan struct{}
}

// Await returns a channel that is closed once check is true, which is tried now
// and at the end of every critical section. check is called with the lock held
// and must be quick and free of effects. forget ends the wait early; it takes the
// lock itself.
func (vh *VHost) Await(check func() bool) (done <-chan struct{}, forget func()) {
	w := &watcher{check: check, done: make(chan struct{})}
	if check() {
		close(w.done)
		return w.done, func() {}
	}
	vh.watchers = append(vh.watchers, w)
	return w.done, func() {
		vh.Lock()
		defer vh.Unlock()
		for i, other := range vh.watchers {
			if other == w {
				vh.watchers = append(vh.watchers[:i], vh.watchers[i+1:]...)
				return
			}
		}
	}
}

// notify tells those whose wait is over.
func (vh *VHost) notify() {
	waiting := vh.watchers[:0]
	for _, w := range vh.watchers {
		if w.check() {
			close(w.done)
		} else {
			waiting = append(waiting, w)
		}
	}
	clear(vh.watchers[len(waiting):])
	vh.watchers = waiting
}
