package load

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"

	"github.com/minirabbit/minirabbit/wire"
)

// inUse is what the process uses of memory for objects and stacks.
func inUse() float64 {
	for range 3 {
		runtime.GC()
	}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}

// BenchmarkMemory tells what things cost that a broker has many of, the client's side included, and what is left of it
// when the broker is closed: no more than a twentieth over what there was before.
func BenchmarkMemory(b *testing.B) {
	b.Run("connections=10000,channels=20000", func(b *testing.B) {
		measure(b, 10_000, func(s *server) func() {
			var all []*client
			for range 10_000 {
				all = append(all, s.connect(b, 2))
			}
			return func() {
				for _, c := range all {
					c.nc.Close()
				}
			}
		})
	})
	b.Run("queues=100000", func(b *testing.B) {
		measure(b, 100_000, func(s *server) func() {
			return s.one(b, 100_000, func(i int) []byte {
				return wire.AppendMethodFrame(nil, 1, &wire.QueueDeclare{Queue: fmt.Sprint("queue-", i), NoWait: true})
			})
		})
	})
	b.Run("messages=1000000", func(b *testing.B) {
		measure(b, 1_000_000, func(s *server) func() {
			one := publishing("", "q", 128)
			return s.one(b, 1_000_000, func(i int) []byte { return one })
		})
	})
	b.Run("bindings=100000", func(b *testing.B) {
		measure(b, 100_000, func(s *server) func() {
			return s.one(b, 100_000, func(i int) []byte {
				key := fmt.Sprintf("region%d.*.item%d.#", i%10, i)
				return wire.AppendMethodFrame(nil, 1, &wire.QueueBind{Queue: "q", Exchange: "amq.topic", RoutingKey: key, NoWait: true})
			})
		})
	})
	b.Run("brokers=1000", func(b *testing.B) {
		measure(b, 1000, func(*server) func() {
			var all []*server
			for range 1000 {
				all = append(all, serve())
			}
			return func() {
				for _, s := range all {
					s.close()
				}
			}
		})
	})
}

// one has one client send n commands, and waits until all have been carried out.
func (s *server) one(b *testing.B, n int, command func(i int) []byte) (close func()) {
	c := s.connect(b, 1)
	c.call(&wire.QueueDeclare{Queue: "q"}, wire.IDQueueDeclareOk)
	var batch []byte
	for i := range n {
		if batch = append(batch, command(i)...); len(batch) > 64<<10 || i == n-1 {
			c.write(batch)
			batch = batch[:0]
		}
	}
	c.call(&wire.BasicQos{}, wire.IDBasicQosOk)
	return func() { c.nc.Close() }
}

// wakeGoroutines has so many goroutines at a time: the runtime keeps the descriptor of each that there has been.
func wakeGoroutines(n int) {
	var all sync.WaitGroup
	end := make(chan struct{})
	for range n {
		all.Go(func() { <-end })
	}
	close(end)
	all.Wait()
}

// measure tells what n things cost that fill makes, and whether anything is left of them.
func measure(b *testing.B, n int, fill func(s *server) (close func())) {
	for b.Loop() {
		wakeGoroutines(25_000)
		first := serve() // what is made once is made
		first.connect(b, 1).nc.Close()
		first.close()
		start := inUse()
		s := serve()
		done := fill(s)
		full := inUse()
		done()
		s.close()
		runtime.KeepAlive(s)
		s, done = nil, nil
		end := inUse()
		b.ReportMetric((full-start)/float64(n), "B/item")
		b.ReportMetric(100*(end-start)/start, "%left")
		if most := start*1.05 + 256<<10; end > most {
			b.Errorf("%.0f bytes in use at first, %.0f when closed", start, end)
		}
	}
}
