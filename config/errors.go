package config

import (
	"errors"
	"fmt"
)

// Error is one setting that cannot be used. Its text names the place, the key,
// what is wrong with the value and what is allowed.
type Error struct {
	File         string // as given to Load, or empty
	Line, Column int    // in File, from 1; 0 when the value is not from a file
	Flag         string // "--batch" or "argument \"eth0\"", when it came from the command line
	Key          string // "datapath.batch"; empty for errors of syntax
	Problem      string
}

func (e *Error) Error() string {
	where := e.Flag
	switch {
	case where != "":
	case e.Line > 0:
		where = fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Column)
	case e.File != "":
		where = e.File
	default:
		where = "configuration"
	}
	if e.Key == "" {
		return where + ": " + e.Problem
	}
	return where + ": " + e.Key + ": " + e.Problem
}

// maxReported keeps a file of another program from printing a page of errors.
const maxReported = 10

// join makes one error of many, in the order of the file, one a line.
func join(problems []*Error) error {
	var list []error
	for i, p := range problems {
		if i == maxReported {
			list = append(list, fmt.Errorf("and %d more", len(problems)-i))
			break
		}
		list = append(list, p)
	}
	return errors.Join(list...)
}
