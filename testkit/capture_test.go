package testkit_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
	"github.com/minirabbit/minirabbit/wire"
)

// captured runs a client against a broker whose traffic goes to a file.
func captured(t *testing.T, file string) {
	f := &fakeT{T: t}
	broker := testkit.Start(f, testkit.WithCaptureFile(file))
	broker.Declare(f, tasks)
	conn, ch := dial(t, broker)
	publish(t, ch, "tasks", strings.Repeat("hello ", 20_000))
	broker.Queue("tasks").Take(f, 1)
	require.NoError(t, conn.Close())
	f.end()
	require.Empty(t, f.text())
}

func TestCaptureHoldsTheWholeConversation(t *testing.T) {
	file := filepath.Join(t.TempDir(), "test.pcapng")
	captured(t, file)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var fromClient []byte
	for len(text) > 0 { // blocks: type, length, content, length
		length := binary.LittleEndian.Uint32(text[4:])
		if binary.LittleEndian.Uint32(text) == 6 {
			packet := text[28 : 28+binary.LittleEndian.Uint32(text[20:])]
			if binary.BigEndian.Uint16(packet[22:]) == 5672 { // to the broker
				fromClient = append(fromClient, packet[40:]...)
			}
		}
		text = text[length:]
	}
	r := wire.NewReader(bytes.NewReader(fromClient), 0)
	_, err = r.ReadProtocolHeader()
	require.NoError(t, err)
	var methods []string
	for {
		frame, err := r.ReadFrame()
		if err != nil {
			break
		}
		if frame.Type == wire.FrameMethod {
			m, err := wire.DecodeMethod(frame.Payload)
			require.NoError(t, err)
			methods = append(methods, m.ID().String())
		}
	}
	require.Equal(t, []string{"connection.start-ok", "connection.tune-ok", "connection.open", "channel.open", "basic.publish", "connection.close"}, methods)
}

// Wireshark itself reads the capture, where it is installed.
func TestWiresharkReadsTheCapture(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("no tshark here")
	}
	file := filepath.Join(t.TempDir(), "test.pcapng")
	captured(t, file)
	out, err := exec.Command(tshark, "-r", file, "-o", "tcp.check_checksum:TRUE", "-T", "fields", "-e", "_ws.col.Info").CombinedOutput()
	require.NoError(t, err, string(out))
	for _, want := range []string{"Connection.Start-Ok", "Basic.Publish", "Connection.Close-Ok"} {
		require.Contains(t, string(out), want)
	}
	out, err = exec.Command(tshark, "-r", file, "-o", "tcp.check_checksum:TRUE", "-Y", "_ws.malformed or _ws.expert.severity >= warning").CombinedOutput()
	require.NoError(t, err)
	require.NotContains(t, string(out), "Malformed")
	require.NotContains(t, string(out), "checksum")
}

type fullDisk struct{}

var errDiskFull = errors.New("disk full")

func (fullDisk) Write([]byte) (int, error) { return 0, errDiskFull }

func TestCaptureThatCannotBeWrittenFailsTheTest(t *testing.T) {
	f := &fakeT{T: t}
	broker := testkit.Start(f, testkit.WithCapture(fullDisk{}))
	conn, _ := dial(t, broker)
	require.NoError(t, conn.Close())
	f.end()
	require.Contains(t, f.text(), "disk full")
}

// TestFailureWithManyQueues fails in a broker with many queues: those that something
// is in are told of, and that there are more.
func TestFailureWithManyQueues(t *testing.T) {
	f := &fakeT{T: t}
	broker := testkit.Start(f)
	var topology testkit.Topology
	for i := range 100 {
		topology.Queues = append(topology.Queues, testkit.Queue{Name: fmt.Sprintf("q%02d", i)})
	}
	broker.Declare(f, topology)
	broker.Publish(f, "", "q73", []byte("the one"))
	f.try(func() { broker.AwaitIdle(testkit.WithContext(f, cancelled(t))) })
	require.True(t, f.Failed())
	require.Contains(t, f.text(), `queue "q73": 1 ready`)
	require.Contains(t, f.text(), `and 70 more queues`)
	require.NotContains(t, f.text(), `queue "q30"`)
	require.Contains(t, broker.Dump(), `queue "q30"`)
	f.end()
}
