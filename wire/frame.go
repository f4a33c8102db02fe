package wire

import (
	"encoding/binary"
	"fmt"
	"math"
)

// A FrameType is the first octet of a frame.
type FrameType uint8

// The frame types.
const (
	FrameMethod    FrameType = 1
	FrameHeader    FrameType = 2
	FrameBody      FrameType = 3
	FrameHeartbeat FrameType = 8
)

// String returns "method", "header", "body", "heartbeat" or "unknown".
func (t FrameType) String() string {
	switch t {
	case FrameMethod:
		return "method"
	case FrameHeader:
		return "header"
	case FrameBody:
		return "body"
	case FrameHeartbeat:
		return "heartbeat"
	default:
		return "unknown"
	}
}

const (
	// FrameEnd is the last octet of each frame.
	FrameEnd = 0xCE

	// FrameOverhead is what a frame needs besides its payload: seven octets before it and one behind.
	FrameOverhead = 8

	// FrameMinSize is the smallest frame-max that peers may agree on, and the limit until they have.
	FrameMinSize = 4096

	frameHeadSize = 7

	// largestPayload keeps sizes within an int of 32 bits where peers agreed on no frame-max.
	largestPayload = math.MaxInt32 - FrameOverhead
)

// ProtocolHeader is what a client sends first: the protocol's name and version 0-9-1.
var ProtocolHeader = [8]byte{'A', 'M', 'Q', 'P', 0, 0, 9, 1}

// A Frame is one frame.
//
//	0      1         3      7                  size+7      size+8
//	+------+---------+------+------------------+-----------+
//	| type | channel | size | payload ...      | frame end |
//	+------+---------+------+------------------+-----------+
type Frame struct {
	Type    FrameType
	Channel uint16
	Payload []byte
}

// Append appends the whole frame.
func (f Frame) Append(dst []byte) []byte {
	dst = appendFrameHead(dst, f.Type, f.Channel, uint32(len(f.Payload)))
	dst = append(dst, f.Payload...)
	return append(dst, FrameEnd)
}

// A FrameHead is what precedes a frame's payload.
type FrameHead struct {
	Type    FrameType
	Channel uint16
	Size    uint32 // of the payload, in bytes
}

// AppendMethodFrame appends a method frame. It panics where the method's Append does.
func AppendMethodFrame(dst []byte, channel uint16, m Method) []byte {
	start := len(dst)
	dst = appendFrameHead(dst, FrameMethod, channel, 0)
	dst = m.Append(dst)
	binary.BigEndian.PutUint32(dst[start+3:], uint32(len(dst)-start-frameHeadSize))
	return append(dst, FrameEnd)
}

// AppendHeaderFrame appends a content header frame with properties that are encoded already: flags and values, as
// Properties.Append writes them or as a publisher sent them. Empty properties are written as no flags.
func AppendHeaderFrame(dst []byte, channel, classID uint16, bodySize uint64, properties []byte) []byte {
	if len(properties) == 0 {
		properties = noProperties[:]
	}
	dst = appendFrameHead(dst, FrameHeader, channel, uint32(12+len(properties)))
	dst = binary.BigEndian.AppendUint16(dst, classID)
	dst = append(dst, 0, 0) // weight
	dst = binary.BigEndian.AppendUint64(dst, bodySize)
	dst = append(dst, properties...)
	return append(dst, FrameEnd)
}

var noProperties [2]byte

// AppendBodyFrames appends a message body, cut into frames of at most frameMax bytes as a whole; 0 means no limit but
// 2 GiB. An empty body needs no frame. It panics if frameMax leaves no room for a payload: peers agree on FrameMinSize
// at least.
func AppendBodyFrames(dst []byte, channel uint16, body []byte, frameMax uint32) []byte {
	limit := largestPayload
	if frameMax != 0 {
		if frameMax <= FrameOverhead {
			panic(fmt.Sprintf("wire: frame-max %d leaves no room for a payload", frameMax))
		}
		limit = int(min(frameMax-FrameOverhead, largestPayload))
	}
	for len(body) > 0 {
		n := min(len(body), limit)
		dst = appendFrameHead(dst, FrameBody, channel, uint32(n))
		dst = append(dst, body[:n]...)
		dst = append(dst, FrameEnd)
		body = body[n:]
	}
	return dst
}

// AppendHeartbeat appends a heartbeat frame.
func AppendHeartbeat(dst []byte) []byte {
	dst = appendFrameHead(dst, FrameHeartbeat, 0, 0)
	return append(dst, FrameEnd)
}

func appendFrameHead(dst []byte, t FrameType, channel uint16, size uint32) []byte {
	dst = append(dst, byte(t), byte(channel>>8), byte(channel))
	return binary.BigEndian.AppendUint32(dst, size)
}
