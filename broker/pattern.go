package broker

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/minirabbit/minirabbit/release"
)

// pattern is a regular expression of RabbitMQ's users: of a permission or a
// policy. It matches anywhere in a name unless it is anchored.
//
// RabbitMQ's expressions are those of PCRE. Go's know no look-ahead; the one
// that is in general use, a negative one at the beginning such as
// ^(?!amq\.).*, is understood here nevertheless. Like RabbitMQ, it takes each
// byte of a name for a letter.
type pattern struct {
	source  string
	all     bool // matches every name
	none    bool // matches the empty name only
	matches *regexp.Regexp
	refuses *regexp.Regexp // if not nil, what must not match
}

// everything matches every name. Checks take a short cut for it.
var everything = &pattern{source: ".*", all: true}

// parsePattern reads an expression.
func parsePattern(source string) (*pattern, error) {
	switch source {
	case ".*":
		return everything, nil
	case "":
		return &pattern{none: true}, nil
	}
	p := &pattern{source: source}
	rest := latin1(source)
	if negative, after, ok := cutNegativeLookahead(rest); ok {
		re, err := regexp.Compile("^(?:" + negative + ")")
		if err != nil {
			return nil, &PatternError{Pattern: source, Problem: err.Error()}
		}
		p.refuses, rest = re, "^"+after
	}
	re, err := regexp.Compile(rest)
	if err != nil {
		return nil, &PatternError{Pattern: source, Problem: err.Error()}
	}
	p.matches = re
	return p, nil
}

// cutNegativeLookahead takes ^(?!negative)after apart.
func cutNegativeLookahead(source string) (negative, after string, ok bool) {
	inner, ok := strings.CutPrefix(source, "^(?!")
	if !ok {
		return "", "", false
	}
	depth := 1
	for i := 0; i < len(inner); i++ {
		switch inner[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return inner[:i], inner[i+1:], true
			}
		}
	}
	return "", "", false
}

// match says whether the expression matches a name.
func (p *pattern) match(name string) bool {
	switch {
	case p.all:
		return true
	case p.none:
		return name == ""
	}
	name = latin1(name)
	switch {
	case p.refuses != nil && p.refuses.MatchString(name):
		return false
	}
	return p.matches.MatchString(name)
}

// PatternError says that a regular expression cannot be read.
type PatternError struct{ Pattern, Problem string }

var _ error = (*PatternError)(nil)

func (e *PatternError) Error() string {
	return fmt.Sprintf("invalid regular expression %q: %s", e.Pattern, e.Problem)
}

// PCRE returns the problem in the words of the regular expression library of a
// release, as far as they are known, and the position that it names.
func (e *PatternError) PCRE(r *release.Release) (text string, position int) {
	if strings.Contains(e.Problem, "missing closing )") {
		return r.MissingParenthesis, len(e.Pattern)
	}
	return e.Problem, 0
}

// latin1 reads every byte as a character, as RabbitMQ does where it does not look
// for UTF-8.
func latin1(s string) string {
	at := strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
	if at < 0 {
		return s
	}
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}
