package wire_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"runtime"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/minirabbit/minirabbit/wire"
)

// However the stream is cut into reads and whatever the buffer, the frames are the same.
func TestReaderReadsAnyChunks(t *testing.T) {
	chunks := map[string]func(io.Reader) io.Reader{
		"whole":           func(r io.Reader) io.Reader { return r },
		"single bytes":    iotest.OneByteReader,
		"halves":          iotest.HalfReader,
		"data with error": iotest.DataErrReader,
	}
	for name, stream := range recordings(t) {
		want := frames(t, stream)
		for chunk, wrap := range chunks {
			for _, buffer := range []int{0, 1, 100, 4096, 1 << 20} {
				views := wire.NewReader(wrap(bytes.NewReader(stream)), buffer)
				appended := wire.NewReader(wrap(bytes.NewReader(stream)), buffer)
				for i, frame := range want {
					got, err := views.ReadFrame()
					if err != nil {
						t.Fatalf("%s in %s with a buffer of %d: frame %d: %v", name, chunk, buffer, i, err)
					}
					if diff := cmp.Diff(frame, got); diff != "" {
						t.Fatalf("%s in %s with a buffer of %d: frame %d (-want +got):\n%s", name, chunk, buffer, i, diff)
					}
					head, err := appended.ReadHead()
					if err != nil {
						t.Fatal(err)
					}
					payload, err := appended.AppendPayload([]byte("prefix"), head)
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(payload, append([]byte("prefix"), frame.Payload...)) {
						t.Fatalf("%s in %s with a buffer of %d: frame %d appends %q", name, chunk, buffer, i, payload)
					}
				}
				if _, err := views.ReadFrame(); err != io.EOF {
					t.Errorf("%s in %s: error %v at the end, expected EOF", name, chunk, err)
				}
			}
		}
	}
}

func TestReaderTruncatedAtEveryByte(t *testing.T) {
	whole := wire.AppendMethodFrame(nil, 1, &wire.BasicPublish{Exchange: "x"})
	for n := range whole {
		want := io.ErrUnexpectedEOF
		if n == 0 {
			want = io.EOF
		}
		r := wire.NewReader(bytes.NewReader(whole[:n]), 0)
		if _, err := r.ReadFrame(); err != want {
			t.Errorf("cut to %d bytes: error %v, expected %v", n, err, want)
		}
		r = wire.NewReader(bytes.NewReader(whole[:n]), 0)
		head, err := r.ReadHead()
		if err == nil {
			_, err = r.AppendPayload(nil, head)
		}
		if err != want {
			t.Errorf("cut to %d bytes: error %v from AppendPayload, expected %v", n, err, want)
		}
	}
}

func TestReaderErrors(t *testing.T) {
	long := bytes.Repeat([]byte("0123456789abcdef"), 2)
	withEnd := func(frame []byte, end byte) []byte { return append(frame[:len(frame)-1:len(frame)-1], end) }
	tests := []struct {
		name   string
		stream []byte
		want   error
		text   string
	}{
		{"wrong frame end", withEnd(wire.Frame{Type: 1, Channel: 2, Payload: long}.Append(nil), 0xCD),
			&wire.FrameEndError{Head: wire.FrameHead{Type: 1, Channel: 2, Size: 32}, Payload: long[:16], Got: 0xCD},
			"wire: frame of type 1 on channel 2 with a payload of 32 bytes ends in octet 205, expected 206"},
		{"wrong type", wire.Frame{Type: 9, Channel: 2, Payload: []byte("abc")}.Append(nil),
			&wire.FrameTypeError{Head: wire.FrameHead{Type: 9, Channel: 2, Size: 3}, Payload: []byte("abc")},
			"wire: frame on channel 2 with a payload of 3 bytes has type 9, expected 1, 2, 3 or 8"},
		{"wrong type and end", withEnd(wire.Frame{Type: 9, Payload: []byte("abc")}.Append(nil), 0),
			&wire.FrameEndError{Head: wire.FrameHead{Type: 9, Size: 3}, Payload: []byte("abc"), Got: 0},
			"wire: frame of type 9 on channel 0 with a payload of 3 bytes ends in octet 0, expected 206"},
		{"heartbeat with payload", wire.Frame{Type: 8, Payload: []byte("z")}.Append(nil),
			&wire.FrameTypeError{Head: wire.FrameHead{Type: 8, Size: 1}, Payload: []byte("z")},
			"wire: heartbeat on channel 0 has a payload of 1 bytes, expected none"},
		{"too large", unhex(t, "03 0001 00001001"),
			&wire.FrameTooLargeError{Head: wire.FrameHead{Type: 3, Channel: 1, Size: 4097}, Max: 4096},
			"wire: frame of type 3 on channel 1 declares a payload of 4097 bytes, frame-max 4096 allows 4096"},
		{"enormous", unhex(t, "03 0001 ffffffff"),
			&wire.FrameTooLargeError{Head: wire.FrameHead{Type: 3, Channel: 1, Size: 4294967295}, Max: 4096},
			"wire: frame of type 3 on channel 1 declares a payload of 4294967295 bytes, frame-max 4096 allows 4096"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := wire.NewReader(bytes.NewReader(test.stream), 0)
			r.SetFrameMax(4096)
			_, err := r.ReadFrame()
			if diff := cmp.Diff(test.want, err); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if err != nil && err.Error() != test.text {
				t.Errorf("text\n got %s\nwant %s", err, test.text)
			}
			r = wire.NewReader(bytes.NewReader(test.stream), 0)
			r.SetFrameMax(4096)
			head, err := r.ReadHead()
			if err == nil {
				_, err = r.AppendPayload(nil, head)
			}
			if diff := cmp.Diff(test.want, err); diff != "" {
				t.Errorf("error of AppendPayload (-want +got):\n%s", diff)
			}
		})
	}
}

// The limit is RabbitMQ's: a payload may be as large as frame-max.
func TestReaderFrameMax(t *testing.T) {
	stream := wire.Frame{Type: wire.FrameBody, Payload: make([]byte, 4096)}.Append(nil)
	for max, fits := range map[uint32]bool{0: true, 4095: false, 4096: true, 1<<32 - 1: true} {
		r := wire.NewReader(bytes.NewReader(stream), 0)
		r.SetFrameMax(max)
		var tooLarge *wire.FrameTooLargeError
		if _, err := r.ReadFrame(); errors.As(err, &tooLarge) == fits {
			t.Errorf("frame-max %d: error %v", max, err)
		}
	}
	r := wire.NewReader(bytes.NewReader(unhex(t, "03 0001 ffffffff")), 0)
	var tooLarge *wire.FrameTooLargeError
	if _, err := r.ReadFrame(); !errors.As(err, &tooLarge) {
		t.Errorf("4 GiB without a frame-max: error %v", err)
	}
}

// A declared size costs nothing until bytes arrive.
func TestReaderAllocatesAsBytesArrive(t *testing.T) {
	const arrived = 300 << 10
	stream := append(unhex(t, "03 0001 7f000000"), make([]byte, arrived)...) // declares 2 GB
	for name, read := range map[string]func(*wire.Reader) error{
		"ReadFrame": func(r *wire.Reader) error {
			_, err := r.ReadFrame()
			return err
		},
		"AppendPayload": func(r *wire.Reader) error {
			head, err := r.ReadHead()
			if err != nil {
				return err
			}
			body, err := r.AppendPayload(nil, head)
			if len(body) != arrived {
				t.Errorf("AppendPayload returns %d bytes, %d arrived", len(body), arrived)
			}
			return err
		},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := read(wire.NewReader(bytes.NewReader(stream), 0))
		runtime.ReadMemStats(&after)
		if err != io.ErrUnexpectedEOF {
			t.Errorf("%s: error %v, expected %v", name, err, io.ErrUnexpectedEOF)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 8*arrived {
			t.Errorf("%s allocates %d bytes for %d that arrived", name, n, arrived)
		}
	}
}

// A reader whose deadline expires in the middle of anything goes on where it was.
func TestReaderResumesAfterTimeout(t *testing.T) {
	stream := recordings(t)["publish.client.frames"]
	want := frames(t, stream)
	r := wire.NewReader(&stutterReader{r: iotest.OneByteReader(bytes.NewReader(stream))}, 0)
	for i, frame := range want {
		var got wire.Frame
		err := os.ErrDeadlineExceeded
		for errors.Is(err, os.ErrDeadlineExceeded) {
			got, err = r.ReadFrame()
		}
		if err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		if diff := cmp.Diff(frame, got); diff != "" {
			t.Fatalf("frame %d (-want +got):\n%s", i, diff)
		}
	}
}

// stutterReader fails every second time.
type stutterReader struct {
	r    io.Reader
	fail bool
}

func (s *stutterReader) Read(p []byte) (int, error) {
	if s.fail = !s.fail; s.fail {
		return 0, os.ErrDeadlineExceeded
	}
	return s.r.Read(p)
}

func TestReaderGivesUpOnEmptyReads(t *testing.T) {
	r := wire.NewReader(emptyReader{}, 0)
	if _, err := r.ReadFrame(); err != io.ErrNoProgress {
		t.Errorf("error %v, expected %v", err, io.ErrNoProgress)
	}
}

type emptyReader struct{}

func (emptyReader) Read([]byte) (int, error) { return 0, nil }

func TestReadProtocolHeader(t *testing.T) {
	stream := append(wire.ProtocolHeader[:], wire.AppendHeartbeat(nil)...)
	for n := range len(wire.ProtocolHeader) {
		want := io.ErrUnexpectedEOF
		if n == 0 {
			want = io.EOF
		}
		if _, err := wire.NewReader(bytes.NewReader(stream[:n]), 0).ReadProtocolHeader(); err != want {
			t.Errorf("cut to %d bytes: error %v, expected %v", n, err, want)
		}
	}
	r := wire.NewReader(bytes.NewReader(stream), 0)
	header, err := r.ReadProtocolHeader()
	if err != nil || header != wire.ProtocolHeader {
		t.Errorf("got %q and error %v", header, err)
	}
	if r.Buffered() != wire.FrameOverhead {
		t.Errorf("%d bytes buffered behind the header, expected %d", r.Buffered(), wire.FrameOverhead)
	}
	if frame, err := r.ReadFrame(); err != nil || frame.Type != wire.FrameHeartbeat {
		t.Errorf("after the header: frame %v, error %v", frame, err)
	}
}

// Reads start at 1 KiB and grow to the limit while the stream fills them; a lone frame does not make them grow.
func TestReaderGrowsUnderLoad(t *testing.T) {
	heartbeats := bytes.Repeat(wire.AppendHeartbeat(nil), 1<<16)
	sizes := &sizeReader{r: bytes.NewReader(heartbeats)}
	r := wire.NewReader(sizes, 32<<10)
	for range 1 << 16 {
		if _, err := r.ReadFrame(); err != nil {
			t.Fatal(err)
		}
	}
	want := []int{1 << 10, 2 << 10, 4 << 10, 8 << 10, 16 << 10, 32 << 10, 32 << 10}
	if diff := cmp.Diff(want, sizes.asked[:len(want)]); diff != "" {
		t.Errorf("sizes of the first reads (-want +got):\n%s", diff)
	}

	sizes = &sizeReader{r: iotest.OneByteReader(bytes.NewReader(heartbeats[:800]))}
	r = wire.NewReader(sizes, 0)
	for range 100 {
		if _, err := r.ReadFrame(); err != nil {
			t.Fatal(err)
		}
	}
	for i, asked := range sizes.asked {
		if asked > 1<<10 || asked < 1<<9 {
			t.Fatalf("read %d asks for %d bytes, expected between 512 and 1024", i, asked)
		}
	}
}

// After a frame that needed more, the buffer is small again.
func TestReaderReleasesLargeBuffer(t *testing.T) {
	stream := wire.Frame{Type: wire.FrameMethod, Payload: make([]byte, 1<<20)}.Append(nil)
	sizes := &sizeReader{r: io.MultiReader(bytes.NewReader(stream), bytes.NewReader(wire.AppendHeartbeat(nil)))}
	r := wire.NewReader(sizes, 8<<10)
	for range 2 {
		if _, err := r.ReadFrame(); err != nil {
			t.Fatal(err)
		}
	}
	if last := sizes.asked[len(sizes.asked)-1]; last > 8<<10 {
		t.Errorf("the read after the large frame asks for %d bytes, expected at most 8192", last)
	}
}

// sizeReader keeps how many bytes it was asked for.
type sizeReader struct {
	r     io.Reader
	asked []int
}

func (s *sizeReader) Read(p []byte) (int, error) {
	s.asked = append(s.asked, len(p))
	return s.r.Read(p)
}
