package main

import (
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/minirabbit/minirabbit/internal/amqpspec"
)

const tableFile = "../../wire/methods.txt"

// Where the table and the specification's XML differ, and why. What RabbitMQ does was read off its own framing module,
// rabbit_framing_amqp_0_9_1 of release 3.10.
var (
	// access.request is deprecated and gone from the XML. RabbitMQ still answers it.
	notInSpec = []string{"access.request", "access.request-ok"}

	// The XML names these senders otherwise. Only a broker blocks, so blocked and unblocked never come from a client
	// although both sides "implement" them; and it has the two methods of update-secret the wrong way round.
	senders = map[string]sender{
		"connection.blocked":          {server: true},
		"connection.unblocked":        {server: true},
		"connection.update-secret":    {client: true},
		"connection.update-secret-ok": {server: true},
	}

	// The XML lists no answer to basic.recover, which RabbitMQ gives.
	replies = map[string][]string{
		"basic.recover": {"recover-ok"},
	}

	// The XML writes nowait here and no-wait in all other methods.
	fieldNames = map[string]string{
		"confirm.select nowait": "no-wait",
	}
)

type sender struct{ client, server bool }

func TestTableAgreesWithSpecification(t *testing.T) {
	spec, err := amqpspec.Load()
	if err != nil {
		t.Fatal(err)
	}
	want := fromSpec(t, spec)
	got := withoutExtensions(readTable(t))
	byID := cmp.Transformer("byID", func(classes []Class) map[int]Class {
		out := map[int]Class{}
		for _, class := range classes {
			out[class.ID] = class
		}
		return out
	})
	byMethodID := cmp.Transformer("byMethodID", func(methods []Method) map[int]Method {
		out := map[int]Method{}
		for _, m := range methods {
			out[m.ID] = m
		}
		return out
	})
	if diff := cmp.Diff(want, got, byID, byMethodID); diff != "" {
		t.Errorf("methods.txt differs from the specification (-specification +table):\n%s", diff)
	}
}

func TestTableCountsAllMethods(t *testing.T) {
	n := 0
	readTable(t).each(func(Class, Method) { n++ })
	if want := 64 + len(notInSpec); n != want {
		t.Errorf("the table has %d methods, expected %d", n, want)
	}
}

func readTable(t *testing.T) *Table {
	t.Helper()
	text, err := os.ReadFile(tableFile)
	if err != nil {
		t.Fatal(err)
	}
	table, err := Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// withoutExtensions returns the table without the methods that the specification lacks, and with the elementary types
// in place of our two own.
func withoutExtensions(table *Table) *Table {
	out := &Table{Codes: table.Codes}
	for _, class := range table.Classes {
		methods := class.Methods
		class.Methods = nil
		for _, m := range methods {
			if slices.Contains(notInSpec, class.Name+"."+m.Name) {
				continue
			}
			m.Fields = elementary(m.Fields)
			class.Methods = append(class.Methods, m)
		}
		if len(class.Methods) > 0 {
			out.Classes = append(out.Classes, class)
		}
	}
	return out
}

func elementary(fields []Field) []Field {
	var out []Field
	for _, f := range fields {
		switch f.Type {
		case "code":
			out = append(out, Field{Name: f.Name, Type: "short"})
		case "method":
			out = append(out, Field{Name: "class-id", Type: "short"}, Field{Name: "method-id", Type: "short"})
		default:
			out = append(out, f)
		}
	}
	return out
}

// fromSpec returns the table that the specification would make, with the differences stated above.
func fromSpec(t *testing.T, spec *amqpspec.Spec) *Table {
	table := &Table{}
	for _, constant := range spec.Constants {
		code := Code{Name: constant.Name, Number: constant.Value}
		switch {
		case constant.Class == "soft-error":
			code.Scope = "channel"
		case constant.Class == "hard-error":
			code.Scope = "connection"
		case constant.Name == "reply-success":
			code.Scope = "nothing"
		default: // of the frame format
			continue
		}
		table.Codes = append(table.Codes, code)
	}
	for _, c := range spec.Classes {
		class := Class{Name: c.Name, ID: c.Index}
		for _, m := range c.Methods {
			class.Methods = append(class.Methods, methodFromSpec(t, spec, c.Name, m))
		}
		table.Classes = append(table.Classes, class)
	}
	return table
}

func methodFromSpec(t *testing.T, spec *amqpspec.Spec, class string, m amqpspec.Method) Method {
	name := class + "." + m.Name
	out := Method{Name: m.Name, ID: m.Index, Content: m.Content}
	for _, chassis := range m.Chassis { // the side that receives
		out.FromClient = out.FromClient || chassis.Name == "server"
		out.FromServer = out.FromServer || chassis.Name == "client"
	}
	if s, ok := senders[name]; ok {
		out.FromClient, out.FromServer = s.client, s.server
	}
	for _, response := range m.Responses {
		out.Replies = append(out.Replies, response.Name)
	}
	if r, ok := replies[name]; ok {
		out.Replies = r
	}
	if len(out.Replies) > 0 && !m.Synchronous {
		t.Errorf("%s has answers in the specification and is not synchronous", name)
	}
	for _, f := range m.Fields {
		field := Field{Name: f.Name, Type: spec.FieldType(f)}
		if f.Reserved {
			field.Name = Reserved
		}
		if other, ok := fieldNames[name+" "+f.Name]; ok {
			field.Name = other
		}
		out.Fields = append(out.Fields, field)
	}
	return out
}
