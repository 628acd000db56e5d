package story

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var exampleVerbs = map[string]Verb{
	"say":   func(c *Call) (string, error) { return strings.Join(c.Args, "\n"), nil },
	"cat":   func(c *Call) (string, error) { return c.Stdin, nil },
	"count": func(c *Call) (string, error) { return fmt.Sprintf("%d lines", strings.Count(c.Stdin, "\n")), nil },
	"fail":  func(c *Call) (string, error) { return "", fmt.Errorf("parse match: no field %q", c.Args[0]) },
}

func TestExample(t *testing.T) { Run(t, "testdata/*.txtar", exampleVerbs) }

// What is wrong must be seen, and what -update writes must be right the next time.
func TestUpdateConverges(t *testing.T) {
	ar := txtar.Parse([]byte("# prose\n$ say a '' b\n  old\n\n  older\n\n# more\n$ say 'x y'\n$ cat <f\n\n-- f --\n-- g\n  deep\n"))
	script, wrong, err := play(ar, exampleVerbs)
	if err != nil || len(wrong) != 3 {
		t.Fatalf("play: %d wrong outputs, want 3; err %v\n%s", len(wrong), err, strings.Join(wrong, "\n"))
	}
	if want := "$ say a '' b\n-- expected --\nold\n\nolder\n-- printed --\na\n\nb"; !strings.Contains(wrong[0], want) {
		t.Errorf("the first difference reads\n%s\nwant\n%s", wrong[0], want)
	}
	want := "# prose\n$ say a '' b\n  a\n\n  b\n\n# more\n$ say 'x y'\n  x y\n$ cat <f\n  -- g\n    deep\n\n"
	if script != want {
		t.Fatalf("the new script is\n%s\nwant\n%s", script, want)
	}
	ar.Comment = []byte(script)
	again, wrong, err := play(txtar.Parse(txtar.Format(ar)), exampleVerbs)
	if err != nil || len(wrong) != 0 || again != script {
		t.Fatalf("a rewritten story must hold: err %v, wrong %q, script\n%s", err, wrong, again)
	}
}

func TestWrongStories(t *testing.T) {
	for story, want := range map[string]string{
		"":                        "no command",
		"# only prose\n":          "no command",
		"stray\n":                 "is no command",
		"$ nothing\n":             "no verb \"nothing\"; there are cat, count, fail, say",
		"$ cat <gone\n":           "no file \"gone\"",
		"$ say 'open\n":           "quote is left open",
		"$ say a\n  a\nstray b\n": "line 3",
	} {
		if _, _, err := play(txtar.Parse([]byte(story)), exampleVerbs); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("play %q: %v, want an error with %q", story, err, want)
		}
	}
}

// Text before an error is printed before it.
func TestOutputAndError(t *testing.T) {
	verbs := map[string]Verb{"half": func(*Call) (string, error) { return "one\n", errors.New("no two") }}
	script, _, err := play(txtar.Parse([]byte("$ half\n")), verbs)
	if err != nil || script != "$ half\n  one\n  error: no two\n\n" {
		t.Fatalf("play: %v, script %q", err, script)
	}
}
