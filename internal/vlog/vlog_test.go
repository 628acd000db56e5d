package vlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// at is a moment in another zone than UTC.
var at = time.Date(2026, 1, 1, 2, 0, 0, 7_900_000, time.FixedZone("", 2*3600))

func say(l *slog.Logger, at time.Time, level slog.Level, text string, args ...any) {
	if !l.Enabled(context.Background(), level) {
		return
	}
	r := slog.NewRecord(at, level, text, 0)
	r.Add(args...)
	if err := l.Handler().Handle(context.Background(), r); err != nil {
		panic(err)
	}
}

func TestLayout(t *testing.T) {
	var screen, daemon bytes.Buffer
	path := filepath.Join(t.TempDir(), "pollux.log")
	l := New(Options{Console: &screen, Syslog: &daemon, Level: LevelInfo})
	if err := l.OpenFile(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 0); err != nil { // the line that says it was opened has the time of day
		t.Fatal(err)
	}
	screen.Reset()
	daemon.Reset()
	ofproto, pmd := l.Module("ofproto"), l.Module("pmd")
	say(ofproto, at, LevelInfo, "added port\n", "port", 3, "name", "eth 0")
	say(pmd, at, LevelDbg, "not logged")
	say(pmd, at, LevelWarn, "slow")
	say(pmd, at, LevelErr, "100%|full")
	say(pmd, at, LevelEmer, "gone")
	want := `2026-01-01T00:00:00.007Z|00002|ofproto|INFO|added port port=3 name="eth 0"
2026-01-01T00:00:00.007Z|00003|pmd|WARN|slow
2026-01-01T00:00:00.007Z|00004|pmd|ERR|100%|full
2026-01-01T00:00:00.007Z|00005|pmd|EMER|gone
`
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("file\n%s\nwant\n%s", got, want)
	}
	if want := strings.ReplaceAll(want, ".007Z", "Z"); screen.String() != want {
		t.Errorf("console\n%s\nwant\n%s", &screen, want)
	}
	if want := strings.ReplaceAll(want, "2026-01-01T00:00:00.007Z|", "ovs|"); daemon.String() != want {
		t.Errorf("syslog\n%s\nwant\n%s", &daemon, want)
	}
}

func TestAttributes(t *testing.T) {
	var out bytes.Buffer
	l := New(Options{Console: &out}).Module("m")
	l = l.With("a", 1).WithGroup("g").With("b", "x=y").WithGroup("")
	say(l, at, LevelInfo, "m", slog.Group("h", "c", true), slog.Group("", "d", ""), "e", errors.New("no: way"),
		"t", at, "u", 1500*time.Millisecond, slog.Attr{}, "utf", "żółw")
	want := `2026-01-01T00:00:00Z|00001|m|INFO|m a=1 g.b="x=y" g.h.c=true g.d="" g.e="no: way" g.t=2026-01-01T00:00:00.007Z g.u=1.5s g.utf=żółw` + "\n"
	if out.String() != want {
		t.Errorf("got  %swant %s", &out, want)
	}
}

// Nobody who gets words into a message can forge a line.
func TestOneRecordIsOneLine(t *testing.T) {
	var out bytes.Buffer
	l := New(Options{Console: &out}).Module("m")
	say(l, at, LevelInfo, "a\nb\r\x1b[2J\x00\xff\u2028c", "k\n", "v\n", "w", "\x1b", "s", "\xff")
	want := `2026-01-01T00:00:00Z|00001|m|INFO|a\nb\r\x1b[2J\x00\xff\u2028c k\n="v\n" w="\x1b" s="\xff"` + "\n"
	if out.String() != want {
		t.Errorf("got  %swant %s", &out, want)
	}
}

func TestModuleIsSharedAndLevelsFollow(t *testing.T) {
	var out bytes.Buffer
	l := New(Options{Console: &out, Level: LevelWarn})
	a := l.Module("a")
	if a.Enabled(context.Background(), LevelInfo) {
		t.Error("info is enabled at level warn")
	}
	if err := l.Set("console:info"); err != nil {
		t.Fatal(err)
	}
	for _, logger := range []*slog.Logger{a, l.Module("a"), l.Module("born later")} {
		if !logger.Enabled(context.Background(), LevelInfo) || logger.Enabled(context.Background(), LevelDbg) {
			t.Error("level info did not arrive")
		}
	}
	if err := l.Set("off"); err != nil {
		t.Fatal(err)
	}
	if a.Enabled(context.Background(), LevelEmer) {
		t.Error("emer is enabled at level off")
	}
}

func TestParseLevel(t *testing.T) {
	for name, want := range map[string]slog.Level{"dbg": LevelDbg, "INFO": LevelInfo, "Warn": LevelWarn, "err": LevelErr, "emer": LevelEmer} {
		if got, err := ParseLevel(name); err != nil || got != want {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	if _, err := ParseLevel("debug"); err == nil {
		t.Error("debug was accepted")
	}
}

// A writer that fails is told to slog and does not keep others from the line.
func TestFailingDestination(t *testing.T) {
	var daemon bytes.Buffer
	l := New(Options{Console: full{}, Syslog: &daemon})
	err := l.Module("m").Handler().Handle(context.Background(), slog.NewRecord(at, LevelInfo, "x", 0))
	if err == nil || daemon.String() != "ovs|00001|m|INFO|x\n" {
		t.Errorf("got %v, %q", err, &daemon)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestFileRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	l := New(Options{})
	if err := l.Reopen(); err == nil || err.Error() != "Logging to file not configured" {
		t.Errorf("got %v", err)
	}
	if err := l.OpenFile(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	l.Module("m").Info("to the old file")
	if err := l.Reopen(); err != nil {
		t.Fatal(err)
	}
	l.Module("m").Info("to the new file")
	if err := l.CloseFile(); err != nil {
		t.Fatal(err)
	}
	l.Module("m").Info("to nowhere")
	for name, want := range map[string][]string{
		path:        {"|vlog|INFO|opened log file " + path, "|m|INFO|to the new file"},
		path + ".1": {"|vlog|INFO|opened log file " + path, "|m|INFO|to the old file"},
	} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		if len(lines) != len(want) {
			t.Fatalf("%s:\n%s", name, text)
		}
		for i, line := range lines {
			if !strings.HasSuffix(line, want[i]) {
				t.Errorf("got %q, want %q", line, want[i])
			}
		}
	}
	if err := l.OpenFile(filepath.Join(path, "below a file")); err == nil || !strings.HasPrefix(err.Error(), "open log file: ") {
		t.Errorf("got %v", err)
	}
}

// Lines of many goroutines do not mix and their serial numbers have no gap.
func TestConcurrentUse(t *testing.T) {
	var out bytes.Buffer
	l := New(Options{Console: &out})
	const speakers, lines = 8, 200
	done := make(chan bool)
	for range speakers {
		go func() {
			logger := l.Module("m")
			for range lines {
				say(logger, at, LevelInfo, "x")
				_ = l.List()
			}
			done <- true
		}()
	}
	for range speakers {
		<-done
	}
	n := 0
	for line := range strings.Lines(out.String()) {
		n++
		if want := fmt.Sprintf("2026-01-01T00:00:00Z|%05d|m|INFO|x\n", n); line != want {
			t.Fatalf("got %q, want %q", line, want)
		}
	}
	if n != speakers*lines {
		t.Errorf("got %d lines", n)
	}
}
