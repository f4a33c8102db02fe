package testkit_test

import (
	"fmt"
	"log"
	"os"
	"testing"

	"github.com/minirabbit/minirabbit/testkit"
)

// One broker for all tests of a package. It begins in TestMain:
//
//	var broker *testkit.Broker
//
//	func TestMain(m *testing.M) { os.Exit(run(m)) }
//
// and the tests call broker.Publish(t, ...) and the like with their own t.
func ExampleRun() {
	run := func(m *testing.M) int {
		broker, err := testkit.Run()
		if err != nil {
			log.Fatal(err)
		}
		defer broker.Close()
		broker.Declare(testkit.OrPanic, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}}})
		return m.Run()
	}
	_ = run
}

// suiteT is the T of a framework that is not package testing: what GinkgoT() returns has these methods, and more.
type suiteT struct{ failed bool }

func (t *suiteT) Helper() {}
func (t *suiteT) Errorf(format string, args ...any) {
	t.failed = true
	fmt.Printf(format+"\n", args...)
}
func (t *suiteT) Fatalf(format string, args ...any) { t.Errorf(format, args...) }
func (t *suiteT) Skipf(format string, args ...any)  { fmt.Printf("skipped: "+format+"\n", args...) }

// A suite of another framework, such as Ginkgo, shares a broker: it begins in BeforeSuite, and each spec passes its own T.
//
//	var broker *testkit.Broker
//
//	var _ = BeforeSuite(func() {
//		var err error
//		broker, err = testkit.Run()
//		Expect(err).NotTo(HaveOccurred())
//		DeferCleanup(broker.Close)
//	})
//
//	var _ = It("leaves nothing behind", func() { broker.CheckIdle(GinkgoT()) })
func ExampleT() {
	os.Unsetenv("MINIRABBIT_AMQP_URL") // examples run on the emulator
	os.Unsetenv("MINIRABBIT_HTTP_URL")
	broker, err := testkit.Run()
	if err != nil {
		log.Fatal(err)
	}
	spec := &suiteT{} // instead of GinkgoT()
	broker.Declare(spec, testkit.Topology{Queues: []testkit.Queue{{Name: "tasks"}}})
	broker.Publish(spec, "", "tasks", []byte("hello"))
	broker.CheckIdle(spec)
	fmt.Println("failed:", spec.failed, "closed:", broker.Close())
	// Output:
	// testkit: the broker is not idle. There is:
	//   queue "tasks": 1 ready, 0 unacked, 0 consumers
	//     message from exchange "" with routing key "tasks": "hello"
	//   no connections
	//
	// failed: true closed: <nil>
}
