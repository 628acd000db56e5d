// Package story runs tests that are written as text: commands and what they print, in a file that a network engineer can review without
// reading Go.
//
// A story is a txtar archive. What stands before its first "-- name --" line is the script, what follows are the files that the script
// uses:
//
//	# Prose, for the reader.
//	$ verb word 'two words' <rules.txt
//	  what the verb printed, indented by two spaces
//
//	$ verb again
//	  error: parse rule: no such field "nw_sorce"
//
//	-- rules.txt --
//	in_port=1,actions=output:2
//
// The indentation is what tells output from commands and prose, so output may hold anything: a "$", a "#", or a txtar marker. A verb is a Go
// function that a package's test registers by name. An error that it returns is part of the story, printed after "error: ".
//
//	func TestStories(t *testing.T) {
//		story.Run(t, "testdata/*.txtar", map[string]story.Verb{"parse": parse})
//	}
//
// "go test -update" rewrites the expected lines with what was printed; prose, commands and files stay as they are. Read the diff.
package story

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite what the stories expect with what they print now")

// A Call is one command of a story.
type Call struct {
	Args  []string          // the words after the verb, without the redirection
	Stdin string            // what "<name" named, or empty
	Files map[string]string // every file of the archive, by name
}

// A Verb carries a command out and returns what it prints. Trailing white space does not count.
type Verb func(c *Call) (string, error)

// Run plays every story that pattern matches, each as a subtest of its file name. It is an error if there is none.
func Run(t *testing.T, pattern string, verbs map[string]Verb) {
	t.Helper()
	RunEach(t, pattern, func(*testing.T) map[string]Verb { return verbs })
}

// RunEach is Run for verbs that share state (a switch that a story builds up command by command): start makes fresh ones for each story.
func RunEach(t *testing.T, pattern string, start func(t *testing.T) map[string]Verb) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("find stories: nothing matches %s (%v)", pattern, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			script, wrong, err := play(ar, start(t))
			switch {
			case err != nil:
				t.Fatalf("%s: %v", path, err)
			case len(wrong) > 0 && *update:
				ar.Comment = []byte(script)
				if err := os.WriteFile(path, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
			default:
				for _, w := range wrong {
					t.Errorf("%s:%s", path, w)
				}
			}
		})
	}
}

// play runs the script of ar. It returns the script with the output of today, and one text per command whose output differs from what was
// expected. An error means that the story itself is wrong.
func play(ar *txtar.Archive, verbs map[string]Verb) (script string, wrong []string, err error) {
	files := map[string]string{}
	for _, f := range ar.Files {
		files[f.Name] = string(f.Data)
	}
	lines := strings.Split(strings.TrimRight(string(ar.Comment), "\n"), "\n")
	var out strings.Builder
	ran := 0
	for n := 0; n < len(lines); {
		line := lines[n]
		n++
		fmt.Fprintln(&out, line)
		command, isCommand := strings.CutPrefix(line, "$ ")
		if !isCommand {
			if line != "" && line[0] != '#' {
				return "", nil, fmt.Errorf("line %d: %q is no command (\"$ \"), no prose (\"#\"), and follows no command as output", n, line)
			}
			continue
		}
		got, err := call(command, verbs, files)
		if err != nil {
			return "", nil, fmt.Errorf("line %d: %w", n, err)
		}
		ran++
		end := outputEnd(lines, n)
		if want := unindent(lines[n:end]); got != want {
			wrong = append(wrong, fmt.Sprintf("%d: $ %s\n-- expected --\n%s\n-- printed --\n%s", n, command, want, got))
		}
		out.WriteString(indent(got))
		n = end
	}
	if ran == 0 {
		return "", nil, fmt.Errorf("the story has no command; one looks like: $ verb args")
	}
	return strings.TrimRight(out.String(), "\n") + "\n\n", wrong, nil
}

// outputEnd returns the index after the last line of the output that starts at n. Empty lines belong to the output when more of it follows.
func outputEnd(lines []string, n int) int {
	end := n
	for i := n; i < len(lines) && (lines[i] == "" || strings.HasPrefix(lines[i], "  ")); i++ {
		if lines[i] != "" {
			end = i + 1
		}
	}
	return end
}

// call splits a command, feeds it and returns its output without trailing white space.
func call(command string, verbs map[string]Verb, files map[string]string) (string, error) {
	words, err := split(command)
	if err != nil {
		return "", err
	}
	verb, ok := verbs[words[0]]
	if !ok {
		return "", fmt.Errorf("no verb %q; there are %s", words[0], strings.Join(names(verbs), ", "))
	}
	c := &Call{Args: words[1:], Files: files}
	if last := words[len(words)-1]; len(words) > 1 && strings.HasPrefix(last, "<") {
		c.Args = words[1 : len(words)-1]
		if c.Stdin, ok = files[last[1:]]; !ok {
			return "", fmt.Errorf("no file %q in this story", last[1:])
		}
	}
	text, err := verb(c)
	if err != nil {
		text += fmt.Sprintf("error: %v", err)
	}
	lines := strings.Split(strings.TrimRight(text, " \t\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t")
	}
	return strings.Join(lines, "\n"), nil
}

func names(verbs map[string]Verb) []string {
	var all []string
	for name := range verbs {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// split cuts a command at blanks; what stands between single quotes is kept together.
func split(command string) (words []string, err error) {
	for i, part := range strings.Split(command, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	if strings.Count(command, "'")%2 == 1 || len(words) == 0 {
		return nil, fmt.Errorf("split %q: a quote is left open, or no verb", command)
	}
	return words, nil
}

func unindent(lines []string) string {
	plain := make([]string, len(lines))
	for i, l := range lines {
		plain[i] = strings.TrimRight(strings.TrimPrefix(l, "  "), " \t")
	}
	return strings.Join(plain, "\n")
}

func indent(text string) string {
	if text == "" {
		return ""
	}
	var b strings.Builder
	for _, l := range strings.Split(text, "\n") {
		if l != "" {
			l = "  " + l
		}
		fmt.Fprintln(&b, l)
	}
	return b.String()
}
