package testkit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync/atomic"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/internal/fault"
	"github.com/minirabbit/minirabbit/internal/record"
	"github.com/minirabbit/minirabbit/management"
	"github.com/minirabbit/minirabbit/release"
	"github.com/minirabbit/minirabbit/wire"
)

// emulator is a node of minirabbit in this process.
type emulator struct {
	// immutable
	config   config
	node     *broker.Node
	recorder *record.Recorder // nil with WithoutRecording
	trace    *record.Trace    // nil with WithoutRecording
	faults   *fault.Engine    // nil with WithoutRecording
	capture  *capture         // nil without WithCapture
	web      *web             // nil without WithManagement
	host     string           // of the URL

	panics panics

	dialer atomic.Pointer[dialer] // to where the broker listens, or did last

	mu patientMutex
	// guarded by mu, which is held as long as it takes to stop the server
	address  string // over TCP
	server   *amqpserver.Server
	listener net.Listener
	served   chan struct{} // closed when the server has stopped
	running  bool
	alarms   map[Resource]bool
}

var _ node = (*emulator)(nil)

// memoryHost is the host of a URL that leads nowhere by itself. There are no hosts in
// .invalid (RFC 6761).
const memoryHost = "dial-with-Broker.ClientConfig.invalid"

// dialer connects to the broker.
type dialer func(ctx context.Context) (net.Conn, error)

// patientMutex is a mutex for whose waiters the time of a testing/synctest bubble
// passes. For those of a sync.Mutex it would stop.
type patientMutex chan struct{}

func newPatientMutex() patientMutex { return make(patientMutex, 1) }

func (m patientMutex) Lock()   { m <- struct{}{} }
func (m patientMutex) Unlock() { <-m }

// startEmulator starts a node and serves it.
func startEmulator(c config) (*emulator, error) {
	shown, err := release.Find(c.release)
	if err != nil {
		return nil, err
	}
	c.options.Release = shown
	e := &emulator{config: c, mu: newPatientMutex(), alarms: make(map[Resource]bool)}
	if !c.quiet {
		e.recorder, e.trace = record.NewRecorder(record.Limits{Messages: keepMessages, Bytes: keepBytes}), &record.Trace{}
		e.faults = fault.NewEngine(e.trace)
		e.config.options.Observer = e.recorder
	}
	if c.capture != nil {
		e.capture = newCapture(c.capture)
	}
	e.config.options.OnPanic = e.panics.add
	e.node = broker.NewNode(e.config.options)
	e.mu.Lock()
	err = e.openLocked()
	e.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("no port for the broker: %w", err)
	}
	e.host = e.listener.Addr().String()
	if c.inMemory {
		e.host = memoryHost
	}
	if c.management {
		if e.web, err = e.serveManagement(); err != nil {
			return nil, errors.Join(fmt.Errorf("no port for the HTTP API: %w", err), e.close())
		}
	}
	return e, nil
}

func (e *emulator) name() string { return "minirabbit" }

func (e *emulator) url(user *url.Userinfo, vhost string) string {
	if user == nil {
		user = url.UserPassword("guest", "guest")
	}
	return amqpURL("amqp", user, e.host, vhost)
}

// amqpURL is the URL of a virtual host. That of "/" is the shortest.
func amqpURL(scheme string, user *url.Userinfo, host, vhost string) string {
	u := url.URL{Scheme: scheme, User: user, Host: host, Path: "/"}
	if vhost != "/" {
		u.Path, u.RawPath = "/"+vhost, "/"+url.PathEscape(vhost)
	}
	return u.String()
}

func (e *emulator) managementURL() string {
	if e.web == nil {
		return ""
	}
	return e.web.url
}

func (e *emulator) dial(ctx context.Context) (net.Conn, error) { return (*e.dialer.Load())(ctx) }

func (e *emulator) vhosts() (names []string) {
	for _, vh := range e.node.VHosts() {
		names = append(names, vh.Name())
	}
	return names
}

func (e *emulator) enter(name string, f func(vh vhost) error) error {
	vh := e.node.VHost(name)
	if vh == nil {
		return &noVHost{name, e.vhosts()}
	}
	if why := vh.Broken(); why != nil {
		return why
	}
	var err error
	if p := e.node.Survive(func() { vh.Do(func() { err = f(emulatorVHost{e, vh}) }) }); p != nil {
		return p
	}
	return err
}

func (e *emulator) load(definitions []byte) error { return management.Import(e.node, definitions) }

func (e *emulator) closeConnections(reason string) error {
	var all []*broker.Connection
	for _, vh := range e.node.VHosts() {
		vh.Do(func() { all = append(all, vh.Connections()...) })
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range all {
		e.server.EndConnection(c.Name, broker.Errorf(wire.ConnectionForced, "%s", reason))
	}
	return nil
}

func (e *emulator) network() (network, error) { return emulatorNetwork{e}, nil }

// emulatorNetwork fails at the server's end of the connections.
type emulatorNetwork struct{ e *emulator }

func (n emulatorNetwork) drop() {
	n.e.mu.Lock()
	defer n.e.mu.Unlock()
	n.e.server.Abort()
}

func (n emulatorNetwork) pause() {
	n.e.mu.Lock()
	defer n.e.mu.Unlock()
	n.e.server.Pause()
}

func (n emulatorNetwork) resume() {
	n.e.mu.Lock()
	defer n.e.mu.Unlock()
	n.e.server.Resume()
}

// close ends the node.
func (e *emulator) close() error {
	var err error
	if e.web != nil {
		e.web.close()
	}
	e.stop()
	if e.faults != nil {
		e.faults.Close()
		e.stop() // a fault may have started it again
	}
	e.node.Close()
	if e.capture != nil {
		err = e.capture.close()
	}
	return errors.Join(err, e.panics.take())
}

// check returns an error if messages were lost or counted twice.
func (e *emulator) check() error {
	if err := e.node.Check(); err != nil {
		return fmt.Errorf("minirabbit lost count, which is a bug in minirabbit: %w", err)
	}
	return nil
}
