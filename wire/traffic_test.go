package wire_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/minirabbit/minirabbit/internal/frametap"
	"github.com/minirabbit/minirabbit/wire"
)

// recordings returns the recorded streams of amqp091-go and RabbitMQ 3.10 by file name, without protocol headers. See
// record_test.go.
func recordings(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.frames")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no recordings in testdata: %v", err)
	}
	streams := map[string][]byte{}
	for _, path := range paths {
		stream, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		streams[filepath.Base(path)] = bytes.TrimPrefix(stream, wire.ProtocolHeader[:])
	}
	return streams
}

// frames returns the frames of a stream, each with a payload of its own.
func frames(t testing.TB, stream []byte) []wire.Frame {
	t.Helper()
	var out []wire.Frame
	r := wire.NewReader(bytes.NewReader(stream), 0)
	for {
		frame, err := r.ReadFrame()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatalf("frame %d: %v", len(out), err)
		}
		frame.Payload = bytes.Clone(frame.Payload)
		out = append(out, frame)
	}
}

// What RabbitMQ and its Go client send decodes, and encodes to the same bytes: no reserved field of theirs is set.
func TestRecordedFramesRoundTrip(t *testing.T) {
	for name, stream := range recordings(t) {
		t.Run(name, func(t *testing.T) {
			n, err := frametap.Check(stream)
			if err != nil {
				t.Fatal(err)
			}
			if all := len(frames(t, stream)); n != all {
				t.Errorf("checked %d frames, expected all %d", n, all)
			}
		})
	}
}

// The recordings hold every method that the client can send or make the broker send.
func TestRecordingsCoverMethods(t *testing.T) {
	seen := map[wire.MethodID]bool{}
	for name, stream := range recordings(t) {
		for _, frame := range frames(t, stream) {
			if frame.Type != wire.FrameMethod {
				continue
			}
			id := wire.NewCursor(frame.Payload).MethodID()
			seen[id] = true
			if fromClient := strings.Contains(name, ".client."); fromClient && !id.FromClient() ||
				!fromClient && !id.FromServer() {
				t.Errorf("%s holds %s, which that side does not send by our table", name, id)
			}
		}
	}
	var missing []string
	for _, id := range allMethods {
		if !seen[id] {
			missing = append(missing, id.String())
		}
	}
	want := []string{
		"connection.secure", "connection.secure-ok", // no mechanism needs them
		"connection.blocked", "connection.unblocked", // need an alarm on the broker
		"access.request", "access.request-ok", "basic.recover-async", // the client cannot send them
	}
	if diff := cmp.Diff(want, missing); diff != "" {
		t.Errorf("methods missing in testdata (-want +got):\n%s", diff)
	}
}
