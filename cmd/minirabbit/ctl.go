package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
)

// The exit codes of rabbitmqctl.
const (
	ctlUsage       = 64
	ctlBadData     = 65
	ctlNoUser      = 67
	ctlUnavailable = 69
	ctlSoftware    = 70
)

// ctlError ends a command with a message and an exit code of rabbitmqctl's.
type ctlError struct {
	code int
	text string
}

func (e *ctlError) Error() string { return e.text }

func ctlErrorf(code int, format string, args ...any) error {
	return &ctlError{code, fmt.Sprintf(format, args...)}
}

// ctl is one call of the control command: rabbitmqctl's words, over the HTTP API.
type ctl struct {
	api    *ctlClient
	stdout io.Writer

	given     []string // the command line
	command   string
	args      []string
	vhost     string
	quiet     bool // no banner
	bare      bool // no table header either
	formatter string
	options   map[string]string
}

// ctlCommand is a command of rabbitmqctl: how many arguments it takes, at most -1
// for any number, what it says first, and what it does.
type ctlCommand struct {
	least, most int
	usage       string
	run         func(c *ctl, ctx context.Context) error
}

// ctlStopped are the commands that work while the application is stopped.
var ctlStopped = []string{"stop_app", "start_app", "reset", "force_reset", "await_startup", "ping", "environment", "version", "eval"}

// ctlValued are the options with a value, ctlFlags those without.
var (
	ctlValued = []string{"-n", "--node", "-p", "--vhost", "--formatter", "-t", "--timeout", "--http", "--apply-to", "--priority",
		"--format", "--description", "--tags", "--default-queue-type", "--limit", "--per-connection-delay", "--user"}
	ctlFlags = []string{"-q", "--quiet", "-s", "--silent", "-l", "--longnames", "--no-table-headers", "--offline", "--online", "--local",
		"--if-empty", "--if-unused", "--global", "--dry-run", "-e", "-u", "--print-stacktrace"}
)

// runCtl runs the control command and returns its exit code.
func runCtl(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := &ctl{stdout: stdout, vhost: "/", formatter: "table", options: make(map[string]string)}
	if err := c.parse(args); err != nil {
		return c.report(err, stderr)
	}
	switch c.command {
	case "":
		fmt.Fprint(stderr, ctlHelp())
		return ctlUsage
	case "help":
		fmt.Fprint(stdout, ctlHelp())
		return exitOK
	}
	command, known := ctlCommands[c.command]
	if !known {
		fmt.Fprintf(stderr, "\nCommand '%s' not found. \n\n%s", c.command, ctlHelp())
		return ctlUsage
	}
	var err error
	switch {
	case len(c.args) < command.least:
		err = c.invalid(ctlUsage, "not enough arguments.")
	case command.most >= 0 && len(c.args) > command.most:
		err = c.invalid(ctlUsage, "too many arguments.")
	case !slices.Contains(ctlFormatters, c.formatter):
		err = c.invalid(ctlUsage, "formatter '%s' is not supported; there are %s", c.formatter, strings.Join(ctlFormatters, ", "))
	default:
		if err = c.checkRunning(ctx); err == nil {
			err = command.run(c, ctx)
		}
	}
	return c.report(err, stderr)
}

// invalid is an error in the command line, which rabbitmqctl shows again with how it should be.
func (c *ctl) invalid(code int, format string, args ...any) error {
	return c.misused(code, "Error (argument validation): "+fmt.Sprintf(format, args...))
}

func (c *ctl) misused(code int, problem string) error {
	return ctlErrorf(code, "%s\nArguments given:\n\t%s\n\nUsage\n\nminirabbit ctl %s %s", problem, strings.Join(c.given, " "), c.command, ctlCommands[c.command].usage)
}

// checkRunning refuses what needs a running node while it is stopped.
func (c *ctl) checkRunning(ctx context.Context) error {
	if slices.Contains(ctlStopped, c.command) {
		return nil
	}
	s, err := c.state(ctx)
	switch {
	case isStatus(err, http.StatusNotFound): // a RabbitMQ, which takes most commands as well
		return nil
	case err == nil && !s.Running:
		return c.misused(ctlUsage, "Error: this command requires the 'rabbit' app to be running on the target node. Start it with 'rabbitmqctl start_app'.")
	}
	return err
}

// report writes an error and returns the exit code. rabbitmqctl writes "Error:" above most of them, but lets what it says
// of bad data stand alone, unless that begins with "Failed".
func (c *ctl) report(err error, stderr io.Writer) int {
	if err == nil {
		return exitOK
	}
	text, code := err.Error(), ctlUnavailable
	if e, ok := err.(*ctlError); ok {
		code = e.code
	}
	if !strings.HasPrefix(text, "Error") && !(code == ctlBadData && !strings.HasPrefix(text, "Failed")) {
		text = "Error:\n" + text
	}
	fmt.Fprintln(stderr, text)
	return code
}

// parse takes options from anywhere in the command line, as rabbitmqctl does.
func (c *ctl) parse(args []string) error {
	url := os.Getenv("MINIRABBIT_HTTP")
	if url == "" {
		url = "http://127.0.0.1:15672"
	}
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		before := args
		name, value, inline := strings.Cut(arg, "=")
		switch {
		case arg == "--":
			c.positional(args...)
			args = nil
		case slices.Contains(ctlFlags, arg):
			c.flag(arg)
		case slices.Contains(ctlValued, name) && (inline || arg == name):
			if !inline {
				if len(args) == 0 {
					c.given = append(c.given, arg)
					return c.unknownOption(arg, "")
				}
				value, args = args[0], args[1:]
			}
			switch name {
			case "-p", "--vhost":
				c.vhost = value
			case "--formatter":
				c.formatter = value
			case "--http":
				url = value
			default:
				c.options[strings.TrimLeft(name, "-")] = value
			}
		case strings.HasPrefix(arg, "--"):
			c.given = append(c.given, arg)
			return c.unknownOption(name, value)
		default:
			c.positional(arg)
		}
		if name != "--http" { // there may be a password in it
			c.given = append(append(c.given, arg), before[:len(before)-len(args)]...)
		}
	}
	for _, name := range []string{"t", "timeout", "priority"} {
		if value, set := c.options[name]; set {
			if _, err := strconv.Atoi(value); err != nil {
				return c.unknownOption("--"+name, value)
			}
		}
	}
	var err error
	c.api, err = newCtlClient(url)
	return err
}

// timeout is what the option says, in seconds, or else another one.
func (c *ctl) timeout(otherwise int) int {
	for _, name := range []string{"t", "timeout"} {
		if seconds, err := strconv.Atoi(c.options[name]); err == nil {
			return seconds
		}
	}
	return otherwise
}

func (c *ctl) unknownOption(name, value string) error {
	return c.invalid(ctlUsage, "Invalid options for this command:\n%s", strings.TrimSpace(name+" : "+value))
}

func (c *ctl) flag(name string) {
	switch name {
	case "-q", "--quiet":
		c.quiet = true
	case "-s", "--silent":
		c.quiet, c.bare = true, true
	case "--no-table-headers":
		c.bare = true
	default:
		c.options[strings.TrimLeft(name, "-")] = "true"
	}
}

func (c *ctl) positional(args ...string) {
	for _, arg := range args {
		if c.command == "" {
			c.command = arg
			continue
		}
		c.args = append(c.args, arg)
	}
}

// say writes what the command is about to do, unless it is to be quiet.
func (c *ctl) say(format string, args ...any) {
	if !c.quiet && c.formatter == "table" || !c.quiet && !strings.HasPrefix(c.command, "list_") {
		fmt.Fprintf(c.stdout, format+"\n", args...)
	}
}

func ctlHelp() string {
	var s strings.Builder
	s.WriteString("usage: minirabbit ctl [--http URL] [-q] [-p VHOST] [--formatter FORMATTER] COMMAND ARGUMENTS\n\ncommands:\n")
	for _, name := range slices.Sorted(maps.Keys(ctlCommands)) {
		fmt.Fprintf(&s, "  %s %s\n", name, ctlCommands[name].usage)
	}
	s.WriteString("\nIt is rabbitmqctl for a broker that `minirabbit serve --http` runs, at http://127.0.0.1:15672 or MINIRABBIT_HTTP.\n")
	return s.String()
}
