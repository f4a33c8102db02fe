package broker

import (
	"crypto/subtle"
	"regexp"
	"slices"
	"sync"

	"github.com/minirabbit/minirabbit/wire"
)

// User is somebody who may log in.
type User struct {
	// immutable
	name string
	tags []string

	mu sync.Mutex
	// guarded by mu
	password    string
	permissions map[string]Permissions
}

// Permissions says, by regular expression, what a user may do with the
// resources of a virtual host. A nil expression permits nothing.
type Permissions struct{ Configure, Write, Read *regexp.Regexp }

// everything matches every name. Checks take a short cut for it.
var everything = regexp.MustCompile(".*")

// AddUser creates a user, who can log in with the password and has no
// permissions yet.
func (n *Node) AddUser(name, password string, tags ...string) *User {
	u := &User{name: name, tags: tags, password: password, permissions: make(map[string]Permissions)}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.users[name] = u
	return u
}

// Authenticate returns the user if the password is right, nil otherwise.
func (n *Node) Authenticate(name, password string) *User {
	n.mu.Lock()
	u := n.users[name]
	n.mu.Unlock()
	if u == nil {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if subtle.ConstantTimeCompare([]byte(u.password), []byte(password)) == 0 {
		return nil
	}
	return u
}

// Name returns the user's name.
func (u *User) Name() string { return u.name }

// HasTag says whether the user has a tag, such as "administrator".
func (u *User) HasTag(tag string) bool { return slices.Contains(u.tags, tag) }

// Permit replaces the user's permissions in a virtual host.
func (u *User) Permit(vhost string, p Permissions) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.permissions[vhost] = p
}

// MayEnter says whether the user has any permissions in a virtual host.
func (u *User) MayEnter(vhost string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, ok := u.permissions[vhost]
	return ok
}

// Permission is a kind of access to an exchange or a queue.
type Permission string

// The permissions of RabbitMQ.
const (
	Configure Permission = "configure"
	Write     Permission = "write"
	Read      Permission = "read"
)

// Check returns RabbitMQ's refusal if the user lacks a permission for a
// resource; kind is "exchange" or "queue".
func (u *User) Check(vh *VHost, want Permission, kind, name string) error {
	u.mu.Lock()
	p := u.permissions[vh.name]
	u.mu.Unlock()
	pattern := p.of(want)
	if pattern == everything {
		return nil
	}
	if kind == "exchange" && name == "" {
		name = "amq.default"
	}
	if pattern != nil && pattern.MatchString(name) {
		return nil
	}
	return Errorf(wire.AccessRefused, "%s access to %s '%s' in vhost '%s' refused for user '%s'", want, kind, name, vh.name, u.name)
}

func (p *Permissions) of(want Permission) *regexp.Regexp {
	switch want {
	case Configure:
		return p.Configure
	case Write:
		return p.Write
	default:
		return p.Read
	}
}
