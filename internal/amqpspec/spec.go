// Package amqpspec reads the AMQP 0-9-1 specification, extended by RabbitMQ, from the XML file inside the module
// github.com/rabbitmq/amqp091-go. Tests hold our own table and codec against it.
package amqpspec

import (
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	module = "github.com/rabbitmq/amqp091-go"
	file   = "spec/amqp0-9-1.stripped.extended.xml"
)

// A Spec is the root of the specification.
type Spec struct {
	Constants []Constant `xml:"constant"`
	Domains   []Domain   `xml:"domain"`
	Classes   []Class    `xml:"class"`
}

// A Constant is a reply code if it has a class or is called reply-success, else a number of the frame format.
type Constant struct {
	Name  string `xml:"name,attr"`
	Value int    `xml:"value,attr"`
	Class string `xml:"class,attr"` // soft-error or hard-error
}

// A Domain names a type.
type Domain struct {
	Name string `xml:"name,attr"`
	Type string `xml:"type,attr"`
}

// A Class is a class; its fields are the properties of its content.
type Class struct {
	Name    string   `xml:"name,attr"`
	Index   int      `xml:"index,attr"`
	Fields  []Field  `xml:"field"`
	Methods []Method `xml:"method"`
}

// A Method is a method with its fields in order.
type Method struct {
	Name        string     `xml:"name,attr"`
	Index       int        `xml:"index,attr"`
	Synchronous bool       `xml:"synchronous,attr"` // also set for most answers
	Content     bool       `xml:"content,attr"`
	Chassis     []Chassis  `xml:"chassis"`
	Responses   []Response `xml:"response"`
	Fields      []Field    `xml:"field"`
}

// A Chassis is a side, client or server, that must be able to receive the method.
type Chassis struct {
	Name string `xml:"name,attr"`
}

// A Response is a method that answers another.
type Response struct {
	Name string `xml:"name,attr"`
}

// A Field is an argument or a property. It has a domain or a type.
type Field struct {
	Name     string `xml:"name,attr"`
	Domain   string `xml:"domain,attr"`
	Type     string `xml:"type,attr"`
	Reserved bool   `xml:"reserved,attr"`
}

// Load reads the specification from the module, which it downloads if the module cache lacks it.
func Load() (*Spec, error) {
	dir, err := moduleDir()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file)))
	if err != nil {
		return nil, err
	}
	spec := &Spec{}
	if err := xml.Unmarshal(text, spec); err != nil {
		return nil, fmt.Errorf("%s of module %s: %w", file, module, err)
	}
	return spec, nil
}

func moduleDir() (string, error) {
	dir, err := goCommand("list", "-m", "-f", "{{.Dir}}", module)
	if err == nil && dir == "" { // known from go.mod, not downloaded
		if _, err := goCommand("mod", "download", module); err != nil {
			return "", err
		}
		dir, err = goCommand("list", "-m", "-f", "{{.Dir}}", module)
	}
	return dir, err
}

func goCommand(args ...string) (string, error) {
	var stderr strings.Builder
	cmd := exec.Command("go", args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w: %s", strings.Join(args, " "), err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// FieldType returns the elementary type of a field: bit, octet, short, long, longlong, shortstr, longstr, timestamp or
// table.
func (s *Spec) FieldType(f Field) string {
	if f.Domain == "" {
		return f.Type
	}
	for _, d := range s.Domains {
		if d.Name == f.Domain {
			return d.Type
		}
	}
	return ""
}
