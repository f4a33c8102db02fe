package management

import (
	"encoding/base64"
	"net/http"

	"github.com/minirabbit/minirabbit/broker"
)

func (r *request) authSettings() {
	switch {
	case r.api.rules.HasAuth:
		r.write(http.StatusOK, object{"oauth_enabled": false})
	case !r.api.rules.HasVersion:
		r.write(http.StatusOK, object{"enable_uaa": false, "uaa_client_id": "", "uaa_location": ""})
	default:
		r.notFound()
	}
}

func (r *request) authAttempts() {
	if r.vars["node"] != nodeName {
		r.notFound()
		return
	}
	all := []object{}
	for _, p := range []struct {
		name     string
		protocol broker.Protocol
	}{{"http", broker.HTTP}, {"amqp091", broker.AMQP}} {
		succeeded, failed := r.api.node.Attempts(p.protocol)
		if succeeded+failed == 0 {
			continue
		}
		all = append(all, object{"protocol": p.name, "auth_attempts": succeeded + failed,
			"auth_attempts_failed": failed, "auth_attempts_succeeded": succeeded})
	}
	r.list(all)
}

func (r *request) authAttemptSources() {
	if r.vars["node"] != nodeName {
		r.notFound()
		return
	}
	r.list(nil)
}

func (r *request) resetAttempts() {
	switch {
	case r.api.rules.AdministersAttempts && !isAdministrator(r.user):
		r.notAuthorised("Not administrator user")
	case r.vars["node"] != nodeName:
		r.notFound()
	default:
		r.api.node.ResetAttempts()
		r.noContent()
	}
}

func (r *request) hashPassword() {
	r.write(http.StatusOK, object{"ok": base64.StdEncoding.EncodeToString(broker.HashPassword(r.vars["password"]).Salted)})
}

// login is for the page's form: it says whether the credentials are right.
func (r *request) login() {
	if err := r.ParseForm(); err != nil {
		r.badRequest("not_a_form")
		return
	}
	u := r.logIn(r.PostForm.Get("username"), r.PostForm.Get("password"))
	if u == nil || !isManager(u) {
		r.fail(http.StatusUnauthorized, "not_authorised", r.api.rules.LoginFailed)
		return
	}
	r.noContent()
}
