package conformance

import (
	"regexp"
	"strings"
	"testing"
)

func TestCasesAreComplete(t *testing.T) {
	id := regexp.MustCompile(`^[a-z][a-z0-9.-]*/[a-z0-9][a-z0-9.-]*$`)
	seen := make(map[string]bool)
	for _, c := range Cases() {
		if !id.MatchString(c.ID) {
			t.Errorf("%q is no ID: want area, slash, what is special, in small letters, digits, dots and dashes", c.ID)
		}
		if seen[c.ID] {
			t.Errorf("two cases have the ID %q", c.ID)
		}
		seen[c.ID] = true
		if c.Title == "" || c.Why == "" || c.Source == "" || c.Run == nil {
			t.Errorf("%s lacks its title, reason, source or function", c.ID)
		}
		if strings.HasSuffix(c.Title, ".") || !strings.HasSuffix(c.Why, ".") {
			t.Errorf("%s: a title ends without a full stop, and a reason with one", c.ID)
		}
	}
}
