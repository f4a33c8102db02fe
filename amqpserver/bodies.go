package amqpserver

const (
	// smallBody is the size up to which bodies share a piece of memory.
	smallBody = 256
	// pieceSize is how long a piece is, and so the most that one message which is
	// kept keeps with it. The garbage collector is quick up to that size.
	pieceSize = 512
)

// bodies makes room for the bodies that come on a connection. Small ones are cut from
// one piece of memory, one after the other, which is quicker than to allocate each.
type bodies struct {
	piece   []byte // what is left of it
	largest int    // body so far
}

// next returns room for a body of a size, which so far the client only claims; frame
// is the size of its first frame, which has begun to arrive.
func (b *bodies) next(size uint64, frame uint32) []byte {
	if size > smallBody || size != uint64(frame) {
		// As large as others on this connection were: it will come.
		return make([]byte, 0, min(size, uint64(max(b.largest, int(frame)))))
	}
	if int(size) > len(b.piece) {
		b.piece = make([]byte, pieceSize)
	}
	body := b.piece[:0:size]
	b.piece = b.piece[size:]
	return body
}

// done notes how large a body was.
func (b *bodies) done(body []byte) { b.largest = max(b.largest, len(body)) }
