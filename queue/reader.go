package queue

// Position is a kind of place in a stream.
type Position uint8

// The places at which a consumer can begin to read.
const (
	FromNext   Position = iota // behind the last message
	FromFirst                  // the oldest message that is there
	FromLast                   // the beginning of the last chunk
	FromOffset                 // an offset, which may be yet to come
	FromTime                   // the first chunk that is not older than an instant
)

// Reader is a consumer's place in a stream. What is exported is set before the
// consumer subscribes, and says where it begins and what it skips.
type Reader struct {
	From   Position
	Offset int64   // for FromOffset; a negative one is the oldest message
	Time   Instant // for FromTime

	// Skips, if not nil, says whether the consumer leaves out a chunk with
	// these messages.
	Skips func(chunk []*Message) bool
	// WholeChunks hands over all of a chunk once there is credit for its first
	// message.
	WholeChunks bool

	next     uint64 // the offset to read
	chunkEnd uint64 // behind the chunk that is being read
}

// begin finds the offset at which to read first.
func (r *Reader) begin(s *stream) {
	switch r.From {
	case FromNext:
		r.next = s.next
	case FromFirst:
		r.next = s.segments[0].first
	case FromLast:
		r.next = s.lastChunk()
	case FromOffset:
		r.next = uint64(max(0, r.Offset))
	case FromTime:
		r.next = s.since(r.Time)
	}
}

// read returns the entry that comes next, and whether it is inside a chunk that
// has been begun.
func (r *Reader) read(s *stream) (e Entry, begun, ok bool) {
	for {
		seg, offset := s.find(r.next)
		if seg == nil {
			return Entry{}, false, false
		}
		r.next = offset
		if offset < r.chunkEnd {
			return Entry{Message: seg.messages[offset-seg.first], position: offset, direct: true}, true, true
		}
		first, end := seg.chunkAround(offset)
		if r.Skips != nil && r.Skips(seg.messages[first-seg.first:end-seg.first]) {
			r.next = end
			continue
		}
		return Entry{Message: seg.messages[offset-seg.first], position: offset, direct: true}, false, true
	}
}

// advance says that the entry at r.next was handed over.
func (r *Reader) advance(s *stream) {
	if r.next >= r.chunkEnd {
		seg, offset := s.find(r.next)
		_, r.chunkEnd = seg.chunkAround(offset)
	}
	r.next++
}
