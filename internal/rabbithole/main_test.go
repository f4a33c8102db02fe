package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const report = `[{"SpecReports":[
 {"ContainerHierarchyTexts":["API","GET /a"],"LeafNodeType":"It","LeafNodeText":"works","State":"passed"},
 {"ContainerHierarchyTexts":["API","GET /b"],"LeafNodeType":"It","LeafNodeText":"links","State":"failed","Failure":{"Message":"no"}},
 {"ContainerHierarchyTexts":null,"LeafNodeType":"BeforeSuite","LeafNodeText":"","State":"passed"}]}]`

func TestJudge(t *testing.T) {
	specs, err := readReport([]byte(report))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		list string
		good bool
		says string
	}{
		"a failure":            {"", false, "v3: API GET /b links: it must pass"},
		"a known failure":      {"both federation API GET /b links", true, "1 passed, 0 failed, 1 excluded by name"},
		"known of another":     {"v2 federation API GET /b links", false, "it must pass"},
		"known, but it passes": {"v3 x API GET /a works\nv3 federation API GET /b links", false, "strike it off the list"},
		"known, but gone":      {"v3 x API GET /c\nv3 federation API GET /b links", false, "there is no such test"},
	} {
		t.Run(name, func(t *testing.T) {
			excluded, err := parseExcluded("list", strings.NewReader("# about\n\n"+c.list))
			require.NoError(t, err)
			var out strings.Builder
			require.Equal(t, c.good, judge("v3", specs, excluded, &out))
			require.Contains(t, out.String(), c.says)
		})
	}
}

func TestParseExcludedRefuses(t *testing.T) {
	for _, list := range []string{"v3 x", "v4 x y"} {
		_, err := parseExcluded("list", strings.NewReader(list))
		require.ErrorContains(t, err, "list:1: ")
	}
}
