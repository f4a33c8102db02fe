package memnet

import (
	"io"
	"net"
	"os"
	"sync"
)

const (
	// firstChunk and chunkSize are how the buffers of a stream grow: most
	// connections never need more than the first.
	firstChunk  = 1 << 10
	chunkGrowth = 8
	chunkSize   = 64 << 10
	// keepChunks is how many empty ones a stream keeps for reuse.
	keepChunks = 8
)

// stream is one direction of a connection: a list of chunks, written at its end
// and read from its beginning.
type stream struct {
	mu sync.Mutex
	// guarded by mu
	chunks  [][]byte // chunks[0][start:] is what comes next
	start   int
	size    int      // bytes that are not read yet
	free    [][]byte // of chunkSize
	ended   bool     // the writer closed
	end     error    // what the reader gets then
	refused bool     // the reader closed
	short   bool     // the writer waits until roomAgain is free
	reader  side
	writer  side
}

func newStream() *stream {
	s := &stream{}
	s.reader.init(&s.mu)
	s.writer.init(&s.mu)
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.refused:
			return 0, net.ErrClosed
		case s.reader.expired():
			return 0, os.ErrDeadlineExceeded
		case s.size > 0:
			return s.take(p), nil
		case s.ended:
			return 0, s.end
		case len(p) == 0:
			return 0, nil
		}
		s.reader.wait()
	}
}

// take moves bytes from the front to p.
func (s *stream) take(p []byte) (n int) {
	for n < len(p) && s.size > 0 {
		chunk := s.chunks[0][s.start:]
		moved := copy(p[n:], chunk)
		n += moved
		s.size -= moved
		if s.short && capacity-s.size >= roomAgain {
			s.short = false
			s.writer.wake()
		}
		if s.start += moved; moved == len(chunk) {
			s.dropChunk()
		}
	}
	return n
}

// dropChunk forgets the first chunk, which has been read. The last one is used
// again.
func (s *stream) dropChunk() {
	s.start = 0
	chunk := s.chunks[0][:0]
	if len(s.chunks) == 1 {
		s.chunks[0] = chunk
		return
	}
	if cap(chunk) == chunkSize && len(s.free) < keepChunks {
		s.free = append(s.free, chunk)
	}
	s.chunks[0] = nil
	s.chunks = s.chunks[1:]
}

func (s *stream) write(p []byte) (written int, err error) {
	for {
		n, err := s.writeSome(p)
		written += n
		p = p[n:]
		if err != nil || len(p) == 0 {
			return written, err
		}
	}
}

// writeSome writes what there is room for, and waits until there is some.
func (s *stream) writeSome(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.ended:
			return 0, net.ErrClosed
		case s.writer.expired():
			return 0, os.ErrDeadlineExceeded
		case s.refused:
			return 0, io.ErrClosedPipe
		case len(p) == 0:
			return 0, nil
		}
		if room := capacity - s.size; room > 0 && !s.short {
			n := min(room, len(p))
			s.put(p[:n])
			s.short = s.size == capacity
			return n, nil
		}
		s.writer.wait()
	}
}

// tryWrite is write without waiting.
func (s *stream) tryWrite(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended:
		return 0, net.ErrClosed
	case s.refused:
		return 0, io.ErrClosedPipe
	}
	if s.short {
		return 0, nil
	}
	n := min(capacity-s.size, len(p))
	s.put(p[:n])
	s.short = s.size == capacity
	return n, nil
}

// put appends bytes, for which there is room.
func (s *stream) put(p []byte) {
	s.size += len(p)
	for len(p) > 0 {
		last := len(s.chunks) - 1
		if last < 0 || len(s.chunks[last]) == cap(s.chunks[last]) {
			s.chunks = append(s.chunks, s.newChunk())
			last++
		}
		chunk := s.chunks[last]
		n := copy(chunk[len(chunk):cap(chunk)], p)
		s.chunks[last] = chunk[:len(chunk)+n]
		p = p[n:]
	}
	s.reader.wake()
}

func (s *stream) newChunk() []byte {
	if len(s.chunks) == 0 {
		return make([]byte, 0, firstChunk)
	}
	if last := len(s.free) - 1; last >= 0 {
		chunk := s.free[last]
		s.free = s.free[:last]
		return chunk
	}
	last := cap(s.chunks[len(s.chunks)-1])
	return make([]byte, 0, min(chunkGrowth*last, chunkSize))
}

func (s *stream) closeReader() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = true
	s.chunks, s.free, s.start, s.size = nil, nil, 0, 0
	s.reader.stop()
	s.reader.wake()
	s.writer.wake()
}

func (s *stream) closeWriter(end error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.ended, s.end = true, end
	}
	s.writer.stop()
	s.reader.wake()
	s.writer.wake()
}
