package testkit

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/minirabbit/minirabbit/management"
)

// WithManagement serves RabbitMQ's HTTP API beside AMQP, at a port of its own on
// this machine; see [Broker.ManagementURL].
func WithManagement() Option {
	return func(c *config) { c.management = true }
}

// ManagementURL is where the HTTP API is: http://127.0.0.1:PORT. The user is guest
// and the password guest. It is empty without [WithManagement].
func (b *Broker) ManagementURL() string {
	if b.real != nil {
		return (&url.URL{Scheme: b.real.http.Scheme, Host: b.real.http.Host}).String()
	}
	return b.managementURL
}

// manage serves the HTTP API until the test ends.
func (b *Broker) manage() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	options := []management.Option{
		management.WithListeners(func() []management.Listener { return b.listeners(l) }),
		management.WithAlarms(func(resource string, raised bool) { b.setAlarm(Resource(resource), raised) }, b.raisedAlarms),
		management.WithRestarter(restarter{b}),
	}
	if b.recorder != nil {
		options = append(options, management.WithRecording(b.recorder, b.trace), management.WithFaults(b.faults.inForce))
	}
	api := management.New(b.node, options...)
	alive, end := context.WithCancel(context.Background()) // requests that wait end with the test
	server := &http.Server{Handler: api, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return alive }}
	served := make(chan struct{})
	go func() {
		defer close(served)
		server.Serve(l)
	}()
	b.managementURL = "http://" + l.Addr().String()
	b.t.Cleanup(func() {
		end()
		patience, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if server.Shutdown(patience) != nil {
			server.Close()
		}
		<-served
		api.Close()
	})
	return nil
}

// listeners lists the open ports.
func (b *Broker) listeners(web net.Listener) []management.Listener {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []management.Listener
	for protocol, l := range map[string]net.Listener{"amqp": b.listener, "http": web} {
		if tcp, ok := l.Addr().(*net.TCPAddr); ok {
			all = append(all, management.Listener{Protocol: protocol, Host: tcp.IP.String(), Port: tcp.Port})
		}
	}
	slices.SortFunc(all, func(a, b management.Listener) int { return a.Port - b.Port })
	return all
}

func (b *Broker) raisedAlarms() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []string
	for _, r := range []Resource{Memory, Disk} {
		if b.alarms[r] {
			all = append(all, string(r))
		}
	}
	return all
}

// inForce lists the faults for the API.
func (f *faults) inForce() (all []management.Fault) {
	list := f.list.Load()
	if list == nil {
		return nil
	}
	for _, in := range *list {
		in.mu.Lock()
		all = append(all, management.Fault{Description: in.String(), Strikes: in.strikes, Left: in.left})
		in.mu.Unlock()
	}
	return all
}

// restarter lets the control command stop and start the broker.
type restarter struct{ b *Broker }

func (r restarter) StopApp() { r.b.Stop() }

func (r restarter) StartApp() {
	if !r.Running() {
		r.b.Restart()
	}
}

func (r restarter) Reset() { r.b.node.Reset() }

func (r restarter) Running() bool {
	r.b.mu.Lock()
	defer r.b.mu.Unlock()
	return r.b.running
}
