package ctl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds waits that end at once unless something is broken.
const patience = 30 * time.Second

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// running is a server under test.
type running struct {
	*Server
	dir  string
	stop func()     // begins to stop it
	done chan error // what Serve returned
	log  *syncBuffer
}

func start(t *testing.T, c *Commands) *running {
	t.Helper()
	return startIn(t, t.TempDir(), c)
}

func startIn(t *testing.T, dir string, c *Commands) *running {
	t.Helper()
	log := &syncBuffer{}
	s, err := Listen(Options{Dir: dir, Name: "pollux", Commands: c, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{s, dir, cancel, make(chan error, 1), log}
	go func() { r.done <- s.Serve(ctx) }()
	t.Cleanup(cancel)
	return r
}

// wait stops the server and checks that it left nothing.
func (r *running) wait(t *testing.T) {
	t.Helper()
	r.stop()
	if err := <-r.done; err != nil {
		t.Error(err)
	}
	left, err := os.ReadDir(r.dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left in the run directory: %v, %v", left, err)
	}
}

func (r *running) dial(t *testing.T) *Client {
	t.Helper()
	c, err := Dial(testContext(t), r.dir, "pollux")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestCalls(t *testing.T) {
	r := start(t, testCommands())
	c := r.dial(t)
	if got, err := c.Call(testContext(t), "test/echo", `a "b"`, "ü<\\n>\n"); err != nil || got != "a \"b\"|ü<\\n>\n" {
		t.Errorf("got %q, %v", got, err)
	}
	_, err := c.Call(testContext(t), "test/fail", "x")
	var refused *CommandError
	if !errors.As(err, &refused) || refused.Text != "fail test: x" {
		t.Errorf("got %v", err)
	}
	if got, err := c.Call(testContext(t), "version"); err != nil || got != "pollux 0.0.test\n" {
		t.Errorf("after an error: got %q, %v", got, err)
	}
	r.wait(t)
}

func TestSocketIsPrivateAndNamedAsExpected(t *testing.T) {
	r := start(t, testCommands())
	path := filepath.Join(r.dir, fmt.Sprintf("pollux.%d.ctl", os.Getpid()))
	if r.Path() != path {
		t.Errorf("socket is %s, want %s", r.Path(), path)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != os.ModeSocket|0o600 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
	pid, err := os.ReadFile(filepath.Join(r.dir, "pollux.pid"))
	if err != nil || string(pid) != fmt.Sprintf("%d\n", os.Getpid()) {
		t.Errorf("pidfile is %q, %v", pid, err)
	}
	r.wait(t)
}

// While one client's command runs, others are served.
func TestClientsAtTheSameTime(t *testing.T) {
	commands := testCommands()
	release := make(chan bool)
	commands.Add(Command{"test/wait", "", 0, 0, func(context.Context, []string) (string, error) {
		<-release
		return "waited", nil
	}})
	r := start(t, commands)
	answered := make(chan string)
	go func() {
		got, err := r.dial(t).Call(testContext(t), "test/wait")
		answered <- fmt.Sprint(got, err)
	}()
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			c := r.dial(t)
			for n := range 50 {
				want := fmt.Sprintf("%d|%d\n", i, n)
				if got, err := c.Call(testContext(t), "test/echo", fmt.Sprint(i), fmt.Sprint(n)); err != nil || got != want {
					t.Errorf("got %q, %v, want %q", got, err, want)
				}
			}
		})
	}
	all.Wait()
	release <- true
	if got := <-answered; got != "waited\n<nil>" {
		t.Errorf("got %q", got)
	}
	r.wait(t)
}

func TestLongAnswer(t *testing.T) {
	commands := testCommands()
	long := strings.Repeat("flow, actions:drop\n", 1<<19) // 10 MB
	commands.Add(Command{"test/long", "", 0, 0, text(func() string { return long })})
	r := start(t, commands)
	if got, err := r.dial(t).Call(testContext(t), "test/long"); err != nil || got != long {
		t.Errorf("got %d bytes, %v, want %d", len(got), err, len(long))
	}
	r.wait(t)
}

// Requests may come in one piece or in many, and answers keep their order.
func TestPipelinedRequests(t *testing.T) {
	r := start(t, testCommands())
	conn, err := net.Dial("unix", r.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	go io.WriteString(conn, `{"id":1,"method":"version","params":[]}  {"id":"two","method":"nosuch","params":[]}`+"\n"+`{"params":[3],"method":"test/echo","id":[3]}`)
	got, want := make([]byte, 1000), `{"id":1,"result":"pollux 0.0.test\n","error":null}
{"id":"two","result":null,"error":"\"nosuch\" is not a valid command (use \"list-commands\" to see a list of valid commands)\n"}
{"id":[3],"result":null,"error":"\"test/echo\" command has non-string argument\n"}
`
	if n, err := io.ReadFull(conn, got[:len(want)]); err != nil || string(got[:n]) != want {
		t.Errorf("got %s, %v\nwant %s", got[:n], err, want)
	}
	r.wait(t)
}

// What is no request costs its sender the connection and nobody else anything.
func TestBrokenClients(t *testing.T) {
	r := start(t, testCommands())
	for _, sent := range []string{
		"GET / HTTP/1.0\r\n\r\n",
		`{"id":0,"method":"version"}`,
		`{"id":0,"result":"x","error":null}`,
		`{"id":0,"method":"version","params":` + strings.Repeat("[", 100),
		`{"id":0,"method":"version","params":["` + strings.Repeat("x", maxRequestBytes),
		`{"id":0,"method":"ver`, // and hangs up
	} {
		conn, err := net.Dial("unix", r.Path())
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(patience))
		go func() {
			io.WriteString(conn, sent)
			if strings.HasSuffix(sent, "ver") {
				conn.(*net.UnixConn).CloseWrite()
			}
		}()
		if got, _ := io.ReadAll(conn); len(got) != 0 {
			t.Errorf("%.50s: got %s", sent, got)
		}
		conn.Close()
	}
	if _, err := r.dial(t).Call(testContext(t), "version"); err != nil {
		t.Error(err)
	}
	r.wait(t)
	if n := strings.Count(r.log.String(), "closed a connection"); n != 6 {
		t.Errorf("%d of 6 were logged:\n%s", n, r.log)
	}
}

func TestTooManyConnections(t *testing.T) {
	r := start(t, testCommands())
	var clients []*Client
	for range maxConnections {
		c := r.dial(t)
		if _, err := c.Call(testContext(t), "version"); err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
	}
	if _, err := r.dial(t).Call(testContext(t), "version"); err == nil {
		t.Error("one client too many was served")
	}
	if _, err := clients[0].Call(testContext(t), "version"); err != nil {
		t.Error(err)
	}
	r.wait(t)
}

// A server that is told to stop lets the command that told it answer.
func TestExitAnswers(t *testing.T) {
	commands := &Commands{}
	var r *running
	commands.AddBuiltins(Hooks{Exit: func(context.Context, bool) error {
		r.stop()
		return nil
	}})
	r = start(t, commands)
	idle := r.dial(t)
	if got, err := r.dial(t).Call(testContext(t), "exit"); err != nil || got != "" {
		t.Errorf("got %q, %v", got, err)
	}
	r.wait(t)
	if _, err := idle.Call(testContext(t), "exit"); err == nil {
		t.Error("a server that stopped answered")
	}
}

// Commands are told when the server stops, and Serve waits for them.
func TestCommandsAreTold(t *testing.T) {
	commands := &Commands{}
	begun := make(chan bool)
	commands.Add(Command{"test/forever", "", 0, 0, func(ctx context.Context, _ []string) (string, error) {
		begun <- true
		<-ctx.Done()
		return "told", nil
	}})
	r := start(t, commands)
	answered := make(chan string)
	go func() {
		got, err := r.dial(t).Call(testContext(t), "test/forever")
		answered <- fmt.Sprint(got, err)
	}()
	<-begun
	r.stop()
	if got := <-answered; got != "told\n<nil>" {
		t.Errorf("got %q", got)
	}
	r.wait(t)
}

func TestCallerGivesUp(t *testing.T) {
	commands := &Commands{}
	begun := make(chan bool)
	commands.Add(Command{"test/forever", "", 0, 0, func(ctx context.Context, _ []string) (string, error) {
		close(begun)
		<-ctx.Done()
		return "", nil
	}})
	r := start(t, commands)
	ctx, cancel := context.WithCancel(testContext(t))
	go func() {
		<-begun
		cancel()
	}()
	if _, err := r.dial(t).Call(ctx, "test/forever"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	r.wait(t)
}

// A run directory may lie deeper than the name of a socket is long.
func TestLongPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("deep/", 60))
	r := startIn(t, dir, testCommands())
	if len(r.Path()) <= maxSocketPath {
		t.Fatal("the path is not long")
	}
	if _, err := r.dial(t).Call(testContext(t), "version"); err != nil {
		t.Error(err)
	}
	r.wait(t)
}

func TestSocketOfAnotherName(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "own.sock")
	s, err := Listen(Options{Dir: dir, Name: "pollux", Socket: path, Commands: testCommands(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Serve(ctx) }()
	c, err := Dial(testContext(t), "/nowhere", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Call(testContext(t), "version"); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestListenErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]Options{
		"make run directory: ":  {Dir: filepath.Join(file, "below")},
		"open control socket /": {Dir: dir, Socket: file},
	} {
		o.Name = "pollux"
		if _, err := Listen(o); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if text, _ := os.ReadFile(file); string(text) != "precious" {
		t.Error("a file that is no socket was replaced")
	}
	if _, err := os.Stat(filepath.Join(dir, "pollux.pid")); err == nil {
		t.Error("a pidfile was left")
	}
	if _, err := Dial(testContext(t), dir, "pollux"); err == nil || !strings.Contains(err.Error(), "it does not run, or its run directory is not "+dir) {
		t.Errorf("got %v", err)
	}
}
