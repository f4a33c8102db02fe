package main

import (
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/management"
	"github.com/minirabbit/minirabbit/management/metrics"
)

// app is a node with its servers. The control command can stop and start the
// AMQP side.
type app struct {
	node     *broker.Node
	recorded management.Recording
	web      net.Listener // nil without the HTTP API

	mu sync.Mutex
	// guarded by mu
	address  string
	listener net.Listener // nil while stopped
	server   *amqpserver.Server
	served   chan struct{}
	alarms   []string
	short    bool       // of memory, as the watch has it
	limit    uint64     // of memory, 0 for none
	failed   chan error // takes what ends a server that was not stopped
}

var _ management.Restarter = (*app)(nil)

// recordNode prepares the recording of a node that is to be.
func recordNode(options *broker.Options) management.Recording {
	recorded := management.NewRecording()
	options.Observer = recorded.History
	return recorded
}

// newApp serves a node on a listener that is open.
func newApp(node *broker.Node, l net.Listener, recorded management.Recording) *app {
	a := &app{node: node, recorded: recorded, address: l.Addr().String(), failed: make(chan error, 1)}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.serveLocked(l)
	return a
}

func (a *app) serveLocked(l net.Listener) {
	server, served := amqpserver.New(a.node), make(chan struct{})
	if a.recorded.Trace != nil {
		server.SetInterceptor(a.recorded.Trace)
	}
	a.listener, a.server, a.served = l, server, served
	go func() {
		defer close(served)
		if err := server.Serve(l); !errors.Is(err, amqpserver.ErrServerClosed) {
			a.failed <- err
		}
	}()
}

// manage serves the HTTP API on a listener that is open, by its address or the name
// in the one that was asked for, until stop is called.
func (a *app) manage(l net.Listener, asked string) (stop func()) {
	a.web = l
	host, _, _ := net.SplitHostPort(asked)
	api := management.New(a.node, management.WithListeners(a.listeners), management.WithHosts(host), management.WithMemory(usedMemory, a.memoryLimit),
		management.WithAlarms(a.setAlarm, a.raised), management.WithRestarter(a), management.WithRecording(a.recorded),
		management.WithMetrics(metrics.Handler(a.node, a.raised)))
	server := management.NewServer(api)
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			a.failed <- err
		}
	}()
	return func() {
		server.Close()
		<-served
		api.Close()
	}
}

// StopApp implements [management.Restarter].
func (a *app) StopApp() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.listener == nil {
		return
	}
	a.server.Close()
	<-a.served
	a.listener = nil
}

// StartApp implements [management.Restarter]. The node keeps what is durable.
func (a *app) StartApp() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.listener != nil {
		return
	}
	l, err := net.Listen("tcp", a.address)
	if err != nil {
		a.node.Logger().Error("cannot listen again", "address", a.address, "error", err)
		return
	}
	a.node.Restart()
	a.alarms = nil
	a.serveLocked(l)
	a.tellLocked(memoryResource)
}

// Reset implements [management.Restarter].
func (a *app) Reset() { a.node.Reset() }

// Running implements [management.Restarter].
func (a *app) Running() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.listener != nil
}

func (a *app) setAlarm(resource string, raised bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.alarms = slices.DeleteFunc(a.alarms, func(r string) bool { return r == resource })
	if raised {
		a.alarms = append(a.alarms, resource)
	}
	a.tellLocked(resource)
}

// tellLocked tells the server of a resource's alarm, if the server runs.
func (a *app) tellLocked(resource string) {
	if a.listener != nil {
		a.server.SetAlarm(resource, slices.Contains(a.raisedLocked(), resource))
	}
}

func (a *app) raised() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.raisedLocked()
}

func (a *app) raisedLocked() []string {
	all := slices.Clone(a.alarms)
	if a.short && !slices.Contains(all, memoryResource) {
		all = append(all, memoryResource)
	}
	return all
}

const memoryResource = "memory"

// watchMemory raises the alarm of memory over a limit until stop is called. An alarm
// that was raised by hand stays.
func (a *app) watchMemory(w memoryWatch) (stop func()) {
	if w.limit == 0 {
		return func() {}
	}
	w.set = func(raised bool) {
		a.node.Logger().Warn("the alarm of memory has changed", "raised", raised, "limit", w.limit)
		a.mu.Lock()
		defer a.mu.Unlock()
		a.short = raised
		a.tellLocked(memoryResource)
	}
	a.mu.Lock()
	a.limit = w.limit
	a.mu.Unlock()
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		w.run(end)
	}()
	return func() {
		close(end)
		<-ended
	}
}

func (a *app) listeners() []management.Listener {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []management.Listener
	if a.listener != nil {
		all = append(all, describe("amqp", a.listener))
	}
	return append(all, describe("http", a.web))
}

func describe(protocol string, l net.Listener) management.Listener {
	address := l.Addr().(*net.TCPAddr)
	return management.Listener{Protocol: protocol, Host: address.IP.String(), Port: address.Port}
}

func (a *app) memoryLimit() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.limit
}
