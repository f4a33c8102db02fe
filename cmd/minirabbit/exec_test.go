package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
)

// TestExecHelper is not a test: it is the command that exec runs in those below.
func TestExecHelper(t *testing.T) {
	switch os.Getenv("EXEC_HELPER") {
	case "":
		t.Skip("not run by minirabbit exec")
	case "publish":
		conn, err := amqp.Dial(os.Getenv("AMQP_URL"))
		require.NoError(t, err)
		defer conn.Close()
		ch, err := conn.Channel()
		require.NoError(t, err)
		q, err := ch.QueueDeclarePassive("reds", true, false, false, false, nil)
		require.NoError(t, err)
		require.NoError(t, ch.Publish("", q.Name, false, false, amqp.Publishing{}))
		response, err := http.Get(os.Getenv("RABBITMQ_MANAGEMENT_URL") + "/api/overview")
		require.NoError(t, err)
		response.Body.Close()
		require.Equal(t, http.StatusOK, response.StatusCode)
		fmt.Println("published to", q.Name)
	}
}

// helper is a command line that runs this test binary as the command.
func helper(t *testing.T, what string) []string {
	t.Setenv("EXEC_HELPER", what)
	self, err := os.Executable()
	require.NoError(t, err)
	return []string{"--", self, "-test.run=^TestExecHelper$", "-test.v"}
}

func TestExecGivesTheCommandABroker(t *testing.T) {
	var stdout, stderr bytes.Buffer
	definitions := filepath.Join("..", "..", "testkit", "testdata", "definitions.json")
	args := append([]string{"exec", "--definitions", definitions}, helper(t, "publish")...)
	code := run(t.Context(), args, &stdout, &stderr)
	require.Equal(t, 0, code, "%s%s", &stdout, &stderr)
	require.Contains(t, stdout.String(), "published to reds")
}

func TestExecEnvironment(t *testing.T) {
	var stdout, stderr bytes.Buffer
	script := `echo "$AMQP_URL $RABBITMQ_URL $CELERY_BROKER_URL amqp://guest:guest@$RABBITMQ_HOST:$RABBITMQ_PORT/ amqp://guest:guest@$AMQP_HOST:$AMQP_PORT/"`
	require.Equal(t, 0, run(t.Context(), []string{"exec", "--", "sh", "-c", script}, &stdout, &stderr), stderr.String())
	urls := strings.Fields(stdout.String())
	require.Len(t, urls, 5)
	for _, url := range urls {
		require.Regexp(t, `^amqp://guest:guest@127\.0\.0\.1:\d+/$`, url)
		require.Equal(t, urls[0], url)
	}
}

func TestExecExitCodes(t *testing.T) {
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"sh", "-c", "exit 0"}, 0, ""},
		{[]string{"sh", "-c", "exit 7"}, 7, ""},
		{[]string{"sh", "-c", "kill -9 $$"}, 137, ""},
		{[]string{"no-such-command"}, exitUsage, "minirabbit: exec: exec: \"no-such-command\": executable file not found in $PATH\n"},
		{nil, exitUsage, "minirabbit: exec: no command: expected minirabbit exec [FLAGS] -- COMMAND [ARGUMENTS]\n"},
	} {
		var stdout, stderr bytes.Buffer
		require.Equal(t, test.code, run(t.Context(), append([]string{"exec", "--"}, test.args...), &stdout, &stderr), "%v", test.args)
		require.Equal(t, test.says, stderr.String())
	}
}

func TestExecEndsItsCommand(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip("no command sleep")
	}
	ctx, cancel := context.WithCancel(t.Context())
	code := make(chan int)
	var stdout notifyingWriter = make(chan struct{})
	go func() {
		code <- run(ctx, []string{"exec", "--", "sh", "-c", "echo up; exec " + sleep + " 1000"}, stdout, &bytes.Buffer{})
	}()
	<-stdout // the command runs
	cancel()
	require.Equal(t, 143, <-code)
}

// notifyingWriter is closed when somebody writes.
type notifyingWriter chan struct{}

func (w notifyingWriter) Write(p []byte) (int, error) {
	close(w)
	return len(p), nil
}
