package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Table is the parsed table of the protocol.
type Table struct {
	Codes   []Code
	Classes []Class
}

// A Code is a reply code.
type Code struct {
	Name   string // not-found
	Number int
	Scope  string // connection, channel or nothing: what it closes
}

// A Class is a class with its methods in the table's order.
type Class struct {
	Name    string
	ID      int
	Methods []Method
}

// A Method is one method.
type Method struct {
	Name                   string // declare-ok
	ID                     int
	FromClient, FromServer bool
	Replies                []string // names within the class; a method that has any is synchronous
	Content                bool
	Fields                 []Field
}

// A Field is an argument of a method.
type Field struct {
	Name string // routing-key; reserved if it is not looked at
	Type string
}

// Reserved is the name of fields that are skipped on read and written as zero.
const Reserved = "reserved"

var fieldTypes = []string{"bit", "octet", "short", "long", "longlong", "shortstr", "longstr", "table", "code", "method"}

// Parse reads the table. Its format is described at the top of the file itself.
func Parse(text string) (*Table, error) {
	table := &Table{}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		var err error
		switch words[0] {
		case "code":
			err = table.addCode(words[1:])
		case "class":
			err = table.addClass(words[1:])
		default:
			err = table.addMethod(line)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return table, table.check()
}

func (t *Table) addCode(words []string) error {
	if len(words) != 3 {
		return fmt.Errorf("a code has %d words, expected name, number and scope", len(words))
	}
	number, err := parseID(words[1])
	if err != nil {
		return err
	}
	if !slices.Contains([]string{"connection", "channel", "nothing"}, words[2]) {
		return fmt.Errorf("code %s closes %q, expected connection, channel or nothing", words[0], words[2])
	}
	t.Codes = append(t.Codes, Code{Name: words[0], Number: number, Scope: words[2]})
	return nil
}

func (t *Table) addClass(words []string) error {
	if len(words) != 2 {
		return fmt.Errorf("a class has %d words, expected name and id", len(words))
	}
	id, err := parseID(words[1])
	if err != nil {
		return err
	}
	t.Classes = append(t.Classes, Class{Name: words[0], ID: id})
	return nil
}

func (t *Table) addMethod(line string) error {
	if len(t.Classes) == 0 {
		return fmt.Errorf("a method precedes the first class")
	}
	head, fields, _ := strings.Cut(line, ":")
	words := strings.Fields(head)
	if len(words) < 3 {
		return fmt.Errorf("method %s has %d words, expected name, id and sender", words[0], len(words))
	}
	m := Method{Name: words[0]}
	var err error
	if m.ID, err = parseID(words[1]); err != nil {
		return err
	}
	switch words[2] {
	case "client":
		m.FromClient = true
	case "server":
		m.FromServer = true
	case "both":
		m.FromClient, m.FromServer = true, true
	default:
		return fmt.Errorf("method %s is sent by %q, expected client, server or both", m.Name, words[2])
	}
	rest := words[3:]
	if len(rest) > 0 && rest[len(rest)-1] == "content" {
		m.Content = true
		rest = rest[:len(rest)-1]
	}
	if len(rest) > 0 {
		if rest[0] != "->" || len(rest) == 1 {
			return fmt.Errorf("method %s has %q, expected -> and replies", m.Name, strings.Join(rest, " "))
		}
		m.Replies = rest[1:]
	}
	if m.Fields, err = parseFields(fields); err != nil {
		return fmt.Errorf("method %s: %w", m.Name, err)
	}
	class := &t.Classes[len(t.Classes)-1]
	class.Methods = append(class.Methods, m)
	return nil
}

func parseFields(text string) ([]Field, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var fields []Field
	for part := range strings.SplitSeq(text, ",") {
		words := strings.Fields(part)
		if len(words) != 2 {
			return nil, fmt.Errorf("field %q, expected name and type", strings.TrimSpace(part))
		}
		if !slices.Contains(fieldTypes, words[1]) {
			return nil, fmt.Errorf("field %s has type %q, expected one of %s",
				words[0], words[1], strings.Join(fieldTypes, " "))
		}
		fields = append(fields, Field{Name: words[0], Type: words[1]})
	}
	return fields, nil
}

func parseID(word string) (int, error) {
	id, err := strconv.ParseUint(word, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("id %q, expected a number below 65536", word)
	}
	return int(id), nil
}

// check finds what no single line shows: ids and names used twice, and replies that do not exist.
func (t *Table) check() error {
	classes := map[string]bool{}
	for _, class := range t.Classes {
		if classes[class.Name] || classes[strconv.Itoa(class.ID)] {
			return fmt.Errorf("class %s %d: name or id occurs twice", class.Name, class.ID)
		}
		classes[class.Name], classes[strconv.Itoa(class.ID)] = true, true
		methods := map[string]bool{}
		for _, m := range class.Methods {
			if methods[m.Name] || methods[strconv.Itoa(m.ID)] {
				return fmt.Errorf("method %s.%s %d: name or id occurs twice", class.Name, m.Name, m.ID)
			}
			methods[m.Name], methods[strconv.Itoa(m.ID)] = true, true
		}
		for _, m := range class.Methods {
			for _, reply := range m.Replies {
				if !methods[reply] {
					return fmt.Errorf("method %s.%s has reply %s, which the class lacks", class.Name, m.Name, reply)
				}
			}
		}
	}
	codes := map[string]bool{}
	for _, code := range t.Codes {
		if codes[code.Name] || codes[strconv.Itoa(code.Number)] {
			return fmt.Errorf("code %s %d: name or number occurs twice", code.Name, code.Number)
		}
		codes[code.Name], codes[strconv.Itoa(code.Number)] = true, true
	}
	return nil
}
