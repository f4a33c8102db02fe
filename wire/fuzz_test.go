package wire_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/minirabbit/minirabbit/wire"
)

// FuzzDecodeMethod: what decodes, encodes to bytes that decode to the same method and encode to the same bytes.
func FuzzDecodeMethod(f *testing.F) {
	for _, stream := range recordings(f) {
		for _, frame := range frames(f, stream) {
			if frame.Type == wire.FrameMethod {
				f.Add(frame.Payload)
			}
		}
	}
	for _, id := range allMethods {
		f.Add(sample(id).Append(nil))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		var first wire.Method
		var err error
		proportionate(t, len(payload), func() { first, err = wire.DecodeMethod(payload) })
		if err != nil {
			if first != nil || err.Error() == "" {
				t.Fatalf("got method %v and error %q", first, err)
			}
			return
		}
		_ = wire.Format(first)
		b := first.Append(nil)
		second, err := wire.DecodeMethod(b)
		if err != nil {
			t.Fatalf("%s does not decode again: %v", wire.Format(first), err)
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Fatalf("decoded again (-first +second):\n%s", diff)
		}
		if again := second.Append(nil); !bytes.Equal(b, again) {
			t.Fatalf("encoded again\n got %x\nwant %x", again, b)
		}
	})
}

// FuzzTable does the same for tables, alone and as headers among the other properties.
func FuzzTable(f *testing.F) {
	f.Add(everyType().Append(nil))
	f.Add(wire.Table(nil).Append(nil))
	f.Add(unhex(f, "0000000b 01 61 64 7ff8000000000001"))
	properties := everyProperty()
	f.Add(properties.Append(nil))
	for _, stream := range recordings(f) {
		for _, frame := range frames(f, stream) {
			if frame.Type == wire.FrameHeader {
				f.Add(frame.Payload[12:])
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var table wire.Table
		var err error
		if proportionate(t, len(b), func() { table, err = decodeTable(b) }); err == nil {
			if err := table.Validate(); err != nil {
				t.Fatalf("%s decodes and is not valid: %v", table, err)
			}
			encoded := table.Append(nil)
			again, err := decodeTable(encoded)
			if diff := cmp.Diff(table, again); err != nil || diff != "" {
				t.Fatalf("decoded again: error %v (-first +second):\n%s", err, diff)
			}
			if !bytes.Equal(encoded, again.Append(nil)) {
				t.Fatalf("%s encodes in two ways", table)
			}
		}
		var first, second wire.Properties
		c := wire.NewCursor(b)
		if proportionate(t, len(b), func() { first.Decode(c) }); c.Err() != nil {
			return
		}
		encoded := first.Append(nil)
		c.Reset(encoded)
		second.Decode(c)
		if diff := cmp.Diff(first, second); c.Err() != nil || diff != "" {
			t.Fatalf("properties decoded again: error %v (-first +second):\n%s", c.Err(), diff)
		}
		if !bytes.Equal(encoded, second.Append(nil)) {
			t.Fatalf("properties %+v encode in two ways", first)
		}
	})
}

// FuzzHeader: a content header that decodes encodes to bytes that decode to the same, and its head says so, too.
func FuzzHeader(f *testing.F) {
	for _, stream := range recordings(f) {
		for _, frame := range frames(f, stream) {
			if frame.Type == wire.FrameHeader {
				f.Add(frame.Payload)
			}
		}
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		var first, second, head wire.ContentHeader
		c := wire.NewCursor(payload)
		if proportionate(t, len(payload), func() { first.Decode(c) }); c.Err() != nil {
			return
		}
		c.Reset(payload)
		if head.DecodeHead(c); c.Err() != nil || head.ClassID != first.ClassID || head.BodySize != first.BodySize || head.Weight != first.Weight {
			t.Fatalf("the head alone decodes to %+v with error %v, whole to %+v", head, c.Err(), first)
		}
		frame := wire.AppendHeaderFrame(nil, 1, first.ClassID, first.BodySize, first.Properties.Append(nil))
		c.Reset(frame[7 : len(frame)-1])
		second.Decode(c)
		second.Weight = first.Weight // is not sent
		if diff := cmp.Diff(first, second); c.Err() != nil || diff != "" {
			t.Fatalf("decoded again: error %v (-first +second):\n%s", c.Err(), diff)
		}
	})
}

// FuzzFrames: the frames that a stream holds encode to its bytes again, in views and in appended payloads, and with
// any frame-max the reader ends with an error, not a panic.
func FuzzFrames(f *testing.F) {
	for _, stream := range recordings(f) {
		f.Add(stream[:min(len(stream), 2000)], uint32(0))
	}
	f.Add(wire.AppendHeartbeat(nil), uint32(wire.FrameMinSize))
	f.Add(unhex(f, "03 0001 7fffffff 00"), uint32(0))
	f.Add(unhex(f, "09 0001 00000001 00 ce"), uint32(8))
	f.Fuzz(func(t *testing.T, stream []byte, frameMax uint32) {
		r := wire.NewReader(bytes.NewReader(stream), 64)
		appending := wire.NewReader(bytes.NewReader(stream), 0)
		r.SetFrameMax(frameMax)
		appending.SetFrameMax(frameMax)
		var encoded []byte
		for {
			frame, err := r.ReadFrame()
			head, otherErr := appending.ReadHead()
			var payload []byte
			if otherErr == nil {
				payload, otherErr = appending.AppendPayload(nil, head)
			}
			if diff := cmp.Diff(err == nil, otherErr == nil); diff != "" {
				t.Fatalf("ReadFrame gives error %v, AppendPayload %v", err, otherErr)
			}
			if err != nil {
				if err.Error() != otherErr.Error() {
					t.Fatalf("ReadFrame gives error %v, AppendPayload %v", err, otherErr)
				}
				return
			}
			if !bytes.Equal(frame.Payload, payload) {
				t.Fatalf("ReadFrame gives %x, AppendPayload %x", frame.Payload, payload)
			}
			encoded = frame.Append(encoded)
			if !bytes.HasPrefix(stream, encoded) {
				t.Fatalf("frame %+v encodes to other bytes than it came in", frame)
			}
		}
	})
}
