package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// call runs the control command against a broker.
func call(t *testing.T, b *testkit.Broker, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, problems bytes.Buffer
	code = runCtl(t.Context(), append([]string{"--http", b.ManagementURL()}, args...), &out, &problems)
	return code, out.String(), problems.String()
}

func TestCtl(t *testing.T) {
	b := testkit.Start(t, testkit.WithManagement(), testkit.WithRelease("3.10"))
	for _, c := range []struct {
		line   string // arguments, apart by a bar
		code   int
		stdout string
		stderr string
	}{
		{"add_vhost|v", 0, "Adding vhost \"v\" ...\n", ""},
		{"add_user|u|p", 0, "Adding user \"u\" ...\nDone. Don't forget to grant the user permissions to some virtual hosts! See 'rabbitmqctl help set_permissions' to learn more.\n", ""},
		{"-q|add_user|u|p", 70, "", "Error:\nUser \"u\" already exists\n"},
		{"set_user_tags|u|management|monitoring", 0, "Setting tags for user \"u\" to [management, monitoring] ...\n", ""},
		{"-q|list_users", 0, "user\ttags\nguest\t[administrator]\nu\t[management, monitoring]\n", ""},
		{"list_users|--formatter|json", 0, "[\n{\"user\":\"guest\",\"tags\":[\"administrator\"]}\n,{\"user\":\"u\",\"tags\":[\"management\",\"monitoring\"]}\n]\n", ""},
		{"-q|list_users|--formatter=csv", 0, "\"user\",\"tags\"\n\"guest\",\"[administrator]\"\n\"u\",\"[management, monitoring]\"\n", ""},
		{"-q|set_permissions|-p|v|u|^c|.*|", 0, "", ""},
		{"-q|set_permissions|-p|nope|u|^c|.*|", 69, "", "Error:\nVirtual host nope does not exist\n"},
		{"-q|list_permissions|-p|v", 0, "user\tconfigure\twrite\tread\nu\t^c\t.*\t\n", ""},
		{"-q|set_policy|-p|v|pol|^q|{\"max-length\":10}|--priority|1|--apply-to|queues", 0, "", ""},
		{"-q|set_policy|-p|v|pol|^q|{\"nosuch\":10}", 69, "", "Error:\nValidation failed\n\n[{<<\"nosuch\">>,10}] are not recognised policy settings\n\n"},
		{"-q|-s|list_policies|-p|v", 0, "v\tpol\t^q\tqueues\t{\"max-length\":10}\t1\n", ""},
		{"-q|clear_policy|-p|v|pol", 0, "", ""},
		{"-q|clear_policy|-p|v|pol", 69, "", "Error:\nParameter does not exist\n"},
		{"-q|authenticate_user|u|p", 0, "Success\n", ""},
		{"-q|authenticate_user|u|wrong", 65, "", "Error:\nError: failed to authenticate user \"u\"\nuser 'u' - invalid credentials\n"},
		{"-q|purge_queue|nope", 69, "", "Error:\nnot_found\n"},
		{"-q|delete_queue|nope", 64, "", "Error:\nQueue not found\n"},
		{"-q|list_queues|nosuch", 64, "", "Error (argument validation): Info key(s) nosuch are not supported\nArguments given:\n\t-q list_queues nosuch\n\nUsage\n\nminirabbit ctl list_queues [COLUMN ...]\n"},
		{"-q|list_bindings", 0, "", ""},
		{"-q|delete_user|u", 0, "", ""},
		{"-q|delete_user|u", 67, "", "Error:\nUser \"u\" does not exist\n"},
		{"-q|delete_vhost|v", 0, "", ""},
		{"-q|delete_vhost|v", 65, "", "Virtual host 'v' does not exist\n"},
		{"-n|rabbit@x|version", 0, "3.10.8\n", ""},
		{"await_startup", 0, "", ""},
		{"eval|1.", 64, "", "Error: eval runs Erlang inside RabbitMQ. minirabbit is not written in Erlang and cannot do it.\n"},
	} {
		t.Run(c.line, func(t *testing.T) {
			code, stdout, stderr := call(t, b, strings.Split(c.line, "|")...)
			require.Equal(t, c.code, code)
			require.Equal(t, c.stdout, stdout)
			require.Equal(t, c.stderr, stderr)
		})
	}
}

// As rabbitmqctl, help is what was asked for, and an error where nothing was.
func TestCtlHelp(t *testing.T) {
	b := testkit.Start(t, testkit.WithManagement())
	code, help, stderr := call(t, b, "help")
	require.Zero(t, code)
	require.Contains(t, help, "usage: minirabbit ctl")
	require.Empty(t, stderr)
	for _, nothing := range [][]string{nil, {""}} {
		code, stdout, stderr := call(t, b, nothing...)
		require.Equal(t, ctlUsage, code)
		require.Empty(t, stdout)
		require.Equal(t, help, stderr)
	}
	code, _, stderr = call(t, b, "frobnicate")
	require.Equal(t, ctlUsage, code)
	require.Contains(t, stderr, "Command 'frobnicate' not found.")
}

func TestCtlResets(t *testing.T) {
	b := testkit.Start(t, testkit.WithManagement())
	b.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "q"}}})
	conn, err := amqp.DialConfig(b.URL(), b.ClientConfig())
	require.NoError(t, err)
	closed := conn.NotifyClose(make(chan *amqp.Error, 1))

	code, _, stderr := call(t, b, "reset")
	require.Equal(t, ctlUsage, code)
	require.Contains(t, stderr, "this command requires the 'rabbit' app to be stopped on the target node. Stop it with 'rabbitmqctl stop_app'.")
	for _, command := range []string{"stop_app", "reset", "start_app", "await_startup"} {
		code, _, stderr := call(t, b, command)
		require.Zero(t, code, "%s: %s", command, stderr)
	}
	require.Equal(t, 320, (<-closed).Code)
	require.False(t, b.Queue("q").Exists(t))
	conn, err = amqp.DialConfig(b.URL(), b.ClientConfig())
	require.NoError(t, err)
	require.NoError(t, conn.Close())
}

func TestCtlRaisesTheMemoryAlarm(t *testing.T) {
	b := testkit.Start(t, testkit.WithManagement())
	conn, err := amqp.DialConfig(b.URL(), b.ClientConfig())
	require.NoError(t, err)
	blocked := conn.NotifyBlocked(make(chan amqp.Blocking, 2))
	ch, err := conn.Channel()
	require.NoError(t, err)

	code, _, _ := call(t, b, "set_vm_memory_high_watermark", "0.0001")
	require.Zero(t, code)
	require.NoError(t, ch.PublishWithContext(t.Context(), "", "nowhere", false, false, amqp.Publishing{}))
	require.Equal(t, amqp.Blocking{Active: true, Reason: "low on memory"}, <-blocked)
	code, _, _ = call(t, b, "set_vm_memory_high_watermark", "0.4")
	require.Zero(t, code)
	require.False(t, (<-blocked).Active)
	require.NoError(t, conn.Close())
}

// TestCtlListsClients with identifiers that look like Erlang's and lead back to the connection.
func TestCtlListsClients(t *testing.T) {
	b := testkit.Start(t, testkit.WithManagement())
	b.Declare(t, testkit.Topology{Queues: []testkit.Queue{{Name: "q"}}})
	config := b.ClientConfig()
	config.Properties = amqp.Table{"product": "<p>", "capabilities": amqp.Table{"basic.nack": true}}
	conn, err := amqp.DialConfig(b.URL(), config)
	require.NoError(t, err)
	closed := conn.NotifyClose(make(chan *amqp.Error, 1))
	ch, err := conn.Channel()
	require.NoError(t, err)
	_, err = ch.Consume("q", "tag", false, false, false, false, nil)
	require.NoError(t, err)

	_, connections, _ := call(t, b, "-s", "list_connections", "pid", "protocol", "client_properties")
	fields := strings.Split(strings.TrimSpace(connections), "\t")
	require.Regexp(t, `^<rabbit@minirabbit\.\d+\.\d+\.0>$`, fields[0])
	require.Equal(t, "{0,9,1}", fields[1])
	require.Contains(t, fields[2], `{"basic.nack",true}`)
	require.NotContains(t, fields[2], "map[")
	_, connections, _ = call(t, b, "list_connections", "client_properties", "--formatter", "json")
	require.Contains(t, connections, `["product","longstr","<p>"]`)
	_, channels, _ := call(t, b, "-s", "list_channels", "pid")
	_, consumers, _ := call(t, b, "-s", "list_consumers", "channel_pid")
	require.Regexp(t, `^<rabbit@minirabbit\.\d+\.\d+\.0>\n$`, channels)
	require.Equal(t, channels, consumers)

	code, _, _ := call(t, b, "close_connection", "<rabbit@minirabbit.1.2.0>", "gone already")
	require.Zero(t, code)
	require.False(t, conn.IsClosed())
	code, _, stderr := call(t, b, "close_connection", fields[0], "enough")
	require.Zero(t, code, stderr)
	require.Equal(t, "CONNECTION_FORCED - enough", (<-closed).Reason)
}

func TestCtlDefinitions(t *testing.T) {
	from, to := testkit.Start(t, testkit.WithManagement()), testkit.Start(t, testkit.WithManagement())
	from.Declare(t, testkit.Topology{
		Exchanges: []testkit.Exchange{{Name: "x"}},
		Queues:    []testkit.Queue{{Name: "q"}},
		Bindings:  []testkit.Binding{{Source: "x", Queue: "q", RoutingKey: "k"}},
	})
	file := filepath.Join(t.TempDir(), "definitions.json")
	code, _, stderr := call(t, from, "export_definitions", file)
	require.Zero(t, code, stderr)
	code, _, stderr = call(t, to, "import_definitions", file)
	require.Zero(t, code, stderr)
	to.Publish(t, "x", "k", []byte("hello"))
	require.Equal(t, 1, to.Queue("q").Ready(t))
	code, _, _ = call(t, to, "import_definitions", filepath.Dir(file))
	require.Equal(t, ctlBadData, code, "a directory cannot be read")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NotContains(t, string(text), `"password":`)
}

func TestCtlWithoutBroker(t *testing.T) {
	var out, problems bytes.Buffer
	require.Equal(t, ctlUnavailable, runCtl(t.Context(), []string{"--http", "http://127.0.0.1:1", "list_queues"}, &out, &problems))
	require.Contains(t, problems.String(), "minirabbit serve --http")
	require.Equal(t, ctlUsage, runCtl(t.Context(), []string{"nosuch"}, &out, &problems))
}
