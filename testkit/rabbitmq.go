package testkit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/minirabbit/minirabbit/internal/fault"
)

// The environment variables that name a real RabbitMQ.
const (
	environmentAMQP = "MINIRABBIT_AMQP_URL"
	environmentHTTP = "MINIRABBIT_HTTP_URL"
)

// rabbitmq is a part of a real RabbitMQ that belongs to one broker: virtual hosts
// and users of names that nobody else has. Its "/" is one of them; its guest is the
// user of MINIRABBIT_AMQP_URL.
type rabbitmq struct {
	// immutable
	amqp    *url.URL // without a virtual host
	http    *url.URL
	api     string // http without the user
	prefix  string // of the names of virtual hosts and users
	address string // of RabbitMQ
	proxy   *proxy // what clients dial; nil over TLS
	capture *capture

	mu sync.Mutex
	// guarded by mu
	hosts map[string]*rabbitmqVHost // by the names that the test gives
	users map[string]bool           // likewise
}

var _ node = (*rabbitmq)(nil)

// started tells the brokers of a process apart.
var started atomic.Int64

// rabbitmqFromEnvironment returns what the environment names, nil if it names
// nothing.
func rabbitmqFromEnvironment() (*rabbitmq, error) {
	amqpText, httpText := os.Getenv(environmentAMQP), os.Getenv(environmentHTTP)
	if amqpText == "" && httpText == "" {
		return nil, nil
	}
	if amqpText == "" || httpText == "" {
		return nil, fmt.Errorf("%s is %q and %s is %q: to use a real RabbitMQ, both must be set", environmentAMQP, amqpText, environmentHTTP, httpText)
	}
	amqpURL, err := url.Parse(amqpText)
	if err != nil || amqpURL.User == nil {
		return nil, fmt.Errorf("%s does not name a broker and a user, as in amqp://guest:guest@localhost:5672/", environmentAMQP)
	}
	httpURL, err := url.Parse(httpText)
	if err != nil || httpURL.Host == "" {
		return nil, fmt.Errorf("%s does not name the management API, as in http://localhost:15672", environmentHTTP)
	}
	if httpURL.User == nil {
		httpURL.User = amqpURL.User
	}
	api := *httpURL
	api.User = nil
	address := amqpURL.Host
	if amqpURL.Port() == "" {
		address = net.JoinHostPort(amqpURL.Hostname(), map[string]string{"amqp": "5672", "amqps": "5671"}[amqpURL.Scheme])
	}
	return &rabbitmq{amqp: amqpURL, http: httpURL, api: strings.TrimSuffix(api.String(), "/"), address: address,
		hosts: make(map[string]*rabbitmqVHost), users: make(map[string]bool)}, nil
}

// start creates the virtual host "/". The name is for people who see the names of
// virtual hosts.
func (r *rabbitmq) start(c config, name string, faults *fault.Engine) error {
	if err := r.check(c); err != nil {
		return err
	}
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune("/ %?#", r) {
			return '-'
		}
		return r
	}, name)
	r.prefix = fmt.Sprintf("minirabbit-%d-%d-%s", os.Getpid(), started.Add(1), name)
	if err := r.createVHost("/", nil); err != nil {
		return err
	}
	if r.amqp.Scheme != "amqp" {
		return nil
	}
	door := func(c net.Conn) net.Conn { return c }
	if c.capture != nil {
		r.capture = newCapture(c.capture)
		door = r.capture.conn
	}
	p, err := newProxy(func() (net.Conn, error) { return net.Dial("tcp", r.address) }, faults.RefusesDial, door)
	if err != nil {
		return errors.Join(fmt.Errorf("no port for the proxy before RabbitMQ: %w", err), r.close())
	}
	r.proxy = p
	return nil
}

// check refuses what a real RabbitMQ is not or cannot do.
func (r *rabbitmq) check(c config) error {
	for _, option := range []struct {
		set  bool
		what string
	}{
		{c.inMemory, "a broker in memory"},
		{c.options.ConsumerTimeout != 0, "setting the consumer timeout"},
		{c.options.MaxMessageSize != 0, "setting the size of messages"},
		{c.options.WithoutPlugins, "a broker without plug-ins"},
		{c.capture != nil && r.amqp.Scheme != "amqp", "a capture over TLS"},
	} {
		if option.set {
			return needsEmulator(option.what)
		}
	}
	if !c.chosen {
		return nil
	}
	var overview struct {
		Version string `json:"rabbitmq_version"`
	}
	if err := r.call(context.Background(), http.MethodGet, "/api/overview", nil, &overview); err != nil {
		return err
	}
	if !strings.HasPrefix(overview.Version+".", c.release+".") {
		return needsEmulator(fmt.Sprintf("release %s, of which RabbitMQ %s is not,", c.release, overview.Version))
	}
	return nil
}

// vhostName returns the name that a virtual host of the test has there.
func (r *rabbitmq) vhostName(name string) string {
	if name == "/" {
		return r.prefix
	}
	return r.prefix + "-" + name
}

// userName returns the name that a user of the test has there.
func (r *rabbitmq) userName(name string) string {
	if name == "guest" {
		return r.amqp.User.Username()
	}
	return r.prefix + "-" + name
}

// ownUser is the inverse of userName.
func (r *rabbitmq) ownUser(name string) string {
	if name == r.amqp.User.Username() {
		return "guest"
	}
	return strings.TrimPrefix(name, r.prefix+"-")
}

// createVHost creates a virtual host, which guest may use.
func (r *rabbitmq) createVHost(name string, settings any) error {
	if settings == nil {
		settings = struct{}{}
	}
	ctx, there := context.Background(), r.vhostName(name)
	if err := r.call(ctx, http.MethodPut, apiPath("vhosts", there), settings, nil); err != nil {
		return fmt.Errorf("create virtual host %q: %w", name, err)
	}
	r.mu.Lock()
	if r.hosts[name] == nil {
		r.hosts[name] = &rabbitmqVHost{r: r, own: name, name: there}
	}
	r.mu.Unlock()
	all := map[string]string{"configure": ".*", "write": ".*", "read": ".*"}
	if err := r.call(ctx, http.MethodPut, apiPath("permissions", there, r.userName("guest")), all, nil); err != nil {
		return fmt.Errorf("permit virtual host %q: %w", name, err)
	}
	return nil
}

func (r *rabbitmq) name() string { return r.http.Host }

func (r *rabbitmq) url(user *url.Userinfo, vhost string) string {
	switch {
	case user == nil || user.Username() == "guest":
		user = r.amqp.User
	default:
		password, _ := user.Password()
		user = url.UserPassword(r.userName(user.Username()), password)
	}
	host := r.amqp.Host
	if r.proxy != nil {
		host = r.proxy.listener.Addr().String()
	}
	return amqpURL(r.amqp.Scheme, user, host, r.vhostName(vhost))
}

// directURL is that of the testkit's own connections to a virtual host.
func (r *rabbitmq) directURL(vhost string) string {
	return amqpURL(r.amqp.Scheme, r.amqp.User, r.amqp.Host, r.vhostName(vhost))
}

func (r *rabbitmq) managementURL() string {
	return (&url.URL{Scheme: r.http.Scheme, Host: r.http.Host}).String()
}

func (r *rabbitmq) dial(ctx context.Context) (net.Conn, error) {
	address := r.address
	if r.proxy != nil {
		address = r.proxy.listener.Addr().String()
	}
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}

func (r *rabbitmq) vhosts() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.hosts))
}

func (r *rabbitmq) enter(name string, f func(vh vhost) error) error {
	r.mu.Lock()
	vh := r.hosts[name]
	r.mu.Unlock()
	if vh == nil {
		return &noVHost{name, r.vhosts()}
	}
	return f(vh)
}

func (r *rabbitmq) network() (network, error) {
	if r.proxy == nil {
		return nil, needsEmulator("a network fault over TLS")
	}
	return r.proxy, nil
}

// close deletes what was created.
func (r *rabbitmq) close() error {
	var problems []error
	r.mu.Lock()
	hosts, users := slices.Collect(maps.Values(r.hosts)), slices.Sorted(maps.Keys(r.users))
	r.mu.Unlock()
	if r.proxy != nil {
		r.proxy.close()
	}
	for _, vh := range hosts {
		vh.link.close()
		if err := r.call(context.Background(), http.MethodDelete, apiPath("vhosts", vh.name), nil, nil); err != nil {
			problems = append(problems, fmt.Errorf("delete virtual host %q: %w", vh.own, err))
		}
	}
	for _, name := range users {
		if err := r.call(context.Background(), http.MethodDelete, apiPath("users", r.userName(name)), nil, nil); err != nil {
			problems = append(problems, fmt.Errorf("delete user %q: %w", name, err))
		}
	}
	if r.capture != nil {
		problems = append(problems, r.capture.close())
	}
	return errors.Join(problems...)
}
