package broker

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/wire"
)

// Reply is what channel.close and connection.close say: the code, the
// explanation and the method that failed.
type Reply struct {
	Code   wire.ReplyCode
	Reason string
	// Method is the method that failed, zero if no method did.
	Method wire.MethodID
}

// maxReplyText is the length of a reply text, which is a short string.
const maxReplyText = 255

// Text returns the reply text as RabbitMQ writes it.
func (r *Reply) Text() string {
	if r.Reason == "" {
		return r.Code.String()
	}
	return r.Code.Text(r.Reason)
}

// ChannelError closes the channel on which it happened.
type ChannelError struct{ Reply }

// ConnectionError closes the connection on which it happened.
type ConnectionError struct{ Reply }

var (
	_ error = (*ChannelError)(nil)
	_ error = (*ConnectionError)(nil)
)

func (e *ChannelError) Error() string { return "channel error " + e.describe() }

func (e *ConnectionError) Error() string { return "connection error " + e.describe() }

func (r *Reply) describe() string {
	if r.Method == 0 {
		return fmt.Sprintf("%d: %s", r.Code, r.Text())
	}
	return fmt.Sprintf("%d in %v: %s", r.Code, r.Method, r.Text())
}

// Errorf returns the error that RabbitMQ raises with this code: the code says
// whether it closes the channel or the connection.
func Errorf(code wire.ReplyCode, format string, args ...any) error {
	reply := Reply{Code: code, Reason: fmt.Sprintf(format, args...)}
	if code.Hard() {
		return &ConnectionError{reply}
	}
	return &ChannelError{reply}
}

// WithMethod notes the method that failed in an error that does not say it.
// RabbitMQ blames no method for an internal error, unless it has a reason to give.
func WithMethod(err error, id wire.MethodID) error {
	var ce *ChannelError
	var he *ConnectionError
	switch {
	case errors.As(err, &ce) && ce.Method == 0:
		ce.Method = id
	case errors.As(err, &he) && he.Method == 0 && (he.Code != wire.InternalError || he.Reason != ""):
		he.Method = id
	}
	return err
}

// The words in which RabbitMQ names things in its texts.
func (vh *VHost) exchangeText(name string) string {
	return fmt.Sprintf("exchange '%s' in vhost '%s'", name, vh.name)
}

func (vh *VHost) queueText(name string) string {
	return fmt.Sprintf("queue '%s' in vhost '%s'", name, vh.name)
}

func (vh *VHost) noExchange(name string) error {
	return Errorf(wire.NotFound, "no %s", vh.exchangeText(name))
}

func (vh *VHost) noQueue(name string) error {
	return Errorf(wire.NotFound, "no %s", vh.queueText(name))
}

// Sendable returns err, or what RabbitMQ of a release fails with when it tries to send err.
func Sendable(r *release.Release, err error) error {
	var e *ChannelError
	if !r.LongTextFails || !errors.As(err, &e) || len(e.Code.String())+len(" - ")+len(e.Reason) <= maxReplyText {
		return err
	}
	for i := range len(e.Reason) {
		if e.Reason[i] >= utf8.RuneSelf {
			return Errorf(wire.InternalError, "")
		}
	}
	return err
}
