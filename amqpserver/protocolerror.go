package amqpserver

import (
	"errors"
	"fmt"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/internal/erlang"
	"github.com/minirabbit/minirabbit/wire"
)

// errCut ends a connection without a word, as RabbitMQ does over what it cannot
// make anything of.
var errCut = errors.New("connection cut")

// protocolError maps what the parser found to the reply that RabbitMQ gives. It
// returns nil where RabbitMQ cuts the connection, and for errors of the network.
func protocolError(err error) error {
	var (
		tooLarge *wire.FrameTooLargeError
		badEnd   *wire.FrameEndError
		badType  *wire.FrameTypeError
	)
	switch {
	case errors.As(err, &tooLarge):
		return frameError(tooLarge.Head, nil, fmt.Sprintf("{frame_too_large,%d,%d}", tooLarge.Head.Size, tooLarge.Max-wire.FrameOverhead))
	case errors.As(err, &badEnd):
		return frameError(badEnd.Head, badEnd.Payload, fmt.Sprintf("{invalid_frame_end_marker,%d}", badEnd.Got))
	case errors.As(err, &badType):
		return frameError(badType.Head, badType.Payload, "unknown_frame")
	}
	return nil
}

// unreadable says that the parser cannot know where the next frame begins.
func unreadable(err error) bool {
	var (
		tooLarge *wire.FrameTooLargeError
		badEnd   *wire.FrameEndError
	)
	return errors.As(err, &tooLarge) || errors.As(err, &badEnd)
}

// decodeError is the reply to a method that cannot be decoded.
func decodeError(head wire.FrameHead, payload []byte, err error) error {
	var malformed *wire.DecodeError
	switch {
	case len(payload) < 4:
		return frameError(head, payload, "unknown_frame")
	case !errors.As(err, &malformed) || malformed.Fault == wire.FaultValue:
		return errCut
	case malformed.Fault == wire.FaultUTF8:
		return broker.Errorf(wire.FrameError, "Malformed UTF-8 in shortstr")
	case head.Channel == 0:
		return broker.Errorf(wire.InternalError, "")
	default:
		return broker.WithMethod(broker.Errorf(wire.FrameError, "cannot decode %s", erlangBinary(payload[4:])), malformed.Method)
	}
}

// misplaced is RabbitMQ's 505 for a frame that cannot come here.
func misplaced(head wire.FrameHead, payload []byte) error {
	return broker.Errorf(wire.UnexpectedFrame, "type %d, %s", head.Type, octets(head, payload))
}

// frameError is RabbitMQ's 501 with the first octets of the frame's payload.
func frameError(head wire.FrameHead, payload []byte, problem string) error {
	return broker.Errorf(wire.FrameError, "type %d, %s: %s", head.Type, octets(head, payload), problem)
}

// snippet is how many octets of a payload RabbitMQ shows.
const snippet = 16

// octets shows the beginning of a payload. One that was not read is empty.
func octets(head wire.FrameHead, payload []byte) string {
	if len(payload) > 0 && int(head.Size) > snippet {
		return fmt.Sprintf("first %d octets = %s", snippet, erlangBinary(payload[:min(len(payload), snippet)]))
	}
	return "all octets = " + erlangBinary(payload)
}

// erlangBinary writes bytes as Erlang prints a binary: as text if all of it is
// printable.
func erlangBinary(b []byte) string { return erlang.Format(b, false) }
