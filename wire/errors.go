package wire

import "fmt"

// A DecodeError reports bytes that cannot be decoded: a method, a content header or a table that is cut short, holds a
// length past its end, or a value that does not exist. RabbitMQ 3.10 answers FRAME_ERROR to a method it cannot decode,
// INTERNAL_ERROR to a content header with bytes missing or to spare, and drops the connection without a word at a table
// value it does not know.
type DecodeError struct {
	Fault   Fault    // the kind of problem
	Method  MethodID // the method being decoded; 0 for a content header or a table of its own
	Offset  int      // where in the decoded bytes the offending value starts
	Problem string   // what was found there, and what was expected
}

// A Fault is a kind of problem in decoding. RabbitMQ reacts differently to each.
type Fault uint8

const (
	FaultLength Fault = iota // too short, too long, or nested too deep
	FaultValue               // a table holds a type or a number that does not exist; RabbitMQ cuts the connection
	FaultUTF8                // a short string of a method is not UTF-8; RabbitMQ answers FRAME_ERROR
)

var _ error = (*DecodeError)(nil)

func (e *DecodeError) Error() string {
	if e.Method == 0 {
		return fmt.Sprintf("wire: byte %d: %s", e.Offset, e.Problem)
	}
	return fmt.Sprintf("wire: %s: byte %d: %s", e.Method, e.Offset, e.Problem)
}

// An UnknownMethodError reports a method frame whose class and method id are not in the protocol. RabbitMQ 3.10 drops the
// connection without a word.
type UnknownMethodError struct {
	Method MethodID
}

var _ error = (*UnknownMethodError)(nil)

func (e *UnknownMethodError) Error() string {
	return fmt.Sprintf("wire: class %d has no method %d", e.Method.Class(), e.Method.Method())
}

// A FrameTooLargeError reports a frame head that declares more than the negotiated frame-max. Nothing of the payload
// has been read.
type FrameTooLargeError struct {
	Head FrameHead
	Max  uint32 // the limit for the whole frame, as given to SetFrameMax; 0 if there was none
}

var _ error = (*FrameTooLargeError)(nil)

func (e *FrameTooLargeError) Error() string {
	return fmt.Sprintf("wire: frame of type %d on channel %d declares a payload of %d bytes, frame-max %d allows %d",
		e.Head.Type, e.Head.Channel, e.Head.Size, e.Max, maxPayload(e.Max))
}

// A FrameEndError reports a frame whose payload is not followed by the frame-end octet, 206 (CE in hexadecimal).
type FrameEndError struct {
	Head    FrameHead
	Payload []byte // the first bytes of the payload, 16 at most: a copy
	Got     byte   // the octet found in place of the frame end
}

var _ error = (*FrameEndError)(nil)

func (e *FrameEndError) Error() string {
	return fmt.Sprintf("wire: frame of type %d on channel %d with a payload of %d bytes ends in octet %d, expected %d",
		e.Head.Type, e.Head.Channel, e.Head.Size, e.Got, FrameEnd)
}

// A FrameTypeError reports a complete frame of a type that is not method, header, body or heartbeat, or a heartbeat
// with a payload: RabbitMQ answers both with FRAME_ERROR, "unknown_frame".
type FrameTypeError struct {
	Head    FrameHead
	Payload []byte // the first bytes of the payload, 16 at most: a copy
}

var _ error = (*FrameTypeError)(nil)

func (e *FrameTypeError) Error() string {
	if e.Head.Type == FrameHeartbeat {
		return fmt.Sprintf("wire: heartbeat on channel %d has a payload of %d bytes, expected none",
			e.Head.Channel, e.Head.Size)
	}
	return fmt.Sprintf("wire: frame on channel %d with a payload of %d bytes has type %d, expected 1, 2, 3 or 8",
		e.Head.Channel, e.Head.Size, e.Head.Type)
}

// tooLong is what Validate says of a text.
func tooLong(name, text string) error {
	return fmt.Errorf("wire: %s %.20q... has %d bytes, at most %d can be sent", name, text, len(text), MaxShortString)
}
