package load

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minirabbit/minirabbit/internal/memnet"
	"github.com/minirabbit/minirabbit/wire"
)

const (
	floodTime     = 1500 * time.Millisecond
	floodClients  = 4
	floodAttempts = 3 // the machine may have something else to do
)

var floodMost = flag.Duration("most", 0, "by how much a good client's p99 may grow before BenchmarkFlood fails; 0 to tell the figures only")

// flooder is a client that means no good. It goes on until stop is true, and may return before: then it is called again.
type flooder func(b *testing.B, s *server, number int, stop *atomic.Bool)

// BenchmarkFlood tells what a good client notices while others flood the broker: by how much the 99th percentile of its
// waits for a confirm grows. Floods and broker share a process and its processors, and so a
// goroutine waits for its turn whatever it does. How long that is, an echo tells that has nothing to do with the broker and
// is asked at the same time; it is not counted.
func BenchmarkFlood(b *testing.B) {
	for _, flood := range []struct {
		name string
		run  flooder
	}{
		{"channels", floodOf(func(n, i int) []byte {
			out := wire.AppendMethodFrame(nil, uint16(2+i%2000), &wire.ChannelOpen{})
			return wire.AppendMethodFrame(out, uint16(2+i%2000), &wire.ChannelClose{ReplyCode: wire.ReplySuccess})
		}, nil)},
		{"declares", floodOf(func(n, i int) []byte {
			return wire.AppendMethodFrame(nil, 1, &wire.QueueDeclare{Queue: fmt.Sprintf("flood-%d-%d", n, i), NoWait: true})
		}, nil)},
		{"binds", floodOf(func(n, i int) []byte {
			return wire.AppendMethodFrame(nil, 1, &wire.QueueBind{Queue: "good", Exchange: "amq.topic", RoutingKey: fmt.Sprintf("*.%d.%d.#", n, i), NoWait: true})
		}, nil)},
		{"publishes", floodOf(func(n, i int) []byte { return publishing("", "nowhere", 1024) }, nil)},
		{"publishes to a queue", floodOf(func(n, i int) []byte { return publishing("", fmt.Sprint("limited-", n), 1024) }, func(c *client, n int) {
			c.call(&wire.QueueDeclare{Queue: fmt.Sprint("limited-", n), Arguments: wire.Table{{Key: "x-max-length", Value: int32(1000)}}}, wire.IDQueueDeclareOk)
		})},
		{"connections", func(b *testing.B, s *server, _ int, stop *atomic.Bool) {
			for !stop.Load() {
				s.connect(b, 1).nc.Close()
			}
		}},
		{"half-open connections", holdOpen(2000, func(c *client) { c.write(wire.ProtocolHeader[:]) }, nil)},
		{"slow-loris", holdOpen(2000, func(c *client) { c.write(login(0)[:20]) }, func(c *client) { c.write([]byte{0}) })},
	} {
		b.Run(flood.name, func(b *testing.B) {
			for b.Loop() {
				var before, during, echo time.Duration
				attempts := floodAttempts
				if *floodMost == 0 {
					attempts = 1
				}
				for range attempts {
					if before, during, echo = underFlood(b, flood.run); during-max(before, echo) <= *floodMost {
						break
					}
				}
				b.ReportMetric(float64(before.Microseconds()), "us-p99-before")
				b.ReportMetric(float64(during.Microseconds()), "us-p99-during")
				b.ReportMetric(float64(echo.Microseconds()), "us-p99-echo")
				if *floodMost > 0 && during-max(before, echo) > *floodMost {
					b.Errorf("a good client's p99 grows from %v to %v, and that of an echo to %v", before, during, echo)
				}
			}
		})
	}
}

// underFlood returns a good client's p99 without the flood and with it, and that of an echo with it.
func underFlood(b *testing.B, flood flooder) (before, during, echoed time.Duration) {
	s := serve()
	defer s.close()
	good := s.connect(b, 1)
	good.call(&wire.QueueDeclare{Queue: "good", Arguments: wire.Table{{Key: "x-max-length", Value: int32(100)}}}, wire.IDQueueDeclareOk)
	good.call(&wire.ConfirmSelect{}, wire.IDConfirmSelectOk)
	one := publishing("", "good", 128)
	confirmed := func() {
		good.write(one)
		good.await(wire.IDBasicAck)
	}
	before = p99(confirmed)
	echo := startEcho(b)
	defer echo.close()
	var stop atomic.Bool
	var flooding, asking sync.WaitGroup
	for i := range floodClients {
		flooding.Go(func() {
			for !stop.Load() {
				flood(b, s, i, &stop)
			}
		})
	}
	asking.Go(func() { echoed = p99(echo.ask) })
	during = p99(confirmed)
	asking.Wait()
	stop.Store(true)
	flooding.Wait()
	good.nc.Close()
	return before, during, echoed
}

// p99 asks each millisecond and returns how long an answer takes, but for one in a hundred.
func p99(ask func()) time.Duration {
	var took []time.Duration
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(floodTime); time.Now().Before(end); {
		<-tick.C
		began := time.Now()
		ask()
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}

// echo answers over memory, too.
type echo struct {
	b        *testing.B
	listener *memnet.Listener
	nc       net.Conn
	done     sync.WaitGroup
	buf      []byte
}

func startEcho(b *testing.B) *echo {
	e := &echo{b: b, listener: memnet.Listen("echo"), buf: publishing("", "good", 128)}
	e.done.Go(func() {
		nc, err := e.listener.Accept()
		if err != nil {
			return
		}
		io.Copy(nc, nc)
		nc.Close()
	})
	nc, err := e.listener.Dial(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	e.nc = nc
	return e
}

func (e *echo) ask() {
	if _, err := e.nc.Write(e.buf); err != nil {
		e.b.Error(err)
	}
	if _, err := io.ReadFull(e.nc, e.buf); err != nil {
		e.b.Error(err)
	}
}

func (e *echo) close() {
	e.nc.Close()
	e.listener.Close()
	e.done.Wait()
}

// floodOf sends commands as fast as the broker takes them: a thousand at a time, since memory takes all that there is, and a
// network does not. So that a flood has no end, each connection sends so many and is followed by another one.
func floodOf(command func(n, i int) []byte, prepare func(c *client, n int)) flooder {
	return func(b *testing.B, s *server, n int, stop *atomic.Bool) {
		c := s.connect(b, 1)
		defer c.nc.Close()
		if prepare != nil {
			prepare(c, n)
		}
		var batch []byte
		for i := 0; i < 20_000 && !stop.Load(); {
			batch = batch[:0]
			for range 1000 {
				batch = append(batch, command(n, i)...)
				i++
			}
			c.write(batch)
			c.call(&wire.BasicQos{}, wire.IDBasicQosOk)
		}
	}
}

// holdOpen opens many connections and keeps them busy, or not.
func holdOpen(n int, begin, busy func(c *client)) flooder {
	return func(b *testing.B, s *server, _ int, stop *atomic.Bool) {
		var all []*client
		for range n {
			c := &client{b, s.dial(b)}
			begin(c)
			all = append(all, c)
		}
		for tick := time.NewTicker(10 * time.Millisecond); !stop.Load(); <-tick.C {
			if busy != nil {
				for _, c := range all[:min(n, 100)] {
					c.nc.Write([]byte{0})
				}
			}
		}
		for _, c := range all {
			c.nc.Close()
		}
	}
}
