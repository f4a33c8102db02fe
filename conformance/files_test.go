package conformance

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// caseFile is a file that declares cases.
type caseFile struct {
	name   string          // as "deadletter_cycle" for cases_deadletter_cycle.go
	areas  map[string]bool // of the cases in it
	syntax *ast.File
}

// stem is the area or family of areas that the file is about: the files of one area's parts share it.
func (f caseFile) stem() string {
	if len(f.areas) == 1 {
		for area := range f.areas {
			return fileName(area)
		}
	}
	return f.name
}

// fileName is the part of a file's name that stands for an area.
func fileName(area string) string { return strings.NewReplacer(".", "_", "-", "_").Replace(area) }

// startsWith tells whether a file's name consists of another one and, maybe, more words.
func startsWith(name, first string) bool { return strings.HasPrefix(name+"_", first+"_") }

// parseCaseFiles reads the files of cases, and all files of the package without its tests.
func parseCaseFiles(t *testing.T, fset *token.FileSet) (files []caseFile, all []*ast.File) {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		syntax, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, syntax)
		name = strings.TrimSuffix(name, ".go")
		if name, is := strings.CutPrefix(name, "cases_"); is {
			files = append(files, caseFile{name, areasIn(syntax), syntax})
		}
	}
	return files, all
}

// areasIn gives the areas of the IDs that are written in a file. An ID may be put together, but begins with its area.
func areasIn(syntax *ast.File) map[string]bool {
	areas := make(map[string]bool)
	ast.Inspect(syntax, func(n ast.Node) bool {
		field, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		if key, ok := field.Key.(*ast.Ident); ok && key.Name == "ID" {
			value := field.Value
			if sum, ok := value.(*ast.BinaryExpr); ok {
				value = sum.X
			}
			if text, ok := value.(*ast.BasicLit); ok {
				areas[areaOf(strings.Trim(text.Value, `"`))] = true
			}
		}
		return true
	})
	return areas
}

// TestAFileHoldsOneArea checks that a case is found by its ID: cases_basic_ack.go holds the cases of area "basic.ack". A
// file named after the beginning of some areas holds those that have no file of their own, as cases_channel.go does for
// "channel.open" and "channel.close". An area may be in several files, which are named after it and the part that they hold,
// as cases_http_access.go; these hold no other area.
func TestAFileHoldsOneArea(t *testing.T) {
	files, _ := parseCaseFiles(t, token.NewFileSet())
	filesOf := make(map[string][]caseFile)
	for _, f := range files {
		if len(f.areas) == 0 {
			t.Errorf("cases_%s.go holds no cases", f.name)
		}
		for area := range f.areas {
			filesOf[area] = append(filesOf[area], f)
			part := len(f.areas) == 1 && startsWith(f.name, fileName(area))
			if !part && !startsWith(fileName(area), f.name) {
				t.Errorf("cases_%s.go holds cases of area %s, and is not named after it", f.name, area)
			}
		}
	}
	for area, in := range filesOf {
		for _, f := range in {
			if len(in) > 1 && len(f.areas) > 1 {
				t.Errorf("area %s is in cases_%s.go, among others, and in another file", area, f.name)
			}
		}
	}
	for _, c := range Cases() {
		if filesOf[areaOf(c.ID)] == nil {
			t.Errorf("no file holds area %s", areaOf(c.ID))
		}
	}
}

// TestHelpersOfSeveralAreasAreShared checks that a file of cases uses nothing that the cases of another area declare: what
// several areas need is in a file that is no cases_*.go.
func TestHelpersOfSeveralAreasAreShared(t *testing.T) {
	fset := token.NewFileSet()
	files, all := parseCaseFiles(t, fset)
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object), Selections: make(map[*ast.SelectorExpr]*types.Selection)}
	// The imported packages are left unresolved: what this package declares is known without them.
	config := types.Config{Error: func(error) {}, Importer: nothing{}}
	_, _ = config.Check("conformance", fset, all, info)
	stemOf := make(map[string]string)
	for _, f := range files {
		stemOf["cases_"+f.name+".go"] = f.stem()
	}
	var faults []string
	for use, object := range info.Uses {
		in := stemOf[fset.Position(use.Pos()).Filename]
		from := stemOf[fset.Position(object.Pos()).Filename]
		if in != "" && from != "" && in != from {
			faults = append(faults, fmt.Sprintf("%s is declared by the cases of %s, and used by those of %s", object.Name(), from, in))
		}
	}
	slices.Sort(faults)
	for _, fault := range slices.Compact(faults) {
		t.Error(fault)
	}
}

// nothing imports no package.
type nothing struct{}

func (nothing) Import(path string) (*types.Package, error) {
	return nil, fmt.Errorf("%s is not looked at", path)
}
