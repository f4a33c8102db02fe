package testkit

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/minirabbit/minirabbit/broker"
)

// Option says how a broker is to be started.
type Option func(*config)

type config struct {
	release    string
	chosen     bool // the release, by the test
	inMemory   bool
	management bool
	quiet      bool
	patience   time.Duration
	capture    io.Writer
	vhosts     []string
	users      []user
	options    broker.Options
}

// WithRelease chooses the release of RabbitMQ whose behaviour the broker shows:
// "3.10", "4.0", "4.1", "4.2" or "4.3", which is the default. A version in full, such as
// "4.2.9", chooses its release, and "4" the newest of that line. Start fails the test for
// any other. On a real RabbitMQ, the test is
// skipped if that is of another release.
func WithRelease(release string) Option {
	return func(c *config) { c.release, c.chosen = release, true }
}

// InMemory serves connections within the process instead of over TCP. Clients
// dial with [Broker.Dial] or [Broker.ClientConfig]. It is made for testing/synctest
// bubbles, in which real connections do not work. There, code under test must not
// hold a sync.Mutex, which others wait for, while it waits for time to pass: time in
// a bubble passes only when all wait for what is of the bubble, and such a wait is not.
func InMemory() Option {
	return func(c *config) { c.inMemory = true }
}

// WithMaxMessageSize limits the body of a message, in bytes. The default is that
// of the release: 128 MiB for 3.10, 16 MiB later.
func WithMaxMessageSize(bytes int) Option {
	return func(c *config) { c.options.MaxMessageSize = bytes }
}

// DefaultConsumerTimeout is how long a client may hold a message unless a queue, a
// policy or [WithConsumerTimeout] says something else, as in RabbitMQ.
const DefaultConsumerTimeout = broker.DefaultConsumerTimeout

// WithConsumerTimeout sets for how long clients may hold messages from queues that
// say nothing else; RabbitMQ's name for it is consumer_timeout. The default is
// RabbitMQ's 30 minutes; a negative time means for ever.
//
// In releases 3.10 and 4.0, the channel of a client that holds its oldest message
// for longer is closed with 406. In 4.3 only quorum queues look: the message goes
// back, and the consumer gets no more until its client has settled it.
func WithConsumerTimeout(d time.Duration) Option {
	return func(c *config) { c.options.ConsumerTimeout = d }
}

// WithoutPlugins leaves out the exchange types of plug-ins, to see what a RabbitMQ
// answers that has none enabled: there are no x-consistent-hash, x-random,
// x-recent-history and x-delayed-message then.
func WithoutPlugins() Option {
	return func(c *config) { c.options.WithoutPlugins = true }
}

// WithLogger has the broker log there; without it, the broker logs nothing.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) { c.options.Logger = l }
}

// WithPatience has every wait last that long before it fails the test, instead of
// 10 seconds. In a testing/synctest bubble, where hours pass at once, it can be
// long.
func WithPatience(d time.Duration) Option {
	return func(c *config) { c.patience = d }
}

// WithoutRecording keeps neither history nor trace, and takes no faults: for
// benchmarks.
func WithoutRecording() Option {
	return func(c *config) { c.quiet = true }
}

// WithCapture writes all that goes over the connections to w, in the format
// pcapng, which Wireshark opens. Nothing is written after the test has ended. The
// test fails if w does.
func WithCapture(w io.Writer) Option {
	return func(c *config) { c.capture = w }
}

// WithCaptureFile is WithCapture to a file.
func WithCaptureFile(name string) Option {
	return func(c *config) { c.capture = &lazyFile{name: name} }
}

// lazyFile is created when it is first written to.
type lazyFile struct {
	name string
	file *os.File
}

func (f *lazyFile) Write(p []byte) (int, error) {
	if f.file == nil {
		file, err := os.Create(f.name)
		if err != nil {
			return 0, fmt.Errorf("capture: %w", err)
		}
		f.file = file
	}
	return f.file.Write(p)
}

func (f *lazyFile) Close() error {
	if f.file == nil {
		return nil
	}
	return f.file.Close()
}
