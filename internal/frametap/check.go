package frametap

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/minirabbit/minirabbit/wire"
)

// Check decodes all frames of one direction of a connection, after a protocol header if there is one, and encodes
// them again. It returns how many there are, and an error if a frame does not decode or encodes to other bytes. A
// stream that ends within a frame, as when a connection is dropped, is no error.
func Check(stream []byte) (int, error) {
	if rest, ok := bytes.CutPrefix(stream, []byte("AMQP")); ok && len(rest) >= 4 {
		stream = rest[4:]
	}
	frames := wire.NewReader(bytes.NewReader(stream), 0)
	for n := 0; ; n++ {
		frame, err := frames.ReadFrame()
		if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
			return n, nil
		}
		if err == nil {
			err = CheckFrame(frame)
		}
		if err != nil {
			return n, fmt.Errorf("frame %d: %w", n, err)
		}
	}
}

// CheckFrame decodes a frame and encodes it again. It returns an error if either fails or the bytes differ.
func CheckFrame(frame wire.Frame) error {
	want := frame.Append(nil)
	var got []byte
	var what string
	switch frame.Type {
	case wire.FrameMethod:
		method, err := wire.DecodeMethod(frame.Payload)
		if err != nil {
			return err
		}
		what = wire.Format(method)
		got = wire.AppendMethodFrame(nil, frame.Channel, method)
	case wire.FrameHeader:
		var header wire.ContentHeader
		cursor := wire.NewCursor(frame.Payload)
		if header.Decode(cursor); cursor.Err() != nil {
			return cursor.Err()
		}
		what = fmt.Sprintf("header of %d bytes", header.BodySize)
		got = wire.AppendHeaderFrame(nil, frame.Channel, header.ClassID, header.BodySize, header.Properties.Append(nil))
	case wire.FrameBody:
		what = fmt.Sprintf("body of %d bytes", len(frame.Payload))
		got = wire.AppendBodyFrames(nil, frame.Channel, frame.Payload, 0)
		if len(frame.Payload) == 0 {
			got = want // legal, and never written by us
		}
	case wire.FrameHeartbeat:
		what = "heartbeat"
		got = wire.AppendHeartbeat(nil)
	}
	if !bytes.Equal(want, got) {
		return fmt.Errorf("%s encodes to other bytes\n got %x\nwant %x", what, got, want)
	}
	return nil
}
