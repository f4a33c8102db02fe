package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
)

// modules are what is run: both majors, at versions whose results on RabbitMQ 3.10.8 are known.
var modules = []module{
	{"v3", "github.com/michaelklishin/rabbit-hole/v3", "v3.5.0"},
	{"v2", "github.com/michaelklishin/rabbit-hole/v2", "v2.16.0"},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("rabbithole", flag.ContinueOnError)
	flags.SetOutput(stderr)
	amqp := flags.String("amqp", "", "`HOST:PORT` of the broker for AMQP (required)")
	http := flags.String("http", "", "`HOST:PORT` of its HTTP API (required)")
	list := flags.String("excluded", "", "`file` that lists the tests that it is known not to pass; none by default")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if *amqp == "" || *http == "" || flags.NArg() > 0 {
		fmt.Fprintln(stderr, "rabbithole: want -amqp and -http and no arguments beside the flags")
		return 2
	}
	var excluded []exclusion
	if *list != "" {
		f, err := os.Open(*list)
		if err != nil {
			fmt.Fprintln(stderr, "rabbithole:", err)
			return 2
		}
		excluded, err = parseExcluded(*list, f)
		f.Close()
		if err != nil {
			fmt.Fprintln(stderr, "rabbithole:", err)
			return 2
		}
	}
	if err := prepare(ctx, *http); err != nil {
		fmt.Fprintln(stderr, "rabbithole: prepare the broker:", err)
		return 1
	}
	good := true
	for _, m := range modules {
		specs, err := m.run(ctx, *amqp, *http)
		if err != nil {
			fmt.Fprintf(stderr, "rabbithole: %s: %v\n", m.name, err)
			return 1
		}
		good = judge(m.name, specs, excluded, stdout) && good
	}
	if !good {
		return 1
	}
	return 0
}

// judge says what went against the list, and counts. It returns whether nothing did.
func judge(name string, specs []spec, excluded []exclusion, w io.Writer) bool {
	passed, failed, skipped, known := 0, 0, 0, 0
	seen := map[string]bool{}
	for _, s := range specs {
		i := slices.IndexFunc(excluded, func(e exclusion) bool { return e.covers(name, s.name) })
		if i >= 0 {
			seen[excluded[i].name] = true
		}
		switch {
		case s.state == "skipped" || s.state == "pending":
			skipped++
		case s.state == "passed" && i >= 0:
			failed++
			fmt.Fprintf(w, "--- FAIL: %s: %s: is excluded (%s), but it passes: strike it off the list\n", name, s.name, excluded[i].reason)
		case s.state == "passed":
			passed++
		case i >= 0:
			known++
		default:
			failed++
			fmt.Fprintf(w, "--- FAIL: %s: %s: it must pass\n    %s\n", name, s.name, strings.ReplaceAll(s.message, "\n", "\n    "))
		}
	}
	for _, e := range excluded {
		if (e.module == "" || e.module == name) && !seen[e.name] {
			failed++
			fmt.Fprintf(w, "--- FAIL: %s: %s: is excluded, but there is no such test: strike it off the list\n", name, e.name)
		}
	}
	fmt.Fprintf(w, "rabbit-hole %s: %d passed, %d failed, %d excluded by name, %d skipped by itself\n", name, passed, failed, known, skipped)
	return failed == 0 && passed > 0
}
