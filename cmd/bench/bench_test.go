package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Every workload must run against brokers of this process, and come out with a
// figure.
func TestWorkloadsRun(t *testing.T) {
	against, err := contenders("null,minirabbit")
	require.NoError(t, err)
	for _, growth := range []bool{false, true} {
		o := options{
			against: against, only: regexp.MustCompile(""), sizes: "5000", networks: []string{"TCP", "memory"},
			rounds: 1, duration: time.Millisecond, growth: growth, quiet: true,
		}
		cases, err := o.cases()
		require.NoError(t, err)
		for i := range cases {
			switch { // what takes seconds, made small
			case cases[i].param == "messages":
				cases[i].size = 2000
			case cases[i].param != "" && cases[i].size > 20:
				cases[i].size = 20
			}
		}
		results := o.measure(cases)
		require.NoError(t, o.verdict(results))
		for _, r := range results {
			for _, c := range r.Contenders {
				require.Len(t, c.Samples, 1, "%s against %s", r, c.Name)
			}
		}
		var table, chart bytes.Buffer
		writeTable(&table, results)
		require.Contains(t, table.String(), "minirabbit")
		require.NoError(t, plot(&chart, results))
		d := xml.NewDecoder(&chart)
		for err == nil {
			_, err = d.Token()
		}
		require.ErrorIs(t, err, io.EOF)
	}
}

func TestRatiosAreOfOneRound(t *testing.T) {
	r := &result{Unit: "us p50", LessBetter: true, Goal: 0.9, Contenders: []*contenderResults{
		{Name: "null", Samples: []float64{10, 20, 30}},
		{Name: "minirabbit", local: true, Samples: []float64{40, 80, 120}},
	}}
	r.conclude()
	require.Equal(t, &spread{Median: 0.25, Min: 0.25, Max: 0.25}, r.Contenders[1].Ratio)
	require.Nil(t, r.Contenders[0].Ratio)
	require.ErrorContains(t, (&options{halves: true}).verdict([]*result{r}), "at most 0.25 of null")
	require.NoError(t, (&options{}).verdict([]*result{r}))
}

func TestContendersMustBeKnown(t *testing.T) {
	_, err := contenders("null,rabbit")
	require.ErrorContains(t, err, `"rabbit"`)
	all, err := contenders("amqp://guest:guest@127.0.0.1:5710/")
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:5710", all[0].name)
	require.False(t, strings.Contains(all[0].name, "guest"))
}
