package management

import (
	"encoding/base64"
	"net/http"

	"github.com/minirabbit/minirabbit/broker"
)

func (r *request) users() {
	var all []object
	for _, u := range r.api.node.Users() {
		all = append(all, userObject(u))
	}
	r.list(all)
}

func (r *request) usersWithoutPermissions() {
	var all []object
	for _, u := range r.api.node.Users() {
		if len(u.SortedVHostNames()) == 0 {
			all = append(all, userObject(u))
		}
	}
	r.list(all)
}

func userObject(u *broker.User) object {
	hash := u.Password()
	return object{"name": u.Name(), "tags": tags(u), "password_hash": base64.StdEncoding.EncodeToString(hash.Salted),
		"hashing_algorithm": string(algorithm(hash)), "limits": limitsObject(u.Limits())}
}

func algorithm(h broker.PasswordHash) broker.HashingAlgorithm {
	if h.Algorithm == "" {
		return broker.SHA256
	}
	return h.Algorithm
}

// findUser returns the user in the path. It answers the request and returns nil
// if there is none.
func (r *request) findUser() *broker.User {
	u := r.api.node.User(r.vars["user"])
	if u == nil {
		r.notFound()
	}
	return u
}

func (r *request) userByName() {
	if u := r.findUser(); u != nil {
		r.one(userObject(u))
	}
}

func (r *request) putUser() {
	in, ok := r.read()
	if !ok {
		return
	}
	created, err := saveUser(r.api.node, r.vars["user"], in)
	if err != nil {
		r.reply(err)
		return
	}
	r.done(created)
}

// saveUser creates or replaces a user as the API and definitions describe it.
// Without a password the user cannot log in by one.
func saveUser(node *broker.Node, name string, in input) (created bool, err error) {
	given, hasTags := in["tags"]
	password, hasPassword := in["password"]
	encoded, hasHash := in["password_hash"]
	switch {
	case !hasTags:
		return false, &problem{"tags_not_present"}
	case hasPassword && hasHash:
		return false, &problem{"both_password_and_password_hash_are_provided"}
	case hasPassword && !isText(password), !isText(given) && !isList(given):
		return false, errCrash
	}
	var hash broker.PasswordHash
	switch {
	case hasPassword:
		hash = broker.HashPassword(in.text("password"))
	case hasHash:
		if hash.Salted, err = base64.StdEncoding.DecodeString(in.text("password_hash")); err != nil {
			return false, &problem{[]any{"not_base64", encoded}}
		}
		hash.Algorithm = broker.HashingAlgorithm(in.text("hashing_algorithm"))
	}
	u, created := node.PutUser(name, hash, in.words("tags"))
	if limits, ok := in["limits"].(map[string]any); ok {
		for key := range limits {
			if n, err := input(limits).integer(key); err == nil {
				u.SetLimit(key, &n)
			}
		}
	}
	return created, nil
}

func isText(v any) bool { _, ok := v.(string); return ok }

func isList(v any) bool { _, ok := v.([]any); return ok }

func (r *request) deleteUser() {
	if !r.api.node.DeleteUser(r.vars["user"]) {
		r.notFound()
		return
	}
	r.noContent()
}

func (r *request) bulkDeleteUsers() {
	in, ok := r.read()
	if !ok || !r.require(in, "users") {
		return
	}
	if !isList(in["users"]) {
		r.reply(errCrash)
		return
	}
	for _, name := range in.words("users") {
		if !r.api.node.DeleteUser(name) && r.api.rules.BackingQueue {
			r.fail(http.StatusBadRequest, "bad_request", []any{"no_such_user", name})
			return
		}
	}
	r.noContent()
}
