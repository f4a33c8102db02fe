package broker

import (
	"sort"

	"github.com/minirabbit/minirabbit/queue"
)

// delivery is a message that a client holds and has not settled.
type delivery struct {
	tag      uint64
	q        *queue.Queue // nil once settled
	consumer *Consumer    // nil if the message was got
	entry    queue.Entry
	at       queue.Instant // when it was handed out
	late     bool          // it was taken back, see late.go
}

// unacked holds a channel's deliveries in order of tag. A settled one leaves a
// hole, which goes when everything before it has gone.
type unacked struct {
	list  []delivery
	start int // list[:start] is settled
	count int
}

func (u *unacked) add(d delivery) {
	if u.start > 32 && u.start > len(u.list)/2 {
		n := copy(u.list, u.list[u.start:])
		clear(u.list[n:])
		u.list, u.start = u.list[:n], 0
	}
	u.list = append(u.list, d)
	u.count++
}

// oldest returns the delivery with the lowest tag, nil if there is none.
func (u *unacked) oldest() *delivery {
	if u.count == 0 {
		return nil
	}
	return &u.list[u.start]
}

// take removes the delivery with a tag, or with multiple all up to it, and
// appends what it removed to dst. Tag zero with multiple means all. It returns
// false if there is no delivery with this tag.
func (u *unacked) take(dst []delivery, tag uint64, multiple bool) ([]delivery, bool) {
	if tag == 0 && multiple {
		return append(dst, u.takeAll()...), true
	}
	open := u.list[u.start:]
	i := sort.Search(len(open), func(i int) bool { return open[i].tag >= tag })
	if i == len(open) || open[i].tag != tag || open[i].q == nil {
		return dst, false
	}
	first := i
	if multiple {
		first = 0
	}
	for ; first <= i; first++ {
		if open[first].q != nil {
			dst = append(dst, open[first])
			open[first] = delivery{tag: open[first].tag}
			u.count--
		}
	}
	for u.start < len(u.list) && u.list[u.start].q == nil {
		u.start++
	}
	return dst, true
}

// takeAll removes and returns all deliveries.
func (u *unacked) takeAll() []delivery {
	all := make([]delivery, 0, u.count)
	for _, d := range u.list[u.start:] {
		if d.q != nil {
			all = append(all, d)
		}
	}
	*u = unacked{}
	return all
}

// putBack returns deliveries that were taken to their places.
func (u *unacked) putBack(ds []delivery) {
	all := append(u.takeAll(), ds...)
	sort.Slice(all, func(i, j int) bool { return all[i].tag < all[j].tag })
	*u = unacked{list: all, count: len(all)}
}

// each calls f for every delivery in order of tag.
func (u *unacked) each(f func(d *delivery)) {
	for i := u.start; i < len(u.list); i++ {
		if u.list[i].q != nil {
			f(&u.list[i])
		}
	}
}
