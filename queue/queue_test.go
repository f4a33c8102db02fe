package queue_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/minirabbit/minirabbit/queue"
	"github.com/minirabbit/minirabbit/release"
)

// host notes what a queue asks of its node.
type host struct {
	dead []string
}

func (h *host) DeadLetter(_ *queue.Queue, m *queue.Message, _ uint32, reason queue.Reason, _ bool) {
	h.dead = append(h.dead, string(m.Body)+" "+string(reason))
}

func (h *host) Wake(*queue.Queue) {}

// taker takes up to credit entries, all of a queue's.
type taker struct {
	name             string
	credit, promised int
	log              *[]string
	held             []queue.Entry
}

func (r *taker) Ready() bool { return r.credit > 0 }

func (r *taker) Idle() bool { return len(r.held) == 0 }

func (r *taker) Promise() {
	r.credit--
	r.promised++
}

func (r *taker) Deliver(_ *queue.Queue, e queue.Entry) {
	if r.promised > 0 {
		r.promised--
	} else {
		r.credit--
	}
	r.held = append(r.held, e)
	*r.log = append(*r.log, r.name+":"+string(e.Message.Body))
}

func fill(q *queue.Queue, bodies string) {
	for body := range strings.FieldsSeq(bodies) {
		q.Publish(1, &queue.Message{Envelope: &queue.Envelope{}, Body: []byte(body)}, nil)
	}
}

func contents(q *queue.Queue) string {
	var bodies []string
	q.Each(func(e *queue.Entry) { bodies = append(bodies, string(e.Message.Body)) })
	return strings.Join(bodies, " ")
}

func check(t *testing.T, q *queue.Queue, want string) {
	t.Helper()
	if diff := cmp.Diff(want, contents(q)); diff != "" {
		t.Errorf("ready messages (-want +got):\n%s", diff)
	}
	if err := q.Check(); err != nil {
		t.Error(err)
	}
}

func get(t *testing.T, q *queue.Queue) queue.Entry {
	t.Helper()
	e, ok := q.Get(1, false)
	if !ok {
		t.Fatal("the queue is empty")
	}
	return e
}

func TestRequeueReturnsToTheOldPosition(t *testing.T) {
	q := queue.New("q", queue.Settings{}, &host{}, 1)
	fill(q, "a b c d e")
	a, b, c := get(t, q), get(t, q), get(t, q)
	q.Requeue(&c, queue.Released)
	q.Requeue(&a, queue.Released)
	check(t, q, "a c d e")
	q.Requeue(&b, queue.Released)
	check(t, q, "a b c d e")
}

func TestQuorumQueueReturnsInTheOrderOfReturning(t *testing.T) {
	q := queue.New("q", queue.Settings{Kind: queue.Quorum}, &host{}, 1)
	fill(q, "a b c d")
	a, _, c := get(t, q), get(t, q), get(t, q)
	q.Requeue(&c, queue.Released)
	q.Requeue(&a, queue.Released)
	check(t, q, "c a d")
}

func TestDeliveryLimit(t *testing.T) {
	h := &host{}
	q := queue.New("q", queue.Settings{Kind: queue.Quorum, DeliveryLimit: queue.Some(1), DeadLetter: true}, h, 1)
	fill(q, "a")
	for range 2 {
		e := get(t, q)
		q.Requeue(&e, queue.Refused)
	}
	check(t, q, "")
	if diff := cmp.Diff([]string{"a delivery_limit"}, h.dead); diff != "" {
		t.Errorf("dead letters (-want +got):\n%s", diff)
	}
}

func TestConsumersTakeTurns(t *testing.T) {
	q := queue.New("q", queue.Settings{}, &host{}, 1)
	var log []string
	one, two := &taker{name: "1", credit: 3, log: &log}, &taker{name: "2", credit: 1, log: &log}
	q.AddConsumer(&queue.Consumer{Tag: "1", Receiver: one})
	second := &queue.Consumer{Tag: "2", Receiver: two}
	q.AddConsumer(second)
	fill(q, "a b c d e f")
	two.credit = 1
	q.Unblock(second)
	q.Dispatch(1)
	if diff := cmp.Diff("1:a 2:b 1:c 1:d 2:e", strings.Join(log, " ")); diff != "" {
		t.Errorf("deliveries (-want +got):\n%s", diff)
	}
	check(t, q, "f")
}

func TestLimits(t *testing.T) {
	for name, test := range map[string]struct {
		settings queue.Settings
		ready    string
		dead     []string
	}{
		"drop-head":          {queue.Settings{MaxLength: queue.Some(2), DeadLetter: true}, "c d", []string{"a maxlen", "b maxlen"}},
		"bytes":              {queue.Settings{MaxLengthBytes: queue.Some(3), DeadLetter: true}, "b c d", []string{"a maxlen"}},
		"reject-publish":     {queue.Settings{MaxLength: queue.Some(2), Overflow: queue.RejectPublish, DeadLetter: true}, "a b", nil},
		"reject-publish-dlx": {queue.Settings{MaxLength: queue.Some(3), Overflow: queue.RejectPublishDLX, DeadLetter: true}, "a b c", []string{"d maxlen"}},
		"none may wait":      {queue.Settings{MaxLength: queue.Some(0)}, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := &host{}
			q := queue.New("q", test.settings, h, 1)
			fill(q, "a b c d")
			check(t, q, test.ready)
			if diff := cmp.Diff(test.dead, h.dead); diff != "" {
				t.Errorf("dead letters (-want +got):\n%s", diff)
			}
		})
	}
}

func TestExpiryIsLookedAtFromTheHead(t *testing.T) {
	h := &host{}
	q := queue.New("q", queue.Settings{DeadLetter: true}, h, 1)
	expiring := func(body string, ms queue.Instant) *queue.Message {
		return &queue.Message{Envelope: &queue.Envelope{Expiration: ms * queue.Millisecond, HasExpiration: true}, Body: []byte(body)}
	}
	q.Publish(1, expiring("late", 20), nil)
	q.Publish(1, expiring("soon", 10), nil)
	if got, want := q.Deadline(), 1+20*queue.Millisecond; got != want {
		t.Errorf("deadline is %d, want that of the head, %d", got, want)
	}
	q.Expire(1 + 15*queue.Millisecond)
	check(t, q, "late soon")
	q.Expire(1 + 20*queue.Millisecond)
	check(t, q, "")
	if diff := cmp.Diff([]string{"late expired", "soon expired"}, h.dead); diff != "" {
		t.Errorf("dead letters (-want +got):\n%s", diff)
	}
}

func TestPriorities(t *testing.T) {
	for name, test := range map[string]struct {
		settings queue.Settings
		want     string
	}{
		"classic, up to 5":      {queue.Settings{MaxPriority: queue.Some(5)}, "5 9 5 255 6 4 3 1 0 0"},
		"quorum, none":          {queue.Settings{Kind: queue.Quorum}, "0 5 9 4 1 5 0 255 3 6"},
		"quorum, two to one":    {queue.Settings{Kind: queue.Quorum, Priorities: release.Interleaved}, "5 9 0 5 255 4 6 1 0 3"},
		"quorum, strict levels": {queue.Settings{Kind: queue.Quorum, Priorities: release.Strict}, "255 9 6 5 5 4 3 1 0 0"},
	} {
		t.Run(name, func(t *testing.T) {
			q := queue.New("q", test.settings, &host{}, 1)
			for _, p := range []uint8{0, 5, 9, 4, 1, 5, 0, 255, 3, 6} {
				q.Publish(1, &queue.Message{Envelope: &queue.Envelope{Priority: p, HasPriority: true}}, nil)
			}
			var got []string
			for e, ok := q.Get(1, true); ok; e, ok = q.Get(1, true) {
				got = append(got, strconv.Itoa(int(e.Message.Priority)))
			}
			if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnusedQueueExpires(t *testing.T) {
	q := queue.New("q", queue.Settings{Expires: queue.Some(10)}, &host{}, 1)
	c := &queue.Consumer{Receiver: &taker{}}
	q.AddConsumer(c)
	if q.Unused(1 + 100*queue.Millisecond) {
		t.Error("a queue with a consumer counts as unused")
	}
	q.RemoveConsumer(1+100*queue.Millisecond, c)
	for after, want := range map[queue.Instant]bool{109: false, 110: true} {
		if got := q.Unused(1 + after*queue.Millisecond); got != want {
			t.Errorf("unused after %d ms: %t, want %t", after, got, want)
		}
	}
}
