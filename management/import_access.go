package management

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/minirabbit/minirabbit/broker"
)

// importUser creates or replaces a user.
func (i *importer) importUser(o input) error {
	name, err := i.userName(o)
	if err != nil {
		return err
	}
	if _, set := o["tags"]; set && !isText(o["tags"]) && !isList(o["tags"]) {
		return crash("function_clause")
	}
	password, hasPassword := o["password"]
	encoded, hasHash := o["password_hash"]
	switch {
	case hasPassword && hasHash: // saveUser refuses it
	case hasPassword && !isText(password):
		return crash("badarg")
	case hasHash && !isBase64(encoded):
		return i.term("not_base64", encoded)
	}
	if limits, ok := o["limits"].(map[string]any); ok {
		if err := i.checkUserLimits(limits); err != nil {
			return err
		}
	}
	_, err = saveUser(i.node, name, o)
	return err
}

func (i *importer) userName(o input) (string, error) {
	name, set := o["name"]
	switch {
	case !set:
		if i.rules.VHostDefinitions {
			return "", &problem{"{badkey,name}"}
		}
		return "", &problem{[]any{"badkey", "name"}}
	case !isText(name):
		return "", crash("function_clause")
	}
	return o.text("name"), nil
}

func isBase64(v any) bool {
	text, ok := v.(string)
	_, err := base64.StdEncoding.DecodeString(text)
	return ok && err == nil
}

// checkUserLimits refuses a limit that RabbitMQ does not know or that is not a number, in the words of its parser.
func (i *importer) checkUserLimits(limits input) error {
	for _, name := range slices.Sorted(maps.Keys(limits)) {
		if name != "max-connections" && name != "max-channels" {
			return &problem{fmt.Sprintf(`{errors,[{"Unrecognised terms ~tp in ~ts",[[{%s,%s}],<<"user-limits">>]}]}`, jsonTerm(name), jsonTerm(limits[name]))}
		}
		if _, isNumber := limits[name].(json.Number); !isNumber {
			return &problem{fmt.Sprintf("{errors,[{\"~ts should be a number, actually was ~tp\",\n          [%s,%s]}]}", jsonTerm(name), jsonTerm(limits[name]))}
		}
	}
	return nil
}

// permission lets a user do something in a virtual host.
func (i *importer) permission(o input) error {
	u, vhost, err := i.grantee(o)
	if err != nil {
		return err
	}
	if !o.hasTexts("configure", "write", "read") {
		return crash("badarg")
	}
	p, err := broker.NewPermissions(o.text("configure"), o.text("write"), o.text("read"))
	if err != nil {
		return err
	}
	u.Permit(vhost, p)
	return nil
}

// topicPermission lets a user publish to or consume from some routing keys of an exchange.
func (i *importer) topicPermission(o input) error {
	u, vhost, err := i.grantee(o)
	if err != nil {
		return err
	}
	if !o.hasTexts("write", "read") {
		return crash("badarg")
	}
	if i.rules.TopicNeedsExchange {
		vh := i.node.VHost(vhost)
		if findExchange(vh, o.word("exchange")) == nil {
			name := any(o.word("exchange"))
			if _, set := o["exchange"]; !set {
				return &problem{"{no_such_exchange," + undefined + "}"}
			}
			return i.term("no_such_exchange", name)
		}
	}
	p, err := broker.NewTopicPermissions(o.text("write"), o.text("read"))
	if err != nil {
		return err
	}
	u.PermitTopic(vhost, o.word("exchange"), p)
	return nil
}

// grantee returns the user of a permission and the name of its virtual host, if both are there.
func (i *importer) grantee(o input) (u *broker.User, vhost string, err error) {
	vhost = i.vhostName(o)
	u = i.node.User(o.word("user"))
	_, named := o["vhost"]
	switch {
	case !named && i.rules.VHostDefinitions && i.rules.TopicNeedsExchange:
		return nil, "", &problem{"Virtual host does not exist and is not specified in definitions file."}
	case !named && i.rules.VHostDefinitions:
		return nil, "", crash("function_clause")
	case u == nil && !isText(o["user"]) && i.rules.VHostDefinitions:
		return nil, "", crash("function_clause")
	case u == nil:
		return nil, "", i.term("no_such_user", o.word("user"))
	case i.node.VHost(vhost) == nil:
		return nil, "", i.noSuchVHost(vhost)
	}
	return u, vhost, nil
}

// hasTexts says whether there is text under each of the keys.
func (in input) hasTexts(keys ...string) bool {
	for _, key := range keys {
		if !isText(in[key]) {
			return false
		}
	}
	return true
}
