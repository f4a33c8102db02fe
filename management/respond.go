package management

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
)

// object is a JSON object on its way out. Its keys are written in order.
type object = map[string]any

// rate is a number that is written with a fraction even if it has none, as
// Erlang does.
type rate float64

// MarshalJSON implements json.Marshaler.
func (r rate) MarshalJSON() ([]byte, error) {
	s := strconv.FormatFloat(float64(r), 'f', -1, 64)
	if float64(r) == float64(int64(r)) {
		s += ".0"
	}
	return []byte(s), nil
}

// write answers with a status and a value as JSON.
func (r *request) write(status int, v any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		r.api.node.Logger().Error("cannot write an answer as JSON", "path", r.URL.Path, "error", err)
		r.w.WriteHeader(http.StatusInternalServerError)
		return
	}
	body := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	r.w.Header().Set("Content-Type", "application/json")
	r.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	r.w.WriteHeader(status)
	if r.Method != http.MethodHead {
		r.w.Write(body)
	}
}

// one answers with an object, or with those of its fields that were asked for.
func (r *request) one(v object) {
	if columns := r.columns(); columns != nil {
		v = pick(v, columns)
		if len(v) == 0 {
			r.write(http.StatusOK, []any{})
			return
		}
	}
	r.write(http.StatusOK, v)
}

func (r *request) fail(status int, err string, reason any) {
	r.write(status, object{"error": err, "reason": reason})
}

func (r *request) badRequest(reason any) { r.fail(http.StatusBadRequest, "bad_request", reason) }

func (r *request) notAuthorised(reason string) {
	r.fail(http.StatusUnauthorized, "not_authorised", reason)
}

func (r *request) notFound() {
	r.write(http.StatusNotFound, object{"error": "Object Not Found", "reason": "Not Found"})
}

func (r *request) noVHost() { r.fail(http.StatusNotFound, "not_found", "vhost_not_found") }

func (r *request) noContent() { r.w.WriteHeader(http.StatusNoContent) }

// done answers a PUT: 201 for what is new, 204 for what was there.
func (r *request) done(created bool) {
	if created {
		r.w.Header().Set("Content-Length", "0")
		r.w.WriteHeader(http.StatusCreated)
		return
	}
	r.noContent()
}
