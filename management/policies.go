package management

import (
	"encoding/json"
	"errors"
	"html"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/internal/erlang"
	"github.com/minirabbit/minirabbit/wire"
)

func policyObject(vhost string, p *broker.Policy) object {
	return object{"vhost": vhost, "name": p.Name, "pattern": p.Pattern, "apply-to": string(p.ApplyTo),
		"definition": fromDefinition(p.Definition), "priority": priorityOf(p)}
}

func priorityOf(p *broker.Policy) any {
	if p.Fraction {
		return rate(p.Priority)
	}
	return int64(p.Priority)
}

// fromDefinition converts a policy's definition to JSON. Unlike in a field table,
// null is null in it.
func fromDefinition(t wire.Table) object {
	o := fromTable(t)
	for _, f := range t {
		if f.Value == nil {
			o[f.Key] = nil
		}
	}
	return o
}

// policyObjects describes the policies of a kind in a virtual host.
func policyObjects(vh *broker.VHost, kind broker.PolicyKind) []object {
	vh.Lock()
	defer vh.Unlock()
	items := []object{}
	for _, p := range vh.Policies(kind) {
		items = append(items, policyObject(vh.Name(), p))
	}
	return items
}

func (r *request) policies()         { r.listPolicies(broker.UserPolicy) }
func (r *request) operatorPolicies() { r.listPolicies(broker.OperatorPolicy) }

func (r *request) listPolicies(kind broker.PolicyKind) {
	hosts, ok := r.visible()
	if !ok {
		return
	}
	items := []object{}
	for _, vh := range hosts {
		items = append(items, policyObjects(vh, kind)...)
	}
	r.list(items)
}

func (r *request) policy()         { r.onePolicy(broker.UserPolicy) }
func (r *request) operatorPolicy() { r.onePolicy(broker.OperatorPolicy) }

func (r *request) onePolicy(kind broker.PolicyKind) {
	if vh := r.inVHost(); vh != nil {
		for _, o := range policyObjects(vh, kind) {
			if o["name"] == r.vars["name"] {
				r.one(o)
				return
			}
		}
	}
	r.notFound()
}

func (r *request) putPolicy() { r.savePolicy(broker.UserPolicy) }

func (r *request) putOperatorPolicy() {
	if r.isJSON() {
		r.savePolicy(broker.OperatorPolicy)
	}
}

func (r *request) savePolicy(kind broker.PolicyKind) {
	vh := r.inVHost()
	if vh == nil {
		r.noVHost()
		return
	}
	in, ok := r.read()
	if !ok || !r.require(in, "pattern", "definition") {
		return
	}
	created, err := setPolicy(vh, kind, r.vars["name"], in)
	var invalid *broker.ValidationError
	switch {
	case err == errNoDefinition:
		r.w.WriteHeader(http.StatusInternalServerError)
	case errors.As(err, &invalid) && r.api.rules.EscapesPolicyErrors && kind == broker.UserPolicy:
		r.badRequest(escape(invalid.Error()))
	case err != nil:
		r.reply(err)
	default:
		r.done(created)
	}
}

// escape is what RabbitMQ does to angle brackets, and to nothing else.
func escape(s string) string {
	var escaped []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '<' || s[i] == '>' || s[i] == '&' {
			escaped = append(escaped, html.EscapeString(s[i:i+1])...)
		} else {
			escaped = append(escaped, s[i])
		}
	}
	return string(escaped)
}

// errNoDefinition says that a policy's definition is no object. RabbitMQ fails.
var errNoDefinition = errors.New("the definition is no object")

// toSetting converts a value of a policy. Unlike a field table, it may be null,
// or a whole number of any size, of which more than 63 bits are as good as none.
func toSetting(value any) (any, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case json.Number:
		if _, err := v.Int64(); errors.Is(err, strconv.ErrRange) && v[0] != '-' {
			return int64(math.MaxInt64), nil
		}
	}
	return toValue(value)
}

// setPolicy sets a policy as the API and definitions describe it.
func setPolicy(vh *broker.VHost, kind broker.PolicyKind, name string, in input) (created bool, err error) {
	p := broker.Policy{Name: name, ApplyTo: broker.ToAll}
	if _, set := in["apply-to"]; set {
		p.ApplyTo = broker.Target(in.text("apply-to"))
	}
	var problems []string
	if v, ok := in["pattern"].(string); !ok {
		problems = append(problems, "pattern should be a binary but was "+in.term("pattern"))
	} else {
		p.Pattern = v
	}
	priority, set := in["priority"]
	if !set {
		priority = json.Number("0")
	}
	switch n := priority.(type) {
	case json.Number:
		p.Fraction = strings.ContainsAny(n.String(), ".eE")
		if p.Priority, err = n.Float64(); err != nil {
			problems = append(problems, "priority should be a number, actually was "+n.String())
		}
	default:
		v, _ := toSetting(n)
		problems = append(problems, "priority should be a number, actually was "+erlangText(v))
	}
	definition, ok := in["definition"].(map[string]any)
	if !ok {
		return false, errNoDefinition
	}
	for _, key := range slices.Sorted(maps.Keys(definition)) {
		v, err := toSetting(definition[key])
		if err != nil {
			return false, err
		}
		p.Definition = append(p.Definition, wire.Field{Key: key, Value: v})
	}
	vh.Lock()
	defer vh.Unlock()
	if problems != nil {
		return false, vh.CheckPolicy(kind, p, problems...)
	}
	return vh.SetPolicy(kind, p)
}

// term prints what is under a key as Erlang does.
func (in input) term(key string) string {
	value, set := in[key]
	if !set {
		return undefined
	}
	return jsonTerm(value)
}

// erlangText prints a value of JSON as Erlang does.
func erlangText(v any) string {
	if v == nil {
		return "null"
	}
	return erlang.Format(v, true)
}

func (r *request) deletePolicy() { r.removePolicy(broker.UserPolicy) }

func (r *request) deleteOperatorPolicy() { r.removePolicy(broker.OperatorPolicy) }

func (r *request) removePolicy(kind broker.PolicyKind) {
	deleted := false
	if vh := r.inVHost(); vh != nil {
		vh.Do(func() { deleted = vh.DeletePolicy(kind, r.vars["name"]) })
	}
	if !deleted {
		r.notFound()
		return
	}
	r.noContent()
}
