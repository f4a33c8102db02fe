package management

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/release"
)

// access says who may use a path.
type access uint8

const (
	nobody         access = iota // everybody, without login
	anyUser                      // whoever has one of the tags
	monitor                      // monitoring and administrator
	administrator                //
	vhostUser                    // who may enter the virtual host in the path, and administrators
	vhostMonitor                 // the same and monitoring
	policymaker                  // policymakers who may enter it, and administrators
	anyPolicymaker               // policymaker and administrator
	sameUser                     // the user in the path, and monitoring and administrator
	featureFlags                 // administrator, in later releases any user
	consumersOf                  // any user, in later releases as vhostMonitor
	limitsOfUsers                // any user, in later releases administrator
	limitsOfUser                 // any user, in later releases as sameUser
)

// in returns what a kind of access that the releases differ in is in one of them.
func (a access) in(rules *release.HTTP) access {
	choose := func(changed bool, before, after access) access {
		if changed {
			return after
		}
		return before
	}
	switch a {
	case featureFlags:
		return choose(!rules.BackingQueue, administrator, anyUser)
	case consumersOf:
		return choose(rules.HidesConsumers, anyUser, vhostMonitor)
	case limitsOfUsers:
		return choose(rules.HidesUserLimits, anyUser, administrator)
	case limitsOfUser:
		return choose(rules.HidesUserLimits, anyUser, sameUser)
	}
	return a
}

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
	if len(r.Header.Values("Authorization")) == 0 {
		r.w.Header().Set("WWW-Authenticate", `Basic realm="RabbitMQ Management"`)
		r.w.WriteHeader(http.StatusUnauthorized)
		return false
	}
	var u *broker.User
	if name, password, ok := r.credentials(); ok {
		u = r.logIn(name, password)
	} else if !r.hasToken() {
		r.w.WriteHeader(http.StatusBadRequest)
		return false
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

// credentials reads the header Authorization. Spaces around the credentials do no harm.
func (r *request) credentials() (name, password string, ok bool) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(r.Header.Get("Authorization")), " ")
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
	if err != nil || !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	return strings.Cut(string(plain), ":")
}

// hasToken says whether the request brings a token, which nobody can log in by.
func (r *request) hasToken() bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && token != ""
}

// logIn returns the user if the password is right, nil otherwise. The user guest
// can log in from the same machine only.
func (r *request) logIn(name, password string) *broker.User {
	if name == "guest" && !fromLoopback(r.RemoteAddr) {
		return nil
	}
	return r.api.node.Authenticate(name, password)
}

// permitted says whether the user may use a path. It answers the request if not.
func (r *request) permitted(a access) bool {
	a = a.in(r.api.rules)
	switch {
	case !isManager(r.user):
		r.notAuthorised("Not management user")
	case a == monitor && !isMonitor(r.user):
		r.notAuthorised("Not monitor user")
	case a == administrator && !isAdministrator(r.user):
		r.notAuthorised("Not administrator user")
	case (a == policymaker || a == anyPolicymaker) && !isPolicymaker(r.user):
		r.notAuthorised(notForUser)
	case a == sameUser && !isMonitor(r.user) && r.api.rules.FailsOnOwnConnections:
		r.w.WriteHeader(http.StatusInternalServerError)
	case a == sameUser && !isMonitor(r.user) && r.vars["user"] != r.user.Name():
		r.notAuthorised(notForUser)
	case a == vhostUser || a == vhostMonitor || a == policymaker:
		return r.permittedVHost(a)
	default:
		return true
	}
	return false
}

// notForUser is why a user may not look at what is another's.
const notForUser = "User not authorised to access object"

// permittedVHost says whether the user may look into the virtual host in the path.
// One that is not there is for the handler to miss.
func (r *request) permittedVHost(a access) bool {
	name := r.vars["vhost"]
	switch {
	case r.api.node.VHost(name) == nil, isAdministrator(r.user), r.user.MayEnter(name), a == vhostMonitor && isMonitor(r.user):
		return true
	case r.api.rules.HidesVHosts:
		r.fail(http.StatusNotFound, "not_found", "Not Found")
	case a == policymaker:
		r.notAuthorised(notForUser)
	default:
		r.notAuthorised("User not authorised to access virtual host")
	}
	return false
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
