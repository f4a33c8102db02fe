package management

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/minirabbit/minirabbit/wire"
)

// input is a JSON object that came with a request. Clients write numbers and
// booleans as strings, too.
type input map[string]any

// problem is what is wrong with a request, as the reason of its refusal.
type problem struct{ reason any }

// errCrash is what RabbitMQ fails over, and answers with 500 and nothing more.
var errCrash = errors.New("internal error")

func (p *problem) Error() string { return fmt.Sprint(p.reason) }

// read reads the request's body. It answers the request and returns false if
// that is no JSON object.
func (r *request) read() (input, bool) {
	in, err := r.decode()
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		r.fail(http.StatusBadRequest, "payload_too_large", fmt.Sprintf("request body is larger than %d bytes", tooLarge.Limit))
		return nil, false
	case tookTooLong(err):
		r.w.Header().Set("Connection", "close")
		r.w.WriteHeader(http.StatusRequestTimeout)
		return nil, false
	case errors.Is(err, errEncodedTwice):
		r.badRequest("invalid payload: the request body JSON-decoded to a string. Is the input doubly-JSON-encoded?")
		return nil, false
	case err != nil:
		r.badRequest("not_json")
		return nil, false
	}
	return in, true
}

func (r *request) decode() (input, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return input{}, nil
	}
	return decodeObject(body)
}

// errEncodedTwice says that a body is JSON of a text, which may be JSON itself.
var errEncodedTwice = errors.New("a string, not an object")

func decodeObject(body []byte) (input, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var in input
	if err := d.Decode(&in); err != nil {
		var text string
		if json.Unmarshal(body, &text) == nil {
			return nil, errEncodedTwice
		}
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("more than one value")
	}
	return in, nil
}

// reply answers with what is wrong with a request.
func (r *request) reply(err error) {
	var p *problem
	switch {
	case errors.Is(err, errCrash):
		r.w.WriteHeader(http.StatusInternalServerError)
	case errors.As(err, &p):
		r.badRequest(p.reason)
	default:
		r.refuse(err)
	}
}

// erlangLine is how long Erlang lets a line be that it writes a term on.
const erlangLine = 80

// require answers the request and returns false if one of the keys is missing.
func (r *request) require(in input, keys ...string) bool {
	var missing []string
	for _, key := range keys {
		if _, set := in[key]; !set {
			missing = append(missing, "{key_missing,"+key+"}")
		}
	}
	if len(missing) == 0 {
		return true
	}
	list := "[" + strings.Join(missing, ",") + "]"
	if len(list) > erlangLine {
		list = "[" + strings.Join(missing, ",\n ") + "]"
	}
	r.badRequest(list)
	return false
}

// text returns a string, empty if it is not there or something else.
func (in input) text(key string) string {
	switch v := in[key].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// flag returns a boolean, false if it is not there.
func (in input) flag(key string) (bool, error) {
	given, set := in[key]
	if !set {
		return false, nil
	}
	switch v := given.(type) {
	case bool:
		return v, nil
	case string:
		switch v {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
	}
	return false, &problem{[]any{"not_boolean", given}}
}

// integer returns a whole number, which may be written as a string.
func (in input) integer(key string) (int64, error) {
	switch v := in[key].(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n, nil
		}
	}
	return 0, &problem{[]any{"not_int", key}}
}

// table returns an object as a field table. An empty array stands for an empty
// one.
func (in input) table(key string) (wire.Table, error) {
	switch v := in[key].(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return toTable(v)
	case []any:
		if len(v) == 0 {
			return nil, nil
		}
	}
	return nil, &problem{"not_an_object"}
}

// toTable converts JSON to a field table, sorted by key as in RabbitMQ.
func toTable(o map[string]any) (wire.Table, error) {
	t := make(wire.Table, 0, len(o))
	for key, value := range o {
		v, err := toValue(value)
		if err != nil {
			return nil, err
		}
		t = append(t, wire.Field{Key: key, Value: v})
	}
	slices.SortFunc(t, func(a, b wire.Field) int { return strings.Compare(a.Key, b.Key) })
	return t, nil
}

func toValue(value any) (any, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case bool:
		return v, nil
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		f, err := v.Float64()
		if err != nil || math.IsInf(f, 0) {
			return nil, &problem{"not_a_number"}
		}
		return f, nil
	case map[string]any:
		return toTable(v)
	case []any:
		a := make(wire.Array, 0, len(v))
		for _, item := range v {
			w, err := toValue(item)
			if err != nil {
				return nil, err
			}
			a = append(a, w)
		}
		return a, nil
	}
	return nil, &problem{"null_not_allowed"}
}

// fromTable converts a field table to JSON.
func fromTable(t wire.Table) object {
	o := make(object, len(t))
	for _, f := range t {
		o[f.Key] = fromValue(f.Value)
	}
	return o
}

func fromValue(value any) any {
	switch v := value.(type) {
	case wire.Table:
		return fromTable(v)
	case wire.Array:
		a := make([]any, len(v))
		for i, item := range v {
			a[i] = fromValue(item)
		}
		return a
	case nil:
		return "undefined"
	case []byte:
		return fromText(string(v))
	case string:
		return fromText(v)
	case float32:
		return rate(v)
	case float64:
		return rate(v)
	case wire.Timestamp:
		return uint64(v)
	case wire.Decimal:
		return fromDecimal(v)
	}
	return value
}

// fromText replaces text that JSON has no place for, in RabbitMQ's words.
func fromText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return "Not UTF-8, base64 is: " + base64.StdEncoding.EncodeToString([]byte(s))
}

// fromDecimal takes scale and value for what stands before and behind the point,
// as RabbitMQ does: 123.45, which has a scale of 2, is 2.12345.
func fromDecimal(d wire.Decimal) rate {
	f, err := strconv.ParseFloat(fmt.Sprintf("%d.%d", d.Scale, uint32(d.Value)), 64)
	if err != nil {
		panic("management: two whole numbers make no decimal: " + err.Error())
	}
	return rate(f)
}
