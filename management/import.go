package management

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/internal/erlang"
	"github.com/minirabbit/minirabbit/release"
)

// An importer creates in a node what a document of definitions describes. All doors use it: POST /api/definitions,
// `minirabbit ctl import_definitions`, which is a client of that, and [Import].
type importer struct {
	node  *broker.Node
	rules *release.HTTP
	// user imports: it gets all permissions in the virtual hosts that the import creates. It is nil when a node imports as
	// it starts, and then nobody gets permissions that the document does not give.
	user *broker.User
	// vhost is where everything goes. It is empty if each item says so itself.
	vhost string

	created []string // virtual hosts
}

// Import creates in a node what a document of definitions describes, as RabbitMQ does with load_definitions when it starts.
// The definitions of a single virtual host, which RabbitMQ exports without its name, go to the virtual host "/".
func Import(node *broker.Node, definitions []byte) error {
	in, err := decodeObject(definitions)
	if err != nil {
		return fmt.Errorf("definitions: %w", err)
	}
	i := &importer{node: node, rules: &node.Release().HTTP}
	if isOfOneVHost(in) {
		i.vhost = "/"
	}
	if err := i.all(in); err != nil {
		return fmt.Errorf("definitions: %w", err)
	}
	return nil
}

// isOfOneVHost says whether a document describes a single virtual host: it has nothing that belongs to the whole cluster, and
// none of its items says which virtual host it is in.
func isOfOneVHost(in input) bool {
	for key := range in {
		if slices.Contains([]string{"users", "vhosts", "permissions", "topic_permissions", "global_parameters"}, key) {
			return false
		}
	}
	for _, key := range []string{"exchanges", "policies", "parameters", "queues", "bindings"} {
		items, _ := in[key].([]any)
		for _, item := range items {
			if o, ok := item.(map[string]any); ok && o["vhost"] != nil {
				return false
			}
		}
	}
	return true
}

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
	if err != nil || in == nil {
		r.badRequest("failed_to_parse_json")
		return
	}
	i := &importer{node: r.api.node, rules: r.api.rules, user: r.user, vhost: vhost}
	if err := i.all(in); err != nil {
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

// importStep imports the items under one key of the document.
type importStep struct {
	key string
	do  func(input) error
	// then follows when all items are there.
	then func() error
	// ordered: the first item that fails ends the import. Otherwise RabbitMQ imports the items beside one another, so that
	// the other items of the key exist although one failed.
	ordered bool
}

// steps lists the kinds of items in RabbitMQ's order. What comes before an item that fails exists afterwards, what comes
// behind it does not.
func (i *importer) steps() []importStep {
	topicPermissions := importStep{key: "topic_permissions", do: i.topicPermission}
	exchanges := importStep{key: "exchanges", do: i.inVHost(i.exchange)}
	topology := []importStep{
		{key: "policies", do: i.inVHost(i.policy), ordered: true},
		{key: "parameters", do: i.parameter, ordered: true},
		{key: "queues", do: i.inVHost(i.queue)},
		{key: "bindings", do: i.binding},
	}
	if i.vhost != "" {
		return append([]importStep{exchanges}, topology...)
	}
	steps := []importStep{{key: "users", do: i.importUser}, {key: "vhosts", do: i.importVHost, then: i.permitImporter}, {key: "permissions", do: i.permission}}
	if i.rules.TopicNeedsExchange {
		steps = append(steps, exchanges, topicPermissions)
	} else {
		steps = append(steps, topicPermissions, exchanges)
	}
	steps = append(steps, importStep{key: "global_parameters", do: i.globalParameter, ordered: true})
	return append(steps, topology...)
}

// all imports a document.
func (i *importer) all(in input) error {
	steps := i.steps()
	lists := make([][]input, len(steps))
	for n, step := range steps { // before anything is done: RabbitMQ's parser fails with 500
		var err error
		if lists[n], err = in.objects(step.key); err != nil {
			return err
		}
		if err := i.checkVHosts(step.key, lists[n]); err != nil {
			return err
		}
	}
	for n, step := range steps {
		var failed error
		for _, o := range lists[n] {
			err := step.do(o)
			if failed == nil {
				failed = err
			}
			if failed != nil && step.ordered {
				break
			}
		}
		if failed == nil && step.then != nil {
			failed = step.then()
		}
		if failed != nil {
			return i.refusal(failed)
		}
	}
	return nil
}

// checkVHosts refuses items that belong to a virtual host and do not say which. RabbitMQ 4.x fails with 500 before it has
// imported anything; up to 3.x it takes "undefined" for the name.
func (i *importer) checkVHosts(key string, items []input) error {
	if i.vhost != "" || !i.rules.VHostDefinitions || !slices.Contains([]string{"exchanges", "policies", "queues", "bindings"}, key) {
		return nil
	}
	for n, o := range items {
		if !isText(o["vhost"]) {
			return &problem{fmt.Sprintf("item %d of %s does not name its virtual host", n+1, key)}
		}
	}
	return nil
}

// objects returns the list of objects under a key, which may be missing.
func (in input) objects(key string) ([]input, error) {
	value, set := in[key]
	list, ok := value.([]any)
	if set && !ok {
		return nil, &problem{key + " is not a list"}
	}
	objects := make([]input, len(list))
	for n, item := range list {
		if objects[n], ok = item.(map[string]any); !ok {
			return nil, &problem{fmt.Sprintf("item %d of %s is not an object", n+1, key)}
		}
	}
	return objects, nil
}

// inVHost calls do with the virtual host of an item.
func (i *importer) inVHost(do func(*broker.VHost, input) error) func(input) error {
	return func(o input) error {
		vh, err := i.vhostOf(o)
		if err != nil {
			return err
		}
		return do(vh, o)
	}
}

func (i *importer) vhostOf(o input) (*broker.VHost, error) {
	name := i.vhostName(o)
	vh := i.node.VHost(name)
	if vh == nil {
		return nil, i.noSuchVHost(name)
	}
	return vh, nil
}

// vhostName returns the name of an item's virtual host, in RabbitMQ's way for one that says none.
func (i *importer) vhostName(o input) string {
	if i.vhost != "" {
		return i.vhost
	}
	return o.word("vhost")
}

func (i *importer) noSuchVHost(name string) error {
	if i.rules.VHostDefinitions {
		return &problem{fmt.Sprintf("Please create virtual host %q prior to importing definitions.", name)}
	}
	return &problem{[]any{"no_such_vhost", name}}
}

// undefined is what Erlang reads where a key is missing.
const undefined = "undefined"

// word returns the text under a key as RabbitMQ puts it into its own texts: "undefined" where it is missing.
func (in input) word(key string) string {
	value, set := in[key]
	switch v := value.(type) {
	case string:
		return v
	case nil:
		if !set {
			return undefined
		}
		return "null"
	}
	return in.text(key)
}

// crash is how RabbitMQ refuses what none of its functions takes: with the name of Erlang's error.
func crash(name string) error { return &problem{name} }

// term is a refusal that is an Erlang tuple: releases up to 3.x write it as JSON, later ones as text.
func (i *importer) term(tag string, value any) error {
	if i.rules.VHostDefinitions {
		return &problem{"{" + tag + "," + jsonTerm(value) + "}"}
	}
	return &problem{[]any{tag, value}}
}

// jsonTerm prints a JSON value as Erlang does.
func jsonTerm(value any) string {
	v, err := toSetting(value)
	if err != nil {
		return undefined
	}
	return erlangText(v)
}

// refusal returns the error of an item as the answer to a request tells it: a refused declaration by the name of its reply
// code.
func (i *importer) refusal(err error) error {
	var ce *broker.ChannelError
	var he *broker.ConnectionError
	switch {
	case errors.As(err, &ce):
		return i.refusedReply(&ce.Reply)
	case errors.As(err, &he):
		return i.refusedReply(&he.Reply)
	}
	return err
}

func (i *importer) refusedReply(reply *broker.Reply) error {
	code := strings.ToLower(reply.Code.String())
	if i.rules.VHostDefinitions {
		return &problem{code + ": " + reply.Reason}
	}
	codes := make([]any, 0, len(reply.Reason))
	for n := range len(reply.Reason) { // a string is a list of characters in Erlang, and of numbers in JSON
		codes = append(codes, int(reply.Reason[n]))
	}
	return &problem{[]any{"amqp_error", code, codes, "none"}}
}

// invalid adds to the refusal of a policy or a parameter which one it is.
func (i *importer) invalid(err error, vhost, component, name string) error {
	var validation *broker.ValidationError
	var refused *problem
	switch {
	case errors.As(err, &validation):
		err = validation
	case errors.As(err, &refused):
		err = refused
	default:
		return err
	}
	path := []string{vhost, name}
	where := fmt.Sprintf("(vhost: %q key: %q)", vhost, name)
	if component != "" {
		path = []string{vhost, component, name}
		where = fmt.Sprintf("(vhost: %q / component: %q / key: %q)", vhost, component, name)
	}
	if !i.rules.EscapesPolicyErrors {
		return &problem{err.Error() + " " + where}
	}
	text := escape(err.Error()) + " (" + strings.Join(path, "/") + ")"
	if i.rules.VHostDefinitions {
		text = erlang.Format(text, true)
	}
	return &problem{text}
}

// missingResource is one of the ends of a binding that are not there, as Erlang prints it.
func missingResource(vhost, kind, name string) string {
	term := undefined
	if name != undefined {
		term = erlang.Format(name, true)
	}
	return fmt.Sprintf("{not_found,{resource,%s,%s,%s}}", erlang.Format(vhost, true), kind, term)
}
