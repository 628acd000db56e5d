package ctl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

// cut returns the objects of a stream and the error that ended it.
func cut(in io.Reader, maxBytes, maxDepth int) (list []string, err error) {
	o := newObjects(in, maxBytes, maxDepth)
	for {
		object, err := o.next()
		if err != nil {
			return list, err
		}
		list = append(list, string(object))
	}
}

// slowCut is the twin: the standard library's decoder.
func slowCut(in io.Reader) (list []string) {
	d := json.NewDecoder(in)
	for {
		var object json.RawMessage
		if d.Decode(&object) != nil || object[0] != '{' {
			return list
		}
		list = append(list, string(object))
	}
}

func TestObjectsAgainstTwin(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 500 {
		var stream strings.Builder
		n := r.IntN(5)
		for range n {
			text, err := json.Marshal(map[string]any{"a": randomValue(r, 3)})
			if err != nil {
				t.Fatal(err)
			}
			stream.Write(text)
			stream.WriteString(strings.Repeat(" \n\t\r", r.IntN(2)))
		}
		got, err := cut(iotest.OneByteReader(strings.NewReader(stream.String())), 1<<20, 100)
		want := slowCut(strings.NewReader(stream.String()))
		if !errors.Is(err, io.EOF) || fmt.Sprint(got) != fmt.Sprint(want) || len(got) != n {
			t.Fatalf("seed %d: %s\ngot  %q, %v\nwant %q", seed, stream.String(), got, err, want)
		}
	}
}

func randomValue(r *rand.Rand, depth int) any {
	switch k := r.IntN(6); {
	case k < 2 && depth > 0:
		return []any{randomValue(r, depth-1), randomValue(r, depth-1)}
	case k < 3 && depth > 0:
		return map[string]any{`k"{`: randomValue(r, depth-1)}
	case k < 4:
		return r.IntN(100)
	default:
		letters := []rune(`{}[]"\/:,aü ` + "\n\x00")
		text := make([]rune, r.IntN(6))
		for i := range text {
			text[i] = letters[r.IntN(len(letters))]
		}
		return string(text)
	}
}

func TestObjectsRefuse(t *testing.T) {
	for _, test := range []struct{ stream, want string }{
		{"", "EOF"},
		{" \n", "EOF"},
		{"{", "read message: unexpected EOF"},
		{`{"a":"}`, "read message: unexpected EOF"},
		{"7", `read message: '7' where an object should begin`},
		{"{}x", `read message: 'x' where an object should begin`},
		{`{"a":[[{}]]}`, "EOF"},
		{`{"a":[[[{}]]]}`, "read message: nested deeper than 4"},
		{`{"a":"` + strings.Repeat("x", 22) + `"}`, "EOF"},
		{`{"a":"` + strings.Repeat("x", 23) + `"}`, "read message: longer than 30 bytes"},
		{strings.Repeat("[", 1<<16), `read message: '[' where an object should begin`},
	} {
		if _, err := cut(strings.NewReader(test.stream), 30, 4); err == nil || err.Error() != test.want {
			t.Errorf("%.40s: got %v, want %s", test.stream, err, test.want)
		}
	}
}

// FuzzRequests feeds a connection's whole way in: cutting, parsing, arguments.
// The cutter must find what the twin finds, and an answer must be readable.
func FuzzRequests(f *testing.F) {
	f.Add([]byte(`{"id":0,"method":"version","params":[]}{"method":"vlog/set","params":["a:file:dbg"],"id":"x"}`))
	f.Add([]byte(` {"id":[1],"method":"\ud800","params":["\u0000",null]} `))
	f.Add([]byte(`{"id":null}{{}}{"a":"\"}"}[}`))
	f.Add([]byte("{\"id\":1e9,\"method\":\"\xff\",\"params\":[{}]}"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		got, _ := cut(bytes.NewReader(stream), 1<<20, 10_000)
		for i, want := range slowCut(bytes.NewReader(stream)) {
			if i >= len(got) || got[i] != want {
				t.Fatalf("object %d: got %q, want %q", i, got, want)
			}
		}
		for _, object := range got {
			r, err := parseRequest([]byte(object))
			if err != nil {
				continue
			}
			args, err := r.args()
			reply := encode(answerTo(r.ID, strings.Join(args, " "), err))
			var a answer
			if json.Unmarshal(reply, &a) != nil || (a.Result == nil) == (a.Error == nil) {
				t.Fatalf("request %s was answered with %s", object, reply)
			}
			if left, err := cut(bytes.NewReader(reply), 1<<24, 10_000); len(left) != 1 || !errors.Is(err, io.EOF) {
				t.Fatalf("answer %s is not one object", reply)
			}
		}
	})
}
