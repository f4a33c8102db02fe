package release

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// behaviours lists the names of the behaviours in the order of the table.
func behaviours(t reflect.Type) (names []string) {
	for i := range t.NumField() {
		switch f := t.Field(i); {
		case f.Anonymous:
			names = append(names, behaviours(f.Type)...)
		case f.Name != "Name" && f.Name != "Version":
			names = append(names, f.Name)
		}
	}
	return names
}

// TestChangesAreInOrder reads the source: each change of a release is one assignment to one behaviour, in the order of the
// table, and changes something.
func TestChangesAreInOrder(t *testing.T) {
	order := behaviours(reflect.TypeFor[Release]())
	for i, r := range all {
		t.Run(r.Name, func(t *testing.T) {
			before := &Release{}
			if i > 0 {
				before = all[i-1]
			}
			last := -1
			changed := map[string]bool{}
			for _, name := range changes(t, r) {
				at := slices.Index(order, name)
				if at < last {
					t.Errorf("%s comes after %s, which it precedes in the table", name, order[last])
				}
				last = at
				changed[name] = true
				if reflect.DeepEqual(value(before, name), value(r, name)) {
					t.Errorf("%s is listed and does not change", name)
				}
			}
			for _, name := range order {
				if !changed[name] && !reflect.DeepEqual(value(before, name), value(r, name)) {
					t.Errorf("%s changes and is not listed", name)
				}
			}
		})
	}
}

func value(r *Release, behaviour string) any {
	return reflect.ValueOf(r).Elem().FieldByName(behaviour).Interface()
}

// changes lists the behaviours that the file of a release assigns to.
func changes(t *testing.T, r *Release) (names []string) {
	file, err := parser.ParseFile(token.NewFileSet(), "v"+strings.ReplaceAll(r.Name, ".", "_")+".go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		f, ok := n.(*ast.FuncLit)
		if !ok {
			return true
		}
		for _, s := range f.Body.List {
			a, ok := s.(*ast.AssignStmt)
			if !ok {
				t.Fatalf("%s: a release is made of assignments only, not of a %T", r.Name, s)
			}
			target := a.Lhs[0].(*ast.SelectorExpr)
			if inner, ok := target.X.(*ast.SelectorExpr); ok { // a list for a type of queue
				target = inner
			}
			names = append(names, target.Sel.Name)
		}
		return false
	})
	return names
}

func TestFind(t *testing.T) {
	for _, r := range all {
		for _, name := range []string{r.Name, r.Version, r.Name + ".99"} {
			if got, err := Find(name); got != r || err != nil {
				t.Errorf("Find(%q) = %v, %v, want %v", name, got, err, r)
			}
		}
	}
	newest := map[string]*Release{"4": all[len(all)-1]}
	for _, r := range all {
		if strings.HasPrefix(r.Name, "3.") {
			newest["3"] = r
		}
	}
	for name, want := range newest {
		if got, err := Find(name); got != want || err != nil {
			t.Errorf("Find(%q) = %v, %v, want %v", name, got, err, want)
		}
	}
	for _, name := range []string{"", "2", "5", "3.1", "3.11", "4.", "4.0.", "4.0.5.1", "4.0.x", "v4.0", " 4.0", "4.0.+1", "4.00"} {
		got, err := Find(name)
		if err == nil {
			t.Errorf("Find(%q) = %v, want an error", name, got)
		} else if !strings.Contains(err.Error(), Names()) {
			t.Errorf("Find(%q): %v, want all releases in it", name, err)
		}
	}
}

// TestNobodyElseNamesReleases looks into all Go code outside of tests and of the conformance suite, whose cases say for which
// releases they hold. The scripts have lists of their own: of what can be installed.
func TestNobodyElseNamesReleases(t *testing.T) {
	out, err := exec.Command("git", "-C", "..", "ls-files", "*.go").Output()
	if err != nil {
		t.Skip("not a checkout: ", err)
	}
	for _, path := range strings.Fields(string(out)) {
		if strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "release/") || strings.HasPrefix(path, "conformance/") {
			continue
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, filepath.Join("..", path), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			for _, r := range all {
				if namesRelease(literal.Value, r.Name) {
					t.Errorf("%s: %s names release %s", files.Position(literal.Pos()), literal.Value, r.Name)
				}
			}
			return true
		})
	}
}

// namesRelease says whether a literal holds the name of a release, or the beginning of its versions.
func namesRelease(literal, name string) bool {
	for rest := literal; ; {
		_, after, found := strings.Cut(rest, name)
		if !found {
			return false
		}
		before := rest[:len(rest)-len(after)-len(name)]
		if !endsInDigit(before) && !(after != "" && after[0] >= '0' && after[0] <= '9') {
			return true
		}
		rest = after
	}
}

func endsInDigit(s string) bool {
	return s != "" && (s[len(s)-1] >= '0' && s[len(s)-1] <= '9' || s[len(s)-1] == '.')
}
