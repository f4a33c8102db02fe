package management

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/broker"
)

func limitsObject(l broker.Limits) object {
	o := object{}
	for name, n := range l {
		o[name] = n
	}
	return o
}

// isJSON answers 415 and returns false if the request's body is declared as
// something else than JSON, about which RabbitMQ is strict for limits, operator
// policies and definitions.
func (r *request) isJSON() bool {
	if r.mediaType() == "application/json" {
		return true
	}
	r.w.WriteHeader(http.StatusUnsupportedMediaType)
	return false
}

// mediaType is what the request's body is declared as, without parameters.
func (r *request) mediaType() string {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

func (r *request) vhostLimits() {
	hosts, ok := r.visible()
	if !ok {
		return
	}
	items := []object{}
	for _, vh := range hosts {
		if l := vh.Limits(); len(l) > 0 {
			items = append(items, object{"vhost": vh.Name(), "value": limitsObject(l)})
		}
	}
	r.list(items)
}

var vhostLimitNames = []string{broker.MaxConnections, broker.MaxQueues}

func (r *request) putVHostLimit() {
	if !r.isJSON() {
		return
	}
	vh := r.inVHost()
	if vh == nil {
		r.noVHost()
		return
	}
	in, ok := r.read()
	if !ok || !r.require(in, "value") {
		return
	}
	limits, err := readLimits(map[string]any{r.vars["name"]: in["value"]}, vhostLimitNames, "limits")
	if err != nil {
		r.badRequest(err.Error())
		return
	}
	n := limits[r.vars["name"]]
	vh.SetLimit(r.vars["name"], &n)
	r.noContent()
}

// readLimits reads limits. The error is a *broker.ValidationError.
func readLimits(given map[string]any, known []string, what string) (broker.Limits, error) {
	limits := broker.Limits{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value, err := toSetting(given[name])
		if err != nil {
			return nil, &broker.ValidationError{Problems: []string{name + " should be a number, actually was " + fmt.Sprint(given[name])}}
		}
		if !slices.Contains(known, name) {
			return nil, &broker.ValidationError{Problems: []string{fmt.Sprintf("Unrecognised terms [{%s,%s}] in %s", erlangText(name), erlangText(value), what)}}
		}
		n, ok := value.(int64)
		if !ok {
			return nil, &broker.ValidationError{Problems: []string{fmt.Sprintf("%s should be a number, actually was %s", name, erlangText(value))}}
		}
		limits[name] = n
	}
	return limits, nil
}

func (r *request) deleteVHostLimit() {
	vh := r.inVHost()
	if vh == nil {
		r.notFound()
		return
	}
	vh.SetLimit(r.vars["name"], nil)
	r.noContent()
}

func (r *request) userLimits() {
	users := r.api.node.Users()
	if name, one := r.vars["user"]; one {
		u := r.api.node.User(name)
		if u == nil {
			r.notFound()
			return
		}
		users = []*broker.User{u}
	}
	items := []object{}
	for _, u := range users {
		if l := u.Limits(); len(l) > 0 {
			items = append(items, object{"user": u.Name(), "value": limitsObject(l)})
		}
	}
	r.list(items)
}

func (r *request) putUserLimit() {
	if !r.isJSON() {
		return
	}
	u := r.api.node.User(r.vars["user"])
	if u == nil {
		r.badRequest([]any{"no_such_user", r.vars["user"]})
		return
	}
	in, ok := r.read()
	if !ok || !r.require(in, "value") {
		return
	}
	limits, err := readLimits(map[string]any{r.vars["name"]: in["value"]}, []string{broker.MaxConnections, broker.MaxChannels}, "user-limits")
	if err != nil {
		r.badRequest(err.(*broker.ValidationError).Problems[0])
		return
	}
	n := limits[r.vars["name"]]
	u.SetLimit(r.vars["name"], &n)
	r.noContent()
}

func (r *request) deleteUserLimit() {
	if u := r.findUser(); u != nil {
		u.SetLimit(r.vars["name"], nil)
		r.noContent()
	}
}
