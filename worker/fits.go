package worker

import (
	"errors"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// maxShort is how long AMQP's short strings may be: names of exchanges, queues and headers, routing keys, ids.
const maxShort = 255

// A refusal is an error about one message that leaves the session fit.
type refusal struct{ error }

// Unwrap returns the error.
func (r refusal) Unwrap() error { return r.error }

func refused(err error) bool {
	return errors.As(err, new(refusal)) || errors.As(err, new(*ReturnedError))
}

// fits tells why a message cannot be written in frames of this size (zero or less: any). The client library would find
// out in the midst of it and close the connection, or the broker would; the task behind the message would come again,
// and the same would happen, for ever. What messages hold may be what somebody has written into another.
func fits(exchange, key string, m amqp.Publishing, frame int) error {
	size := 14 // class, weight, size of the body, flags
	for _, short := range []struct{ what, text string }{
		{"exchange", exchange}, {"routing key", key}, {"content type", m.ContentType}, {"content encoding", m.ContentEncoding},
		{"correlation id", m.CorrelationId}, {"reply-to", m.ReplyTo}, {"expiration", m.Expiration}, {"message id", m.MessageId},
	} {
		if len(short.text) > maxShort {
			return fmt.Errorf("%s of %d bytes, AMQP has room for %d", short.what, len(short.text), maxShort)
		}
		size += 1 + len(short.text)
	}
	headers, err := sizeOf(m.Headers)
	if err != nil {
		return fmt.Errorf("headers: %w", err)
	}
	if size += headers; frame > 0 && size+8 > frame { // a frame is its content and eight bytes around it
		return fmt.Errorf("headers of %d bytes, the connection's frames hold %d", headers, frame)
	}
	return nil
}

// sizeOf is how many bytes a header's value takes, at most.
func sizeOf(value any) (int, error) {
	switch v := value.(type) {
	case nil, bool, byte, int8, int16, uint16, int32, uint32, float32, int, int64, float64, time.Time, amqp.Decimal:
		return 8, nil
	case string:
		return 4 + len(v), nil
	case []byte:
		return 4 + len(v), nil
	case []any:
		size := 4
		for _, item := range v {
			n, err := sizeOf(item)
			if err != nil {
				return 0, err
			}
			size += 1 + n
		}
		return size, nil
	case amqp.Table:
		size := 4
		for name, item := range v {
			if len(name) > maxShort {
				return 0, fmt.Errorf("a name of %d bytes, AMQP has room for %d", len(name), maxShort)
			}
			n, err := sizeOf(item)
			if err != nil {
				return 0, err
			}
			size += 2 + len(name) + n
		}
		return size, nil
	}
	return 0, fmt.Errorf("a value of type %T, which AMQP has not", value)
}
