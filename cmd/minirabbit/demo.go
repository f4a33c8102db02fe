package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"

	"github.com/minirabbit/minirabbit/amqpserver"
	"github.com/minirabbit/minirabbit/broker"
	"github.com/minirabbit/minirabbit/internal/demo"
)

// runDemo starts a broker in this process and has a producer and a worker work
// through some tasks over it. It fails if any task is lost.
func runDemo(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	tasks := flags.Int("tasks", 40, "publish this `NUMBER` of tasks")
	if done, err := parse(flags, args, stdout); done || err != nil {
		return err
	}
	if *tasks < 1 {
		return usageErrorf("demo: %d tasks, expected 1 or more", *tasks)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return usageErrorf("demo: %v", err)
	}
	node := broker.NewNode(broker.Options{})
	defer node.Close()
	server := amqpserver.New(node)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer func() {
		server.Close()
		<-served
	}()
	tally, err := demo.Run(ctx, stdout, fmt.Sprintf("amqp://guest:guest@%s/", listener.Addr()), *tasks)
	if err != nil {
		return err
	}
	if tally.Lost() > 0 {
		return fmt.Errorf("demo: %d messages lost", tally.Lost())
	}
	return nil
}
