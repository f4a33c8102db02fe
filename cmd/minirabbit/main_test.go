package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBadCommandLines(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"unknown command":  {[]string{"frobnicate"}, `unknown command "frobnicate"`},
		"unknown flag":     {[]string{"serve", "--frob"}, "flag provided but not defined: -frob"},
		"extra argument":   {[]string{"serve", "here"}, `unexpected argument "here"`},
		"unknown release":  {[]string{"serve", "--amqp", "127.0.0.1:0", "--release", "2.8"}, `unknown release "2.8"`},
		"port in use":      {[]string{"serve", "--amqp", taken.Addr().String()}, "address already in use"},
		"bad address":      {[]string{"serve", "--amqp", "nowhere"}, "missing port"},
		"no broker":        {[]string{"conformance"}, "which broker? give --amqp URL"},
		"unknown area":     {[]string{"conformance", "--amqp", "amqp://127.0.0.1:1/", "--only", "basic.nak"}, `no case and no area "basic.nak"`},
		"unknown case":     {[]string{"conformance", "--amqp", "amqp://127.0.0.1:1/", "--skip", "basic.ack/nothing"}, `no case and no area "basic.ack/nothing"`},
		"release of none":  {[]string{"conformance", "--amqp", "amqp://127.0.0.1:1/", "--as", "3.11"}, `unknown release "3.11": there are 3.10, 3.12, 3.13`},
		"too few tasks":    {[]string{"demo", "--tasks", "0"}, "0 tasks, expected 1 or more"},
		"tasks not number": {[]string{"demo", "--tasks", "many"}, "invalid value"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			require.Equal(t, exitUsage, run(t.Context(), test.args, &stdout, &stderr))
			require.Contains(t, stderr.String(), test.want)
			require.Equal(t, 1, strings.Count(stderr.String(), "\n"), "one line: %q", stderr.String())
			require.Empty(t, stdout.String())
		})
	}
}

func TestWithoutCommandPrintsUsage(t *testing.T) {
	var stdout, stderr bytes.Buffer
	require.Equal(t, exitUsage, run(t.Context(), nil, &stdout, &stderr))
	require.Contains(t, stderr.String(), "usage: minirabbit COMMAND")
}

func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, stdout := io.Pipe()
	exit := make(chan int, 1)
	go func() {
		exit <- run(ctx, []string{"serve", "--amqp", "127.0.0.1:0"}, stdout, io.Discard)
		stdout.Close()
	}()
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan())
	url := lines.Text()
	require.Regexp(t, `^amqp://guest:guest@127\.0\.0\.1:[0-9]+/$`, url)

	conn, err := amqp.Dial(url)
	require.NoError(t, err)
	closed := conn.NotifyClose(make(chan *amqp.Error, 1))
	cancel()
	require.Equal(t, amqp.ConnectionForced, (<-closed).Code)
	require.Equal(t, exitOK, <-exit)
	require.False(t, lines.Scan(), "nothing else is printed")
}

func TestDemo(t *testing.T) {
	var stdout, stderr bytes.Buffer
	require.Equal(t, exitOK, run(t.Context(), []string{"demo", "--tasks", "20"}, &stdout, &stderr), stderr.String())
	require.Contains(t, stdout.String(), "lost 0")
}
