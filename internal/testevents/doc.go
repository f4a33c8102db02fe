// Package testevents reads what `go test -json` prints: how each test ended, and what it said. It is for the commands
// that judge a run of tests by more than go test's exit code.
//
//	report, err := testevents.Parse(os.Stdin)
//	...
//	for _, test := range report.Leaves {
//		fmt.Println(test.Test, test.Outcome)
//	}
//
// Tests are counted by leaves: a test that has subtests counts as these.
package testevents
