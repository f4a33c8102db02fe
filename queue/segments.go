package queue

import "sort"

// A stream keeps what is published until its retention drops it; consumers read
// it, each at its own place. RabbitMQ writes it as segments, files that hold
// chunks: what its writer had before it when it came to write, one message at
// least. Here a chunk is what was published in one critical section: a message,
// or all that a transaction committed. Chunks show in what "last" and a point in
// time mean as the beginning of reading, and in what a filter lets through.
//
// A segment that has reached its size is followed by another as the next chunk is
// written. It begins with a record of the writer's own, which takes up an offset.
// That is when retention is looked at, and it drops whole segments only, never
// the last.
type stream struct {
	segments []*segment // oldest first, one at least
	next     uint64     // the offset of the next message
	length   int
	bytes    int64 // of bodies
	open     bool  // the last chunk may grow
	overdue  bool  // retention is to be looked at
}

type segment struct {
	base     uint64 // its first offset, which may be a record of the writer
	first    uint64 // the offset of messages[0]
	size     int64  // in bytes, as RabbitMQ writes it
	messages []*Message
	chunks   []chunk
}

type chunk struct {
	first uint64
	at    Instant
}

// What RabbitMQ writes beside the messages, in bytes, measured on 4.0 and 4.3; 3.10
// needs some 13 bytes less for a chunk.
const (
	segmentHeader = 8
	writerRecord  = 60
	chunkHeader   = 64
	messageFrame  = 85 // what is around the body and the properties of a message

	// defaultSegment is the size of a segment if x-stream-max-segment-size-bytes
	// does not say another.
	defaultSegment = 500_000_000
)

func newStream() *stream {
	return &stream{segments: []*segment{{size: segmentHeader}}}
}

// append writes m into the chunk that is open, or into a new one.
func (s *stream) append(now Instant, m *Message, maxSegment int64) {
	last := s.segments[len(s.segments)-1]
	if !s.open {
		if len(last.chunks) > 0 && last.size > maxSegment {
			last = &segment{base: s.next, first: s.next + 1, size: segmentHeader + writerRecord}
			s.segments = append(s.segments, last)
			s.next++
			s.overdue = true
		}
		last.chunks = append(last.chunks, chunk{s.next, now})
		last.size += chunkHeader
		s.open = true
	}
	last.messages = append(last.messages, m)
	last.size += int64(messageFrame + len(m.Exchange) + len(m.RoutingKey) + len(m.Properties) + len(m.Body))
	s.next++
	s.length++
	s.bytes += int64(len(m.Body))
}

// find returns the segment with the first message whose offset is from or more,
// and that offset; nil if there is none.
func (s *stream) find(from uint64) (*segment, uint64) {
	i := sort.Search(len(s.segments), func(i int) bool { return s.segments[i].end() > from })
	for ; i < len(s.segments); i++ {
		if seg := s.segments[i]; len(seg.messages) > 0 {
			return seg, max(from, seg.first)
		}
	}
	return nil, 0
}

// end is the offset behind the last message.
func (seg *segment) end() uint64 { return seg.first + uint64(len(seg.messages)) }

// chunkAround returns the offsets at which the chunk with a message begins, and
// behind its end.
func (seg *segment) chunkAround(offset uint64) (first, end uint64) {
	i := sort.Search(len(seg.chunks), func(i int) bool { return seg.chunks[i].first > offset })
	if i == len(seg.chunks) {
		return seg.chunks[i-1].first, seg.end()
	}
	return seg.chunks[i-1].first, seg.chunks[i].first
}

// lastChunk returns the offset at which the last chunk begins.
func (s *stream) lastChunk() uint64 {
	chunks := s.segments[len(s.segments)-1].chunks
	if len(chunks) == 0 {
		return s.next
	}
	return chunks[len(chunks)-1].first
}

// since returns the offset of the first chunk that is not older than an instant.
// RabbitMQ counts in milliseconds.
func (s *stream) since(at Instant) uint64 {
	for _, seg := range s.segments {
		i := sort.Search(len(seg.chunks), func(i int) bool { return seg.chunks[i].at/Millisecond >= at/Millisecond })
		if i < len(seg.chunks) {
			return seg.chunks[i].first
		}
	}
	return s.next
}

// retain drops the segments that the limits do not allow and calls dropped for
// each of their messages.
func (s *stream) retain(now Instant, limits *Settings, dropped func(m *Message)) {
	keep := len(s.segments) - 1
	if limits.MaxLengthBytes.Set {
		for left := limits.MaxLengthBytes.Value - s.segments[keep].size; keep > 0; keep-- {
			if left -= s.segments[keep-1].size; left < 0 {
				break
			}
		}
	} else {
		keep = 0
	}
	if limits.MaxAge.Set {
		oldest := now/Millisecond - Instant(limits.MaxAge.Value)
		for keep < len(s.segments)-1 && s.segments[keep].newest()/Millisecond < oldest {
			keep++
		}
	}
	for _, seg := range s.segments[:keep] {
		for _, m := range seg.messages {
			s.length--
			s.bytes -= int64(len(m.Body))
			dropped(m)
		}
	}
	clear(s.segments[:keep])
	s.segments = s.segments[keep:]
	s.overdue = false
}

func (seg *segment) newest() Instant { return seg.chunks[len(seg.chunks)-1].at }

// each calls f for every message in order of offset.
func (s *stream) each(f func(e *Entry)) {
	for _, seg := range s.segments {
		for i, m := range seg.messages {
			f(&Entry{Message: m, position: seg.first + uint64(i)})
		}
	}
}

// span is how many offsets there are from the first to the last: what RabbitMQ
// gives as the number of messages.
func (s *stream) span() int { return int(s.next - s.segments[0].base) }
