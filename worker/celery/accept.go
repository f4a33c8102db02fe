package celery

import (
	"bytes"
	"compress/bzip2"
	"compress/zlib"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Accept says how bodies of other content types than JSON are read: by content type, such as "application/x-yaml", a
// function that turns a body into JSON. A nil map accepts JSON alone.
//
// Celery's content types are application/x-yaml, application/x-msgpack and application/x-python-serialize, the last of
// which is pickle. To read pickle is to run a program of the sender's.
type Accept map[string]func(body []byte) (asJSON []byte, err error)

// maxInflated bounds what a compressed body may become: 128 MiB, as much as any RabbitMQ's largest message by default.
const maxInflated = 128 << 20

// disallowed is an error about a content type, an encoding or a compression.
type disallowed struct{ error }

// body returns the JSON of a message's body, or what claims to be.
func (a Accept) body(d amqp.Delivery) ([]byte, error) {
	raw, err := inflate(d, maxInflated)
	if err != nil {
		return nil, err
	}
	if read := a[d.ContentType]; read != nil {
		if raw, err = read(raw); err != nil {
			return nil, malformed{fmt.Errorf("body of content type %q: %w", d.ContentType, err)}
		}
	} else if d.ContentType != contentType {
		return nil, disallowed{fmt.Errorf("refusing to read content of type %s (application/json is read; others are if registered)", describe(d.ContentType))}
	} else if e := strings.ToLower(d.ContentEncoding); e != "" && e != contentEncoding && e != "utf8" && e != "us-ascii" && e != "ascii" {
		return nil, disallowed{fmt.Errorf("refusing to read content in encoding %q (utf-8 is read)", d.ContentEncoding)}
	}
	if !utf8.Valid(raw) {
		return nil, malformed{errors.New("body is not JSON: invalid UTF-8")}
	}
	return raw, nil
}

func describe(contentType string) string {
	switch contentType {
	case "":
		return "that is not told"
	case "application/x-python-serialize":
		return "pickle (application/x-python-serialize)"
	case "application/x-yaml", "application/x-msgpack":
		return strings.TrimPrefix(contentType, "application/x-") + " (" + contentType + ")"
	}
	return fmt.Sprintf("%q", contentType)
}

// notJSON says what is wrong with a body that could not be read: that it is not JSON, or else what was expected.
func notJSON(body []byte, expected string, err error) error {
	if !json.Valid(body) {
		return malformed{fmt.Errorf("body is not JSON: %w", err)}
	}
	return malformed{fmt.Errorf("body: expected %s: %w", expected, err)}
}

// inflate undoes the compression that the header of this name tells, up to so many bytes. kombu calls zlib's format
// gzip.
func inflate(d amqp.Delivery, most int64) ([]byte, error) {
	name, _ := d.Headers["compression"].(string)
	var reader io.Reader
	switch name {
	case "":
		return d.Body, nil
	case "application/x-gzip", "gzip", "zlib":
		inflated, err := zlib.NewReader(bytes.NewReader(d.Body))
		if err != nil {
			return nil, malformed{fmt.Errorf("compressed body: %w", err)}
		}
		reader = inflated
	case "application/x-bz2", "bzip2", "bzip":
		reader = bzip2.NewReader(bytes.NewReader(d.Body))
	default:
		return nil, disallowed{fmt.Errorf("refusing to read a body compressed as %q (application/x-gzip and application/x-bz2 are read)", name)}
	}
	body, err := io.ReadAll(io.LimitReader(reader, most+1))
	if err != nil {
		return nil, malformed{fmt.Errorf("compressed body: %w", err)}
	}
	if int64(len(body)) > most {
		return nil, malformed{fmt.Errorf("compressed body: more than %d bytes", most)}
	}
	return body, nil
}
