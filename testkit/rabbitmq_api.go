package testkit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/url"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
)

// The management API of a real RabbitMQ. Of objects it tells at once, of
// connections and counts with a delay of some seconds.

// apiPath is the path of something in the API.
func apiPath(parts ...string) string {
	var s strings.Builder
	s.WriteString("/api")
	for _, part := range parts {
		s.WriteString("/" + url.PathEscape(part))
	}
	return s.String()
}

// list gets what the API lists.
func list[E any](r *rabbitmq, path ...string) (all []E, err error) {
	err = r.call(context.Background(), http.MethodGet, apiPath(path...), nil, &all)
	return all, err
}

// call calls the management API. A nil result is not read.
func (r *rabbitmq) call(ctx context.Context, method, path string, body, result any) error {
	return r.callWith(ctx, method, path, body, result, nil)
}

func (r *rabbitmq) callWith(ctx context.Context, method, path string, body, result any, header http.Header) error {
	var payload io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return err
		}
		payload = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, r.api+path, payload)
	if err != nil {
		return err
	}
	password, _ := r.http.User.Password()
	request.SetBasicAuth(r.http.User.Username(), password)
	maps.Copy(request.Header, header)
	request.Header.Set("Content-Type", "application/json")
	request.Close = true // leave no idle connections behind
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return &statusError{method + " " + path, response.StatusCode, string(text)}
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(text, result)
}

// statusError is an answer of the management API that is not a success.
type statusError struct {
	request string
	code    int
	text    string
}

var _ error = (*statusError)(nil)

func (e *statusError) Error() string { return fmt.Sprintf("%s: %d %s", e.request, e.code, e.text) }

// notFound says whether the API does not know what it was asked for.
func notFound(err error) bool {
	var status *statusError
	return errors.As(err, &status) && status.code == http.StatusNotFound
}

// table is a table of the API.
type table amqp.Table

// UnmarshalJSON has whole numbers as int64. RabbitMQ writes an empty table as an
// empty list now and then.
func (t *table) UnmarshalJSON(text []byte) error {
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		var none []any
		if json.Unmarshal(text, &none) == nil && len(none) == 0 {
			return nil
		}
		return err
	}
	if len(fields) > 0 {
		*t = table(fromJSON(fields).(amqp.Table))
	}
	return nil
}

func fromJSON(v any) any {
	switch v := v.(type) {
	case map[string]any:
		fields := make(amqp.Table, len(v))
		for key := range v {
			fields[key] = fromJSON(v[key])
		}
		return fields
	case []any:
		values := make([]any, len(v))
		for i := range v {
			values[i] = fromJSON(v[i])
		}
		return values
	case float64:
		if v == math.Trunc(v) {
			return int64(v)
		}
	}
	return v
}
