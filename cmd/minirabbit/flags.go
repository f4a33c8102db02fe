package main

import (
	"errors"
	"flag"
	"io"
)

// parse reads a command's flags. It returns done if the user asked for help,
// which is then on stdout, and a usage error of one line for anything wrong.
func parse(flags *flag.FlagSet, args []string, stdout io.Writer) (done bool, err error) {
	flags.SetOutput(io.Discard)
	err = flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		return true, nil
	case err != nil:
		return false, usageErrorf("%s: %v", flags.Name(), err)
	case flags.NArg() > 0:
		return false, usageErrorf("%s: unexpected argument %q", flags.Name(), flags.Arg(0))
	}
	return false, nil
}
