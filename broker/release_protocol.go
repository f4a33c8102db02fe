package broker

import (
	"errors"
	"unicode/utf8"

	"github.com/minirabbit/minirabbit/wire"
)

// What follows is what package amqpserver asks of a release.

// Mechanisms lists the SASL mechanisms that are offered, apart by spaces.
func (r *Release) Mechanisms() string { return r.mechanisms }

// LoginMustBeText says whether a name that is no text does not decode in
// AMQPLAIN, rather than to be the name of nobody.
func (r *Release) LoginMustBeText() bool { return r.loginMustBeText }

// MinFrameMax is the least frame-max that a client may want.
func (r *Release) MinFrameMax() uint32 { return r.minFrameMax }

// MaxBodySize is the size that a content header may declare at most.
func (r *Release) MaxBodySize() uint64 { return r.maxBodySize }

// RefusesExcessBody says whether a body may not be longer than declared.
func (r *Release) RefusesExcessBody() bool { return r.refusesExcessBody }

// Copyright and Platform are what RabbitMQ says of itself to clients.
func (r *Release) Copyright() string { return r.copyright }

// Platform is the Erlang release that RabbitMQ runs on.
func (r *Release) Platform() string { return r.platform }

// UnimplementedMethod is the error for a method that a client may not send.
func (r *Release) UnimplementedMethod(id wire.MethodID) error {
	if r.cancelOkCrashes && id == wire.IDBasicCancelOk {
		return Errorf(wire.InternalError, "")
	}
	return Errorf(wire.CommandInvalid, "unimplemented method")
}

// AnswerHeader says whether a protocol header begins AMQP 0-9-1, and otherwise
// which header to answer before hanging up.
func (r *Release) AnswerHeader(header [8]byte) (answer [8]byte, ok bool) {
	amqp10 := [8]byte{'A', 'M', 'Q', 'P', 3, 1, 0, 0} // with SASL
	switch {
	case header == wire.ProtocolHeader, header == [8]byte{'A', 'M', 'Q', 'P', 1, 1, 0, 9}:
		return header, true
	case !r.answersAMQP10, string(header[:6]) == "AMQP\x00\x00":
		return wire.ProtocolHeader, false
	default:
		return amqp10, false
	}
}

// Sendable returns err, or what RabbitMQ fails with when it tries to say err.
func (r *Release) Sendable(err error) error {
	var e *ChannelError
	if !r.crashesOnLongText || !errors.As(err, &e) || len(e.Code.String())+len(" - ")+len(e.Reason) <= maxReplyText {
		return err
	}
	for i := range len(e.Reason) {
		if e.Reason[i] >= utf8.RuneSelf {
			return Errorf(wire.InternalError, "")
		}
	}
	return err
}
