package dpif

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// Server is the datapath process's side of the socket. One control process
// is served at a time; a second one is told who the first is.
type Server struct {
	datapath Datapath
	region   *Region
	wake     int // eventfd
	listener *net.UnixListener

	mu      sync.Mutex
	peer    int // pid of the control process, 0 for none
	stopped bool
}

// NewServer serves dp to control processes that connect to l. It makes the
// eventfd by which threads wake them; Wake writes it.
func NewServer(l *net.UnixListener, region *Region, dp Datapath) (*Server, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("make eventfd: %w", err)
	}
	return &Server{datapath: dp, region: region, wake: fd, listener: l}, nil
}

// Wake wakes the control process. A thread calls it when Region.Wanted says so.
func (s *Server) Wake() {
	unix.Write(s.wake, eventOne)
}

// Serve serves until a control process asks to stop, or the listener fails.
func (s *Server) Serve() error {
	for {
		c, err := s.listener.AcceptUnix()
		s.mu.Lock()
		stopped := s.stopped
		s.mu.Unlock()
		switch {
		case stopped:
			return nil
		case err != nil:
			return fmt.Errorf("accept control process: %w", err)
		}
		go s.serve(c)
	}
}

func (s *Server) serve(c *net.UnixConn) {
	defer c.Close()
	pid, err := s.handshake(c)
	if err != nil {
		return
	}
	defer s.leave(pid)
	for {
		var req request
		if _, err := readMessage(c, &req, nil); err != nil {
			return
		}
		ans := s.answer(&req)
		if err := writeMessage(c, ans, nil); err != nil {
			return
		}
		if req.Ask == "stop" && ans.Error == "" {
			s.mu.Lock()
			s.stopped = true
			s.mu.Unlock()
			s.listener.Close()
			return
		}
	}
}

// handshake compares layouts, hands out the descriptors and takes note of who
// is in control.
func (s *Server) handshake(c *net.UnixConn) (pid int, err error) {
	var req request
	if _, err := readMessage(c, &req, nil); err != nil {
		return 0, err
	}
	if req.Hello == nil {
		return 0, errors.New("first message is no hello")
	}
	ans := answer{LayoutID: LayoutID, PID: os.Getpid()}
	s.mu.Lock()
	switch {
	case req.Hello.LayoutID != LayoutID:
		ans.Error = ErrLayout.Error()
	case s.peer != 0:
		ans.Error = fmt.Sprintf("%s %d", controlledBy, s.peer)
	default:
		s.peer = req.Hello.PID
		s.region.SetAttached(true)
	}
	s.mu.Unlock()
	if ans.Error != "" {
		writeMessage(c, ans, nil)
		return 0, errors.New(ans.Error)
	}
	if err := writeMessage(c, ans, unix.UnixRights(s.region.FD(), s.wake)); err != nil {
		s.leave(req.Hello.PID)
		return 0, err
	}
	return req.Hello.PID, nil
}

func (s *Server) leave(pid int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.peer == pid {
		s.peer = 0
		s.region.SetAttached(false)
	}
}

func (s *Server) answer(req *request) (ans answer) {
	var err error
	switch {
	case req.AddPort != nil:
		var info PortInfo
		info, err = s.datapath.AddPort(*req.AddPort)
		ans.Port = &info
	case req.Remove != 0:
		err = s.datapath.RemovePort(req.Remove)
	case req.Configure != nil:
		err = s.datapath.Configure(*req.Configure)
	case req.Ask == "ports":
		ans.Ports, err = s.datapath.Ports()
	case req.Ask == "threads":
		ans.Threads, err = s.datapath.Threads()
	case req.Ask == "describe":
		var d Description
		d, err = s.datapath.Describe()
		ans.Description = &d
	case req.Ask == "rebalance":
		err = s.datapath.Rebalance()
	case req.Ask == "stop":
		err = s.datapath.Stop()
	default:
		err = errors.New("unknown request")
	}
	if err != nil {
		ans.Error = err.Error()
	}
	return ans
}
