package conformance

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Target is the broker that a suite is aimed at.
type Target struct {
	// URL is what a client dials, as amqp://user:password@host:port/vhost. The user needs every permission there.
	URL string

	// ManagementURL is the address of the management HTTP API, as http://host:port. The login is that of URL, and has
	// to be an administrator's. When it is empty, the cases that need it are skipped.
	ManagementURL string

	// Node runs the broker. When it is nil, the cases that need it are skipped. They restart the broker and have it block
	// publishers, so it must be nobody else's.
	Node Node

	// Release is the release whose behaviour is expected. When it is empty, the version in the broker's server
	// properties decides.
	Release Release

	// Only, if not nil, chooses the cases to run.
	Only func(c Case) bool

	// Recordings, if not nil, are compared with: a case fails that passes its checks, and sees something else than was
	// recorded of the target's release. A case that is not recorded passes.
	Recordings Recordings

	// Differences are those from the recordings that are known: a case fails, too, whose difference is not as listed.
	// Real releases have none.
	Differences Ledger

	// Observe, if not nil, is called after each case, also when it failed or was skipped. There is one call at a time.
	// The order of the cases may differ from run to run.
	Observe func(Result)
}

// Result is how a case ended.
type Result struct {
	Case Case
	// Transcript is what the case saw, line by line: the same on each run against the same release.
	Transcript      []string
	Failed, Skipped bool
}

// Case is one thing that RabbitMQ does.
type Case struct {
	// ID names the case for ever: area or method, slash, what is special, as in "queue.declare/inequivalent-durable".
	ID string
	// Title says what the broker does.
	Title string
	// Why says, in one sentence, what breaks for a user of a broker that does otherwise.
	Why string
	// Source is the clause or page that the behaviour rests on. Where neither says it, RabbitMQ's answer does.
	Source string
	// Releases are those that the case applies to; none means all.
	Releases Releases
	// Management tells that the case needs the HTTP API.
	Management bool
	// Node tells that the case needs the target's Node.
	Node bool
	// Delayed tells that the case needs the exchange type x-delayed-message, of a plug-in that RabbitMQ's packages do not
	// bring along.
	Delayed bool
	// Waits tells that the case spends seconds waiting for the broker, and is run in parallel with others of its kind.
	Waits bool
	// Racy is empty, or says why what the broker sends in this case is not the same in each run. Then its recording holds
	// what it checks, and not what it receives.
	Racy string
	// Run makes the case's checks.
	Run func(t *T)
}

// Run runs every case against the target, each as a subtest named after its ID.
func Run(t *testing.T, target Target) {
	t.Helper()
	s, err := newSuite(target)
	if err != nil {
		t.Fatalf("conformance: %v", err)
	}
	for _, c := range s.cases() {
		t.Run(c.ID, func(t *testing.T) {
			reason, err := s.whySkipped(c)
			if err != nil {
				t.Fatalf("conformance: %v", err)
			}
			if reason != "" {
				t.Skip(reason)
			}
			if c.Waits {
				t.Parallel()
			}
			s.run(t, c)
		})
	}
}

// suite is the cases and the target that they are aimed at.
type suite struct {
	target  Target
	uri     amqp.URI
	delayed func() (bool, error) // whether the target has the exchange type x-delayed-message
}

func newSuite(target Target) (*suite, error) {
	uri, err := amqp.ParseURI(target.URL)
	if err != nil {
		return nil, fmt.Errorf("the target's URL %q: %w", target.URL, err)
	}
	if target.Release == "" {
		version, err := AskVersion(target.URL)
		if err != nil {
			return nil, fmt.Errorf("cannot reach the target: %w", err)
		}
		if target.Release, err = ReleaseOf(version); err != nil {
			return nil, fmt.Errorf("%w; set Target.Release", err)
		}
	}
	if target.Observe != nil {
		target.Observe = oneAtATime(target.Observe)
	}
	return &suite{target, uri, sync.OnceValues(func() (bool, error) { return hasDelayed(target.URL) })}, nil
}

// cases are those that the target asks for.
func (s *suite) cases() []Case {
	return slices.DeleteFunc(Cases(), func(c Case) bool { return s.target.Only != nil && !s.target.Only(c) })
}

// whySkipped says what a case needs that the target has not; it is empty if the case can run.
func (s *suite) whySkipped(c Case) (reason string, err error) {
	switch {
	case !c.isFor(s.target.Release):
		return fmt.Sprintf("for RabbitMQ %v, and the target is %s", c.Releases, s.target.Release), nil
	case c.Management && s.target.ManagementURL == "":
		return "needs the management API, and the target has no ManagementURL", nil
	case c.Node && s.target.Node == nil:
		return "needs to run the broker, and the target has no Node", nil
	case c.Delayed:
		has, err := s.delayed()
		if err != nil {
			return "", fmt.Errorf("looking for the exchange type x-delayed-message: %w", err)
		}
		if !has {
			return "needs the exchange type x-delayed-message, and the target lacks its plug-in, rabbitmq_delayed_message_exchange", nil
		}
	}
	return "", nil
}

// run runs a case in a test.
func (s *suite) run(t testing.TB, c Case) {
	runCase(&T{TB: t, target: s.target, uri: s.uri, transcript: transcript{racy: c.Racy != ""}}, c)
}

// hasDelayed tells whether the broker has the exchange type x-delayed-message.
func hasDelayed(url string) (bool, error) {
	connection, err := amqp.Dial(url)
	if err != nil {
		return false, err
	}
	defer connection.Close()
	channel, err := connection.Channel()
	if err != nil {
		return false, err
	}
	const name = "conformance-has-delayed"
	if channel.ExchangeDeclare(name, delayedKind, false, true, false, false, amqp.Table{"x-delayed-type": "direct"}) != nil {
		return false, nil
	}
	return true, channel.ExchangeDelete(name, false, false)
}

// isFor tells whether the case applies to a release.
func (c Case) isFor(release Release) bool { return len(c.Releases) == 0 || c.Releases.Has(release) }

// runCase runs c, compares what it saw with the recording, and hands it over, however it ended.
func runCase(t *T, c Case) {
	defer func() {
		t.lines = fold(t.lines)
		if !t.Failed() && !t.Skipped() {
			t.compare(c)
		}
		if t.target.Observe != nil {
			t.target.Observe(Result{Case: c, Transcript: t.lines, Failed: t.Failed(), Skipped: t.Skipped()})
		}
	}()
	t.Cleanup(t.cleanUp)
	c.Run(t)
}

// compare fails the test if the case saw something else than was recorded, or differs otherwise than is listed.
func (t *T) compare(c Case) {
	recorded, ok := t.target.Recordings.Of(t.target.Release, c.ID)
	if !ok {
		return
	}
	if complaint := judge(lineDiff(recorded, t.lines), t.target.Differences.Of(t.target.Release, c.ID)); complaint != "" {
		t.Errorf("%s, RabbitMQ %s: %s", c.ID, t.target.Release, complaint)
	}
}

// judge says what is wrong with a difference from a recording where another one, or none, is listed.
func judge(got, listed []string) string {
	switch {
	case slices.Equal(got, listed):
		return ""
	case len(listed) == 0:
		return "differs from the recording (- recorded, + seen; if the case has changed, record it again as the package's " +
			"documentation says):" + indented(got)
	case len(got) == 0:
		return "no longer differs from the recording: remove it from differences.md"
	default:
		return "differs from the recording, and not as differences.md says, but so:" + indented(got)
	}
}

func oneAtATime(observe func(Result)) func(Result) {
	var mu sync.Mutex
	return func(r Result) {
		mu.Lock()
		defer mu.Unlock()
		observe(r)
	}
}

// AskVersion asks the broker at an AMQP URL for its version.
func AskVersion(url string) (string, error) {
	connection, err := amqp.Dial(url)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	version, _ := connection.Properties["version"].(string)
	return version, nil
}
