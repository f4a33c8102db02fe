package wire

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
)

// A Reader reads frames. It asks the stream for as much as its buffer takes, so that many small frames cost one read;
// the buffer starts small and grows while the stream fills it. One goroutine at a time may use it.
//
// At a clean end, between two frames, the methods return io.EOF; within a frame io.ErrUnexpectedEOF. Errors of the
// stream come unchanged. After one, such as an expired deadline, ReadHead, ReadPayload and ReadFrame can be called
// again and lose nothing; AppendPayload cannot. After one of this package's errors the stream is unusable.
type Reader struct {
	r        io.Reader
	max      int    // the buffer grows to this by itself; beyond only for a larger frame
	frameMax uint32 // 0: no limit
	head     FrameHead
	inFrame  bool // head was read and its payload was not

	buf        []byte
	start, end int // buf[start:end] was read from r and not used yet
}

const (
	startBuffer   = 1 << 10
	defaultBuffer = 64 << 10
	maxEmptyReads = 100 // in a row, before io.ErrNoProgress
)

// NewReader returns a Reader whose buffer grows to bufferSize bytes; 0 means 64 KiB. A method or header frame that
// does not fit enlarges it for the time of that frame.
func NewReader(r io.Reader, bufferSize int) *Reader {
	if bufferSize <= 0 {
		bufferSize = defaultBuffer
	}
	return &Reader{r: r, max: max(bufferSize, 16)}
}

// SetFrameMax limits the frames to come to a payload of n bytes, as RabbitMQ understands frame-max; 0, as at first, means
// no limit but 2 GiB.
func (r *Reader) SetFrameMax(n uint32) { r.frameMax = n }

// Buffered returns how many bytes have been read from the stream and not been returned yet.
func (r *Reader) Buffered() int { return r.end - r.start }

// ReadProtocolHeader reads the eight bytes with which a client begins. The caller compares them to ProtocolHeader.
func (r *Reader) ReadProtocolHeader() ([8]byte, error) {
	var header [8]byte
	if err := r.fill(len(header)); err != nil {
		if r.Buffered() > 0 {
			err = unexpected(err)
		}
		return header, err
	}
	r.start += copy(header[:], r.buf[r.start:r.end])
	return header, nil
}

// ReadFrame reads a frame. The payload is a view of the buffer, valid until the next call of any method.
func (r *Reader) ReadFrame() (Frame, error) {
	head, err := r.ReadHead()
	if err != nil {
		return Frame{}, err
	}
	payload, err := r.ReadPayload(head)
	if err != nil {
		return Frame{}, err
	}
	return Frame{Type: head.Type, Channel: head.Channel, Payload: payload}, nil
}

// ReadHead reads what precedes a payload. ReadPayload or AppendPayload must follow before the next frame. A declared
// size over the limit is a *FrameTooLargeError. A wrong type is not found here but with the payload: RabbitMQ reads
// such a frame to its end, and looks at its end first.
func (r *Reader) ReadHead() (FrameHead, error) {
	if r.inFrame { // called again after ReadFrame failed in the payload
		return r.head, nil
	}
	if r.Buffered() < frameHeadSize {
		if err := r.fill(frameHeadSize); err != nil {
			if r.Buffered() > 0 {
				err = unexpected(err)
			}
			return FrameHead{}, err
		}
	}
	b := r.buf[r.start : r.start+frameHeadSize]
	head := FrameHead{
		Type:    FrameType(b[0]),
		Channel: binary.BigEndian.Uint16(b[1:]),
		Size:    binary.BigEndian.Uint32(b[3:]),
	}
	if head.Size > maxPayload(r.frameMax) {
		return head, &FrameTooLargeError{Head: head, Max: r.frameMax}
	}
	r.start += frameHeadSize
	r.head, r.inFrame = head, true
	return head, nil
}

// ReadPayload reads the payload that follows head, and the frame end. The result is a view of the buffer, valid until
// the next call of any method. The error may be a *FrameEndError or a *FrameTypeError.
func (r *Reader) ReadPayload(head FrameHead) ([]byte, error) {
	if r.Buffered() <= int(head.Size) {
		if err := r.fill(int(head.Size) + 1); err != nil {
			return nil, unexpected(err)
		}
	}
	payload := r.buf[r.start : r.start+int(head.Size) : r.start+int(head.Size)]
	r.start += len(payload)
	if err := r.finish(head, payload); err != nil {
		return nil, err
	}
	return payload, nil
}

// AppendPayload reads the payload that follows head, appends it to dst and reads the frame end. The bytes go straight
// into dst when there are many. If dst lacks room, it grows as the bytes arrive: to no more than 64 KiB or twice what
// it holds, whatever size head declares. For a body of several frames, give dst room for as much of the whole as you
// trust. The error may be a *FrameEndError or a *FrameTypeError; dst is then returned with what had arrived.
func (r *Reader) AppendPayload(dst []byte, head FrameHead) ([]byte, error) {
	begin := len(dst)
	for left := int(head.Size); left > 0; {
		if r.Buffered() == 0 && left < len(r.buf) {
			// The end of the frame and the start of the next come with the same read.
			if err := r.fill(1); err != nil {
				return dst, unexpected(err)
			}
		}
		if n := min(left, r.Buffered()); n > 0 {
			dst = append(growTo(dst, left), r.buf[r.start:r.start+n]...)
			r.start += n
			left -= n
			continue
		}
		dst = growTo(dst, left)
		n, err := r.read(dst[len(dst):min(cap(dst), len(dst)+left)])
		dst = dst[:len(dst)+n]
		left -= n
		if err != nil {
			return dst, unexpected(err)
		}
	}
	if r.Buffered() == 0 {
		if err := r.fill(1); err != nil {
			return dst, unexpected(err)
		}
	}
	return dst, r.finish(head, dst[begin:])
}

// finish reads the frame end, which is in the buffer, and checks it, then the type, in RabbitMQ's order.
func (r *Reader) finish(head FrameHead, payload []byte) error {
	end := r.buf[r.start]
	r.start++
	r.inFrame = false
	if end != FrameEnd {
		return &FrameEndError{Head: head, Payload: snippet(payload), Got: end}
	}
	switch head.Type {
	case FrameMethod, FrameHeader, FrameBody:
		return nil
	case FrameHeartbeat:
		if len(payload) == 0 {
			return nil
		}
	}
	return &FrameTypeError{Head: head, Payload: snippet(payload)}
}

// fill reads until n bytes are in the buffer.
func (r *Reader) fill(n int) error {
	for r.Buffered() < n {
		r.makeRoom(n)
		free := r.buf[r.end:]
		got, err := r.read(free)
		r.end += got
		if got == len(free) && got >= len(r.buf)/2 && len(r.buf) < r.max {
			r.resize(min(2*len(r.buf), r.max)) // there is more where that came from
		}
		if err != nil && r.Buffered() < n {
			return err
		}
	}
	return nil
}

// makeRoom leaves free bytes behind end for the next read, which should be a large one. The buffer grows only when it
// is full, so to twice what has arrived, whatever n is.
func (r *Reader) makeRoom(n int) {
	if r.Buffered() == 0 {
		r.start, r.end = 0, 0
		if len(r.buf) > r.max && n <= r.max {
			r.buf = nil // a large frame is over
		}
	}
	if r.buf == nil {
		r.buf = make([]byte, min(startBuffer, r.max))
	}
	if r.start > 0 && (len(r.buf)-r.start < n || len(r.buf)-r.end < len(r.buf)/2) {
		r.end = copy(r.buf, r.buf[r.start:r.end])
		r.start = 0
	}
	if r.end == len(r.buf) {
		r.resize(min(2*len(r.buf), max(n, r.max)))
	}
}

// resize moves the buffered bytes to the start of a new buffer.
func (r *Reader) resize(size int) {
	buf := make([]byte, size)
	r.end = copy(buf, r.buf[r.start:r.end])
	r.start = 0
	r.buf = buf
}

// read reads at least one byte from the stream, unless there is an error.
func (r *Reader) read(p []byte) (int, error) {
	for range maxEmptyReads {
		if n, err := r.r.Read(p); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// growTo returns dst with room for one byte at least and for n more if that is in proportion to what it holds.
func growTo(dst []byte, n int) []byte {
	if len(dst) < cap(dst) {
		return dst
	}
	return slices.Grow(dst, min(n, max(len(dst), defaultBuffer)))
}

// maxPayload returns the largest payload that a frame-max allows. By the specification (4.2.3) frame-max counts the
// whole frame; RabbitMQ grants the eight bytes of overhead once more, to clients that count the payload only: at
// frame-max 4096 it accepts 4096 bytes of payload and refuses 4097.
func maxPayload(frameMax uint32) uint32 {
	if frameMax == 0 {
		return largestPayload
	}
	return min(frameMax, largestPayload)
}

func snippet(payload []byte) []byte { return bytes.Clone(payload[:min(len(payload), 16)]) }

// unexpected turns the end of the stream into an unexpected one.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
