package broker

import (
	"crypto/sha256"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
)

// User is somebody who may log in. It can be used from any goroutine.
type User struct {
	// immutable
	name string
	node *Node

	// state is replaced as a whole, by whoever holds node.mu.
	state atomic.Pointer[userState]

	channels atomic.Int64 // that are open
}

// userState is what can be changed about a user. It is immutable.
type userState struct {
	tags        []string
	password    PasswordHash
	permissions map[string]*Permissions // by virtual host
	topics      map[topicResource]*TopicPermissions
	limits      Limits
}

// AnonymousUser and its password are whom the mechanism ANONYMOUS logs in, as in
// RabbitMQ by default.
const (
	AnonymousUser     = "guest"
	AnonymousPassword = "guest"
)

// AddUser creates a user, who can log in with the password and has no
// permissions yet.
func (n *Node) AddUser(name, password string, tags ...string) *User {
	u, _ := n.PutUser(name, HashPassword(password), tags)
	return u
}

// PutUser creates a user without permissions, or replaces the password and the
// tags of the one that is there.
func (n *Node) PutUser(name string, password PasswordHash, tags []string) (u *User, created bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if u = n.users[name]; u != nil {
		u.changeLocked(func(s *userState) { s.password, s.tags = password, tags })
		return u, false
	}
	u = &User{name: name, node: n}
	u.state.Store(&userState{tags: tags, password: password})
	n.users[name] = u
	return u, true
}

// DeleteUser removes a user and closes the connections that the user has. It
// says whether there was one.
func (n *Node) DeleteUser(name string) bool {
	n.mu.Lock()
	u := n.users[name]
	delete(n.users, name)
	n.mu.Unlock()
	if u == nil {
		return false
	}
	n.closeConnections(func(c *Connection) bool { return c.User == u }, "user '"+name+"' is deleted")
	return true
}

// User returns a user, nil if there is none of this name.
func (n *Node) User(name string) *User {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.users[name]
}

// Users returns the users by name.
func (n *Node) Users() []*User {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.SortedFunc(maps.Values(n.users), func(a, b *User) int { return strings.Compare(a.name, b.name) })
}

// nobody is the password of users who are not there: to look for one takes as long
// as a wrong password. No password has this hash.
var nobody = PasswordHash{SHA256, make([]byte, saltLength+sha256.Size)}

// Authenticate returns the user if the password is right, nil otherwise.
func (n *Node) Authenticate(name, password string) *User {
	u, hash := n.User(name), nobody
	if u != nil {
		hash = u.state.Load().password
	}
	if !hash.Matches(password) {
		return nil
	}
	return u
}

// AuthenticateFrom is Authenticate for somebody at an address. As in RabbitMQ, the
// user guest can log in from the same machine only.
func (n *Node) AuthenticateFrom(name, password string, remote net.Addr) *User {
	if name == "guest" && !local(remote.String()) {
		return nil
	}
	return n.Authenticate(name, password)
}

// local says whether an address is on this machine, or within this process.
func local(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err != nil || ip.Unmap().IsLoopback()
}

// changeLocked replaces the user's state by a changed copy. The caller holds
// node.mu.
func (u *User) changeLocked(change func(s *userState)) {
	s := *u.state.Load()
	change(&s)
	u.state.Store(&s)
}

func (u *User) change(change func(s *userState)) {
	u.node.mu.Lock()
	defer u.node.mu.Unlock()
	u.changeLocked(change)
}

// Name returns the user's name.
func (u *User) Name() string { return u.name }

// Tags returns the user's tags, such as "administrator".
func (u *User) Tags() []string { return u.state.Load().tags }

// SetTags replaces the user's tags.
func (u *User) SetTags(tags []string) { u.change(func(s *userState) { s.tags = tags }) }

// HasTag says whether the user has a tag.
func (u *User) HasTag(tag string) bool { return slices.Contains(u.Tags(), tag) }

// Password returns the hash of the user's password.
func (u *User) Password() PasswordHash { return u.state.Load().password }

// SetPassword replaces the user's password.
func (u *User) SetPassword(hash PasswordHash) { u.change(func(s *userState) { s.password = hash }) }

// Limits returns the user's limits: max-connections and max-channels.
func (u *User) Limits() Limits { return u.state.Load().limits }

// SetLimit sets one of the user's limits; a nil value clears it.
func (u *User) SetLimit(name string, value *int64) {
	u.change(func(s *userState) { s.limits = s.limits.with(name, value) })
}
