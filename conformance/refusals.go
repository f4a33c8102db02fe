package conformance

import (
	"fmt"

	"github.com/minirabbit/minirabbit/wire"
)

// answer sends a method and gives whatever comes, as text. An error of the channel is acknowledged.
func (t *T) answer(c *RawChannel, m wire.Method) string {
	t.Helper()
	c.Send(m)
	command := c.Next()
	if _, ok := command.Method.(*wire.ChannelClose); ok {
		c.Send(&wire.ChannelCloseOk{})
	}
	return command.String()
}

// gone is the error for a queue that there is no more.
func gone(queue string) Error {
	return ChannelError(wire.NotFound, "no queue '"+queue+"' in vhost '/'", wire.IDQueueDeclare)
}

// lockedQueue is RabbitMQ's text for a queue that is another connection's own.
const lockedQueue = "cannot obtain exclusive access to locked queue '<q>' in vhost '/'. It could be originally declared on another connection or the exclusive property value does not match that of the original declaration."

// unknownTag is the error of settling a tag that is not unacknowledged.
func unknownTag(tag uint64, method wire.MethodID) Error {
	return ChannelError(wire.PreconditionFailed, fmt.Sprint("unknown delivery tag ", tag), method)
}

// unknownType is the error of an exchange type that no word of the broker's resembles.
func unknownType(t *T, kind string) Error {
	return ByRelease(t,
		On(UpTo("3.12"), ConnectionError(wire.CommandInvalid, "unknown exchange type '"+kind+"'", wire.IDExchangeDeclare)),
		On(Since("3.13"), ChannelError(wire.PreconditionFailed, "unknown exchange type '"+kind+"'", wire.IDExchangeDeclare)))
}

// unsupported is the refusal of a method that streams do not have.
func unsupported(explanation string, method wire.MethodID) Error {
	return ConnectionError(wire.NotImplemented, explanation+" queue '<q>' in vhost '/'", method)
}

// internalError is what RabbitMQ fails with where it did not reckon with a value.
func internalError() Error {
	return Error{Scope: OnConnection, Code: wire.InternalError, Text: "INTERNAL_ERROR"}
}

// frameError is a connection error 501 that names no method.
func frameError(explanation string) Error { return ConnectionError(wire.FrameError, explanation, 0) }
