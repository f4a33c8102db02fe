package management

import (
	"net/http"
	"slices"

	"github.com/minirabbit/minirabbit/broker"
)

// access says who may use a path.
type access uint8

const (
	nobody         access = iota // everybody, without login
	anyUser                      // whoever has one of the tags
	monitor                      // monitoring and administrator
	administrator                //
	vhostUser                    // who may enter the virtual host in the path
	policymaker                  // policymaker and administrator who may enter it
	anyPolicymaker               // policymaker and administrator
	featureFlags                 // administrator, in later releases any user
	operatorPolicy               // administrator; to look, policymaker
)

// The tags that let a user in.
const (
	tagManagement    = "management"
	tagPolicymaker   = "policymaker"
	tagMonitoring    = "monitoring"
	tagAdministrator = "administrator"
)

func isManager(u *broker.User) bool {
	return slices.ContainsFunc([]string{tagAdministrator, tagMonitoring, tagPolicymaker, tagManagement}, u.HasTag)
}

func isMonitor(u *broker.User) bool { return u.HasTag(tagMonitoring) || u.HasTag(tagAdministrator) }

func isPolicymaker(u *broker.User) bool {
	return u.HasTag(tagPolicymaker) || u.HasTag(tagAdministrator)
}

func isAdministrator(u *broker.User) bool { return u.HasTag(tagAdministrator) }

// authenticate finds the user by the request's credentials. It answers the request and
// returns false if there is none.
func (r *request) authenticate() bool {
	name, password, ok := r.BasicAuth()
	if !ok {
		r.w.Header().Set("WWW-Authenticate", `Basic realm="RabbitMQ Management"`)
		r.w.WriteHeader(http.StatusUnauthorized)
		return false
	}
	u := r.api.node.Authenticate(name, password)
	if u != nil && !fromLoopback(r.RemoteAddr) && name == "guest" {
		u = nil
	}
	r.api.node.CountAttempt(broker.HTTP, u != nil)
	if u == nil {
		if r.api.rules.Challenge {
			r.w.Header().Set("WWW-Authenticate", `Basic realm="RabbitMQ Management"`)
		}
		r.fail(http.StatusUnauthorized, "not_authorized", r.api.rules.LoginFailed)
		return false
	}
	r.user = u
	return true
}

// permitted says whether the user may use a path. It answers the request if not.
func (r *request) permitted(a access) bool {
	if a == featureFlags {
		a = administrator
		if !r.api.rules.BackingQueue {
			a = anyUser
		}
	}
	if a == operatorPolicy {
		a = administrator
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			a = policymaker
		}
	}
	switch {
	case !isManager(r.user):
		r.notAuthorised("Not management user")
	case a == monitor && !isMonitor(r.user):
		r.notAuthorised("Not monitor user")
	case a == administrator && !isAdministrator(r.user):
		r.notAuthorised("Not administrator user")
	case a == anyPolicymaker && !isPolicymaker(r.user):
		r.notAuthorised("User not authorised to access object")
	case a == vhostUser || a == policymaker:
		return r.permittedVHost(a)
	default:
		return true
	}
	return false
}

// permittedVHost says whether the user may enter the virtual host in the path.
// One that is not there is for the handler to miss.
func (r *request) permittedVHost(a access) bool {
	name := r.vars["vhost"]
	if r.api.node.VHost(name) == nil {
		return true
	}
	if a == policymaker && !isPolicymaker(r.user) {
		r.notAuthorised("User not authorised to access object")
		return false
	}
	if !r.user.MayEnter(name) && !(a == policymaker && isAdministrator(r.user)) {
		if r.api.rules.HidesVHosts {
			r.fail(http.StatusNotFound, "not_found", "Not Found")
		} else if a == policymaker {
			r.notAuthorised("User not authorised to access object")
		} else {
			r.notAuthorised("User not authorised to access virtual host")
		}
		return false
	}
	return true
}

// may says whether the user has a permission in the virtual host of the path. It
// answers the request if not.
func (r *request) may(vh *broker.VHost, want broker.Permission, kind, name string) bool {
	if err := r.user.Check(vh, want, kind, name); err != nil {
		r.notAuthorised("Access refused.")
		return false
	}
	return true
}
