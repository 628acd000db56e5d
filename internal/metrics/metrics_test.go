package metrics

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// series is a Source of fixed samples.
type series []Sample

func (s series) Collect(emit func(Sample)) {
	for _, sample := range s {
		emit(sample)
	}
}

// logBuffer is a log that may be written and read at once.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// serve starts a server and returns its address and log; the test checks at
// its end that it stops without an error.
func serve(t testing.TB, source Source) (address string, log *logBuffer) {
	t.Helper()
	log = &logBuffer{}
	s, err := Listen("127.0.0.1:0", source, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s.Address(), log
}

func get(t testing.TB, url string) (status int, body string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(text)
}

// scrape is the lines about Pollux.
func scrape(t testing.TB, address string) string {
	t.Helper()
	status, body := get(t, "http://"+address+"/metrics")
	if status != http.StatusOK || !strings.Contains(body, "process_resident_memory_bytes") {
		t.Fatalf("status %d:\n%s", status, body)
	}
	var ours strings.Builder
	for line := range strings.Lines(body) {
		if strings.Contains(line, "pollux_") {
			ours.WriteString(line)
		}
	}
	return ours.String()
}

func TestScrape(t *testing.T) {
	rx := func(port string, n float64) Sample {
		return Sample{"pollux_port_rx_packets_total", "Packets received.", Counter, n, []Label{{"port", port}, {"queue", "0"}}}
	}
	address, log := serve(t, series{
		rx("eth0", 18_446_744), {"pollux_flows", "Flows in the datapath.", Gauge, 3.5, nil}, rx("eth\"1\n\xff", 7),
	})
	const want = `# HELP pollux_flows Flows in the datapath.
# TYPE pollux_flows gauge
pollux_flows 3.5
# HELP pollux_port_rx_packets_total Packets received.
# TYPE pollux_port_rx_packets_total counter
pollux_port_rx_packets_total{port="eth\"1\n` + "\uFFFD" + `",queue="0"} 7
pollux_port_rx_packets_total{port="eth0",queue="0"} 1.8446744e+07
`
	for range 2 { // the second time from known descriptions
		if got := scrape(t, address); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	if log.String() != "" {
		t.Errorf("logged: %s", log)
	}
}

// A bad sample is logged and costs nothing but itself.
func TestBadSamples(t *testing.T) {
	for _, bad := range []Sample{
		{Name: "Flows"},
		{Name: "pollux_"},
		{Name: "pollux_a-b"},
		{Name: "pollux_x", Labels: []Label{{"port", "a"}, {"port", "b"}}},
		{Name: "pollux_x", Labels: []Label{{"", "a"}}},
		{Name: "pollux_good", Help: "of another text", Kind: Gauge, Labels: []Label{{"a", "b"}}},
		{Name: "pollux_good", Help: "Good.", Kind: Gauge}, // twice
	} {
		address, log := serve(t, series{{"pollux_good", "Good.", Gauge, 1, nil}, bad})
		if got := scrape(t, address); !strings.HasSuffix(got, "pollux_good 1\n") {
			t.Errorf("%+v: got\n%s", bad, got)
		}
		if !strings.Contains(log.String(), "a scrape was incomplete") {
			t.Errorf("%+v: not logged", bad)
		}
	}
}

func TestOtherPaths(t *testing.T) {
	address, _ := serve(t, series{})
	if status, body := get(t, "http://"+address+"/"); status != http.StatusOK || !strings.Contains(body, "/metrics") {
		t.Errorf("got %d %s", status, body)
	}
	if status, _ := get(t, "http://"+address+"/etc/passwd"); status != http.StatusNotFound {
		t.Errorf("got %d", status)
	}
	r, err := http.Post("http://"+address+"/metrics", "", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST got %d", r.StatusCode)
	}
}

func TestListenErrors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for address, want := range map[string]string{
		l.Addr().String():  "address already in use (another program listens there)",
		"192.0.2.77:0":     "cannot assign requested address (no interface of this machine has that address)",
		"127.0.0.1":        "missing port",
		"127.0.0.1:999999": "invalid port",
	} {
		s, err := Listen(address, series{}, slog.New(slog.DiscardHandler))
		if err == nil {
			t.Errorf("%s: opened %s", address, s.Address())
		} else if !strings.HasPrefix(err.Error(), "serve metrics on "+address+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// A place is taken before a connection is accepted and given back once.
func TestBoundedConnections(t *testing.T) {
	here, there := net.Pipe()
	defer there.Close()
	b := &bounded{oneConn{conn: here}, make(chan bool, 2)}
	first, err := b.Accept()
	if err != nil || len(b.places) != 1 {
		t.Fatalf("%v, %d places taken", err, len(b.places))
	}
	if _, err := b.Accept(); err != nil || len(b.places) != cap(b.places) {
		t.Fatalf("%v, %d places taken", err, len(b.places))
	}
	first.Close()
	first.Close()
	if len(b.places) != 1 {
		t.Errorf("%d places taken after one of two connections was closed", len(b.places))
	}
	b.Listener = oneConn{err: net.ErrClosed}
	if _, err := b.Accept(); err == nil || len(b.places) != 1 {
		t.Errorf("%v, %d places taken after a failed accept", err, len(b.places))
	}
}

// More clients than connections are served all the same.
func TestManyClients(t *testing.T) {
	address, _ := serve(t, series{{"pollux_x", "X.", Gauge, 1, nil}})
	var all sync.WaitGroup
	for range 3 * maxConnections {
		all.Go(func() {
			c, err := net.Dial("tcp", address)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
			if text, err := io.ReadAll(c); err != nil || !strings.Contains(string(text), "200 OK") {
				t.Errorf("got %s, %v", text, err)
			}
		})
	}
	all.Wait()
}

// oneConn is a listener that accepts the same connection again and again.
type oneConn struct {
	net.Listener
	conn net.Conn
	err  error
}

func (o oneConn) Accept() (net.Conn, error) { return o.conn, o.err }

func BenchmarkScrape1000(b *testing.B) {
	var source series
	for i := range 1000 {
		source = append(source, Sample{"pollux_port_rx_packets_total", "Packets received.", Counter, float64(i), []Label{{"port", fmt.Sprint(i)}}})
	}
	address, _ := serve(b, source)
	for b.Loop() {
		scrape(b, address)
	}
}
