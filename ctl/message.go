package ctl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// request is a call of a command. Its id comes back in the answer as it was.
type request struct {
	ID     json.RawMessage
	Method string
	Params []json.RawMessage
}

// answer is what comes back: one of Result and Error is nil.
type answer struct {
	ID     json.RawMessage `json:"id"`
	Result *string         `json:"result"`
	Error  *string         `json:"error"`
}

// parseRequest reads a request as strictly as Open vSwitch does: method, params
// and an id that is not null, nothing else that is not null.
func parseRequest(object []byte) (request, error) {
	fields, err := parseFields(object)
	if err != nil {
		return request{}, err
	}
	r := request{ID: fields["id"]}
	if r.ID == nil {
		return request{}, fmt.Errorf("parse message: request without id")
	}
	for name := range fields {
		if name != "id" && name != "method" && name != "params" {
			return request{}, fmt.Errorf("parse message: unexpected member %q of a request", name)
		}
	}
	if err := json.Unmarshal(fields["method"], &r.Method); err != nil {
		return request{}, fmt.Errorf("parse message: method must be a string")
	}
	if err := json.Unmarshal(fields["params"], &r.Params); err != nil {
		return request{}, fmt.Errorf("parse message: params must be an array")
	}
	return r, nil
}

// parseFields is the members of an object that are not null. Names are exact;
// a struct would take "METHOD" for "method".
func parseFields(object []byte) (map[string]json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(object, &fields); err != nil {
		return nil, fmt.Errorf("parse message: %w", err)
	}
	for name, value := range fields {
		if bytes.Equal(value, []byte("null")) {
			delete(fields, name)
		}
	}
	return fields, nil
}

// args is the parameters as text, which is all that commands take.
func (r request) args() ([]string, error) {
	args := make([]string, len(r.Params))
	for i, param := range r.Params {
		if len(param) == 0 || param[0] != '"' || json.Unmarshal(param, &args[i]) != nil {
			return nil, fmt.Errorf("%q command has non-string argument", r.Method)
		}
		if strings.ContainsRune(args[i], 0) {
			return nil, fmt.Errorf("%q command has an argument with a null byte", r.Method)
		}
	}
	return args, nil
}

// answerTo makes the answer of a command that returned output or an error.
func answerTo(id json.RawMessage, output string, err error) answer {
	body := output
	if err != nil {
		body = err.Error()
	}
	if body != "" && !strings.HasSuffix(body, "\n") {
		body += "\n"
	}
	// Open vSwitch's parser takes no null byte in a string.
	body = strings.ReplaceAll(body, "\x00", "\uFFFD")
	if err != nil {
		return answer{ID: id, Error: &body}
	}
	return answer{ID: id, Result: &body}
}

// encode writes a message without the escapes that only HTML needs.
func encode(message any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(message); err != nil {
		panic(fmt.Sprintf("ctl: encode %T: %v", message, err)) // strings and JSON that was parsed before
	}
	return b.Bytes()
}
