package metrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Bounds on what a client may cost; the port may be open to a network.
const (
	maxConnections = 32
	maxScrapes     = 4 // at the same time
	maxHeaderBytes = 16 << 10
	scrapeTimeout  = 10 * time.Second
	headerTimeout  = 5 * time.Second
	idleTimeout    = 2 * time.Minute
	closeGrace     = 2 * time.Second
)

// Server answers scrapes on /metrics.
type Server struct {
	listener net.Listener
	http     *http.Server
}

// Listen opens address, "host:port"; port 0 takes any. Beside what source
// emits, the memory, threads and descriptors of this process are served.
func Listen(address string, source Source, log *slog.Logger) (*Server, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serve metrics on %s: %w%s", address, err, hint(err))
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(newCollector(source), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog:            problems{log},
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: maxScrapes,
		Timeout:             scrapeTimeout,
	}))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "Pollux. Metrics for Prometheus are at /metrics.\n")
	})
	return &Server{
		listener: &bounded{l, make(chan bool, maxConnections)},
		http: &http.Server{
			Handler:           mux,
			ReadHeaderTimeout: headerTimeout,
			ReadTimeout:       headerTimeout,
			WriteTimeout:      scrapeTimeout + headerTimeout,
			IdleTimeout:       idleTimeout,
			MaxHeaderBytes:    maxHeaderBytes,
			ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		},
	}, nil
}

// Address is where the server listens, with the port that was taken.
func (s *Server) Address() string { return s.listener.Addr().String() }

// Serve answers until ctx ends, then lets scrapes under way finish.
func (s *Server) Serve(ctx context.Context) error {
	closed := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.Background(), closeGrace)
		defer cancel()
		err := s.http.Shutdown(grace)
		if err != nil {
			err = s.http.Close()
		}
		closed <- err
	})
	err := s.http.Serve(s.listener)
	if !stop() {
		return <-closed
	}
	return fmt.Errorf("serve metrics on %s: %w", s.Address(), err)
}

// hint says what can be done about an address that cannot be opened.
func hint(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return " (another program listens there)"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return " (no interface of this machine has that address)"
	case errors.Is(err, syscall.EACCES):
		return " (ports below 1024 need CAP_NET_BIND_SERVICE)"
	}
	return ""
}

// problems puts promhttp's errors into our log.
type problems struct{ log *slog.Logger }

func (p problems) Println(v ...any) { p.log.Warn("a scrape was incomplete", "err", fmt.Sprint(v...)) }

// bounded is a listener with at most cap(places) connections open; further
// ones wait in the kernel.
type bounded struct {
	net.Listener
	places chan bool
}

func (b *bounded) Accept() (net.Conn, error) {
	b.places <- true
	c, err := b.Listener.Accept()
	if err != nil {
		<-b.places
		return nil, err
	}
	return &placed{Conn: c, leave: func() { <-b.places }}, nil
}

// placed gives its place back once, however often it is closed.
type placed struct {
	net.Conn
	once  sync.Once
	leave func()
}

func (p *placed) Close() error {
	defer p.once.Do(p.leave)
	return p.Conn.Close()
}
