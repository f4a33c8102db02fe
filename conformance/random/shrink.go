package random

import (
	"reflect"
	"slices"

	"github.com/minirabbit/minirabbit/wire"
)

// Shrink gives a smaller program for which differs is still true: it leaves out steps, from many at once to single ones,
// and then whatever else can be left out of a step. The generator draws each step for what came of those before it, so to
// leave out one of its draws writes another program; this leaves the other steps as they are.
func Shrink(program Program, differs func(Program) bool) Program {
	for size := max(len(program)/2, 1); ; size /= 2 {
		for end := len(program); end > 0; end -= size {
			smaller := slices.Concat(program[:max(end-size, 0)], program[end:])
			if differs(smaller) {
				program = smaller
			}
		}
		if size <= 1 {
			break
		}
	}
	for i := range program {
		for _, simpler := range simpler(program[i]) {
			changed := slices.Clone(program)
			changed[i] = simpler(changed[i])
			if !reflect.DeepEqual(changed[i], program[i]) && differs(changed) {
				program = changed
			}
		}
	}
	return program
}

// simpler gives ways to simplify a step.
func simpler(s Step) []func(Step) Step {
	ways := []func(Step) Step{
		func(s Step) Step { s.Properties.Flags = 0; return s },
	}
	for i := range 14 {
		ways = append(ways, func(s Step) Step { s.Properties.Flags &^= 1 << (15 - i); return s })
	}
	for i := range s.Properties.Headers {
		key := s.Properties.Headers[i].Key
		ways = append(ways, func(s Step) Step { s.Properties.Headers = without(s.Properties.Headers, key); return s })
	}
	if s.Method == nil {
		return ways
	}
	if arguments, ok := argumentsOf(s.Method); ok {
		for _, f := range *arguments {
			ways = append(ways, func(s Step) Step {
				s.Method = copied(s.Method)
				arguments, _ := argumentsOf(s.Method)
				*arguments = without(*arguments, f.Key)
				return s
			})
		}
	}
	v := reflect.ValueOf(s.Method).Elem()
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.Bool {
			ways = append(ways, func(s Step) Step {
				s.Method = copied(s.Method)
				reflect.ValueOf(s.Method).Elem().Field(i).SetBool(false)
				return s
			})
		}
	}
	return ways
}

func copied(m wire.Method) wire.Method {
	m, err := wire.DecodeMethod(m.Append(nil))
	if err != nil {
		panic("random: a step does not decode: " + err.Error())
	}
	return m
}

func argumentsOf(m wire.Method) (*wire.Table, bool) {
	field := reflect.ValueOf(m).Elem().FieldByName("Arguments")
	if !field.IsValid() {
		return nil, false
	}
	table, ok := field.Addr().Interface().(*wire.Table)
	return table, ok
}

func without(t wire.Table, key string) wire.Table {
	t = slices.Clone(t)
	t.Delete(key)
	return t
}
