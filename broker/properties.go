package broker

import (
	"encoding/binary"
	"strconv"

	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/wire"
)

// essentials is what the broker reads from a message's properties. The rest
// travels as it came.
type essentials struct {
	flags        wire.PropertyFlags
	headers      wire.Table
	deliveryMode uint8
	priority     uint8
	expiration   string
	userID       string
}

// interesting are the properties for which essentials are decoded at all.
const interesting = wire.HasHeaders | wire.HasDeliveryMode | wire.HasPriority | wire.HasExpiration | wire.HasUserID

// readEssentials decodes what the broker needs of the properties.
func readEssentials(properties []byte) (essentials, error) {
	var e essentials
	if len(properties) < 2 {
		return e, Errorf(wire.FrameError, "content header without property flags")
	}
	e.flags = wire.PropertyFlags(binary.BigEndian.Uint16(properties))
	if e.flags&interesting == 0 {
		return e, nil
	}
	var p wire.Properties
	c := wire.NewCursor(properties)
	p.Decode(c)
	if err := c.Err(); err != nil {
		return e, Errorf(wire.FrameError, "%s", err)
	}
	e.headers, e.deliveryMode, e.priority, e.expiration, e.userID = p.Headers, p.DeliveryMode, p.Priority, p.Expiration, p.UserID
	return e, nil
}

// apply checks the essentials and sets what a queue needs of them in m.
func (e *essentials) apply(m *queue.Message, user *User) error {
	if e.flags&wire.HasUserID != 0 && user != nil && e.userID != user.name && !user.HasTag("impersonator") {
		return Errorf(wire.PreconditionFailed, "user_id property set to '%s' but authenticated user was '%s'", e.userID, user.name)
	}
	m.Persistent = e.deliveryMode == 2
	m.Priority = e.priority
	if e.flags&wire.HasExpiration != 0 {
		ms, err := strconv.ParseInt(e.expiration, 10, 64)
		if err != nil || ms < 0 || ms > maxExpiry {
			return Errorf(wire.PreconditionFailed, "invalid expiration '%s'", e.expiration)
		}
		m.Expiration, m.HasExpiration = queue.Instant(ms)*queue.Millisecond, true
	}
	return nil
}
