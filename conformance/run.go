package conformance

import (
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

	// Release is the release whose behaviour is expected. When it is empty, the version in the broker's server
	// properties decides.
	Release Release

	// Only, if not nil, chooses the cases to run.
	Only func(c Case) bool

	// Observe, if not nil, is called after each case with what it observed, in order; also when the case failed, and not
	// when it was skipped. There is one call at a time. The order of the cases may differ from run to run.
	Observe func(c Case, observations []Observation)
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
	// Waits tells that the case spends seconds waiting for the broker, and is run in parallel with others of its kind.
	Waits bool
	// Run makes the case's checks.
	Run func(t *T)
}

// Run runs every case against the target, each as a subtest named after its ID.
func Run(t *testing.T, target Target) {
	t.Helper()
	uri, err := amqp.ParseURI(target.URL)
	if err != nil {
		t.Fatalf("conformance: the target's URL %q: %v", target.URL, err)
	}
	if target.Release == "" {
		target.Release = askRelease(t, target.URL)
	}
	if target.Observe != nil {
		target.Observe = oneAtATime(target.Observe)
	}
	for _, c := range Cases() {
		if target.Only != nil && !target.Only(c) {
			continue
		}
		t.Run(c.ID, func(t *testing.T) {
			if len(c.Releases) > 0 && !c.Releases.Has(target.Release) {
				t.Skipf("for RabbitMQ %v, and the target is %s", c.Releases, target.Release)
			}
			if c.Management && target.ManagementURL == "" {
				t.Skip("needs the management API, and the target has no ManagementURL")
			}
			if c.Waits {
				t.Parallel()
			}
			runCase(&T{TB: t, target: target, uri: uri}, c)
		})
	}
}

// runCase runs c and hands over its observations, whether it passes or not.
func runCase(t *T, c Case) {
	if t.target.Observe != nil {
		defer func() {
			if !t.Skipped() {
				t.target.Observe(c, t.observations)
			}
		}()
	}
	t.Cleanup(t.cleanUp)
	c.Run(t)
}

func oneAtATime(observe func(Case, []Observation)) func(Case, []Observation) {
	var mu sync.Mutex
	return func(c Case, observations []Observation) {
		mu.Lock()
		defer mu.Unlock()
		observe(c, observations)
	}
}

// askRelease reads the release from the server properties.
func askRelease(t testing.TB, url string) Release {
	t.Helper()
	connection, err := amqp.Dial(url)
	if err != nil {
		t.Fatalf("conformance: cannot reach the target: %v", err)
	}
	defer connection.Close()
	version, _ := connection.Properties["version"].(string)
	release, err := ReleaseOf(version)
	if err != nil {
		t.Fatalf("conformance: %v; set Target.Release", err)
	}
	return release
}
