package amqpserver

const (
	// smallBody is the size up to which bodies share memory.
	smallBody = 512
	// firstPiece and largestPiece are how the pieces of memory grow that they
	// share: one message that is kept keeps that much with it.
	firstPiece   = 256
	largestPiece = 4 << 10
)

// bodies makes room for the bodies that come on a connection. Those of small messages
// that come as one frame are cut from one piece of memory, one after the other, which
// is quicker than to allocate each.
type bodies struct {
	piece   []byte // what is left of it
	size    int    // of the last piece
	largest int    // body so far
}

// next returns room for a body of a size, which the client may only claim; frame is
// the size of its first frame, which has arrived in part at least.
func (b *bodies) next(size uint64, frame uint32) []byte {
	if size > smallBody || size != uint64(frame) {
		// As large as others on this connection were: it will come.
		return make([]byte, 0, min(size, uint64(max(b.largest, int(frame)))))
	}
	n := int(size)
	if n > len(b.piece) {
		b.size = max(n, min(2*b.size, largestPiece), firstPiece)
		b.piece = make([]byte, b.size)
	}
	body := b.piece[:0:n]
	b.piece = b.piece[n:]
	return body
}

// done notes how large a body was.
func (b *bodies) done(body []byte) { b.largest = max(b.largest, len(body)) }
