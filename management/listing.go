package management

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
)

const (
	defaultPageSize = 100
	maxPageSize     = 500
)

// things are what a list is about, in its order: handles that are cheap to hold,
// and how to describe what is behind them.
type things[T any] struct {
	all  []T
	name func(thing T) string // what the query may filter by
	// describe describes some of the things one after the other, but for those that
	// are gone, until yield returns false. i is the thing's index in batch.
	describe func(batch []T, yield func(i int, o object) bool) (more bool)
}

// batchSize is how many things are described in a turn, and looked at in a
// critical section.
const batchSize = 64

// list answers with a list of objects.
func (r *request) list(items []object) {
	list(r, things[object]{
		all:  items,
		name: func(o object) string { name, _ := o["name"].(string); return name },
		describe: func(batch []object, yield func(int, object) bool) bool {
			for i, o := range batch {
				if !yield(i, o) {
					return false
				}
			}
			return true
		},
	})
}

// list answers with a list, sorted, filtered, cut into pages and reduced to
// columns as the query asks. Without a sort, the list stays as it is. Only what
// the answer shows is described as a whole.
func list[T any](r *request, t things[T]) {
	page, err := r.askedPage()
	if err != nil {
		r.fail(http.StatusBadRequest, err.kind, err.reason)
		return
	}
	total := len(t.all)
	if page != nil {
		t.all = slices.DeleteFunc(t.all, func(thing T) bool { return !page.matches(t.name(thing)) })
	}
	if by := r.form["sort"]; len(by) > 0 {
		t.all = sorted(r, t, strings.Split(by[0], "."), r.flag("sort_reverse"))
	}
	if page == nil {
		r.scratch = object{}
		r.write(http.StatusOK, picked(r, t))
		return
	}
	filtered := len(t.all)
	pages := (filtered + page.size - 1) / page.size
	if page.number > 1 && page.number > pages {
		r.fail(http.StatusBadRequest, "page_out_of_range",
			fmt.Sprintf("Page out of range, page: %d page size: %d, len: %d", page.number, page.size, filtered))
		return
	}
	from := (page.number - 1) * page.size
	t.all = t.all[from:min(from+page.size, filtered)]
	r.scratch = nil                                     // all are kept
	items := slices.AppendSeq([]object{}, picked(r, t)) // to count them
	r.write(http.StatusOK, object{
		"page": page.number, "page_size": page.size, "page_count": pages,
		"item_count": len(items), "filtered_count": filtered, "total_count": total,
		"items": items,
	})
}

// described describes all things, a batch in each turn.
func described[T any](r *request, t things[T], yield func(thing T, o object) bool) {
	for batch := range slices.Chunk(t.all, batchSize) {
		r.nextTurn()
		if !t.describe(batch, func(i int, o object) bool { return yield(batch[i], o) }) {
			return
		}
	}
}

// picked describes all things with the fields that the query asks for.
func picked[T any](r *request, t things[T]) objects {
	columns := r.columns()
	r.only = nil
	for _, path := range columns {
		r.only = append(r.only, path[0])
	}
	return func(yield func(object) bool) {
		described(r, t, func(_ T, o object) bool {
			if columns != nil {
				o = pick(o, columns)
			}
			return yield(o)
		})
	}
}

// sorted returns the things that are not gone, sorted by the value at a path. What
// has none comes last.
func sorted[T any](r *request, t things[T], path []string, reverse bool) []T {
	type item struct {
		thing T
		value any
	}
	items := make([]item, 0, len(t.all))
	r.only, r.scratch = path[:1], object{}
	described(r, t, func(thing T, o object) bool {
		items = append(items, item{thing, at(o, path)})
		return true
	})
	slices.SortStableFunc(items, func(a, b item) int {
		c := compare(a.value, b.value)
		if reverse {
			return -c
		}
		return c
	})
	all := make([]T, len(items))
	for i := range items {
		all[i] = items[i].thing
	}
	return all
}

// object returns an empty object for the next thing of a list.
func (r *request) object() object {
	if r.scratch == nil {
		return object{}
	}
	clear(r.scratch)
	return r.scratch
}

// wants says whether a field of a list's objects is of use.
func (r *request) wants(names ...string) bool {
	return r.only == nil || slices.ContainsFunc(names, func(name string) bool { return slices.Contains(r.only, name) })
}

// page is the part of a list that a query asks for.
type page struct {
	number, size int
	matches      func(name string) bool
}

type pageError struct{ kind, reason string }

// askedPage reads the page from the query, nil if all is wanted.
func (r *request) askedPage() (*page, *pageError) {
	invalid := &pageError{"bad_request", "Pagination parameters are invalid"}
	if len(r.form["page"]) == 0 || r.route.paged == nil || !r.route.paged(r.api.rules) {
		return nil, nil
	}
	p, size := &page{size: defaultPageSize}, "undefined"
	var err error
	if p.number, err = strconv.Atoi(r.form["page"][0]); err != nil {
		return nil, invalid
	}
	if asked := r.form["page_size"]; len(asked) > 0 {
		if p.size, err = strconv.Atoi(asked[0]); err != nil {
			return nil, invalid
		}
		size = strconv.Itoa(p.size)
	}
	if p.number < 1 || p.size < 1 || p.size > maxPageSize {
		return nil, &pageError{"invalid_pagination_parameters",
			fmt.Sprintf("Invalid pagination parameters: page number %d, page size %s", p.number, size)}
	}
	name := strings.Join(r.form["name"], "")
	match := func(s string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(name)) }
	if r.flag("use_regex") && name != "" {
		re, err := regexp.Compile("(?i)" + name)
		var problem *syntax.Error
		switch {
		case err == nil:
			match = re.MatchString
		case errors.As(err, &problem) && slices.Contains(beyondGo, problem.Code):
			return nil, &pageError{"bad_request", "minirabbit does not know this expression, though RabbitMQ does: " + problem.Error()}
		case r.api.rules.InvalidPageRegex:
			return nil, invalid
		default:
			match = func(string) bool { return false }
		}
	}
	p.matches = func(s string) bool { return name == "" || match(s) }
	return p, nil
}

// beyondGo is what is wrong with expressions that PCRE knows and Go does not, such as look-ahead. To find nothing by
// them, as later releases do by one that is invalid, would be a wrong answer.
var beyondGo = []syntax.ErrorCode{syntax.ErrInvalidPerlOp, syntax.ErrInvalidRepeatOp, syntax.ErrInvalidEscape, syntax.ErrInvalidRepeatSize}

// columns returns the fields that the query asks for, nil for all.
func (r *request) columns() [][]string {
	asked := r.form["columns"]
	if len(asked) == 0 {
		return nil
	}
	columns := [][]string{}
	for _, column := range strings.Split(asked[0], ",") {
		columns = append(columns, strings.Split(column, "."))
	}
	return columns
}

// pick returns the named fields of an object. Dots lead into objects within.
func pick(o object, columns [][]string) object {
	picked := object{}
	for _, path := range columns {
		v, set := o[path[0]]
		if !set {
			continue
		}
		inner, isObject := v.(object)
		if len(path) == 1 || !isObject {
			picked[path[0]] = v
			continue
		}
		part := pick(inner, [][]string{path[1:]})
		if path[0] == "arguments" {
			part = inner // of arguments, RabbitMQ sends all
		}
		before, _ := picked[path[0]].(object)
		merged := object{}
		for _, from := range []object{before, part} {
			for k, v := range from {
				merged[k] = v
			}
		}
		picked[path[0]] = merged
	}
	return picked
}

func at(o object, path []string) any {
	var v any = o
	for _, key := range path {
		inner, ok := v.(object)
		if !ok {
			return nil
		}
		v = inner[key]
	}
	return v
}

// compare orders numbers by value and before everything else, which it orders as
// it is written.
func compare(a, b any) int {
	x, aOK := number(a)
	y, bOK := number(b)
	switch {
	case aOK && bOK:
		return cmp.Compare(x, y)
	case aOK:
		return -1
	case bOK:
		return 1
	}
	return strings.Compare(text(a), text(b))
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case uint64:
		return float64(n), true
	case rate:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, _ := json.Marshal(v)
	return string(b)
}
