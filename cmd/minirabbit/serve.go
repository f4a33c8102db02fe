package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"

	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/management"
	"github.com/minirabbit/minirabbit/release"
)

// serve runs a broker until ctx ends.
func serve(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	address := flags.String("amqp", "127.0.0.1:5672", "listen for AMQP clients on `ADDRESS`; port 0 picks a free one")
	web := flags.String("http", "", "serve the HTTP API of RabbitMQ's management on `ADDRESS`, such as 127.0.0.1:15672; none by default")
	name := flags.String("release", release.Default().Name, "behave as this `RELEASE` of RabbitMQ: "+release.Names())
	timeout := flags.Duration("consumer-timeout", broker.DefaultConsumerTimeout, "let clients hold messages for `DURATION`, such as 90s; a negative one means for ever")
	plain := flags.Bool("without-plugins", false, "have no exchange types of plug-ins: x-consistent-hash, x-random, x-recent-history, x-delayed-message")
	memory := flags.String("memory", "", memoryUsage)
	verbose := flags.Bool("v", false, "log what happens to standard error")
	if done, err := parse(flags, args, stdout); done || err != nil {
		return err
	}
	shown, err := release.Find(*name)
	if err != nil {
		return usageErrorf("serve: %v", err)
	}
	limit, err := memoryLimit(*memory)
	if err != nil {
		return err
	}
	level := slog.LevelWarn
	if *verbose {
		level = slog.LevelDebug
	}
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		return usageErrorf("serve: %v", err)
	}
	options := broker.Options{
		Release:         shown,
		ConsumerTimeout: *timeout,
		WithoutPlugins:  *plain,
		Logger:          slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	}
	var recorded management.Recording
	if *web != "" {
		recorded = recordNode(&options)
	}
	node := broker.NewNode(options)
	defer node.Close()
	urls := fmt.Sprintf("amqp://guest:guest@%s/\n", listener.Addr())
	a := newApp(node, listener, recorded)
	defer a.StopApp()
	defer a.watchMemory(memoryWatch{limit: limit, interval: memoryInterval, patience: memoryPatience})()
	if *web != "" {
		l, err := net.Listen("tcp", *web)
		if err != nil {
			return usageErrorf("serve: %v", err)
		}
		defer a.manage(l, *web)()
		urls += fmt.Sprintf("http://%s/\n", l.Addr())
	}
	fmt.Fprint(stdout, urls)

	select {
	case <-ctx.Done():
		return nil
	case err := <-a.failed:
		return err
	}
}
