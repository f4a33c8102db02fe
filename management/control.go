package management

import (
	"encoding/json"
	"net/http"
	"slices"
)

// What follows is for minirabbit's control command. RabbitMQ's talks to the node
// in another way.

func marshal(v any) (json.RawMessage, error) { return json.Marshal(v) }

func (r *request) appState() {
	running := r.api.config.restart == nil || r.api.config.restart.Running()
	r.one(object{"running": running, "node": nodeName, "version": r.api.node.Release().Version})
}

// setAppState stops, resets or starts the node: {"state": "stopped", "reset" or
// "running"}.
func (r *request) setAppState() {
	in, ok := r.read()
	if !ok {
		return
	}
	app := r.api.config.restart
	if app == nil {
		r.badRequest("this node cannot be stopped from here")
		return
	}
	switch in.text("state") {
	case "stopped":
		app.StopApp()
	case "running":
		app.StartApp()
	case "reset":
		if app.Running() {
			r.badRequest("mnesia_unexpectedly_running")
			return
		}
		app.Reset()
	default:
		r.badRequest("state is to be stopped, running or reset")
		return
	}
	r.noContent()
}

func (r *request) raiseAlarm() { r.setAlarm(true) }

func (r *request) clearAlarm() { r.setAlarm(false) }

func (r *request) setAlarm(raised bool) {
	resource := r.vars["resource"]
	if r.api.config.alarm == nil || !slices.Contains([]string{"memory", "disk"}, resource) {
		r.notFound()
		return
	}
	r.api.config.alarm(resource, raised)
	r.noContent()
}

// closeAllConnections closes all connections, or those of a virtual host, for the
// reason in X-Reason.
func (r *request) closeAllConnections() {
	for _, c := range r.api.node.Connections() {
		if vhost := r.URL.Query().Get("vhost"); vhost == "" || c.VHost.Name() == vhost {
			r.api.node.CloseConnection(c, r.closeReason())
		}
	}
	r.noContent()
}

// checkPassword says whether a password is that of a user.
func (r *request) checkPassword() {
	in, ok := r.read()
	if !ok {
		return
	}
	if r.api.node.Authenticate(r.vars["user"], in.text("password")) == nil {
		r.w.WriteHeader(http.StatusForbidden)
		return
	}
	r.noContent()
}
