package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/minirabbit/minirabbit/internal/memnet"
	"github.com/minirabbit/minirabbit/internal/nullbroker"
	"github.com/minirabbit/minirabbit/testkit"
)

// contender is a broker that can be started, or is there.
type contender struct {
	name  string
	local bool // in this process, and so in memory as well
	start func(inMemory bool) (*target, error)
}

// target is a broker that runs.
type target struct {
	url   string
	dial  func() (net.Conn, error)
	close func()
}

// config has the client dial the target.
func (t *target) config() amqp.Config {
	return amqp.Config{
		Locale: "en_US",
		Dial:   func(string, string) (net.Conn, error) { return t.dial() },
	}
}

// connect opens a connection and a channel.
func (t *target) connect() (*amqp.Connection, *amqp.Channel, error) {
	conn, err := amqp.DialConfig(t.url, t.config())
	if err != nil {
		return nil, nil, err
	}
	ch, err := conn.Channel()
	return conn, ch, err
}

// contenders reads the list of the flag --against.
func contenders(list string) ([]contender, error) {
	var all []contender
	for name := range strings.SplitSeq(list, ",") {
		switch {
		case name == "null":
			all = append(all, contender{name, true, func(inMemory bool) (*target, error) { return startNull(inMemory, false) }})
		case name == "keeping":
			all = append(all, contender{name, true, func(inMemory bool) (*target, error) { return startNull(inMemory, true) }})
		case name == "minirabbit":
			all = append(all, contender{name, true, func(inMemory bool) (*target, error) { return startTestkit(inMemory) }})
		case name == "bare":
			all = append(all, contender{name, true, func(inMemory bool) (*target, error) {
				return startTestkit(inMemory, testkit.WithoutRecording())
			}})
		case strings.HasPrefix(name, "amqp://"):
			uri, err := amqp.ParseURI(name)
			if err != nil {
				return nil, fmt.Errorf("contender %q: %w", name, err)
			}
			all = append(all, contender{fmt.Sprintf("%s:%d", uri.Host, uri.Port), false, func(bool) (*target, error) { return remote(name, uri), nil }})
		default:
			return nil, fmt.Errorf("contender %q: expected null, keeping, minirabbit, bare or a URL that begins with amqp://", name)
		}
	}
	return all, nil
}

func remote(url string, uri amqp.URI) *target {
	address := net.JoinHostPort(uri.Host, fmt.Sprint(uri.Port))
	return &target{
		url:   url,
		dial:  func() (net.Conn, error) { return net.DialTimeout("tcp", address, 10*time.Second) },
		close: func() {},
	}
}

func startNull(inMemory, keep bool) (*target, error) {
	s := nullbroker.New()
	s.KeepBodies = keep
	var l net.Listener
	t := &target{}
	if inMemory {
		m := memnet.Listen("memory")
		l = m
		t.dial = func() (net.Conn, error) { return m.Dial(context.Background()) }
	} else {
		var err error
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return nil, err
		}
		t.dial = func() (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) }
	}
	t.url = "amqp://guest:guest@" + l.Addr().String() + "/"
	served := make(chan struct{})
	go func() {
		defer close(served)
		s.Serve(l)
	}()
	t.close = func() {
		s.Close()
		<-served
	}
	return t, nil
}

func startTestkit(inMemory bool, options ...testkit.Option) (t *target, err error) {
	if inMemory {
		options = append(options, testkit.InMemory())
	}
	h := &host{}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	b := testkit.Start(h, options...)
	return &target{
		url:   b.URL(),
		dial:  func() (net.Conn, error) { return b.Dial("", "") },
		close: h.end,
	}, nil
}

// host is the test that testkit believes to run in. What fails it panics.
type host struct{ cleanups []func() }

var _ testkit.T = (*host)(nil)

func (h *host) end() {
	for i := len(h.cleanups) - 1; i >= 0; i-- {
		h.cleanups[i]()
	}
}

func (h *host) Helper()                   {}
func (h *host) Name() string              { return "bench" }
func (h *host) Context() context.Context  { return context.Background() }
func (h *host) Cleanup(f func())          { h.cleanups = append(h.cleanups, f) }
func (h *host) Failed() bool              { return false }
func (h *host) Logf(string, ...any)       {}
func (h *host) Errorf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (h *host) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (h *host) Skipf(f string, a ...any)  { panic(fmt.Sprintf(f, a...)) }
