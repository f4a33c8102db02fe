package management

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"
)

// A page of any web site can send requests to this machine from the browser of
// whoever looks at it, and guest's password is known to everybody. RabbitMQ leaves
// that to the configuration; what is here refuses nothing that other clients send.

const (
	headerPatience = 10 * time.Second // for a request's headers,
	bodyPatience   = time.Minute      // for all of a request,
	idlePatience   = 2 * time.Minute  // for the next request on a connection,
	writePatience  = time.Minute      // and for a client to read a piece of an answer
)

// NewServer returns a server for the API that does not wait for ever for clients
// that do not send or read: see its fields.
func NewServer(api http.Handler) *http.Server {
	return &http.Server{Handler: api, ReadHeaderTimeout: headerPatience, ReadTimeout: bodyPatience, IdleTimeout: idlePatience}
}

// keepWriting gives the client new time to read. Only tests have answers without
// deadlines.
func (r *request) keepWriting() {
	_ = http.NewResponseController(r.w).SetWriteDeadline(time.Now().Add(writePatience))
}

// WithHosts names hosts by which the API is known on this machine, beside IP
// addresses and names that no web site can have.
func WithHosts(names ...string) Option {
	return func(c *config) { c.hosts = append(c.hosts, names...) }
}

// setSecurityHeaders says as RabbitMQ which scripts may run in a page, and that an
// answer is neither guessed to be one nor shown within one.
func (a *API) setSecurityHeaders(h http.Header) {
	h.Set("Content-Security-Policy", a.rules.ContentSecurityPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}

// isFromHere says whether a request can come from the page of this API or from
// something that is no page of a web site. It answers the request if not.
func (r *request) isFromHere() bool {
	switch {
	case fromLoopback(r.RemoteAddr) && !r.isKnownHost():
		r.fail(http.StatusMisdirectedRequest, "not_authorised",
			"This host name may be that of a web site: use an IP address, localhost, or serve --http with the name")
	case http.NewCrossOriginProtection().Check(r.Request) != nil:
		r.fail(http.StatusForbidden, "not_authorised", "A page of another origin may not change the broker")
	default:
		return true
	}
	return false
}

// localDomains are those in which no web site can have a name.
var localDomains = []string{".localhost", ".local", ".internal", ".test", ".home.arpa"}

// isKnownHost says whether the name in the header Host is none that a web site may
// have made lead to this machine (DNS rebinding). A name of one word, as containers
// have, is none; nor is the machine's own.
func (r *request) isKnownHost() bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil || !strings.Contains(host, ".") {
		return true
	}
	if slices.ContainsFunc(localDomains, func(domain string) bool { return strings.HasSuffix(host, domain) }) {
		return true
	}
	own, err := os.Hostname()
	return err == nil && strings.EqualFold(host, own) ||
		slices.ContainsFunc(r.api.config.hosts, func(name string) bool { return strings.EqualFold(host, name) })
}

// tookTooLong says whether a request's body did not arrive in time.
func tookTooLong(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
