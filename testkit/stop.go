package testkit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/internal/memnet"
)

// Stop ends the broker as an operator does: clients are told with connection.close
// and code 320, have 200 ms to answer, and further ones are refused. What is in the
// broker stays there for Restart. To stop a broker that is stopped has no effect.
func (b *Broker) Stop() {
	b.t.Helper()
	b.needEmulator("stopping the broker")
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopLocked()
}

func (b *Broker) stopLocked() {
	if !b.running {
		return
	}
	b.running = false
	b.server.Close()
	<-b.served
}

// Kill is Stop without a word to the clients, as when the machine fails.
func (b *Broker) Kill() {
	b.t.Helper()
	b.needEmulator("stopping the broker")
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running {
		b.listener.Close()
		b.server.Abort()
		b.stopLocked()
	}
}

// Restart stops the broker, if it runs, and starts it again at the same address.
// Durable exchanges and queues, the bindings between them and persistent messages
// are still there, and nothing else but, in 4.3, transient exchanges: RabbitMQ keeps
// them since then. Faults that were injected remain.
func (b *Broker) Restart() {
	b.t.Helper()
	b.again(b.node.Restart)
}

// Reset stops the broker, if it runs, and starts it again with nothing in it.
// Faults that were injected remain, and so does the history.
func (b *Broker) Reset() {
	b.t.Helper()
	b.again(b.node.Reset)
}

func (b *Broker) again(between func()) {
	b.t.Helper()
	b.needEmulator("restarting the broker")
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopLocked()
	between()
	clear(b.alarms)
	if err := b.openLocked(); err != nil {
		b.t.Errorf("testkit: restart: %v", err)
	}
}

// Pause stops the broker as a debugger would: clients stay connected and can even
// connect, but hear nothing until Resume. On a real RabbitMQ, its network is paused.
func (b *Broker) Pause() {
	b.t.Helper()
	if b.real != nil {
		b.real.needProxy(b.t).pause()
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.server.Pause()
}

// Resume ends Pause.
func (b *Broker) Resume() {
	b.t.Helper()
	if b.real != nil {
		b.real.needProxy(b.t).resume()
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.server.Resume()
}

// Resource is something that a broker can run short of.
type Resource string

// The resources for which RabbitMQ raises alarms.
const (
	Memory Resource = "memory"
	Disk   Resource = "disk"
)

// RaiseAlarm has the broker run short of a resource. As in RabbitMQ, a connection
// that publishes is blocked then: it is told so with connection.blocked, and nothing
// that it sends is looked at, that message neither, until the alarm is cleared.
// Others notice nothing.
func (b *Broker) RaiseAlarm(r Resource) { b.setAlarm(r, true) }

// ClearAlarm ends the alarm for a resource.
func (b *Broker) ClearAlarm(r Resource) { b.setAlarm(r, false) }

func (b *Broker) setAlarm(r Resource, raised bool) {
	b.t.Helper()
	b.needEmulator("raising alarms")
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.alarms[r] != raised {
		b.alarms[r] = raised
		b.server.SetAlarm(string(r), raised)
	}
}

// openLocked starts to serve: at a free address the first time, then always at the
// same.
func (b *Broker) openLocked() error {
	if err := b.listenLocked(); err != nil {
		return err
	}
	b.server = amqpserver.New(b.node)
	if b.trace != nil {
		b.server.SetInterceptor(tap{b.trace, b.faults})
	}
	server, l, served := b.server, door{b.listener, b}, make(chan struct{})
	b.served, b.running = served, true
	go func() {
		defer close(served)
		server.Serve(l)
	}()
	return nil
}

func (b *Broker) listenLocked() error {
	if b.config.inMemory {
		l := memnet.Listen("memory")
		if old, again := b.listener.(*memnet.Listener); again {
			l.After(old)
		}
		b.listener = l
		dial := dialer(func(ctx context.Context) (net.Conn, error) {
			if b.faults != nil && b.faults.refusesDial("memory") {
				return nil, &net.OpError{Op: "dial", Net: "memory", Addr: l.Addr(), Err: syscall.ECONNREFUSED}
			}
			conn, err := l.Dial(ctx)
			if errors.Is(err, net.ErrClosed) {
				err = &net.OpError{Op: "dial", Net: "memory", Addr: l.Addr(), Err: syscall.ECONNREFUSED}
			}
			return conn, err
		})
		b.dial.Store(&dial)
		return nil
	}
	l, err := listenAgain(b.address)
	if err != nil {
		return err
	}
	b.listener, b.address = l, l.Addr().String()
	b.dial.Store(dialTCP(b.address))
	return nil
}

func dialTCP(address string) *dialer {
	dial := dialer(func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	})
	return &dial
}

// listenAgain listens at an address that was listened at before, or at a free one
// if it is empty. Another process may have the port for a moment.
func listenAgain(address string) (net.Listener, error) {
	if address == "" {
		return net.Listen("tcp", "127.0.0.1:0")
	}
	deadline := time.Now().Add(5 * time.Second)
	for {
		l, err := net.Listen("tcp", address)
		if err == nil || time.Now().After(deadline) {
			return l, err
		}
		wait := time.NewTimer(20 * time.Millisecond)
		<-wait.C
	}
}

// door is the broker's listener: a fault may turn a client away, and a capture
// sees what passes.
type door struct {
	net.Listener
	b *Broker
}

// Accept implements [net.Listener].
func (d door) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		address := fmt.Sprintf("%s -> %s", conn.RemoteAddr(), conn.LocalAddr())
		tcp, overTCP := conn.(*net.TCPConn)
		if overTCP && d.b.faults != nil && d.b.faults.refusesDial(address) {
			tcp.SetLinger(0) // so that the client sees a reset
			tcp.Close()
			continue
		}
		if d.b.capture != nil {
			return d.b.capture.conn(conn), nil
		}
		return conn, nil
	}
}
