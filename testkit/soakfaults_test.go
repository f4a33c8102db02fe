package testkit_test

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/minirabbit/minirabbit/testkit"
)

// breakThings breaks something every few milliseconds and checks the books, until there is no more time.
func (s *soak) breakThings(ctx context.Context) {
	tick := time.NewTicker(15 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.faults++
		s.fault()
		if err := testkit.CheckBooks(s.broker); err != nil {
			s.t.Error(err)
			return
		}
	}
}

func (s *soak) fault() {
	at := []testkit.Method{testkit.BasicAck, testkit.BasicPublish, testkit.BasicDeliver, testkit.Confirm, testkit.QueueDeclare, testkit.BasicConsume}[s.chance.IntN(6)]
	when := testkit.Before(at)
	if s.chance.IntN(2) == 0 {
		when = testkit.After(at)
	}
	switch n := s.chance.IntN(40); {
	case n < 1:
		s.broker.Restart(s.t)
	case n < 2:
		s.broker.Kill(s.t)
		s.broker.Restart(s.t)
	case n < 3:
		s.broker.DropConnections(s.t)
	case n < 4:
		s.broker.CloseConnections(s.t, "soak")
	case n < 6:
		s.broker.Pause(s.t)
		defer s.broker.Resume(s.t)
	case n < 8:
		s.broker.RaiseAlarm(s.t, testkit.Memory)
		defer s.broker.ClearAlarm(s.t, testkit.Memory)
	case n < 14:
		s.inject(testkit.Fault{When: when, Do: testkit.CloseChannel(406, "soak")})
	case n < 18:
		s.inject(testkit.Fault{When: testkit.Before(testkit.BasicDeliver), Do: testkit.CancelConsumer})
	case n < 22:
		s.inject(testkit.Fault{When: testkit.Before(testkit.BasicDeliver), Do: testkit.TearFrame})
	case n < 26:
		s.inject(testkit.Fault{When: testkit.Before(testkit.BasicPublish), Do: testkit.NackPublish, Times: 3})
	default:
		s.inject(testkit.Fault{When: when, Do: testkit.DropConnection})
		return
	}
	if err := testkit.CheckBooks(s.broker); err != nil { // in the midst of it
		s.t.Error(err)
	}
}

func (s *soak) inject(f testkit.Fault) { s.injected = append(s.injected, s.broker.Inject(s.t, f)) }

// mend takes the faults back that have not struck.
func (s *soak) mend() {
	for _, in := range s.injected {
		in.Remove()
	}
	s.injected = nil
	s.broker.Resume(s.t)
	s.broker.ClearAlarm(s.t, testkit.Memory)
}

// settleDown waits until the queues hold nothing and the stream is read, and checks the books.
func (s *soak) settleDown() {
	for _, name := range soakNames {
		if soakQueues[name] != "stream" {
			s.broker.Queue(name).AwaitIdle(s.t)
		}
	}
	s.broker.Queue("stream").AwaitIdle(s.t)
	require.NoError(s.t, testkit.CheckBooks(s.broker))
}
