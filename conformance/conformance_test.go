package conformance_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/minirabbit/minirabbit/conformance"
	"github.com/minirabbit/minirabbit/testkit"
)

// emulated are the releases that minirabbit can be.
var emulated = conformance.Releases{"3.10", "4.0", "4.1", "4.2", "4.3"}

const (
	recordingsDir = "testdata/recordings"
	ledgerFile    = "differences.md"
	indexFile     = "../docs/conformance.md"
)

var (
	record = flag.Bool("record", false, "record what the RabbitMQ that AMQP_URL names answers, in "+recordingsDir)
	index  = flag.Bool("index", false, "write "+indexFile+" instead of comparing with it")
)

// TestMain lets the cases that wait for the broker wait together, however few processors there are.
func TestMain(m *testing.M) {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel != nil && !given("test.parallel") {
		_ = parallel.Value.Set("64") // a number, which it takes
	}
	os.Exit(m.Run())
}

func given(name string) bool {
	set := false
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}

// TestBroker aims the suite at the RabbitMQ that AMQP_URL names (with HTTP_URL for the management API, and with
// RABBITMQCTL, the path of its rabbitmqctl, for what only its operator can do), or else at the emulator, as each of the
// releases. Either has to answer as was recorded, the emulator but for the differences that are listed. With -v it shows
// what was seen.
func TestBroker(t *testing.T) {
	recordings := readRecordings(t)
	if url := os.Getenv("AMQP_URL"); url != "" {
		testReal(t, url, recordings)
		return
	}
	if *record {
		t.Fatal("-record records a real RabbitMQ: set AMQP_URL and HTTP_URL")
	}
	ledger, err := conformance.ReadLedger(ledgerFile)
	if err != nil {
		t.Fatal(err)
	}
	results := make(conformance.Results)
	t.Cleanup(func() { checkIndex(t, recordings, ledger, results) })
	for _, release := range emulated {
		ofRelease := make(map[string]conformance.Result)
		results[release] = ofRelease
		t.Run(string(release), func(t *testing.T) {
			t.Parallel()
			broker := testkit.Start(t, testkit.WithRelease(string(release)), testkit.WithManagement())
			conformance.Run(t, conformance.Target{
				URL: broker.URL(), ManagementURL: broker.ManagementURL(), Node: emulator{t, broker}, Release: release,
				Recordings: recordings, Differences: ledger,
				Observe: func(r conformance.Result) {
					ofRelease[r.Case.ID] = r
					show(t, r)
				},
			})
		})
	}
}

// testReal compares a real RabbitMQ with the recordings, or records it.
func testReal(t *testing.T, url string, recordings conformance.Recordings) {
	version, err := conformance.AskVersion(url)
	if err != nil {
		t.Fatal(err)
	}
	release, err := conformance.ReleaseOf(version)
	if err != nil {
		t.Fatal(err)
	}
	target := conformance.Target{
		URL: url, ManagementURL: os.Getenv("HTTP_URL"), Node: nodeFromEnvironment(), Release: release,
		Recordings: recordings, Observe: func(r conformance.Result) { show(t, r) },
	}
	if *record {
		today := time.Now().UTC().Format(time.DateOnly)
		target.Recordings = nil
		target.Observe = func(r conformance.Result) {
			show(t, r)
			if !r.Failed && !r.Skipped {
				recordings.Put(release, r.Case.ID, version, today, r.Transcript)
			}
		}
		t.Cleanup(func() { // once those that run in parallel are done, too
			if err := recordings.Write(recordingsDir, release); err != nil {
				t.Error(err)
			}
		})
	}
	conformance.Run(t, target)
}

// TestRecordingsAreComplete checks that there is a recording for each case and release, and none besides.
func TestRecordingsAreComplete(t *testing.T) {
	recordings := readRecordings(t)
	const how = "record RabbitMQ with scripts/record, or one that runs already with\n" +
		"    AMQP_URL=amqp://… HTTP_URL=http://… RABBITMQCTL=… go test -count=1 ./conformance -run 'TestBroker/AREA/' -record"
	for _, release := range conformance.AllReleases {
		if ids := recordings.Missing(release); len(ids) > 0 {
			t.Errorf("without a recording of %s: %s; %s", release, strings.Join(ids, ", "), how)
		}
		if ids := recordings.Stale(release); len(ids) > 0 {
			t.Errorf("recorded of %s, though there is no such case: %s; %s", release, strings.Join(ids, ", "), how)
		}
	}
}

// checkIndex compares docs/conformance.md with what it should be, or writes it. Where a part of the suite was left out by
// -run, there is nothing to compare.
func checkIndex(t *testing.T, recordings conformance.Recordings, ledger conformance.Ledger, results conformance.Results) {
	if !results.Complete() {
		return
	}
	var want bytes.Buffer
	if err := conformance.WriteIndex(&want, recordings, ledger, results); err != nil {
		t.Fatal(err)
	}
	if *index {
		if err := os.WriteFile(indexFile, want.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(indexFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), string(got)); diff != "" {
		t.Errorf("%s is not what the cases and recordings say, run go generate ./conformance (-want +got):\n%s", indexFile, diff)
	}
}

func readRecordings(t *testing.T) conformance.Recordings {
	t.Helper()
	recordings, err := conformance.ReadRecordings(recordingsDir)
	if err != nil {
		t.Fatal(err)
	}
	return recordings
}

// show logs what a case saw if asked to.
func show(t *testing.T, r conformance.Result) {
	if testing.Verbose() {
		t.Logf("%s\n  %s", r.Case.ID, strings.Join(r.Transcript, "\n  "))
	}
}

// nodeFromEnvironment is the node of the real RabbitMQ, nil unless RABBITMQCTL is the path of a rabbitmqctl for it.
func nodeFromEnvironment() conformance.Node {
	if path := os.Getenv("RABBITMQCTL"); path != "" {
		return conformance.Rabbitmqctl(path)
	}
	return nil
}

// emulator is the node of the emulator.
type emulator struct {
	t      *testing.T
	broker *testkit.Broker
}

func (e emulator) SetAlarm(resource string, raised bool) error {
	if raised {
		e.broker.RaiseAlarm(e.t, testkit.Resource(resource))
	} else {
		e.broker.ClearAlarm(e.t, testkit.Resource(resource))
	}
	return nil
}

func (e emulator) Restart() error {
	e.broker.Restart(e.t)
	return nil
}

func (e emulator) SetConsumerTimeout(d time.Duration) error {
	if d == 0 {
		d = testkit.DefaultConsumerTimeout
	}
	e.broker.SetConsumerTimeout(e.t, d)
	return nil
}

func (e emulator) SetDeadLetterRetry(d time.Duration) error {
	if d == 0 {
		d = testkit.DefaultDeadLetterRetry
	}
	e.broker.SetDeadLetterRetry(e.t, d)
	return nil
}
