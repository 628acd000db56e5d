package ctl

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Bounds on what clients may cost.
const (
	maxRequestBytes = 1 << 20
	maxRequestDepth = 16 // {"params":["..."]} is 2
	maxConnections  = 64
	writeChunk      = 256 << 10
	writeTimeout    = 10 * time.Second // for each chunk
	acceptPause     = 100 * time.Millisecond
	closeGrace      = 5 * time.Second // for commands that run when the server stops
)

// Options says where a server is and what it knows.
type Options struct {
	Dir      string // run directory; made if it is not there
	Name     string // of the program, as "ovs-appctl -t NAME" says it
	Socket   string // path of the socket; empty: Dir/Name.PID.ctl
	Commands *Commands
	Log      *slog.Logger
}

// Server answers on a control socket.
type Server struct {
	options  Options
	path     string
	pidfile  *Pidfile
	listener *net.UnixListener

	mu          sync.Mutex
	connections map[*connection]bool
	running     sync.WaitGroup
}

// Listen takes the pidfile and opens the socket. When a process of that name
// runs already, the error is an *AlreadyRunning. It must be called in the
// process that will serve: the lock is not inherited.
func Listen(o Options) (*Server, error) {
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("make run directory: %w", err)
	}
	pidfile, err := LockPidfile(filepath.Join(o.Dir, o.Name+".pid"))
	if err != nil {
		return nil, err
	}
	if pidfile.old > 0 { // killed, so it could not remove its socket
		removeSocket(socketPath(o.Dir, o.Name, pidfile.old))
	}
	s := &Server{options: o, path: o.Socket, pidfile: pidfile, connections: map[*connection]bool{}}
	if s.path == "" {
		s.path = socketPath(o.Dir, o.Name, os.Getpid())
	}
	removeSocket(s.path) // the pidfile is ours, so whoever made it is gone
	if s.listener, err = listenUnix(s.path); err != nil {
		return nil, errors.Join(fmt.Errorf("open control socket %s: %w", s.path, err), pidfile.Release())
	}
	return s, nil
}

// Path is where the socket is.
func (s *Server) Path() string { return s.path }

// Serve answers until ctx ends, then lets commands that run finish and send
// their answers, for at most a few seconds, and removes socket and pidfile.
func (s *Server) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { s.listener.Close() })
	defer stop()
	var failed error
	for ctx.Err() == nil && failed == nil {
		c, err := s.listener.AcceptUnix()
		switch {
		case err == nil:
			s.admit(ctx, c)
		case errors.Is(err, net.ErrClosed):
			failed = err
		default: // out of descriptors, most likely; it may pass
			s.options.Log.Warn("cannot accept a connection", "socket", s.path, "err", err)
			select {
			case <-ctx.Done():
			case <-time.After(acceptPause):
			}
		}
	}
	if ctx.Err() != nil {
		failed = nil // we closed it
	}
	cancel()
	return errors.Join(failed, s.close())
}

// admit gives a connection its goroutine, or closes it when there are too many.
func (s *Server) admit(ctx context.Context, c *net.UnixConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.connections) >= maxConnections {
		c.Close()
		s.options.Log.Warn("refused a connection: too many are open", "socket", s.path, "open", maxConnections)
		return
	}
	connection := &connection{conn: c, server: s}
	s.connections[connection] = true
	s.running.Go(func() {
		connection.serve(ctx)
		s.mu.Lock()
		delete(s.connections, connection)
		s.mu.Unlock()
	})
}

// close ends what Serve began.
func (s *Server) close() error {
	s.listener.Close()
	s.mu.Lock()
	for c := range s.connections {
		c.conn.CloseRead() // wakes those that wait for a request
	}
	s.mu.Unlock()
	late := time.AfterFunc(closeGrace, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for c := range s.connections {
			c.conn.Close()
		}
	})
	s.running.Wait()
	late.Stop()
	return errors.Join(removeSocket(s.path), s.pidfile.Release())
}

func socketPath(dir, name string, pid int) string {
	return filepath.Join(dir, fmt.Sprintf("%s.%d.ctl", name, pid))
}

// removeSocket removes a socket that may not be there, and nothing else.
func removeSocket(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("remove control socket: %s is not a socket", path)
	}
	if err == nil {
		err = os.Remove(path)
	}
	return err
}
