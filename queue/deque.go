package queue

import (
	"slices"
	"sort"
)

// deque holds entries in order of position, in blocks: a long queue grows without
// being copied and without slack, and one that messages merely pass through uses
// the same block again and again. While there is but one block, it may be a small
// one.
type deque struct {
	blocks [][]Entry
	spare  []Entry // an empty block
	start  int     // of the first entry in the first block
	length int
}

const (
	blockSize  = 256
	startBlock = 8
)

func (d *deque) at(i int) *Entry {
	i += d.start
	return &d.blocks[uint(i)/blockSize][uint(i)%blockSize]
}

func (d *deque) front() *Entry { return &d.blocks[0][d.start] }

// append puts e at the back, whatever its position.
func (d *deque) append(e Entry) {
	d.roomBehind()
	d.length++
	*d.at(d.length - 1) = e
}

// insert puts e where its position belongs. New entries go to the back and
// requeued ones mostly to the front; both take constant time.
func (d *deque) insert(e Entry) {
	switch {
	case d.length == 0 || e.position > d.at(d.length-1).position:
		d.append(e)
	case e.position < d.front().position:
		d.roomBefore()
		d.start--
		d.length++
		*d.front() = e
	default:
		d.roomBehind()
		i := sort.Search(d.length, func(i int) bool { return d.at(i).position > e.position })
		d.length++
		for n := d.length - 1; n > i; n-- {
			*d.at(n) = *d.at(n - 1)
		}
		*d.at(i) = e
	}
}

func (d *deque) popFront() Entry {
	slot := d.front()
	e := *slot
	*slot = Entry{}
	d.start++
	d.length--
	switch {
	case d.length == 0:
		d.start = 0
		if len(d.blocks) > 1 {
			clear(d.blocks[1:])
			d.blocks = d.blocks[:1]
		}
	case d.start == blockSize:
		d.start = 0
		d.spare = d.blocks[0]
		if len(d.blocks) <= 16 { // stay at the front of the slice
			copy(d.blocks, d.blocks[1:])
			d.blocks[len(d.blocks)-1] = nil
			d.blocks = d.blocks[:len(d.blocks)-1]
		} else {
			d.blocks[0] = nil
			d.blocks = d.blocks[1:]
		}
	}
	return e
}

// roomBehind sees to it that there is a place behind the last entry.
func (d *deque) roomBehind() {
	end := d.start + d.length
	if len(d.blocks) != 1 || len(d.blocks[0]) == blockSize {
		if end == len(d.blocks)*blockSize {
			d.blocks = append(d.blocks, d.newBlock())
		}
		return
	}
	if end < len(d.blocks[0]) {
		return
	}
	small := d.blocks[0]
	if d.start < d.length {
		d.blocks[0] = make([]Entry, 2*len(small))
	}
	copy(d.blocks[0], small[d.start:end])
	clear(d.blocks[0][d.length:])
	d.start = 0
}

// roomBefore sees to it that there is a place before the first of some entries.
func (d *deque) roomBefore() {
	switch {
	case d.start > 0:
	case len(d.blocks) == 1 && d.length < blockSize:
		old := d.blocks[0]
		d.blocks[0] = make([]Entry, min(blockSize, 2*len(old)))
		d.start = len(d.blocks[0]) - d.length
		copy(d.blocks[0][d.start:], old[:d.length])
	default:
		d.blocks = slices.Insert(d.blocks, 0, d.newBlock())
		d.start = blockSize
	}
}

func (d *deque) newBlock() (block []Entry) {
	switch {
	case len(d.blocks) == 0:
		return make([]Entry, startBlock)
	case d.spare != nil:
		block, d.spare = d.spare, nil
		return block
	}
	return make([]Entry, blockSize)
}
