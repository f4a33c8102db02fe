package management

import (
	"fmt"
	"slices"

	"github.com/minirabbit/minirabbit/broker"
)

// importVHost creates a virtual host, or changes what is said of the one that is there. RabbitMQ ignores limits here: they are
// parameters.
func (i *importer) importVHost(o input) error {
	if !isText(o["name"]) {
		return crash("function_clause")
	}
	name := o.text("name")
	metadata, err := i.vhostMetadata(o)
	if err != nil {
		return err
	}
	vh := i.node.VHost(name)
	if vh == nil {
		vh = addVHost(i.node, i.user, name)
		i.created = append(i.created, name)
	}
	m := vh.Metadata()
	m.Description, m.Tags = metadata.text("description"), metadata.words("tags") // what is not said again is gone
	if kind := metadata.text("default_queue_type"); isQueueType(kind) {
		m.DefaultQueueType = kind
	}
	if i.rules.Protected {
		m.Protected, _ = metadata.flag("protected_from_deletion")
	}
	vh.SetMetadata(m)
	tracing, err := o.flag("tracing")
	if err != nil {
		return err
	}
	if _, set := o["tracing"]; set {
		vh.SetTracing(tracing)
	}
	return nil
}

// permitImporter gives the user who imports all permissions in the virtual hosts that were created.
func (i *importer) permitImporter() error {
	if i.user == nil {
		return nil
	}
	everything, err := broker.NewPermissions(".*", ".*", ".*")
	if err != nil {
		return err
	}
	for _, name := range i.created {
		i.user.Permit(name, everything)
	}
	return nil
}

// vhostMetadata returns what an item says of a virtual host: its metadata, and beside them its description and tags. The
// default queue type and the protection from deletion count in the metadata only.
func (i *importer) vhostMetadata(o input) (input, error) {
	said := input{"description": o["description"], "tags": o["tags"]}
	value, set := o["metadata"]
	metadata, isObject := value.(map[string]any)
	switch {
	case !set || isObject:
	case i.rules.ChecksQueueType: // RabbitMQ ignores it from then on
	case isList(value):
		return nil, i.term("badmap", value)
	default:
		return nil, crash("function_clause")
	}
	for key, v := range metadata {
		if said[key] == nil {
			said[key] = v
		}
	}
	for _, key := range []string{"description", "tags"} {
		if v := said[key]; v != nil && !isText(v) && !isList(v) {
			return nil, &problem{fmt.Sprintf("%s of virtual host '%s' is not a text", key, o.text("name"))}
		}
	}
	return said, i.checkDefaultQueueType(said)
}

func (i *importer) checkDefaultQueueType(metadata input) error {
	value, set := metadata["default_queue_type"]
	kind, _ := value.(string)
	switch {
	case !set, isQueueType(kind), kind == undefined:
		return nil
	case i.rules.FailsOnQueueType:
		return &problem{fmt.Sprintf("{case_clause,{error,invalid_queue_type,%s}}", jsonTerm(value))}
	case !i.rules.ChecksQueueType, value == nil:
		return nil
	}
	return &problem{fmt.Sprintf("%v is not a valid queue type", value)}
}

// globalParameter sets a global parameter. Those that a broker has of its own stay.
func (i *importer) globalParameter(o input) error {
	if name, set := o["name"]; set && !isText(name) {
		return &problem{"the name of a global parameter is not a text"}
	}
	value, err := marshal(o["value"])
	if err != nil {
		return err
	}
	if _, set := o["value"]; !set {
		value = []byte(`"` + undefined + `"`)
	}
	if name := o.word("name"); name != "internal_cluster_id" {
		i.node.SetGlobalParameter(name, value)
	}
	return nil
}

// policy sets a policy.
func (i *importer) policy(vh *broker.VHost, o input) error {
	name, set := o["name"]
	switch {
	case !set:
		text := fmt.Sprintf("policy in virtual host '%s' has undefined name", vh.Name())
		if i.rules.VHostDefinitions {
			text = `"` + text + `"`
		}
		return &problem{text}
	case !isText(name):
		return &problem{"the name of a policy is not a text"}
	}
	definition, set := o["definition"]
	switch {
	case !set:
		return i.invalid(&broker.ValidationError{Problems: []string{
			"parse error while reading policy definition: undefined. Validator: policy_validator."}}, vh.Name(), "", o.text("name"))
	case isList(definition) && len(definition.([]any)) == 0:
		o["definition"] = map[string]any{}
	}
	_, err := setPolicy(vh, broker.UserPolicy, o.text("name"), o)
	return i.invalid(err, vh.Name(), "", o.text("name"))
}

// parameter sets a parameter of a component, of which a broker without plug-ins has two.
func (i *importer) parameter(o input) error {
	vhost, component, name := i.vhostName(o), o.word("component"), o.word("name")
	if !slices.Contains([]string{componentLimits, componentOperator, componentPolicy}, component) {
		return i.invalid(&broker.ValidationError{Problems: []string{"component " + component + " not found"}}, vhost, component, name)
	}
	vh := i.node.VHost(vhost)
	if vh == nil {
		return i.noSuchVHost(vhost)
	}
	if component == componentLimits {
		if err := checkLimitsParameter(name, o["value"]); err != nil {
			return i.invalid(err, vhost, component, name)
		}
	}
	_, err := setParameter(vh, component, name, o["value"])
	return i.invalid(err, vhost, component, name)
}

func checkLimitsParameter(name string, value any) error {
	if name != "limits" {
		return fmt.Errorf("the parameter of component %s is called limits, not %s", componentLimits, name)
	}
	list, isEmptyList := value.([]any)
	if _, isObject := value.(map[string]any); !isObject && !(isEmptyList && len(list) == 0) {
		return &broker.ValidationError{Problems: []string{"limits not a list " + jsonTerm(value)}}
	}
	return nil
}
