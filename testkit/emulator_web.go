package testkit

import (
	"context"
	"net"
	"slices"
	"time"

	"github.com/minirabbit/minirabbit/management"
)

// web is the HTTP API of an emulator.
type web struct {
	url   string
	close func()
}

// serveManagement serves the HTTP API until close.
func (e *emulator) serveManagement() (*web, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	options := []management.Option{
		management.WithListeners(func() []management.Listener { return e.listeners(l) }),
		management.WithAlarms(func(resource string, raised bool) { e.setAlarm(Resource(resource), raised) }, e.raisedAlarms),
		management.WithRestarter(restarter{e}),
	}
	if e.recorder != nil {
		options = append(options, management.WithRecording(management.Recording{History: e.recorder, Trace: e.trace}), management.WithFaults(e.faultsInForce))
	}
	api := management.New(e.node, options...)
	alive, end := context.WithCancel(context.Background()) // requests that wait end with the test
	server := management.NewServer(api)
	server.BaseContext = func(net.Listener) context.Context { return alive }
	served := make(chan struct{})
	go func() {
		defer close(served)
		server.Serve(l)
	}()
	return &web{url: "http://" + l.Addr().String(), close: func() {
		end()
		patience, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if server.Shutdown(patience) != nil {
			server.Close()
		}
		<-served
		api.Close()
	}}, nil
}

// listeners lists the open ports.
func (e *emulator) listeners(web net.Listener) []management.Listener {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []management.Listener
	for protocol, l := range map[string]net.Listener{"amqp": e.listener, "http": web} {
		if tcp, ok := l.Addr().(*net.TCPAddr); ok {
			all = append(all, management.Listener{Protocol: protocol, Host: tcp.IP.String(), Port: tcp.Port})
		}
	}
	slices.SortFunc(all, func(a, b management.Listener) int { return a.Port - b.Port })
	return all
}

func (e *emulator) raisedAlarms() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []string
	for _, r := range []Resource{Memory, Disk} {
		if e.alarms[r] {
			all = append(all, string(r))
		}
	}
	return all
}

// faultsInForce lists the faults for the API.
func (e *emulator) faultsInForce() (all []management.Fault) {
	for _, in := range e.faults.Injected() {
		state := in.State()
		all = append(all, management.Fault{Description: in.String(), Strikes: state.Strikes, Left: state.Left})
	}
	return all
}

// restarter lets the control command stop and start the broker.
type restarter struct{ e *emulator }

func (r restarter) StopApp() { r.e.stop() }

func (r restarter) StartApp() {
	if r.Running() {
		return
	}
	if err := r.e.restart(); err != nil {
		r.e.node.Logger().Error("start_app failed", "error", err)
	}
}

func (r restarter) Reset() { r.e.node.Reset() }

func (r restarter) Running() bool {
	r.e.mu.Lock()
	defer r.e.mu.Unlock()
	return r.e.running
}
