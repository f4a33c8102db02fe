package amqpserver

const (
	// smallBody is the size up to which bodies share a piece of memory.
	smallBody = 256
	// pieceSize is how long a piece is, and so the most that one message which is
	// kept keeps with it. The garbage collector is quick up to that size.
	pieceSize = 512
	// maxBodyCredit is the most that a connection may reserve for bodies that have
	// not arrived.
	maxBodyCredit = 1 << 20
)

// bodies makes room for the bodies that come on a connection. Small ones are cut from
// one piece of memory, one after the other, which is quicker than to allocate each.
//
// The size of a body is only a claim until the body has arrived. What is allocated for
// it follows the bytes received: twice as much at most, and credit on top.
type bodies struct {
	piece []byte // what is left of it
	// credit is how many bytes may be reserved for bodies to come. Bodies that arrived
	// have earned it; a body that begins spends it, and earns it back when it is complete.
	credit int
}

// first returns room for a body that its client claims to be of this size; frame is the
// size of its first frame, which has begun to arrive.
func (b *bodies) first(size uint64, frame uint32) []byte {
	if size > smallBody || size != uint64(frame) {
		reserved := int(min(size, uint64(b.credit)))
		b.credit -= reserved
		return make([]byte, 0, max(reserved, int(min(size, uint64(frame)))))
	}
	if int(size) > len(b.piece) {
		b.piece = make([]byte, pieceSize)
	}
	body := b.piece[:0:size]
	b.piece = b.piece[size:]
	return body
}

// next returns the body with room for its next frame, and for as much again as has
// arrived, but no more than it claims to be.
func (b *bodies) next(body []byte, size uint64, frame uint32) []byte {
	if cap(body)-len(body) >= int(frame) {
		return body
	}
	room := min(size, uint64(2*len(body)+int(frame)))
	return append(make([]byte, 0, room), body...)
}

// done earns credit for a body that has arrived.
func (b *bodies) done(body []byte) {
	if len(body) > smallBody {
		b.credit = min(b.credit+len(body), maxBodyCredit)
	}
}
