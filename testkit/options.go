package testkit

import (
	"log/slog"

	"github.com/minirabbit/minirabbit/broker"
)

// Option says how a broker is to be started.
type Option func(*config)

type config struct {
	release  string
	inMemory bool
	address  string
	options  broker.Options
}

// WithRelease chooses the release of RabbitMQ whose behaviour the broker shows:
// "3.10", "4.0" or "4.3", which is the default.
func WithRelease(release string) Option {
	return func(c *config) { c.release = release }
}

// InMemory serves connections within the process instead of over TCP. Clients
// dial with [Broker.Dial] or [Broker.Config]. It is made for testing/synctest
// bubbles, in which real connections do not work.
func InMemory() Option {
	return func(c *config) { c.inMemory = true }
}

// WithMaxMessageSize limits the body of a message, in bytes. The default is that
// of the release: 128 MiB for 3.10, 16 MiB later.
func WithMaxMessageSize(bytes int) Option {
	return func(c *config) { c.options.MaxMessageSize = bytes }
}

// WithLogger has the broker log there; without it, the broker logs nothing.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) { c.options.Logger = l }
}
