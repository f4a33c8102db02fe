package management

import (
	"errors"

	"github.com/minirabbit/minirabbit/broker"
)

func permissionObject(user, vhost string, p *broker.Permissions) object {
	configure, write, read := p.Patterns()
	return object{"user": user, "vhost": vhost, "configure": configure, "write": write, "read": read}
}

// listPermissions lists the permissions that pass, by virtual host and user.
func (r *request) listPermissions(which func(u *broker.User, vhost string) bool) {
	items := []object{}
	for _, vh := range r.api.node.VHosts() {
		for _, u := range r.api.node.Users() {
			if p := u.Permissions(vh.Name()); p != nil && which(u, vh.Name()) {
				items = append(items, permissionObject(u.Name(), vh.Name(), p))
			}
		}
	}
	r.list(items)
}

func (r *request) permissions() { r.listPermissions(func(*broker.User, string) bool { return true }) }

func (r *request) userPermissions() {
	if asked := r.findUser(); asked != nil {
		r.listPermissions(func(u *broker.User, _ string) bool { return u == asked })
	}
}

func (r *request) vhostPermissions() {
	if r.inVHost() == nil {
		r.notFound()
		return
	}
	r.listPermissions(func(_ *broker.User, vhost string) bool { return vhost == r.vars["vhost"] })
}

// userInVHost returns the user and the virtual host of the path, nil if either is
// not there.
func (r *request) userInVHost() (*broker.User, *broker.VHost) {
	u, vh := r.api.node.User(r.vars["user"]), r.inVHost()
	if u == nil || vh == nil {
		return nil, nil
	}
	return u, vh
}

func (r *request) permission() {
	u, vh := r.userInVHost()
	if u == nil || u.Permissions(vh.Name()) == nil {
		r.notFound()
		return
	}
	r.one(permissionObject(u.Name(), vh.Name(), u.Permissions(vh.Name())))
}

func (r *request) putPermission() {
	u, vh := r.userInVHost()
	if u == nil {
		r.badRequest("vhost_or_user_not_found")
		return
	}
	in, ok := r.read()
	if !ok || !r.require(in, "configure", "write", "read") {
		return
	}
	if !isText(in["configure"]) || !isText(in["write"]) || !isText(in["read"]) {
		r.reply(errCrash)
		return
	}
	p, err := broker.NewPermissions(in.text("configure"), in.text("write"), in.text("read"))
	if err != nil {
		r.badPattern(err, true)
		return
	}
	r.done(u.Permit(vh.Name(), p))
}

// badPattern answers that a regular expression cannot be read: as Erlang's lists
// of characters, which RabbitMQ lets through.
func (r *request) badPattern(err error, asList bool) {
	var bad *broker.PatternError
	if !errors.As(err, &bad) {
		r.badRequest(err.Error())
		return
	}
	text, at := bad.PCRE(r.api.node.Release())
	pattern := any(bad.Pattern)
	if asList {
		pattern = characters(bad.Pattern)
	}
	r.badRequest([]any{"invalid_regexp", pattern, []any{characters(text), at}})
}

func characters(s string) []int {
	list := []int{}
	for _, c := range s {
		list = append(list, int(c))
	}
	return list
}

func (r *request) deletePermission() {
	u, vh := r.userInVHost()
	if u == nil || u.Permissions(vh.Name()) == nil {
		r.notFound()
		return
	}
	u.Permit(vh.Name(), nil)
	r.noContent()
}

func topicObject(user, vhost string, g broker.TopicGrant) object {
	write, read := g.Patterns()
	return object{"user": user, "vhost": vhost, "exchange": g.Exchange, "write": write, "read": read}
}

func (r *request) topicObjects(which func(u *broker.User, vhost string) bool) []object {
	items := []object{}
	for _, vh := range r.api.node.VHosts() {
		for _, u := range r.api.node.Users() {
			for _, g := range u.TopicPermissions(vh.Name()) {
				if which(u, vh.Name()) {
					items = append(items, topicObject(u.Name(), vh.Name(), g))
				}
			}
		}
	}
	return items
}

func (r *request) topicPermissions() {
	r.list(r.topicObjects(func(*broker.User, string) bool { return true }))
}

func (r *request) userTopicPermissions() {
	if asked := r.findUser(); asked != nil {
		r.list(r.topicObjects(func(u *broker.User, _ string) bool { return u == asked }))
	}
}

func (r *request) vhostTopicPermissions() {
	if r.inVHost() == nil {
		r.notFound()
		return
	}
	r.list(r.topicObjects(func(_ *broker.User, vhost string) bool { return vhost == r.vars["vhost"] }))
}

func (r *request) topicPermission() {
	asked, vh := r.userInVHost()
	if asked == nil {
		r.notFound()
		return
	}
	items := r.topicObjects(func(u *broker.User, vhost string) bool { return u == asked && vhost == vh.Name() })
	if len(items) == 0 {
		r.notFound()
		return
	}
	r.list(items)
}

// isPattern says whether RabbitMQ takes a value for the pattern of a topic permission:
// Erlang takes a list, too.
func isPattern(v any) bool { return isText(v) || isList(v) }

func (r *request) putTopicPermission() {
	u, vh := r.userInVHost()
	if u == nil {
		r.badRequest("vhost_or_user_not_found")
		return
	}
	in, ok := r.read()
	if !ok || !r.require(in, "exchange", "write", "read") {
		return
	}
	if !isPattern(in["write"]) || !isPattern(in["read"]) {
		r.reply(errCrash)
		return
	}
	p, err := broker.NewTopicPermissions(in.text("write"), in.text("read"))
	if err != nil {
		r.badPattern(err, false)
		return
	}
	name := in.text("exchange")
	if findExchange(vh, name) == nil && r.api.rules.TopicNeedsExchange {
		r.badRequest([]any{"no_such_exchange", name})
		return
	}
	had := len(u.TopicPermissions(vh.Name())) > 0
	u.PermitTopic(vh.Name(), name, p)
	r.done(!had)
}

func (r *request) deleteTopicPermissions() { r.forgetTopics(func(string) bool { return true }) }

func (r *request) deleteTopicPermission() {
	r.forgetTopics(func(exchange string) bool { return exchange == r.vars["exchange"] })
}

func (r *request) forgetTopics(which func(exchange string) bool) {
	u, vh := r.userInVHost()
	if u == nil {
		r.notFound()
		return
	}
	grants := u.TopicPermissions(vh.Name())
	if len(grants) == 0 {
		r.notFound()
		return
	}
	for _, g := range grants {
		if which(g.Exchange) {
			u.PermitTopic(vh.Name(), g.Exchange, nil)
		}
	}
	r.noContent()
}
