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
// through some tasks over it. It fails if any task is lost. With --celery, some
// of them are Python programs.
func runDemo(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	tasks := flags.Int("tasks", 40, "publish this `NUMBER` of tasks")
	celery := flags.Bool("celery", false, "run the tutorial with this machine's Python Celery instead")
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
	url := fmt.Sprintf("amqp://guest:guest@%s/", listener.Addr())
	if *celery {
		return demo.RunCelery(ctx, stdout, url)
	}
	tally, err := demo.Run(ctx, stdout, url, *tasks)
	if err != nil {
		return err
	}
	if tally.Lost() > 0 {
		return fmt.Errorf("demo: %d messages lost", tally.Lost())
	}
	return nil
}
