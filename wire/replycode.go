package wire

import "strconv"

// A ReplyCode says why a connection or channel was closed or a message returned.
type ReplyCode uint16

// String returns the name in RabbitMQ's spelling, such as "NOT_FOUND", or the number of an unknown code.
func (r ReplyCode) String() string {
	if name, _ := r.traits(); name != "" {
		return name
	}
	return strconv.Itoa(int(r))
}

// Hard reports whether an error with this code closes the connection; others close the channel.
func (r ReplyCode) Hard() bool {
	_, hard := r.traits()
	return hard
}

// Text returns the reply text that RabbitMQ makes of the code and an explanation: "NOT_FOUND - no queue 'x' in vhost
// '/'". A text that is too long for a short string ends, as RabbitMQ's, in three dots at its 255th byte.
func (r ReplyCode) Text(explanation string) string {
	text := r.String() + " - " + explanation
	if len(text) > 255 {
		return text[:252] + "..."
	}
	return text
}
