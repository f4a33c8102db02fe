package management

import (
	"net/http"
	"strconv"
)

// write answers with a status and a value as JSON. What is long leaves piece by
// piece, so that it is never in memory as a whole.
func (r *request) write(status int, v any) {
	a := &answer{request: r, status: status}
	a.encoder.full = a.send
	err := a.encoder.value(v)
	switch {
	case err == nil:
		a.finish()
	case a.began: // it is too late to say so
		panic(http.ErrAbortHandler)
	default:
		r.api.node.Logger().Error("cannot write an answer as JSON", "path", r.URL.Path, "error", err)
		r.w.WriteHeader(http.StatusInternalServerError)
	}
}

// answer is an answer on its way to the client.
type answer struct {
	*request
	encoder encoder
	status  int
	began   bool
	size    int // of what was left out because only the headers are wanted
}

// send sends what has been written so far. Nobody waits for a client that reads
// slowly: others have their turn meanwhile.
func (a *answer) send() error {
	if a.Method == http.MethodHead {
		a.size += len(a.encoder.buf)
		a.encoder.buf = a.encoder.buf[:0]
		return nil
	}
	a.begin()
	if a.hasTurn {
		a.leaveTurn()
		defer a.takeTurn()
	}
	a.keepWriting()
	_, err := a.w.Write(a.encoder.buf)
	a.encoder.buf = a.encoder.buf[:0]
	return err
}

func (a *answer) begin() {
	if !a.began {
		a.began, a.answering = true, true
		a.w.Header().Set("Content-Type", "application/json")
		a.w.WriteHeader(a.status)
	}
}

// finish sends the rest. The length of an answer in one piece is known.
func (a *answer) finish() {
	if !a.began {
		a.w.Header().Set("Content-Length", strconv.Itoa(a.size+len(a.encoder.buf)))
	}
	a.begin()
	a.leaveTurn()
	a.keepWriting()
	if a.Method != http.MethodHead {
		a.w.Write(a.encoder.buf)
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

// panicked answers a request whose handler has panicked, if no part of another answer is on
// its way.
func (r *request) panicked(value any) {
	if value == http.ErrAbortHandler {
		panic(value)
	}
	p := r.api.node.Panicked(value)
	if r.answering {
		panic(http.ErrAbortHandler)
	}
	r.fail(http.StatusInternalServerError, "internal_error", p.Error())
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
