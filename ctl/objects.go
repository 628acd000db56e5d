package ctl

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// objects cuts a stream into JSON objects. It looks at braces, brackets and
// strings only, so that size and nesting are refused while they arrive and
// before anything is built from them; whether an object is valid JSON is found
// out by whoever parses it. encoding/json's Decoder would do the cutting, but
// has no bound on size and one of 10,000 on nesting.
type objects struct {
	in       *bufio.Reader
	maxBytes int
	maxDepth int
	buffer   []byte
}

func newObjects(in io.Reader, maxBytes, maxDepth int) *objects {
	return &objects{in: bufio.NewReader(in), maxBytes: maxBytes, maxDepth: maxDepth}
}

// next returns the next object, which is valid until the call after. io.EOF
// means that the stream ended where it may.
func (o *objects) next() ([]byte, error) {
	first, err := o.skipBlank()
	if err != nil {
		return nil, err
	}
	if first != '{' {
		return nil, fmt.Errorf("read message: %q where an object should begin", first)
	}
	o.buffer = append(o.buffer[:0], first)
	depth, inString, escaped := 1, false, false
	for depth > 0 {
		c, err := o.in.ReadByte()
		if err != nil {
			return nil, fmt.Errorf("read message: %w", noEOF(err))
		}
		if len(o.buffer) == o.maxBytes {
			return nil, fmt.Errorf("read message: longer than %d bytes", o.maxBytes)
		}
		o.buffer = append(o.buffer, c)
		switch {
		case escaped:
			escaped = false
		case inString:
			escaped = c == '\\'
			inString = c != '"'
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			if depth++; depth > o.maxDepth {
				return nil, fmt.Errorf("read message: nested deeper than %d", o.maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return o.buffer, nil
}

// skipBlank returns the first byte that is not white space.
func (o *objects) skipBlank() (byte, error) {
	for {
		c, err := o.in.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return 0, io.EOF
		case err != nil:
			return 0, fmt.Errorf("read message: %w", err)
		case c != ' ' && c != '\t' && c != '\n' && c != '\r':
			return c, nil
		}
	}
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
