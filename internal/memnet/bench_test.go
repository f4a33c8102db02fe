package memnet_test

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/minirabbit/minirabbit/internal/memnet"
)

// BenchmarkConn writes on one end and reads on the other.
func BenchmarkConn(b *testing.B) {
	for _, size := range []int{100, 64 << 10, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			l := memnet.Listen("bench")
			defer l.Close()
			client, err := l.Dial(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			server, err := l.Accept()
			if err != nil {
				b.Fatal(err)
			}
			p := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				client.Write(p)
				io.ReadFull(server, p)
			}
		})
	}
}

// BenchmarkSetReadDeadline is what the client library does for each frame.
func BenchmarkSetReadDeadline(b *testing.B) {
	l := memnet.Listen("bench")
	defer l.Close()
	client, err := l.Dial(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	deadline := time.Now().Add(time.Hour)
	for b.Loop() {
		client.SetReadDeadline(deadline)
	}
}
