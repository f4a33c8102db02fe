package management

import (
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func (r *request) healthy() { r.one(object{"status": "ok"}) }

func (r *request) unhealthy(o object) {
	o["status"] = "failed"
	r.write(http.StatusServiceUnavailable, o)
}

// checkListeners says that clients can connect, over which a release fails where a listener is bound to one address.
func (r *request) checkListeners() {
	bound := func(l Listener) bool { ip := net.ParseIP(l.Host); return ip != nil && !ip.IsUnspecified() }
	if r.api.rules.FailsOnOneAddress && slices.ContainsFunc(r.api.config.listeners(), bound) {
		r.reply(errCrash)
		return
	}
	r.healthy()
}

func (r *request) checkAlarms() {
	raised := r.api.config.alarms()
	if len(raised) == 0 {
		r.healthy()
		return
	}
	alarms := []object{}
	for _, resource := range raised {
		alarms = append(alarms, object{"node": nodeName, "resource": resource})
	}
	r.unhealthy(object{"reason": "There are alarms in effect in the cluster", "alarms": alarms})
}

func (r *request) checkCertificates() {
	if n, err := strconv.Atoi(r.vars["within"]); err != nil || n < 0 {
		r.badRequest("Invalid expiration value.")
		return
	}
	if !slices.Contains([]string{"days", "weeks", "months", "years"}, r.vars["unit"]) {
		r.badRequest("Time unit not recognised. Supported units: days, weeks, months, years.")
		return
	}
	r.healthy()
}

func (r *request) checkPort() {
	port, err := strconv.Atoi(r.vars["port"])
	if err != nil {
		r.badRequest("Invalid port")
		return
	}
	ports := []int{}
	for _, l := range r.api.config.listeners() {
		if l.Port == port {
			r.one(object{"status": "ok", "port": port})
			return
		}
		ports = append(ports, l.Port)
	}
	r.unhealthy(object{"reason": "No active listener", "missing": port, "ports": ports})
}

// checkProtocol asks for listeners of a protocol. amqp091 and its like are amqp.
func (r *request) checkProtocol() {
	there := []string{}
	for _, l := range r.api.config.listeners() {
		there = append(there, l.Protocol)
	}
	asked := []string{r.vars["protocols"]}
	if r.api.rules.ListsProtocols {
		slices.Sort(there)
		asked = strings.Split(r.vars["protocols"], ",")
	}
	for _, name := range asked {
		plain := name
		if slices.Contains([]string{"amqp091", "amqp0.9.1", "amqp0-9-1"}, strings.ToLower(name)) {
			plain = "amqp"
		}
		if slices.Contains(there, plain) {
			if r.api.rules.ListsProtocols {
				r.one(object{"status": "ok", "protocols": there})
			} else {
				r.one(object{"status": "ok", "protocol": plain})
			}
			return
		}
	}
	o := object{"reason": "No active listener", "missing": asked[0], "protocols": there}
	if r.api.rules.ListsProtocols {
		o["missing"] = asked
	}
	r.unhealthy(o)
}

func (r *request) checkQuorum() { r.one(object{"status": "ok", "reason": "single node cluster"}) }

// checkNode says that the node in the path is well.
func (r *request) checkNode() {
	if r.vars["node"] != nodeName {
		r.notFound()
		return
	}
	r.healthy()
}
