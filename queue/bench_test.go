package queue_test

import (
	"fmt"
	"testing"

	"github.com/minirabbit/minirabbit/queue"
)

// sink takes everything, and settles what it has when asked.
type sink struct{ held []queue.Entry }

func (s *sink) Ready() bool { return true }

func (s *sink) Idle() bool                            { return true }
func (s *sink) Deliver(_ *queue.Queue, e queue.Entry) { s.held = append(s.held, e) }

var message = &queue.Message{Envelope: &queue.Envelope{}, Body: make([]byte, 128)}

// BenchmarkPublish puts messages into a queue that nobody takes from, in steps of
// 100,000.
func BenchmarkPublish(b *testing.B) {
	q := queue.New("q", queue.Settings{}, &host{}, 1)
	b.ReportAllocs()
	for b.Loop() {
		if q.Publish(1, message, nil); q.Len() == 100_000 {
			b.StopTimer()
			q.Purge(1)
			b.StartTimer()
		}
	}
}

// BenchmarkDeliver publishes to consumers that take turns, and acknowledges.
func BenchmarkDeliver(b *testing.B) {
	for _, consumers := range []int{1, 10, 1000} {
		b.Run(fmt.Sprint(consumers), func(b *testing.B) {
			q := queue.New("q", queue.Settings{}, &host{}, 1)
			s := &sink{}
			for range consumers {
				q.AddConsumer(&queue.Consumer{Receiver: s})
			}
			b.ReportAllocs()
			for b.Loop() {
				q.Publish(1, message, nil)
				q.Ack(&s.held[0])
				s.held = s.held[:0]
			}
		})
	}
}

// BenchmarkGet takes messages from the head of a queue of that length and puts as
// many behind it.
func BenchmarkGet(b *testing.B) {
	for _, backlog := range []int{1, 1000, 1_000_000} {
		b.Run(fmt.Sprint(backlog), func(b *testing.B) {
			q := queue.New("q", queue.Settings{}, &host{}, 1)
			for range backlog {
				q.Publish(1, message, nil)
			}
			b.ReportAllocs()
			for b.Loop() {
				q.Publish(1, message, nil)
				q.Get(1, true)
			}
		})
	}
}

// BenchmarkRequeue gives 100 messages back, the last one first, as when a channel
// ends.
func BenchmarkRequeue(b *testing.B) {
	q := queue.New("q", queue.Settings{}, &host{}, 1)
	for range 10_000 {
		q.Publish(1, message, nil)
	}
	held := make([]queue.Entry, 100)
	b.ReportAllocs()
	for b.Loop() {
		for i := range held {
			held[i], _ = q.Get(1, false)
		}
		for i := len(held) - 1; i >= 0; i-- {
			q.Requeue(&held[i], queue.Abandoned)
		}
	}
}
