package worker

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/minirabbit/minirabbit/worker/celery"
)

// Arguments are a task's arguments as they came, each as JSON.
type Arguments struct {
	Args   []json.RawMessage
	Kwargs map[string]json.RawMessage
}

// A parameter is one of a task's function.
type parameter struct {
	name     string // empty if it can only be passed by position
	field    int    // of the struct
	optional bool
}

// binder returns a function that makes a task's argument of a message's. Its errors are Python's TypeError in Python's
// words, as if the task were a Python function of that name and those parameters.
func binder[A any](task, single string) func(Arguments) (A, error) {
	function := task[strings.LastIndex(task, ".")+1:]
	kind := reflect.TypeFor[A]()
	switch {
	case kind == reflect.TypeFor[Arguments]():
		return func(all Arguments) (a A, _ error) {
			reflect.ValueOf(&a).Elem().Set(reflect.ValueOf(all))
			return a, nil
		}
	case kind.Kind() == reflect.Struct && !reflect.PointerTo(kind).Implements(reflect.TypeFor[json.Unmarshaler]()):
		parameters := parametersOf(kind)
		return func(all Arguments) (a A, _ error) {
			into := reflect.ValueOf(&a).Elem()
			return a, bind(function, parameters, all, func(p parameter) any { return into.Field(p.field).Addr().Interface() })
		}
	default:
		parameters := []parameter{{name: single}}
		return func(all Arguments) (a A, _ error) {
			return a, bind(function, parameters, all, func(parameter) any { return &a })
		}
	}
}

// parametersOf are a struct's exported fields.
func parametersOf(kind reflect.Type) (all []parameter) {
	for i := range kind.NumField() {
		field := kind.Field(i)
		name, rest, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = field.Name
		}
		all = append(all, parameter{name: name, field: i, optional: slices.Contains(strings.Split(rest, ","), "omitempty")})
	}
	return all
}

// bind reads each argument into its parameter's place.
func bind(function string, parameters []parameter, all Arguments, place func(parameter) any) error {
	if len(all.Args) > len(parameters) {
		return typeError("%s() takes %s but %d %s given", function, count(parameters), len(all.Args), were(len(all.Args)))
	}
	var missing []string
	used := 0
	for i, p := range parameters {
		value, named := all.Kwargs[p.name]
		named = named && p.name != ""
		if named {
			used++
		}
		switch {
		case i < len(all.Args) && named:
			return typeError("%s() got multiple values for argument '%s'", function, p.name)
		case i < len(all.Args):
			value = all.Args[i]
		case !named && p.optional:
			continue
		case !named:
			missing = append(missing, "'"+orElse(p.name, fmt.Sprint("number ", i+1))+"'")
			continue
		}
		if err := read(value, place(p)); err != nil {
			return typeError("%s() argument %s: %v", function, orElse(p.name, fmt.Sprint("number ", i+1)), err)
		}
	}
	if used < len(all.Kwargs) {
		for name := range all.Kwargs {
			if !slices.ContainsFunc(parameters, func(p parameter) bool { return p.name == name && name != "" }) {
				return typeError("%s() got an unexpected keyword argument '%s'", function, name)
			}
		}
	}
	if len(missing) > 0 {
		plural := map[bool]string{true: "s"}[len(missing) > 1]
		return typeError("%s() missing %d required positional argument%s: %s", function, len(missing), plural, strings.Join(missing, " and "))
	}
	return nil
}

// read reads JSON into a place. A null that Go would read as zero is refused where the type has no nil.
func read(value json.RawMessage, into any) error {
	if bytes.Equal(bytes.TrimSpace(value), []byte("null")) {
		switch reflect.TypeOf(into).Elem().Kind() {
		case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Map:
		default:
			return fmt.Errorf("%s, expected %s", celery.Repr(value), reflect.TypeOf(into).Elem())
		}
	}
	if err := json.Unmarshal(value, into); err != nil {
		return fmt.Errorf("%s, expected %s", celery.Repr(value), reflect.TypeOf(into).Elem())
	}
	return nil
}

func typeError(format string, arguments ...any) error {
	return celery.NewException("builtins", "TypeError", fmt.Sprintf(format, arguments...))
}

func count(parameters []parameter) string {
	required := 0
	for _, p := range parameters {
		if !p.optional {
			required++
		}
	}
	arguments := map[bool]string{true: "argument", false: "arguments"}[len(parameters) == 1]
	if required < len(parameters) {
		return fmt.Sprintf("from %d to %d positional arguments", required, len(parameters))
	}
	return fmt.Sprintf("%d positional %s", len(parameters), arguments)
}

func were(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
