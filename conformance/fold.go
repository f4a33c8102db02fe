package conformance

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// leastFolded is how many lines alike are worth folding.
const leastFolded = 5

var digits = regexp.MustCompile(`\d+`)

// fold shortens runs of lines in which the numbers go up, or down, by one or not at all, each in step: to the first, a
// count of those between, and the last, so that nothing is lost. A thousand deliveries are three lines.
func fold(lines []string) []string {
	var folded []string
	for i := 0; i < len(lines); {
		n := alike(lines[i:])
		if n < leastFolded {
			folded = append(folded, lines[i])
			i++
			continue
		}
		folded = append(folded, lines[i], fmt.Sprintf("… %d more in step …", n-2), lines[i+n-1])
		i += n
	}
	return folded
}

// alike gives the length of the run that the lines begin with.
func alike(lines []string) int {
	if len(lines) < 2 {
		return len(lines)
	}
	step, ok := stepBetween(lines[0], lines[1])
	if !ok {
		return 1
	}
	n := 2
	for ; n < len(lines); n++ {
		if next, ok := stepBetween(lines[n-1], lines[n]); !ok || !slices.Equal(step, next) {
			break
		}
	}
	return n
}

// stepBetween tells by how much each number grows from one line to the other; ok is false if anything else differs, or a
// number by more than one.
func stepBetween(a, b string) (step []int, ok bool) {
	if digits.ReplaceAllString(a, "0") != digits.ReplaceAllString(b, "0") {
		return nil, false
	}
	theirs := digits.FindAllString(b, -1)
	for i, text := range digits.FindAllString(a, -1) {
		from, err := strconv.Atoi(text)
		to, err2 := strconv.Atoi(theirs[i])
		if err != nil || err2 != nil || strconv.Itoa(from) != text || strconv.Itoa(to) != theirs[i] {
			if text == theirs[i] {
				step = append(step, 0)
				continue
			}
			return nil, false
		}
		if to-from < -1 || to-from > 1 {
			return nil, false
		}
		step = append(step, to-from)
	}
	return step, true
}
