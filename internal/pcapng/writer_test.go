package pcapng_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/internal/pcapng"
)

func TestWriter(t *testing.T) {
	var out bytes.Buffer
	w, err := pcapng.NewWriter(&out)
	require.NoError(t, err)
	require.NoError(t, w.Packet(time.UnixMicro(0x1_0000_0002), []byte{0x45, 1, 2, 3, 4}))
	want := "0a0d0d0a" + "1c000000" + "4d3c2b1a" + "01000000" + "ffffffffffffffff" + "1c000000" +
		"01000000" + "14000000" + "65000000" + "00000000" + "14000000" +
		"06000000" + "28000000" + "00000000" + "01000000" + "02000000" + "05000000" + "05000000" + "4501020304000000" + "28000000"
	if diff := cmp.Diff(want, hex.EncodeToString(out.Bytes())); diff != "" {
		t.Errorf("capture (-want +got):\n%s", diff)
	}
}

type brokenWriter struct{}

var errBroken = errors.New("disk full")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteError(t *testing.T) {
	_, err := pcapng.NewWriter(brokenWriter{})
	require.ErrorIs(t, err, errBroken)
}
