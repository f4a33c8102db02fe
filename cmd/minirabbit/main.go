// Command minirabbit runs a RabbitMQ stand-in for tests.
//
//	minirabbit demo                          a worker and a producer at work
//	minirabbit serve --amqp 127.0.0.1:5672   a broker for code in any language
//	minirabbit exec -- pytest                a test suite in any language, with a broker
//	minirabbit ctl list_queues               rabbitmqctl for that broker
//	minirabbit conformance --amqp amqp://…   what another broker does otherwise than RabbitMQ
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// exit codes
const (
	exitOK     = 0
	exitFailed = 1 // the command ran and did not succeed
	exitUsage  = 2 // the command could not be run as asked
)

const usage = `usage: minirabbit COMMAND [FLAGS]

commands:
  serve   run a broker until it is interrupted
  exec    run a command, such as a test suite, with a broker of its own
  ctl     do to a broker that is served what rabbitmqctl does to RabbitMQ
  demo    run a producer and a worker against a broker in this process
  conformance
          hold any broker that claims to be RabbitMQ against a release of it

minirabbit COMMAND -h lists the flags of a command.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	args := os.Args[1:]
	if filepath.Base(os.Args[0]) == "rabbitmqctl" { // a link, so that scripts run unchanged
		args = append([]string{"ctl"}, args...)
	}
	code := run(ctx, args, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run runs a command line and returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return exitUsage
	}
	var err error
	switch args[0] {
	case "ctl":
		return runCtl(ctx, args[1:], stdout, stderr)
	case "exec":
		code, err := runExec(ctx, args[1:], stdout, stderr)
		if err != nil {
			fmt.Fprintf(stderr, "minirabbit: %v\n", err)
		}
		return code
	case "serve":
		err = serve(ctx, args[1:], stdout)
	case "demo":
		err = runDemo(ctx, args[1:], stdout)
	case "conformance":
		err = runConformance(ctx, args[1:], stdout, stderr)
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
	default:
		err = usageErrorf("unknown command %q: there are serve, exec, ctl, demo and conformance", args[0])
	}
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, new(*usageError)):
		fmt.Fprintf(stderr, "minirabbit: %v\n", err)
		return exitUsage
	default:
		fmt.Fprintf(stderr, "minirabbit: %v\n", err)
		return exitFailed
	}
}

// usageError says that a command cannot be run as asked.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usageErrorf(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}
