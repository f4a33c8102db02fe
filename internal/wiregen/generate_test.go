package main

import (
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The generated files in package wire are those that the table makes now.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	files := Generate(readTable(t))
	for name, source := range files {
		want, err := format.Source(source)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := os.ReadFile(filepath.Join("../../wire", name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("wire/%s is stale, run go generate ./wire (-generated +file):\n%s", name, diff)
		}
	}
	present, err := filepath.Glob("../../wire/*_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range present {
		if files[filepath.Base(path)] == nil {
			t.Errorf("wire/%s is not generated any more", filepath.Base(path))
		}
	}
}

func TestGenerateIsDeterministic(t *testing.T) {
	table := readTable(t)
	if diff := cmp.Diff(Generate(table), Generate(table)); diff != "" {
		t.Errorf("the same table gives different files:\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, table, want string }{
		{"code without scope", "code not-found 404", "line 1: a code has 2 words, expected name, number and scope"},
		{"unknown scope", "code x 404 queue", `line 1: code x closes "queue", expected connection, channel or nothing`},
		{"large number", "code x 65536 channel", `line 1: id "65536", expected a number below 65536`},
		{"class without id", "class basic", "line 1: a class has 1 words, expected name and id"},
		{"method first", "ack 80 both", "line 1: a method precedes the first class"},
		{"method without sender", "class basic 60\nack 80", "line 2: method ack has 2 words, expected name, id and sender"},
		{"unknown sender", "class basic 60\nack 80 peer", `line 2: method ack is sent by "peer", expected client, server or both`},
		{"stray word", "class basic 60\nack 80 both sync", `line 2: method ack has "sync", expected -> and replies`},
		{"no replies", "class basic 60\nack 80 both ->", `line 2: method ack has "->", expected -> and replies`},
		{"field without type", "class basic 60\nack 80 both : tag", `line 2: method ack: field "tag", expected name and type`},
		{"unknown type", "class basic 60\nack 80 both : tag int", "line 2: method ack: field tag has type \"int\", " +
			"expected one of bit octet short long longlong shortstr longstr table code method"},
		{"class twice", "class a 1\nclass a 2", "class a 2: name or id occurs twice"},
		{"method twice", "class a 1\nx 1 both\ny 1 both", "method a.y 1: name or id occurs twice"},
		{"code twice", "code a 1 channel\ncode b 1 channel", "code b 1: name or number occurs twice"},
		{"missing reply", "class a 1\nx 1 both -> x-ok", "method a.x has reply x-ok, which the class lacks"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(test.table)
			if err == nil || err.Error() != test.want {
				t.Errorf("got error %v, expected %s", err, test.want)
			}
		})
	}
}

func TestRunReportsProblems(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "methods.txt")
	if err := os.WriteFile(path, []byte("class a\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(path, dir); err == nil || !strings.Contains(err.Error(), "methods.txt: line 1") {
		t.Errorf("got error %v, expected one that names the file and line", err)
	}
	if err := run(filepath.Join(dir, "none"), dir); err == nil {
		t.Error("a missing table is no error")
	}
}
