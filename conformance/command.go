package conformance

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/minirabbit/minirabbit/wire"
)

// Command is a method as it arrived, with its content if it has one.
type Command struct {
	Channel uint16
	Method  wire.Method
	Header  *wire.ContentHeader // nil for a method without content
	Body    []byte
}

// String gives a command on one short line, as cases write it in what they want. The common ones look like this:
//
//	deliver c 1 "body"              consumer tag, delivery tag
//	deliver c 2 redelivered "body"
//	get-ok 1 left 0 "body"          delivery tag, messages left in the queue
//	return 312 NO_ROUTE x k "body"  code, text, exchange, routing key
//	ack 3 multiple                  delivery tag
//	cancel c                        consumer tag
func (c Command) String() string {
	var words []string
	add := func(format string, values ...any) { words = append(words, fmt.Sprintf(format, values...)) }
	flag := func(set bool, word string) {
		if set {
			words = append(words, word)
		}
	}
	switch m := c.Method.(type) {
	case *wire.BasicDeliver:
		add("deliver %s %d", m.ConsumerTag, m.DeliveryTag)
		flag(m.Redelivered, "redelivered")
	case *wire.BasicGetOk:
		add("get-ok %d left %d", m.DeliveryTag, m.MessageCount)
		flag(m.Redelivered, "redelivered")
	case *wire.BasicGetEmpty:
		add("get-empty")
	case *wire.BasicReturn:
		add("return %d %s %s %s", uint16(m.ReplyCode), m.ReplyText, orQuotes(m.Exchange), orQuotes(m.RoutingKey))
	case *wire.BasicAck:
		add("ack %d", m.DeliveryTag)
		flag(m.Multiple, "multiple")
	case *wire.BasicNack:
		add("nack %d", m.DeliveryTag)
		flag(m.Multiple, "multiple")
	case *wire.BasicCancel:
		add("cancel %s", m.ConsumerTag)
		flag(m.NoWait, "nowait")
	default:
		if e, ok := asError(m); ok {
			return e.String()
		}
		add("%s", describe(m))
	}
	if c.Header != nil {
		add("%s", strconv.Quote(string(c.Body)))
	}
	return strings.Join(words, " ")
}

// describe gives a method with those fields that are not zero.
func describe(m wire.Method) string {
	_, fields, _ := strings.Cut(render(m), "{")
	return m.ID().String() + "{" + fields
}

func orQuotes(s string) string {
	if s == "" {
		return `""`
	}
	return s
}

// lines gives each command's String.
func lines(commands []Command) []string {
	all := make([]string, len(commands))
	for i, c := range commands {
		all[i] = c.String()
	}
	return all
}
