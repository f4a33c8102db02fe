package queue_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/minirabbit/minirabbit/queue"
)

// follower reads a stream and notes the offsets and bodies.
type follower struct {
	queue.Consumer
	credit int
	got    []string
}

func (f *follower) Ready() bool { return f.credit > 0 }

func (f *follower) Idle() bool { return false }

func (f *follower) Deliver(_ *queue.Queue, e queue.Entry) {
	f.credit--
	f.got = append(f.got, fmt.Sprintf("%d%s", e.Offset(), e.Message.Body))
}

// follow subscribes a follower of a stream with credit.
func follow(q *queue.Queue, credit int, from queue.Reader) *follower {
	f := &follower{credit: credit}
	f.Consumer = queue.Consumer{Receiver: f, Reader: &from}
	q.AddConsumer(&f.Consumer)
	q.Dispatch(1)
	return f
}

// read gives what a follower that begins there gets.
func read(q *queue.Queue, from queue.Reader) string {
	f := follow(q, 100, from)
	defer q.RemoveConsumer(1, &f.Consumer)
	return strings.Join(f.got, " ")
}

// write publishes each word as a message, and a chunk for each group that slashes part.
func write(q *queue.Queue, now queue.Instant, chunks string) {
	for chunk := range strings.SplitSeq(chunks, "/") {
		for body := range strings.FieldsSeq(chunk) {
			q.Publish(now, &queue.Message{Envelope: &queue.Envelope{}, Body: []byte(body)}, nil)
		}
		q.Dispatch(now)
	}
}

func newStream(s queue.Settings) *queue.Queue {
	s.Kind = queue.Stream
	return queue.New("s", s, &host{}, 1)
}

func TestStreamReadersBegin(t *testing.T) {
	q := newStream(queue.Settings{})
	write(q, 10*queue.Millisecond, "a")
	write(q, 20*queue.Millisecond, "b c")
	write(q, 30*queue.Millisecond, "d / e f")
	for name, test := range map[string]struct {
		from queue.Reader
		want string
	}{
		"next":                {queue.Reader{}, ""},
		"first":               {queue.Reader{From: queue.FromFirst}, "0a 1b 2c 3d 4e 5f"},
		"last chunk":          {queue.Reader{From: queue.FromLast}, "4e 5f"},
		"offset":              {queue.Reader{From: queue.FromOffset, Offset: 2}, "2c 3d 4e 5f"},
		"negative offset":     {queue.Reader{From: queue.FromOffset, Offset: -3}, "0a 1b 2c 3d 4e 5f"},
		"offset to come":      {queue.Reader{From: queue.FromOffset, Offset: 9}, ""},
		"time of a chunk":     {queue.Reader{From: queue.FromTime, Time: 20 * queue.Millisecond}, "1b 2c 3d 4e 5f"},
		"between two chunks":  {queue.Reader{From: queue.FromTime, Time: 21 * queue.Millisecond}, "3d 4e 5f"},
		"before all":          {queue.Reader{From: queue.FromTime}, "0a 1b 2c 3d 4e 5f"},
		"in the future":       {queue.Reader{From: queue.FromTime, Time: 31 * queue.Millisecond}, ""},
		"without some chunks": {queue.Reader{From: queue.FromFirst, Skips: func(chunk []*queue.Message) bool { return len(chunk) > 1 }}, "0a 3d"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, read(q, test.from)); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
	check(t, q, "a b c d e f")
}

func TestStreamReadersWaitForWhatTheyBeginWith(t *testing.T) {
	q := newStream(queue.Settings{})
	write(q, 1, "a")
	f := follow(q, 100, queue.Reader{From: queue.FromOffset, Offset: 3})
	write(q, 1, "b / c / d / e")
	if diff := cmp.Diff([]string{"3d", "4e"}, f.got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestStreamReadersHaveCreditEach(t *testing.T) {
	q := newStream(queue.Settings{})
	fast, slow := follow(q, 100, queue.Reader{}), follow(q, 1, queue.Reader{})
	whole := follow(q, 1, queue.Reader{WholeChunks: true})
	write(q, 1, "a b c / d")
	slow.credit++
	q.Unblock(&slow.Consumer)
	q.Dispatch(1)
	for name, test := range map[string]struct {
		f    *follower
		want []string
	}{
		"fast":         {fast, []string{"0a", "1b", "2c", "3d"}},
		"slow":         {slow, []string{"0a", "1b"}},
		"whole chunks": {whole, []string{"0a", "1b", "2c"}},
	} {
		if diff := cmp.Diff(test.want, test.f.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got, want := q.Unacked(), 9; got != want {
		t.Errorf("%d unacked, want %d", got, want)
	}
	if q.CaughtUp() {
		t.Error("caught up, though a slow consumer has more to read")
	}
	q.RemoveConsumer(1, &slow.Consumer)
	q.RemoveConsumer(1, &whole.Consumer)
	if !q.CaughtUp() {
		t.Error("not caught up, though the only consumer has all")
	}
	check(t, q, "a b c d")
}

func TestStreamSettlementsChangeNothing(t *testing.T) {
	q := newStream(queue.Settings{DeadLetter: true})
	write(q, 1, "a b c")
	r := &taker{name: "r", credit: 3, log: new([]string)}
	q.AddConsumer(&queue.Consumer{Receiver: r, Reader: &queue.Reader{From: queue.FromFirst}})
	q.Dispatch(1)
	q.Ack(&r.held[0])
	q.Reject(&r.held[1], queue.Refused)
	q.Requeue(&r.held[2], queue.Released)
	if q.Unacked() != 0 {
		t.Errorf("%d unacked, want none", q.Unacked())
	}
	check(t, q, "a b c")
	q.Restart(1, func(m *queue.Message) { t.Errorf("a restart lost %s", m.Body) })
	check(t, q, "a b c")
}

// Segments of 300 bytes are full with chunks of a message of one byte each.
func TestStreamRetention(t *testing.T) {
	small := queue.Some(300)
	for name, test := range map[string]struct {
		settings queue.Settings
		want     string
	}{
		"none":                {queue.Settings{SegmentBytes: small}, "0a 1b 3c 4d 6e 7f 9g"},
		"age":                 {queue.Settings{SegmentBytes: small, MaxAge: queue.Some(25)}, "6e 7f 9g"},
		"length":              {queue.Settings{SegmentBytes: small, MaxLengthBytes: queue.Some(700)}, "6e 7f 9g"},
		"never the last":      {queue.Settings{SegmentBytes: small, MaxLengthBytes: queue.Some(0)}, "9g"},
		"only whole segments": {queue.Settings{MaxLengthBytes: queue.Some(0), MaxAge: queue.Some(1)}, "0a 1b 2c 3d 4e 5f 6g"},
	} {
		t.Run(name, func(t *testing.T) {
			q := newStream(test.settings)
			dropped := ""
			q.OnDrop = func(m *queue.Message, reason queue.Reason) {
				if reason != queue.Retention {
					t.Errorf("%s was dropped for %q", m.Body, reason)
				}
				dropped += string(m.Body)
			}
			late := follow(q, 1, queue.Reader{From: queue.FromFirst})
			for i, body := range strings.Split("abcdefg", "") {
				write(q, queue.Instant(i+1)*10*queue.Millisecond, body)
			}
			got := read(q, queue.Reader{From: queue.FromFirst})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
			if n := len(strings.Fields(got)) + len(dropped); n != 7 {
				t.Errorf("%d messages are there or were dropped, of 7", n)
			}
			if !strings.HasPrefix("abcdefg", dropped) {
				t.Errorf("dropped %q, which is not the oldest", dropped)
			}
			late.credit = 100
			q.Dispatch(1)
			rest, _ := strings.CutPrefix(test.want, "0a ")
			if diff := cmp.Diff("0a "+rest, strings.Join(late.got, " ")); diff != "" {
				t.Errorf("messages of a late consumer (-want +got):\n%s", diff)
			}
			if err := q.Check(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestStreamRetentionFollowsSettings(t *testing.T) {
	q := newStream(queue.Settings{SegmentBytes: queue.Some(300)})
	write(q, 1, "a / b / c / d / e")
	s := q.Settings()
	s.MaxLengthBytes = queue.Some(0)
	q.SetSettings(1, s)
	q.Dispatch(1)
	check(t, q, "e")
	if got, want := q.Span(), 2; got != want { // the writer's record counts
		t.Errorf("%d offsets, want %d", got, want)
	}
}

func BenchmarkStream(b *testing.B) {
	for _, consumers := range []int{1, 10} {
		b.Run(fmt.Sprintf("%d consumers", consumers), func(b *testing.B) {
			q := newStream(queue.Settings{MaxLengthBytes: queue.Some(10 << 20), SegmentBytes: queue.Some(1 << 20)})
			for range consumers {
				q.AddConsumer(&queue.Consumer{Receiver: acker{}})
			}
			m := &queue.Message{Envelope: &queue.Envelope{}, Body: make([]byte, 100)}
			b.ReportAllocs()
			for b.Loop() {
				q.Publish(1, m, nil)
				q.Dispatch(1)
			}
		})
	}
}

// acker settles what it gets at once.
type acker struct{}

func (acker) Ready() bool { return true }

func (acker) Idle() bool                            { return false }
func (acker) Deliver(q *queue.Queue, e queue.Entry) { q.Ack(&e) }
