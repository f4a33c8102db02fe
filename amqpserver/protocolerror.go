package amqpserver

import (
	"errors"
	"fmt"
	"strings"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/wire"
)

// protocolError maps what the parser found to the reply that RabbitMQ gives. It
// returns nil for errors of the network.
func protocolError(err error) error {
	var (
		tooLarge  *wire.FrameTooLargeError
		badEnd    *wire.FrameEndError
		badType   *wire.FrameTypeError
		unknown   *wire.UnknownMethodError
		malformed *wire.DecodeError
	)
	switch {
	case errors.As(err, &tooLarge):
		return frameError(tooLarge.Head, nil, fmt.Sprintf("{frame_too_large,%d,%d}", tooLarge.Head.Size, tooLarge.Max-wire.FrameOverhead))
	case errors.As(err, &badEnd):
		return frameError(badEnd.Head, badEnd.Payload, fmt.Sprintf("{invalid_frame_end_marker,%d}", badEnd.Got))
	case errors.As(err, &badType):
		return frameError(badType.Head, badType.Payload, "unknown_frame")
	case errors.As(err, &unknown):
		return broker.WithMethod(broker.Errorf(wire.NotImplemented, "unknown method"), unknown.Method)
	case errors.As(err, &malformed):
		return broker.Errorf(wire.SyntaxError, "%s", malformed.Problem)
	}
	return nil
}

// frameError is RabbitMQ's 501 with the first octets of the frame's payload.
func frameError(head wire.FrameHead, payload []byte, problem string) error {
	scope := "all"
	if int(head.Size) > len(payload) {
		scope = fmt.Sprintf("first %d", len(payload))
	}
	return broker.Errorf(wire.FrameError, "type %d, %s octets = %s: %s", head.Type, scope, erlangBinary(payload), problem)
}

// erlangBinary writes bytes as Erlang prints a binary: as text if all of it is
// printable.
func erlangBinary(b []byte) string {
	printable := len(b) > 0
	for _, c := range b {
		printable = printable && c >= 32 && c < 127
	}
	if printable {
		return fmt.Sprintf("<<%q>>", b)
	}
	numbers := make([]string, len(b))
	for i, c := range b {
		numbers[i] = fmt.Sprint(c)
	}
	return "<<" + strings.Join(numbers, ",") + ">>"
}
