package management

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/management/webpage"
	"github.com/minirabbit/minirabbit/wire"
)

// request is a request on its way to its answer.
type request struct {
	*http.Request
	api   *API
	w     http.ResponseWriter
	route *route
	vars  map[string]string
	user  *broker.User
	form  map[string][]string

	hasTurn   bool
	answering bool // a part of the answer has been sent
	// only are the fields of the objects of a list that are of use; nil for all.
	only []string
	// scratch, if not nil, is the object that each object of a list is made of.
	scratch object
}

// serve finds the path, the user and the handler.
func (r *request) serve() {
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/")
	rest, ok := strings.CutPrefix(strings.TrimSuffix(path, "/")+"/", "api/")
	switch {
	case !ok:
		r.page(path)
		return
	case rest == "":
		r.w.Header().Set("Location", "/api/index.html")
		r.w.WriteHeader(http.StatusMovedPermanently)
		return
	}
	route, vars := findRoute(strings.TrimSuffix(rest, "/"))
	if route == nil || route.exists != nil && !route.exists(r.api.rules) {
		if r.api.rules.AllowHeader {
			r.w.Header().Set("Allow", "HEAD, GET, OPTIONS")
		}
		r.notFound()
		return
	}
	r.route, r.vars, r.form = route, vars, r.URL.Query()
	if r.api.rules.AllowHeader {
		r.w.Header().Set("Allow", route.allow)
	}
	handle := route.handler(r.Method)
	switch {
	case !slices.Contains(knownMethods, r.Method):
		r.w.Header().Del("Allow")
		r.w.WriteHeader(http.StatusNotImplemented)
	case r.Method == http.MethodOptions:
		r.w.Header().Set("Allow", route.allow)
		r.w.WriteHeader(http.StatusOK)
	case handle == nil:
		r.w.Header().Set("Allow", route.allow)
		r.w.WriteHeader(http.StatusMethodNotAllowed)
	case route.access == nobody || r.authenticate() && r.permitted(route.access):
		if r.Method == http.MethodGet && route.ranged != "" && !r.rangesAreValid() {
			return
		}
		if vh := r.inVHost(); vh != nil && route.pattern != "vhosts/{vhost}" {
			if why := vh.Broken(); why != nil {
				r.fail(http.StatusInternalServerError, "internal_error", why.Reason)
				return
			}
		}
		handle(r)
	}
}

// knownMethods are those that RabbitMQ's server of HTTP knows.
var knownMethods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}

// page answers what is not below /api.
func (r *request) page(path string) {
	switch {
	case path == "metrics" && r.api.config.metrics != nil:
		r.api.config.metrics.ServeHTTP(r.w, r.Request)
	case path == "" || strings.HasPrefix(path, "page/"):
		webPage.ServeHTTP(r.w, r.Request)
	default:
		r.notFound()
	}
}

var webPage = webpage.Handler()

// vhost returns the virtual host in the path, nil if it is not there.
func (r *request) inVHost() *broker.VHost { return r.api.node.VHost(r.vars["vhost"]) }

// exchangeName returns the exchange in the path: amq.default is the one without
// a name.
func (r *request) exchangeName(variable string) string {
	if name := r.vars[variable]; name != "amq.default" {
		return name
	}
	return ""
}

// visible returns the virtual hosts that the request is about: the one in the
// path or all that the user may enter, which for an administrator is all. ok is false if that in the path is not
// there; the request is answered then.
func (r *request) visible() (all []*broker.VHost, ok bool) {
	if _, one := r.vars["vhost"]; one {
		vh := r.inVHost()
		if vh == nil {
			r.notFound()
			return nil, false
		}
		return []*broker.VHost{vh}, true
	}
	for _, vh := range r.api.node.VHosts() {
		if r.user.MayEnter(vh.Name()) || isAdministrator(r.user) {
			all = append(all, vh)
		}
	}
	return all, true
}

// flag reads a boolean of the query.
func (r *request) flag(name string) bool { return r.URL.Query().Get(name) == "true" }

func fromLoopback(remote string) bool {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return false
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

// refuse answers with what the broker refused.
func (r *request) refuse(err error) {
	var ce *broker.ChannelError
	var he *broker.ConnectionError
	switch {
	case errors.As(err, &ce):
		r.refuseReply(&ce.Reply)
	case errors.As(err, &he):
		r.refuseReply(&he.Reply)
	default:
		r.badRequest(err.Error())
	}
}

func (r *request) refuseReply(reply *broker.Reply) {
	switch reply.Code {
	case wire.AccessRefused:
		r.notAuthorised("Access refused.")
	case wire.NotFound:
		r.fail(http.StatusNotFound, "not_found", reply.Reason)
	default:
		r.badRequest(reply.Reason)
	}
}
