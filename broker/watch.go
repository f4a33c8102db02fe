package broker

import "slices"

// watcher looks at the virtual hosts of a node whenever something may have changed.
type watcher struct{ look func(vh *VHost) }

// Watch calls look for every virtual host: now, and at the end of each critical
// section from now on. Virtual hosts that are created later are watched from their
// first critical section on. look is called with the lock of that one virtual host
// held: it must be quick, and must not block. It is called once more for a virtual
// host when it has been deleted, and for no other reason afterwards.
//
// stop ends it. It takes the locks of the virtual hosts, one after the other.
func (n *Node) Watch(look func(vh *VHost)) (stop func()) {
	w := &watcher{look}
	n.mu.Lock()
	n.watchers = append(n.watchers, w)
	n.mu.Unlock()
	for _, vh := range n.VHosts() {
		vh.Do(func() {
			if !slices.Contains(vh.watchers, w) { // it may be as young as the watcher
				vh.watchers = append(vh.watchers, w)
			}
			look(vh)
		})
	}
	return func() {
		is := func(other *watcher) bool { return other == w }
		n.mu.Lock()
		n.watchers = slices.DeleteFunc(n.watchers, is)
		n.mu.Unlock()
		for _, vh := range n.VHosts() {
			vh.Do(func() { vh.watchers = slices.DeleteFunc(vh.watchers, is) })
		}
	}
}

// notify has the watchers look.
func (vh *VHost) notify() {
	for _, w := range vh.watchers {
		w.look(vh)
	}
}
