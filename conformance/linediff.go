package conformance

import "strings"

// lineDiff tells what became of was: lines that are gone, after "- ", and lines that are new, after "+ ", in order. It is
// empty if both are the same.
func lineDiff(was, is []string) []string {
	// common[i][j] is the length of the longest common subsequence of was[i:] and is[j:].
	common := make([][]int, len(was)+1)
	for i := range common {
		common[i] = make([]int, len(is)+1)
	}
	for i := len(was) - 1; i >= 0; i-- {
		for j := len(is) - 1; j >= 0; j-- {
			if was[i] == is[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var diff []string
	i, j := 0, 0
	for i < len(was) || j < len(is) {
		switch {
		case i < len(was) && j < len(is) && was[i] == is[j]:
			i, j = i+1, j+1
		case j == len(is) || i < len(was) && common[i+1][j] >= common[i][j+1]:
			diff = append(diff, "- "+was[i])
			i++
		default:
			diff = append(diff, "+ "+is[j])
			j++
		}
	}
	return diff
}

// indented joins lines, each on a line of its own, for a failure's report.
func indented(lines []string) string {
	return "\n    " + strings.Join(lines, "\n    ")
}
