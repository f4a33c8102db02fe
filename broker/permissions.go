package broker

import (
	"maps"
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/exchange"
	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/wire"
)

// Permission is a kind of access to an exchange or a queue.
type Permission string

// The permissions of RabbitMQ.
const (
	Configure Permission = "configure"
	Write     Permission = "write"
	Read      Permission = "read"
)

// Permissions says, by regular expression, what a user may do with the
// resources of a virtual host. It is immutable; the zero value permits nothing.
type Permissions struct{ configure, write, read *pattern }

// NewPermissions reads the three expressions. An empty one permits nothing.
func NewPermissions(configure, write, read string) (*Permissions, error) {
	var p Permissions
	for _, part := range []struct {
		to     **pattern
		source string
	}{{&p.configure, configure}, {&p.write, write}, {&p.read, read}} {
		var err error
		if *part.to, err = parsePattern(part.source); err != nil {
			return nil, err
		}
	}
	return &p, nil
}

// allPermissions permit everything.
var allPermissions = &Permissions{everything, everything, everything}

// Patterns returns the expressions.
func (p *Permissions) Patterns() (configure, write, read string) {
	return p.configure.source, p.write.source, p.read.source
}

func (p *Permissions) of(want Permission) *pattern {
	switch want {
	case Configure:
		return p.configure
	case Write:
		return p.write
	default:
		return p.read
	}
}

// TopicPermissions says, by regular expression, with which routing keys a user
// may publish to a topic exchange and bind to it.
type TopicPermissions struct{ write, read string }

type topicResource struct{ vhost, exchange string }

// NewTopicPermissions reads the two expressions, in which {username}, {vhost}
// and {client_id} stand for those of the connection.
func NewTopicPermissions(write, read string) (*TopicPermissions, error) {
	for _, source := range []string{write, read} {
		if _, err := parsePattern(source); err != nil {
			return nil, err
		}
	}
	return &TopicPermissions{write, read}, nil
}

// Patterns returns the expressions.
func (p *TopicPermissions) Patterns() (write, read string) { return p.write, p.read }

// Permit replaces the user's permissions in a virtual host; nil takes them away.
// It says whether there were none before.
func (u *User) Permit(vhost string, p *Permissions) (created bool) {
	u.change(func(s *userState) {
		_, had := s.permissions[vhost]
		created = !had
		s.permissions = changed(s.permissions, vhost, p)
	})
	return created
}

// PermitTopic replaces the user's topic permissions for an exchange; nil takes
// them away.
func (u *User) PermitTopic(vhost, exchange string, p *TopicPermissions) (created bool) {
	u.change(func(s *userState) {
		_, had := s.topics[topicResource{vhost, exchange}]
		created = !had
		s.topics = changed(s.topics, topicResource{vhost, exchange}, p)
	})
	return created
}

// forgetTopics takes the topic permissions for an exchange away from everybody.
func (n *Node) forgetTopics(r topicResource) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, u := range n.users {
		if u.state.Load().topics[r] != nil {
			u.changeLocked(func(s *userState) { s.topics = changed(s.topics, r, nil) })
		}
	}
}

// changed returns a copy of a map with one entry set, or without it if v is nil.
func changed[K comparable, V any](m map[K]*V, k K, v *V) map[K]*V {
	m = maps.Clone(m)
	switch {
	case v == nil:
		delete(m, k)
	case m == nil:
		m = map[K]*V{k: v}
	default:
		m[k] = v
	}
	return m
}

// Permissions returns what the user may do in a virtual host, nil for nothing.
func (u *User) Permissions(vhost string) *Permissions { return u.state.Load().permissions[vhost] }

// TopicGrant is a user's topic permissions for one exchange.
type TopicGrant struct {
	Exchange string
	*TopicPermissions
}

// TopicPermissions returns the user's topic permissions in a virtual host, by
// name of the exchange.
func (u *User) TopicPermissions(vhost string) []TopicGrant {
	var all []TopicGrant
	for r, p := range u.state.Load().topics {
		if r.vhost == vhost {
			all = append(all, TopicGrant{r.exchange, p})
		}
	}
	slices.SortFunc(all, func(a, b TopicGrant) int { return strings.Compare(a.Exchange, b.Exchange) })
	return all
}

// MayEnter says whether the user has any permissions in a virtual host.
func (u *User) MayEnter(vhost string) bool { return u.Permissions(vhost) != nil }

// Check returns RabbitMQ's refusal if the user lacks a permission for a
// resource; kind is "exchange" or "queue".
func (u *User) Check(vh *VHost, want Permission, kind, name string) error {
	p := u.Permissions(vh.name)
	if p != nil && p.of(want).all {
		return nil
	}
	if kind == "exchange" && name == "" {
		name = "amq.default"
	}
	if p != nil && p.of(want).match(name) {
		return nil
	}
	return Errorf(wire.AccessRefused, "%saccess to %s '%s' in vhost '%s' refused for user '%s'",
		permissionText(vh.node.release, want), kind, name, vh.name, u.name)
}

// CheckTopic returns RabbitMQ's refusal if the user may not publish with a
// routing key to an exchange, or bind with it. Only topic exchanges for which
// the user has topic permissions are subject to them.
func (u *User) CheckTopic(vh *VHost, want Permission, x *exchange.Exchange, key string) error {
	topics := u.state.Load().topics
	if len(topics) == 0 || x.Kind() != exchange.Topic {
		return nil
	}
	p := topics[topicResource{vh.name, x.Name()}]
	if p == nil {
		return nil
	}
	source := p.write
	if want == Read {
		source = p.read
	}
	source = strings.NewReplacer("{username}", u.name, "{vhost}", vh.name).Replace(source)
	if re, err := parsePattern(source); err == nil && re.match(key) {
		return nil
	}
	return Errorf(wire.AccessRefused, "%saccess to topic '%s' in %s refused for user '%s'",
		permissionText(vh.node.release, want), key, vh.exchangeText(x.Name()), u.name)
}

// permissionText is how a release's refusals begin.
func permissionText(r *release.Release, want Permission) string {
	if r.RefusesWithoutPermission {
		return ""
	}
	return string(want) + " "
}

// CheckTopic is [User.CheckTopic] for the connection's user and an exchange that
// may not be there.
func (c *Connection) CheckTopic(want Permission, exchange, key string) error {
	if x := c.VHost.Exchange(exchange); x != nil {
		return c.User.CheckTopic(c.VHost, want, x, key)
	}
	return nil
}

// CheckPassive returns the refusal of a passive declaration, for which releases
// want a permission since 4.3.
func (c *Connection) CheckPassive(kind, name string) error {
	if !c.VHost.node.release.PassiveNeedsConfigure {
		return nil
	}
	return c.Check(Configure, kind, name)
}

// checkTopics returns the refusal of a publishing for its routing keys.
func (ch *Channel) checkTopics(p *Publishing) error {
	if err := ch.conn.User.CheckTopic(ch.vh, Write, p.exchange, p.RoutingKey); err != nil {
		return err
	}
	if !ch.vh.node.release.CopiesNeedTopicPermission {
		return nil
	}
	for _, key := range p.message.Copies {
		if err := ch.conn.User.CheckTopic(ch.vh, Write, p.exchange, key); err != nil {
			return err
		}
	}
	return nil
}
