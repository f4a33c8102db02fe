package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/management"
	"github.com/minirabbit/minirabbit/release"
)

// execGrace is how long a command has to end when minirabbit is told to.
const execGrace = 10 * time.Second

// runExec runs a command with a broker of its own and returns the exit code: that
// of the command, or 128 and the number of the signal that ended it.
func runExec(ctx context.Context, args []string, stdout, stderr io.Writer) (code int, err error) {
	flags := flag.NewFlagSet("exec", flag.ContinueOnError)
	address := flags.String("amqp", "127.0.0.1:0", "listen for AMQP clients on `ADDRESS`; port 0 picks a free one")
	web := flags.String("http", "127.0.0.1:0", "serve the HTTP API of RabbitMQ's management on `ADDRESS`; port 0 picks a free one")
	name := flags.String("release", release.Default().Name, "behave as this `RELEASE` of RabbitMQ: "+release.Names())
	definitions := flags.String("definitions", "", "create what this `FILE` describes, as RabbitMQ exports it in definitions.json")
	memory := flags.String("memory", "", memoryUsage)
	verbose := flags.Bool("v", false, "log what happens in the broker to standard error")
	flags.SetOutput(io.Discard)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(stdout, "usage: minirabbit exec [FLAGS] -- COMMAND [ARGUMENTS]")
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		return exitOK, nil
	case err != nil:
		return exitUsage, usageErrorf("exec: %v", err)
	case flags.NArg() == 0:
		return exitUsage, usageErrorf("exec: no command: expected minirabbit exec [FLAGS] -- COMMAND [ARGUMENTS]")
	}
	shown, err := release.Find(*name)
	if err != nil {
		return exitUsage, usageErrorf("exec: %v", err)
	}
	limit, err := memoryLimit(*memory)
	if err != nil {
		return exitUsage, err
	}
	options := broker.Options{Release: shown}
	if *verbose {
		options.Logger = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	recorded := recordNode(&options)
	node := broker.NewNode(options)
	defer node.Close()
	if *definitions != "" {
		text, err := os.ReadFile(*definitions)
		if err != nil {
			return exitUsage, usageErrorf("exec: %v", err)
		}
		if err := management.Import(node, text); err != nil {
			return exitUsage, usageErrorf("exec: %s: %v", *definitions, err)
		}
	}
	l, err := net.Listen("tcp", *address)
	if err != nil {
		return exitUsage, usageErrorf("exec: %v", err)
	}
	a := newApp(node, l, recorded)
	defer a.StopApp()
	defer a.watchMemory(memoryWatch{limit: limit, interval: memoryInterval, patience: memoryPatience})()
	w, err := net.Listen("tcp", *web)
	if err != nil {
		return exitUsage, usageErrorf("exec: %v", err)
	}
	defer a.manage(w, *web)()
	return execute(ctx, flags.Args(), environment(l.Addr(), w.Addr()), stdout, stderr)
}

// environment is what tells a command where its broker is: under the names that
// libraries and frameworks look for.
func environment(amqp, web net.Addr) []string {
	host, port, err := net.SplitHostPort(amqp.String())
	if err != nil {
		panic("minirabbit: a listener's address without a port: " + err.Error())
	}
	url := "amqp://guest:guest@" + amqp.String() + "/"
	env := os.Environ()
	for _, name := range []string{"AMQP_URL", "RABBITMQ_URL", "CELERY_BROKER_URL"} {
		env = append(env, name+"="+url)
	}
	for _, prefix := range []string{"AMQP_", "RABBITMQ_"} {
		env = append(env, prefix+"HOST="+host, prefix+"PORT="+port)
	}
	return append(env, "RABBITMQ_MANAGEMENT_URL=http://guest:guest@"+web.String())
}

// execute runs the command. When ctx ends, the command is asked to end as well.
func execute(ctx context.Context, args, env []string, stdout, stderr io.Writer) (code int, err error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, os.Stdin, stdout, stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = execGrace
	err = cmd.Run()
	if cmd.ProcessState == nil {
		return exitUsage, usageErrorf("exec: %v", err)
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	if code := cmd.ProcessState.ExitCode(); code != 0 || ctx.Err() != nil {
		return code, nil
	}
	return exitOK, err
}
