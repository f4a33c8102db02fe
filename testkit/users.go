package testkit

import (
	"cmp"
	"encoding/json"
	"slices"
)

// WithVHost has the broker start with a virtual host of this name, beside "/". Clients
// open it with [Broker.URLFor]; [Broker.VHost] looks at it.
func WithVHost(name string) Option {
	return func(c *config) { c.vhosts = append(c.vhosts, name) }
}

// WithUser has the broker start with a user:
//
//	testkit.Start(t, testkit.WithVHost("orders"), testkit.WithUser("worker", "secret",
//		testkit.Permissions{VHost: "orders", Write: "^results$", Read: "^tasks$"},
//		testkit.Tags{"monitoring"}))
//
// A user without any Permissions has all of them in "/" and in the virtual hosts of
// [WithVHost]. Clients log in with [Broker.URLFor].
func WithUser(name, password string, grants ...Grant) Option {
	return func(c *config) {
		u := user{name: name, password: password}
		for _, g := range grants {
			g.grant(&u)
		}
		c.users = append(c.users, u)
	}
}

// user is a user that the broker starts with.
type user struct {
	name, password string
	tags           Tags
	permissions    []Permissions
	topics         []TopicPermissions
}

// Grant is what a user is given: [Permissions], [TopicPermissions] or [Tags].
type Grant interface{ grant(u *user) }

// Permissions say what a user may do in a virtual host, "/" if VHost is empty: by
// regular expressions that the names of exchanges and queues must match. An empty
// expression permits nothing, as in RabbitMQ.
type Permissions struct {
	VHost     string
	Configure string // declare and delete
	Write     string // publish, and bind a queue
	Read      string // consume, get and purge, and bind to an exchange
}

func (p Permissions) grant(u *user) { u.permissions = append(u.permissions, p) }

// TopicPermissions say with which routing keys a user may publish to a topic exchange
// and bind to it, by regular expressions, in a virtual host, "/" if VHost is empty.
type TopicPermissions struct {
	VHost    string
	Exchange string
	Write    string
	Read     string
}

func (p TopicPermissions) grant(u *user) { u.topics = append(u.topics, p) }

// Tags are the tags of a user, such as "management" or "administrator".
type Tags []string

func (tags Tags) grant(u *user) { u.tags = append(u.tags, tags...) }

// setUp creates the virtual hosts and users of the options.
func (b *Broker) setUp() error {
	if len(b.config.vhosts) == 0 && len(b.config.users) == 0 {
		return nil
	}
	definitions, err := json.Marshal(b.config.definitions())
	if err != nil {
		return err
	}
	return b.node.load(definitions)
}

// definitions describes the virtual hosts and users of the options in the way of
// RabbitMQ's definitions.json.
func (c *config) definitions() map[string]any {
	type object map[string]any
	vhosts, users, permissions, topics := []object{}, []object{}, []object{}, []object{}
	permit := func(user string, p Permissions) {
		permissions = append(permissions, object{"user": user, "vhost": cmp.Or(p.VHost, "/"), "configure": p.Configure, "write": p.Write, "read": p.Read})
	}
	everything := func(user string, names []string) {
		for _, name := range names {
			permit(user, Permissions{name, ".*", ".*", ".*"})
		}
	}
	for _, name := range c.vhosts {
		vhosts = append(vhosts, object{"name": name})
	}
	everything("guest", c.vhosts)
	for _, u := range c.users {
		users = append(users, object{"name": u.name, "password": u.password, "tags": append([]string{}, u.tags...)})
		for _, p := range u.permissions {
			permit(u.name, p)
		}
		if len(u.permissions) == 0 {
			everything(u.name, slices.Concat([]string{"/"}, c.vhosts))
		}
		for _, p := range u.topics {
			topics = append(topics, object{"user": u.name, "vhost": cmp.Or(p.VHost, "/"), "exchange": p.Exchange, "write": p.Write, "read": p.Read})
		}
	}
	return map[string]any{"vhosts": vhosts, "users": users, "permissions": permissions, "topic_permissions": topics}
}
