package management

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/queue"
)

func (r *request) vhosts() {
	var all []object
	for _, vh := range r.api.node.VHosts() {
		if isMonitor(r.user) || r.user.MayEnter(vh.Name()) {
			all = append(all, r.vhostObject(vh))
		}
	}
	if r.api.rules.WholeVHosts {
		delete(r.form, "columns")
	}
	r.list(all)
}

func (r *request) vhost() {
	vh := r.inVHost()
	if vh == nil {
		r.notFound()
		return
	}
	r.one(r.vhostObject(vh))
}

func (r *request) vhostObject(vh *broker.VHost) object {
	c := vhostCounts(vh)
	m := vh.Metadata()
	o := object{
		"name": vh.Name(), "description": m.Description, "tags": append([]string{}, m.Tags...),
		"default_queue_type": r.defaultQueueType(m), "metadata": r.metadataObject(m), "tracing": vh.Tracing(),
		"cluster_state": object{nodeName: "running"},
	}
	if r.api.rules.Protected {
		o["protected_from_deletion"] = m.Protected
	}
	h := r.api.samples.history(subject{kind: 'v', vhost: vh.Name()}, c)
	r.detailed(o, &h, "lengths", lengths...)
	r.detailed(o, &h, "data_rates", received, sent)
	r.addStats(o, &h, append(slices.Clone(publishing), delivering...))
	return o
}

func (r *request) defaultQueueType(m broker.Metadata) string {
	if m.DefaultQueueType == "" || !r.api.rules.MetadataQueueType {
		return r.api.rules.DefaultQueueType
	}
	return m.DefaultQueueType
}

func (r *request) metadataObject(m broker.Metadata) object {
	o := object{"description": m.Description, "tags": append([]string{}, m.Tags...)}
	if r.api.rules.MetadataQueueType {
		o["default_queue_type"] = r.defaultQueueType(m)
	}
	if m.Protected {
		o["protected_from_deletion"] = true
	}
	return o
}

func (r *request) putVHost() {
	in, ok := r.read()
	if !ok {
		return
	}
	created, err := r.saveVHost(r.vars["vhost"], in)
	if err != nil {
		r.reply(err)
		return
	}
	r.done(created)
}

// saveVHost creates a virtual host as the API and definitions describe it, or
// changes what is said of the one that is there. Its creator may do everything
// in it.
func (r *request) saveVHost(name string, in input) (created bool, err error) {
	tracing, err := in.flag("tracing")
	if err != nil {
		return false, err
	}
	description, tags := in["description"], in["tags"]
	if description != nil && !isText(description) || tags != nil && !isText(tags) && !isList(tags) {
		return false, errCrash
	}
	kind, err := r.readDefaultQueueType(in)
	if err != nil {
		return false, err
	}
	vh := r.api.node.VHost(name)
	created = vh == nil
	if created {
		vh = addVHost(r.api.node, r.user, name)
		all, err := broker.NewPermissions(".*", ".*", ".*")
		if err != nil {
			return false, err
		}
		r.user.Permit(name, all)
	}
	m := vh.Metadata()
	m.Description, m.Tags = in.text("description"), in.words("tags") // what is not said again is gone
	if kind != "" {
		m.DefaultQueueType = kind
	}
	if m.Protected, err = in.flag("protected_from_deletion"); err != nil {
		return false, err
	}
	vh.SetMetadata(m)
	if _, set := in["tracing"]; set {
		vh.SetTracing(tracing)
	}
	return created, nil
}

// addVHost creates a virtual host whose exchanges were declared by the user, nil
// for the broker itself.
func addVHost(node *broker.Node, user *broker.User, name string) *broker.VHost {
	vh := node.AddVHost(name)
	if user != nil {
		vh.WalkExchanges(func(x *exchange.Exchange) { x.DeclaredBy = user.Name() })
	}
	return vh
}

// readDefaultQueueType reads the default type of a virtual host's queues, "" for
// none. It may be in the metadata.
func (r *request) readDefaultQueueType(in input) (kind string, err error) {
	value, set := in["default_queue_type"]
	if metadata, ok := in["metadata"].(map[string]any); ok && !set {
		value, set = metadata["default_queue_type"]
	}
	kind, isString := value.(string)
	rules := r.api.rules
	switch {
	case isQueueType(kind):
		return kind, nil
	case !set, kind == "undefined", value == nil && rules.NullQueueType:
		return "", nil
	case rules.FailsOnQueueType:
		return "", errCrash
	case !rules.ChecksQueueType:
		return "", nil
	case !isString:
		return "", &problem{fmt.Sprintf("%v is not a valid default_queue_type value", value)}
	case kind == "":
		return "", &problem{"default_queue_type must not be an empty string"}
	default:
		return "", &problem{kind + " is not a valid queue type"}
	}
}

func isQueueType(kind string) bool {
	return slices.Contains([]queue.Kind{queue.Classic, queue.Quorum, queue.Stream}, queue.Kind(kind))
}

// words reads a list, or text with commas between its words.
func (in input) words(key string) []string {
	words := []string{}
	switch v := in[key].(type) {
	case string:
		for _, word := range strings.Split(v, ",") {
			if word = strings.TrimSpace(word); word != "" {
				words = append(words, word)
			}
		}
	case []any:
		for _, item := range v {
			switch word := item.(type) {
			case string:
				words = append(words, word)
			case json.Number:
				words = append(words, word.String())
			}
		}
	}
	return words
}

func (r *request) deleteVHost() {
	vh := r.inVHost()
	switch {
	case vh == nil:
		r.notFound()
	case vh.Metadata().Protected:
		r.fail(412, "precondition_failed", fmt.Sprintf("Refusing to delete virtual host '%s' because it is protected from deletion", vh.Name()))
	default:
		r.api.node.DeleteVHost(vh.Name())
		r.noContent()
	}
}

func (r *request) protectVHost() { r.setProtected(true) }

func (r *request) unprotectVHost() { r.setProtected(false) }

func (r *request) setProtected(protected bool) {
	vh := r.inVHost()
	if vh == nil {
		r.notFound()
		return
	}
	m := vh.Metadata()
	m.Protected = protected
	vh.SetMetadata(m)
	r.noContent()
}

// aliveness answers that the virtual host works, once it has been locked.
func (r *request) aliveness() {
	vh := r.inVHost()
	if vh == nil {
		r.notFound()
		return
	}
	there := findExchange(vh, "") != nil
	switch {
	case !there:
		r.notFound()
	case !r.user.MayEnter(vh.Name()): // RabbitMQ publishes a message and gets it
		r.notAuthorised("Access refused.")
	default:
		r.healthy()
	}
}

// startVHost has nothing to do: a virtual host that is there runs.
func (r *request) startVHost() {
	switch node := r.vars["node"]; {
	case node != nodeName:
		r.badRequest(fmt.Sprintf("Request to node %s failed with nodedown", node))
	case r.inVHost() == nil:
		r.badRequest(fmt.Sprintf("Request to node %s failed with {no_such_vhost,<<%q>>}", node, r.vars["vhost"]))
	default:
		r.noContent()
	}
}
