package ctl

import (
	"encoding/json"
	"errors"
	"testing"
)

func TestParseRequest(t *testing.T) {
	for _, test := range []struct{ object, want string }{
		{`{"id":0,"method":"m","params":[]}`, ""},
		{` { "params" : [ "a" ], "method" : "m", "id" : {"x":1}, "error":null, "result":null } `, ""},
		{`{"method":"m","params":[]}`, "parse message: request without id"},
		{`{"id":null,"method":"m","params":[]}`, "parse message: request without id"},
		{`{"id":0,"params":[]}`, "parse message: method must be a string"},
		{`{"id":0,"method":7,"params":[]}`, "parse message: method must be a string"},
		{`{"id":0,"METHOD":"m","params":[]}`, `parse message: unexpected member "METHOD" of a request`},
		{`{"id":0,"method":"m"}`, "parse message: params must be an array"},
		{`{"id":0,"method":"m","params":{}}`, "parse message: params must be an array"},
		{`{"id":0,"result":"","error":null}`, `parse message: unexpected member "result" of a request`},
		{`{"id":0,}`, "parse message: invalid character '}' looking for beginning of object key string"},
	} {
		_, err := parseRequest([]byte(test.object))
		text := ""
		if err != nil {
			text = err.Error()
		}
		if text != test.want {
			t.Errorf("%s\ngot  %s\nwant %s", test.object, text, test.want)
		}
	}
}

func TestArguments(t *testing.T) {
	for params, want := range map[string]string{
		`["a","ü\n"]`: "",
		`[1]`:         `"m" command has non-string argument`,
		`["a",null]`:  `"m" command has non-string argument`,
		`[["a"]]`:     `"m" command has non-string argument`,
		`["\u0000"]`:  `"m" command has an argument with a null byte`,
	} {
		r, err := parseRequest([]byte(`{"id":0,"method":"m","params":` + params + `}`))
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		if _, err := r.args(); err != nil {
			text = err.Error()
		}
		if text != want {
			t.Errorf("%s: got %q, want %q", params, text, want)
		}
	}
}

func TestAnswers(t *testing.T) {
	for _, test := range []struct {
		output string
		err    error
		want   string
	}{
		{"", nil, `{"id":7,"result":"","error":null}`},
		{"a<b>&", nil, `{"id":7,"result":"a<b>&\n","error":null}`},
		{"a\n", nil, `{"id":7,"result":"a\n","error":null}`},
		{"x", errors.New("no"), `{"id":7,"result":null,"error":"no\n"}`},
		{"\x00\xff", nil, `{"id":7,"result":"` + "\ufffd" + `\ufffd\n","error":null}`},
	} {
		if got := string(encode(answerTo(json.RawMessage("7"), test.output, test.err))); got != test.want+"\n" {
			t.Errorf("got  %swant %s", got, test.want)
		}
	}
}
