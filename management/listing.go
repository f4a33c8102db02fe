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

// list answers with a list, sorted, filtered, cut into pages and reduced to
// columns as the query asks. Without a sort, the list stays as it is.
func (r *request) list(items []object) {
	page, err := r.askedPage()
	if err != nil {
		r.fail(http.StatusBadRequest, err.kind, err.reason)
		return
	}
	total := len(items)
	if page != nil {
		items = slices.DeleteFunc(items, func(o object) bool { return !page.matches(o) })
	}
	if by := r.form["sort"]; len(by) > 0 {
		sortBy(items, strings.Split(by[0], "."), r.flag("sort_reverse"))
	}
	if page == nil {
		r.write(http.StatusOK, r.pickAll(items))
		return
	}
	filtered := len(items)
	pages := (filtered + page.size - 1) / page.size
	if page.number > 1 && page.number > pages {
		r.fail(http.StatusBadRequest, "page_out_of_range",
			fmt.Sprintf("Page out of range, page: %d page size: %d, len: %d", page.number, page.size, filtered))
		return
	}
	from := (page.number - 1) * page.size
	items = items[from:min(from+page.size, filtered)]
	r.write(http.StatusOK, object{
		"page": page.number, "page_size": page.size, "page_count": pages,
		"item_count": len(items), "filtered_count": filtered, "total_count": total,
		"items": r.pickAll(items),
	})
}

// page is the part of a list that a query asks for.
type page struct {
	number, size int
	matches      func(o object) bool
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
	p.matches = func(o object) bool {
		if name == "" {
			return true
		}
		s, _ := o["name"].(string)
		return match(s)
	}
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

// pickAll returns objects with the fields that the query asks for. One without any is an empty array.
func (r *request) pickAll(items []object) any {
	if items == nil {
		items = []object{}
	}
	columns := r.columns()
	if columns == nil {
		return items
	}
	picked := make([]any, len(items))
	for i, o := range items {
		picked[i] = []any{}
		if part := pick(o, columns); len(part) > 0 {
			picked[i] = part
		}
	}
	return picked
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

// sortBy sorts by the value at a path. What has none comes last.
func sortBy(items []object, path []string, reverse bool) {
	slices.SortStableFunc(items, func(a, b object) int {
		c := compare(at(a, path), at(b, path))
		if reverse {
			return -c
		}
		return c
	})
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
