package random

import (
	"strconv"

	"github.com/minirabbit/minirabbit/wire"
)

// messageHeaders are headers that exchanges of type headers look at, and others.
var messageHeaders = []choice{
	{"h1", 50, []any{1, "a", true, nil}},
	{"h2", 30, []any{2, "b"}},
	{"x-h3", 20, []any{"c"}},
	{"a", 10, []any{wire.Array{"x", int32(1)}, wire.Table{{Key: "k", Value: "v"}}, 1.5, []byte("b")}},
	{"CC", 25, []any{wire.Array{"q1"}, wire.Array{"q2", "k"}, wire.Array{"q3", "q3"}, wire.Array{}}},
	{"BCC", 15, []any{wire.Array{"q1"}, wire.Array{quorumName, "k.a"}}},
	{"x-death", 2, []any{wire.Array{}, "x", wire.Array{wire.Table{
		{Key: "count", Value: int64(7)}, {Key: "reason", Value: "rejected"}, {Key: "queue", Value: "q1"},
		{Key: "time", Value: wire.Timestamp(1)}, {Key: "exchange", Value: "x1"}, {Key: "routing-keys", Value: wire.Array{"k"}}}}}},
	{"CC", 1, []any{"q1"}},
}

// properties draws the properties of a message: those that the broker looks at, and now and then others.
func (g *generator) properties() wire.Properties {
	var p wire.Properties
	if g.chance("persistent", 15) {
		p.Flags |= wire.HasDeliveryMode
		p.DeliveryMode = 2
	}
	if g.chance("headers", 30) {
		p.Flags |= wire.HasHeaders
		p.Headers = g.arguments(messageHeaders)
	}
	if g.chance("priority", 20) {
		p.Flags |= wire.HasPriority
		p.Priority = uint8(g.number("priority", 0, 11))
	}
	if g.chance("expiration", 12) {
		p.Flags |= wire.HasExpiration
		p.Expiration = pick(g, "expiration", []string{"1000000", "0", strconv.Itoa(soon), strconv.Itoa(soon), "x"})
		if p.Expiration == "x" && !g.chance("wrong expiration", 20) {
			p.Expiration = "0"
		}
		g.w.waitable = g.w.waitable || p.Expiration == strconv.Itoa(soon)
	}
	if g.chance("other properties", 10) {
		g.others(&p)
	}
	return p
}

func (g *generator) others(p *wire.Properties) {
	text := pick(g, "text", []string{"", "t", "täxt"})
	switch g.number("property", 0, 8) {
	case 0:
		p.Flags |= wire.HasContentType
		p.ContentType = text
	case 1:
		p.Flags |= wire.HasContentEncoding
		p.ContentEncoding = text
	case 2:
		p.Flags |= wire.HasCorrelationID
		p.CorrelationID = text
	case 3:
		p.Flags |= wire.HasReplyTo
		p.ReplyTo = text
	case 4:
		p.Flags |= wire.HasMessageID
		p.MessageID = text
	case 5:
		p.Flags |= wire.HasTimestamp
		p.Timestamp = 1700000000
	case 6:
		p.Flags |= wire.HasType
		p.Type = text
	case 7:
		p.Flags |= wire.HasUserID
		p.UserID = pick(g, "user", []string{"guest", "guest", "nobody"})
	default:
		p.Flags |= wire.HasAppID
		p.AppID = text
	}
}
