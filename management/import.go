package management

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/minirabbit/minirabbit/broker"
)

// importDefinitions creates what a file of definitions describes. What is there
// already stays, unless the file says otherwise of it.
func (r *request) importDefinitions() { r.importInto("") }

func (r *request) importVHostDefinitions() {
	if r.inVHost() == nil {
		r.noVHost()
		return
	}
	r.importInto(r.vars["vhost"])
}

func (r *request) importInto(vhost string) {
	if !r.isForm() && !r.isJSON() {
		return
	}
	in, err := r.uploaded()
	if err != nil {
		r.badRequest("failed_to_parse_json")
		return
	}
	if err := r.restore(in, vhost); err != nil {
		r.reply(err)
		return
	}
	if to := r.FormValue("redirect"); r.isForm() && strings.HasPrefix(to, "/") {
		http.Redirect(r.w, r.Request, to, http.StatusSeeOther)
		return
	}
	r.noContent()
}

func (r *request) isForm() bool { return r.mediaType() == "multipart/form-data" }

// uploaded reads the definitions: the body, or the file of a form.
func (r *request) uploaded() (input, error) {
	if !r.isForm() {
		return r.decode()
	}
	file, _, err := r.FormFile("file")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	body, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	return decodeObject(body)
}

// restore imports in the order in which things depend on each other. With a
// virtual host, everything goes there.
func (r *request) restore(in input, vhost string) error {
	if vhost == "" {
		for _, step := range []struct {
			key string
			do  func(input) error
		}{
			{"users", func(o input) error { _, err := r.saveUser(o.text("name"), o); return err }},
			{"vhosts", r.restoreVHost},
			{"permissions", r.restorePermission},
			{"topic_permissions", r.restoreTopicPermission},
			{"global_parameters", r.restoreGlobalParameter},
		} {
			if err := in.each(step.key, step.do); err != nil {
				return err
			}
		}
	}
	for _, step := range []struct {
		key string
		do  func(vh *broker.VHost, o input) error
	}{
		{"parameters", func(vh *broker.VHost, o input) error {
			return setParameter(vh, o.text("component"), o.text("name"), o["value"])
		}},
		{"policies", func(vh *broker.VHost, o input) error {
			_, err := setPolicy(vh, broker.UserPolicy, o.text("name"), o)
			return err
		}},
		{"queues", r.restoreQueue},
		{"exchanges", r.restoreExchange},
		{"bindings", r.restoreBinding},
	} {
		err := in.each(step.key, func(o input) error {
			name := vhost
			if name == "" {
				name = o.text("vhost")
			}
			vh := r.api.node.VHost(name)
			if vh == nil {
				return r.noSuchVHost(name)
			}
			return step.do(vh, o)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *request) noSuchVHost(name string) error {
	if r.api.rules.VHostDefinitions {
		return &problem{fmt.Sprintf("Please create virtual host %q prior to importing definitions.", name)}
	}
	return &problem{[]any{"no_such_vhost", name}}
}

// each calls do for every object in a list.
func (in input) each(key string, do func(input) error) error {
	list, _ := in[key].([]any)
	for _, item := range list {
		o, ok := item.(map[string]any)
		if !ok {
			return &problem{key + " is not a list of objects"}
		}
		if err := do(o); err != nil {
			return err
		}
	}
	return nil
}

func (r *request) restoreVHost(o input) error {
	if o.text("name") == "" {
		return &problem{"function_clause"}
	}
	// The importer gets no permissions that the file does not give.
	had := r.api.node.VHost(o.text("name")) != nil
	if !had {
		r.api.node.AddVHost(o.text("name"))
	}
	if metadata, ok := o["metadata"].(map[string]any); ok {
		for _, key := range []string{"description", "tags", "default_queue_type"} {
			if _, set := o[key]; !set && metadata[key] != nil {
				o[key] = metadata[key]
			}
		}
	}
	if _, err := r.saveVHost(o.text("name"), o); err != nil {
		return err
	}
	if limits, ok := o["limits"].(map[string]any); ok && len(limits) > 0 {
		l, err := readLimits(limits, vhostLimitNames, "limits")
		if err != nil {
			return err
		}
		r.api.node.VHost(o.text("name")).SetLimits(l)
	}
	return nil
}

// grantee returns the user of a permission, if user and virtual host are there.
func (r *request) grantee(o input) (*broker.User, error) {
	u := r.api.node.User(o.text("user"))
	switch {
	case u == nil:
		return nil, &problem{[]any{"no_such_user", o.text("user")}}
	case r.api.node.VHost(o.text("vhost")) == nil:
		return nil, r.noSuchVHost(o.text("vhost"))
	}
	return u, nil
}

func (r *request) restorePermission(o input) error {
	u, err := r.grantee(o)
	if err != nil {
		return err
	}
	p, err := broker.NewPermissions(o.text("configure"), o.text("write"), o.text("read"))
	if err != nil {
		return err
	}
	u.Permit(o.text("vhost"), p)
	return nil
}

func (r *request) restoreTopicPermission(o input) error {
	u, err := r.grantee(o)
	if err != nil {
		return err
	}
	p, err := broker.NewTopicPermissions(o.text("write"), o.text("read"))
	if err != nil {
		return err
	}
	u.PermitTopic(o.text("vhost"), o.text("exchange"), p)
	return nil
}

func (r *request) restoreGlobalParameter(o input) error {
	value, err := marshal(o["value"])
	if err != nil {
		return err
	}
	if o.text("name") != "internal_cluster_id" {
		r.api.node.SetGlobalParameter(o.text("name"), value)
	}
	return nil
}

// isReserved says whether a name is one of the broker's own. Files have some, such as the exchange amq.rabbitmq.log; they
// are passed over.
func isReserved(name string) bool { return name == "" || strings.HasPrefix(name, "amq.") }

func (r *request) restoreQueue(vh *broker.VHost, o input) error {
	if isReserved(o.text("name")) {
		return nil
	}
	m, err := queueDeclaration(o.text("name"), o)
	if err != nil {
		return err
	}
	vh.Lock()
	defer vh.Unlock()
	_, err = vh.DeclareQueue(nil, m)
	return err
}

func (r *request) restoreExchange(vh *broker.VHost, o input) error {
	if isReserved(o.text("name")) {
		return nil
	}
	m, err := exchangeDeclaration(o.text("name"), o)
	if err != nil {
		return err
	}
	vh.Lock()
	defer vh.Unlock()
	_, err = declareExchange(vh, nil, m)
	return err
}

func (r *request) restoreBinding(vh *broker.VHost, o input) error {
	args, err := o.table("arguments")
	if err != nil {
		return err
	}
	vh.Lock()
	defer vh.Unlock()
	source, err := vh.UseExchange(o.text("source"))
	if err != nil {
		return err
	}
	if o.text("destination_type") == "exchange" {
		to, err := vh.UseExchange(o.text("destination"))
		if err != nil {
			return err
		}
		return vh.Bind(source, to, o.text("routing_key"), args)
	}
	q := vh.Queue(o.text("destination"))
	if q == nil {
		return &problem{fmt.Sprintf("no queue '%s' in vhost '%s'", o.text("destination"), vh.Name())}
	}
	return vh.Bind(source, q, o.text("routing_key"), args)
}
