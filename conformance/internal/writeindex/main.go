// Command writeindex writes the index of the conformance cases to the file that it is given.
package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/minirabbit/minirabbit/conformance"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: writeindex FILE")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "writeindex:", err)
		os.Exit(1)
	}
}

func write(path string) error {
	var index bytes.Buffer
	if err := conformance.WriteIndex(&index); err != nil {
		return err
	}
	return os.WriteFile(path, index.Bytes(), 0o644)
}
