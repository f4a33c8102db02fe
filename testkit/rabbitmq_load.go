package testkit

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// definitionLists are the lists of a definitions.json whose objects are in a virtual
// host, but for permissions.
var definitionLists = []string{"parameters", "policies", "queues", "exchanges", "bindings"}

// definition is an object of a definitions.json.
type definition map[string]any

// take removes a text from the object and returns it.
func (d definition) take(key, otherwise string) string {
	text, ok := d[key].(string)
	delete(d, key)
	if !ok {
		return otherwise
	}
	return text
}

// load imports definitions under the names that virtual hosts and users have there.
// The user guest stays as it is.
func (r *rabbitmq) load(definitions []byte) error {
	all := make(map[string]json.RawMessage)
	if err := json.Unmarshal(definitions, &all); err != nil {
		return fmt.Errorf("definitions: %w", err)
	}
	lists := make(map[string][]definition)
	for _, key := range append([]string{"vhosts", "users", "permissions", "topic_permissions", "global_parameters"}, definitionLists...) {
		var list []definition
		if text, ok := all[key]; ok {
			if err := json.Unmarshal(text, &list); err != nil {
				return fmt.Errorf("definitions: %s: %w", key, err)
			}
		}
		lists[key] = list
	}
	for _, parameter := range lists["global_parameters"] {
		switch name, _ := parameter["name"].(string); name {
		case "cluster_name", "cluster_tags", "internal_cluster_id": // part of every export
		default:
			return needsEmulator(fmt.Sprintf("the global parameter %q", name))
		}
	}
	if err := r.loadVHosts(lists["vhosts"]); err != nil {
		return err
	}
	if err := r.loadUsers(lists); err != nil {
		return err
	}
	return r.loadObjects(lists)
}

func (r *rabbitmq) loadVHosts(vhosts []definition) error {
	for _, vh := range vhosts {
		if err := r.createVHost(vh.take("name", "/"), vh); err != nil {
			return err
		}
	}
	return nil
}

func (r *rabbitmq) loadUsers(lists map[string][]definition) error {
	for _, user := range lists["users"] {
		name := user.take("name", "")
		if name == "guest" {
			continue
		}
		if err := r.call(context.Background(), http.MethodPut, apiPath("users", r.userName(name)), user, nil); err != nil {
			return fmt.Errorf("create user %q: %w", name, err)
		}
		r.mu.Lock()
		r.users[name] = true
		r.mu.Unlock()
	}
	for _, key := range []string{"permissions", "topic_permissions"} {
		for _, p := range lists[key] {
			user, vhost := p.take("user", ""), p.take("vhost", "/")
			if user == "guest" {
				continue
			}
			path := apiPath(map[string]string{"permissions": "permissions", "topic_permissions": "topic-permissions"}[key], r.vhostName(vhost), r.userName(user))
			if err := r.call(context.Background(), http.MethodPut, path, p, nil); err != nil {
				return fmt.Errorf("permissions of user %q: %w", user, err)
			}
		}
	}
	return nil
}

// loadObjects imports what is in virtual hosts, "/" if it does not say in which.
func (r *rabbitmq) loadObjects(lists map[string][]definition) error {
	mine := make(map[string]map[string][]definition)
	for _, key := range definitionLists {
		for _, object := range lists[key] {
			vhost := object.take("vhost", "/")
			if mine[vhost] == nil {
				mine[vhost] = make(map[string][]definition)
			}
			mine[vhost][key] = append(mine[vhost][key], object)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(mine)) {
		if err := r.enter(name, func(vhost) error { return nil }); err != nil {
			return err
		}
		if err := r.call(context.Background(), http.MethodPost, apiPath("definitions", r.vhostName(name)), mine[name], nil); err != nil {
			return fmt.Errorf("definitions of virtual host %q: %w", name, err)
		}
	}
	return nil
}
