package broker

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/wire"
)

// interesting are the properties that the broker acts upon. A message without
// any of them is not decoded: its properties travel as they came.
const interesting = wire.HasHeaders | wire.HasDeliveryMode | wire.HasPriority | wire.HasExpiration | wire.HasUserID | wire.HasReplyTo

// header decodes what the broker needs of a message's properties. The result is
// valid until the next call, unless an exchange may keep or hash it.
func (vh *VHost) header(properties []byte) (*wire.Properties, error) {
	p := &vh.decoded
	if vh.keepsHeaders {
		p = new(wire.Properties)
	}
	*p = wire.Properties{}
	if len(properties) < 2 {
		return nil, Errorf(wire.InternalError, "")
	}
	flags := wire.PropertyFlags(binary.BigEndian.Uint16(properties))
	if flags&moreFlags != 0 {
		return nil, Errorf(wire.InternalError, "")
	}
	if flags&interesting == 0 && !vh.keepsHeaders {
		p.Flags = flags
		if !wellFormed(flags, properties[2:]) {
			return nil, Errorf(wire.InternalError, "")
		}
		return p, nil
	}
	c := &vh.cursor
	if c.Strings == nil {
		c.Strings = wire.NewInterner()
	}
	c.Reset(properties)
	p.Decode(c)
	if c.Err() != nil {
		// RabbitMQ's channel crashes on properties that it cannot read.
		return nil, Errorf(wire.InternalError, "")
	}
	return p, nil
}

// moreFlags says that another word of flags follows, which no property needs.
const moreFlags wire.PropertyFlags = 1

// wellFormed says whether the values of properties that are not interesting,
// all of them short strings but for the timestamp, fill the bytes given.
func wellFormed(flags wire.PropertyFlags, values []byte) bool {
	for flag := wire.HasContentType; flag >= wire.HasClusterID; flag >>= 1 {
		if flags&flag == 0 {
			continue
		}
		size := 8 // of a timestamp
		if flag != wire.HasTimestamp {
			if len(values) == 0 {
				return false
			}
			size = 1 + int(values[0])
		}
		if size > len(values) {
			return false
		}
		values = values[size:]
	}
	return len(values) == 0
}

// looksAtHeaders says whether exchanges of a kind read or keep all properties.
func looksAtHeaders(kind exchange.Kind) bool {
	return strings.HasPrefix(string(kind), "x-")
}

// checkUserID refuses a user-id that is not the publisher's.
func (ch *Channel) checkUserID(p *wire.Properties) error {
	user := ch.conn.User
	if p.Flags&wire.HasUserID == 0 || p.UserID == user.name || ch.conn.impersonates {
		return nil
	}
	return Errorf(wire.PreconditionFailed, "user_id property set to '%s' but authenticated user was '%s'", p.UserID, user.name)
}

// readProperties sets in an envelope what a queue needs of its properties.
func readProperties(r *release.Release, m *queue.Envelope, p *wire.Properties) error {
	if p.Flags&wire.HasExpiration != 0 {
		ms, problem := parseExpiration(p.Expiration)
		if problem != "" {
			return Errorf(wire.PreconditionFailed, "invalid expiration '%s': %s", p.Expiration, problem)
		}
		m.Expiration, m.HasExpiration = queue.Instant(ms)*queue.Millisecond, true
	}
	if r.ChecksDeliveryMode && p.Flags&wire.HasDeliveryMode != 0 && p.DeliveryMode != 1 && p.DeliveryMode != 2 {
		return Errorf(wire.PreconditionFailed, "invalid message: {delivery_mode_unknown,%d}", p.DeliveryMode)
	}
	m.Persistent = p.DeliveryMode == 2
	m.Priority, m.HasPriority = p.Priority, p.Flags&wire.HasPriority != 0
	return nil
}

// parseExpiration reads a message's expiration in milliseconds, or says what
// RabbitMQ says is wrong with it: it reads an integer and then minds the rest.
func parseExpiration(s string) (ms int64, problem string) {
	digits := strings.TrimLeft(s, "+-")
	negative := strings.HasPrefix(s, "-")
	if len(s)-len(digits) > 1 {
		return 0, "no_integer"
	}
	rest := strings.TrimLeft(digits, "0123456789")
	digits = digits[:len(digits)-len(rest)]
	if digits == "" {
		return 0, "no_integer"
	}
	if rest != "" {
		return 0, fmt.Sprintf("{leftover_string,%q}", rest)
	}
	digits = strings.TrimLeft(digits, "0")
	if len(digits) <= len("315360000000") {
		for _, d := range digits {
			ms = 10*ms + int64(d-'0')
		}
	}
	switch {
	case digits == "":
		return 0, ""
	case negative:
		return 0, fmt.Sprintf("{value_negative,-%s}", digits)
	case ms == 0 || ms > maxExpiry:
		return 0, fmt.Sprintf("{value_too_large,%s}", digits)
	}
	return ms, ""
}
