package wire

import "encoding/binary"

// PropertyFlags says which properties a content header carries. An absent property and one of zero value are
// different things on the wire.
type PropertyFlags uint16

// The flags of the properties of class basic, in the order in which their values follow.
const (
	HasContentType PropertyFlags = 1 << (15 - iota)
	HasContentEncoding
	HasHeaders
	HasDeliveryMode
	HasPriority
	HasCorrelationID
	HasReplyTo
	HasExpiration
	HasMessageID
	HasTimestamp
	HasType
	HasUserID
	HasAppID
	HasClusterID

	// allProperties leaves out the two lowest bits: one is undefined, the other would announce a second word of flags,
	// which class basic does not need. RabbitMQ looks at neither.
	allProperties PropertyFlags = 0xFFFC
)

// Properties are those of a message. A property is sent if its flag is set, whatever its value. Decode sets the values
// of absent ones to zero.
type Properties struct {
	Flags           PropertyFlags
	ContentType     string
	ContentEncoding string
	Headers         Table
	DeliveryMode    uint8 // 2 is persistent, anything else transient
	Priority        uint8
	CorrelationID   string
	ReplyTo         string
	Expiration      string // milliseconds in decimal
	MessageID       string
	Timestamp       Timestamp
	Type            string
	UserID          string
	AppID           string
	ClusterID       string // deprecated by the specification and called reserved there
}

// Validate returns an error that names the first property which cannot be encoded: a text or the name of a header has
// more than 255 bytes, or Headers hold a value that tables cannot hold.
func (p *Properties) Validate() error {
	for _, text := range [...]struct {
		flag  PropertyFlags
		name  string
		value string
	}{
		{HasContentType, "content-type", p.ContentType}, {HasContentEncoding, "content-encoding", p.ContentEncoding},
		{HasCorrelationID, "correlation-id", p.CorrelationID}, {HasReplyTo, "reply-to", p.ReplyTo},
		{HasExpiration, "expiration", p.Expiration}, {HasMessageID, "message-id", p.MessageID}, {HasType, "type", p.Type},
		{HasUserID, "user-id", p.UserID}, {HasAppID, "app-id", p.AppID}, {HasClusterID, "cluster-id", p.ClusterID},
	} {
		if p.Flags&text.flag != 0 && len(text.value) > MaxShortString {
			return tooLong(text.name, text.value)
		}
	}
	if p.Flags&HasHeaders != 0 {
		return p.Headers.Validate()
	}
	return nil
}

// Append appends flags and values. It cuts short strings of more than 255 bytes and panics where Headers hold a value
// whose type tables cannot hold; Validate finds both.
func (p *Properties) Append(dst []byte) []byte {
	flags := p.Flags & allProperties
	dst = binary.BigEndian.AppendUint16(dst, uint16(flags))
	if flags&HasContentType != 0 {
		dst = appendShortString(dst, p.ContentType)
	}
	if flags&HasContentEncoding != 0 {
		dst = appendShortString(dst, p.ContentEncoding)
	}
	if flags&HasHeaders != 0 {
		dst = p.Headers.Append(dst)
	}
	if flags&HasDeliveryMode != 0 {
		dst = append(dst, p.DeliveryMode)
	}
	if flags&HasPriority != 0 {
		dst = append(dst, p.Priority)
	}
	if flags&HasCorrelationID != 0 {
		dst = appendShortString(dst, p.CorrelationID)
	}
	if flags&HasReplyTo != 0 {
		dst = appendShortString(dst, p.ReplyTo)
	}
	if flags&HasExpiration != 0 {
		dst = appendShortString(dst, p.Expiration)
	}
	if flags&HasMessageID != 0 {
		dst = appendShortString(dst, p.MessageID)
	}
	if flags&HasTimestamp != 0 {
		dst = binary.BigEndian.AppendUint64(dst, uint64(p.Timestamp))
	}
	if flags&HasType != 0 {
		dst = appendShortString(dst, p.Type)
	}
	if flags&HasUserID != 0 {
		dst = appendShortString(dst, p.UserID)
	}
	if flags&HasAppID != 0 {
		dst = appendShortString(dst, p.AppID)
	}
	if flags&HasClusterID != 0 {
		dst = appendShortString(dst, p.ClusterID)
	}
	return dst
}

// Decode reads flags and values, which must be the last bytes under the cursor, and overwrites every field.
func (p *Properties) Decode(c *Cursor) {
	flags := PropertyFlags(c.Uint16()) & allProperties
	*p = Properties{Flags: flags}
	if flags&HasContentType != 0 {
		p.ContentType = c.ShortString()
	}
	if flags&HasContentEncoding != 0 {
		p.ContentEncoding = c.ShortString()
	}
	if flags&HasHeaders != 0 {
		p.Headers = c.Table()
	}
	if flags&HasDeliveryMode != 0 {
		p.DeliveryMode = c.Uint8()
	}
	if flags&HasPriority != 0 {
		p.Priority = c.Uint8()
	}
	if flags&HasCorrelationID != 0 {
		p.CorrelationID = c.uniqueShortString()
	}
	if flags&HasReplyTo != 0 {
		p.ReplyTo = c.ShortString()
	}
	if flags&HasExpiration != 0 {
		p.Expiration = c.ShortString()
	}
	if flags&HasMessageID != 0 {
		p.MessageID = c.uniqueShortString()
	}
	if flags&HasTimestamp != 0 {
		p.Timestamp = Timestamp(c.Uint64())
	}
	if flags&HasType != 0 {
		p.Type = c.ShortString()
	}
	if flags&HasUserID != 0 {
		p.UserID = c.ShortString()
	}
	if flags&HasAppID != 0 {
		p.AppID = c.ShortString()
	}
	if flags&HasClusterID != 0 {
		p.ClusterID = c.ShortString()
	}
	c.Finish()
}

// A ContentHeader is the payload of a header frame.
//
//	0          2        4           12               14
//	+----------+--------+-----------+----------------+------------
//	| class id | weight | body size | property flags | values ...
//	+----------+--------+-----------+----------------+------------
type ContentHeader struct {
	ClassID    uint16 // of the method that the content belongs to: 60, basic
	Weight     uint16 // unused, must be zero; RabbitMQ answers UNEXPECTED_FRAME to another
	BodySize   uint64 // in bytes, over all body frames
	Properties Properties
}

// Append appends the payload of a header frame.
func (h *ContentHeader) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, h.ClassID)
	dst = binary.BigEndian.AppendUint16(dst, h.Weight)
	dst = binary.BigEndian.AppendUint64(dst, h.BodySize)
	return h.Properties.Append(dst)
}

// Decode reads the payload of a header frame, all of it, and overwrites every field.
func (h *ContentHeader) Decode(c *Cursor) {
	h.DecodeHead(c)
	h.Properties.Decode(c)
}

// DecodeHead reads all but the properties and leaves Properties alone. The cursor's Rest is then the property flags
// and values as they came, for a caller that passes them on.
func (h *ContentHeader) DecodeHead(c *Cursor) {
	if b := c.take(12, "a content header"); b != nil {
		h.ClassID, h.Weight, h.BodySize = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint64(b[4:])
	}
}
