package conformance

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

// Scope tells what an error closes.
type Scope string

// The two scopes of an error.
const (
	OnChannel    Scope = "channel"
	OnConnection Scope = "connection"
)

// Error is the broker's refusal of something: a channel.close or connection.close that it sent.
type Error struct {
	Scope  Scope
	Code   wire.ReplyCode
	Text   string
	Method wire.MethodID // the method that failed; 0 when the broker names none
}

// ChannelError is the error that closes a channel with RabbitMQ's text: the code's name, a dash and the explanation.
func ChannelError(code wire.ReplyCode, explanation string, method wire.MethodID) Error {
	return Error{OnChannel, code, code.String() + " - " + explanation, method}
}

// ConnectionError is the error that closes a connection with RabbitMQ's text.
func ConnectionError(code wire.ReplyCode, explanation string, method wire.MethodID) Error {
	return Error{OnConnection, code, code.String() + " - " + explanation, method}
}

// String gives everything on one line.
func (e Error) String() string {
	text := fmt.Sprintf("%s error %d %q", e.Scope, uint16(e.Code), e.Text)
	if e.Method != 0 {
		text += " by " + e.Method.String()
	}
	return text
}

// asError reads the error out of a closing method; ok is false for other methods.
func asError(m wire.Method) (e Error, ok bool) {
	switch m := m.(type) {
	case *wire.ChannelClose:
		return Error{OnChannel, m.ReplyCode, m.ReplyText, m.FailingMethod}, true
	case *wire.ConnectionClose:
		return Error{OnConnection, m.ReplyCode, m.ReplyText, m.FailingMethod}, true
	default:
		return Error{}, false
	}
}
