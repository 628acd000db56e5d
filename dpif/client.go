package dpif

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

const controlledBy = "the datapath is controlled by process"

// ErrControlled says that another control process holds the datapath.
var ErrControlled = errors.New("the datapath is controlled by another process")

// Client is the control process's side of the socket, a Datapath.
type Client struct {
	mu     sync.Mutex
	conn   *net.UnixConn
	region *Region
	wake   *os.File
	pid    int
}

// NewClient shakes hands with the datapath process at the other end of c, which it
// then owns. The error wraps ErrLayout or ErrControlled where that is why.
func NewClient(c *net.UnixConn) (*Client, error) {
	cl, err := newClient(c)
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("connect datapath process: %w", err)
	}
	return cl, nil
}

func newClient(c *net.UnixConn) (*Client, error) {
	if err := writeMessage(c, request{Hello: &hello{LayoutID: LayoutID, PID: os.Getpid()}}, nil); err != nil {
		return nil, err
	}
	var ans answer
	oob, err := readMessage(c, &ans, make([]byte, unix.CmsgSpace(2*4)))
	if err != nil {
		return nil, err
	}
	fds, err := descriptors(oob)
	if err != nil {
		return nil, err
	}
	switch {
	case ans.LayoutID != LayoutID:
		err = ErrLayout
	case strings.HasPrefix(ans.Error, controlledBy):
		err = fmt.Errorf("%w (%s)", ErrControlled, strings.TrimPrefix(ans.Error, controlledBy+" "))
	case ans.Error != "":
		err = errors.New(ans.Error)
	case len(fds) != 2:
		err = fmt.Errorf("%d descriptors in the answer to the handshake, not 2", len(fds))
	}
	if err != nil {
		closeAll(fds)
		return nil, err
	}
	region, err := OpenRegion(fds[0])
	if err != nil {
		closeAll(fds)
		return nil, err
	}
	return &Client{conn: c, region: region, wake: os.NewFile(uintptr(fds[1]), "datapath wake-up"), pid: ans.PID}, nil
}

func descriptors(oob []byte) (fds []int, err error) {
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, fmt.Errorf("parse descriptors: %w", err)
	}
	for i := range msgs {
		got, err := unix.ParseUnixRights(&msgs[i])
		if err != nil {
			closeAll(fds)
			return nil, fmt.Errorf("parse descriptors: %w", err)
		}
		fds = append(fds, got...)
	}
	return fds, nil
}

func closeAll(fds []int) {
	for _, fd := range fds {
		unix.Close(fd)
	}
}

// Region is the shared memory of the datapath.
func (c *Client) Region() *Region { return c.region }

// PID is the process id of the datapath.
func (c *Client) PID() int { return c.pid }

// Wait blocks until a thread wakes the control process, or Close. The
// eventfd is written when Region.SetWaiting(true) was called before.
func (c *Client) Wait() error {
	var b [8]byte
	_, err := c.wake.Read(b[:])
	return err
}

// Interrupt makes a Wait return.
func (c *Client) Interrupt() error {
	_, err := c.wake.Write(eventOne)
	return err
}

// Close lets go of the datapath process, which goes on forwarding. The region
// stays mapped, since readers of counters may still be looking at it.
func (c *Client) Close() error {
	c.wake.Close()
	return c.conn.Close()
}

func (c *Client) call(req request) (ans answer, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := writeMessage(c.conn, req, nil); err != nil {
		return ans, fmt.Errorf("ask datapath process %d: %w", c.pid, err)
	}
	if _, err := readMessage(c.conn, &ans, nil); err != nil {
		return ans, fmt.Errorf("ask datapath process %d: %w", c.pid, err)
	}
	if ans.Error != "" {
		return ans, errors.New(ans.Error)
	}
	return ans, nil
}

// AddPort implements Datapath.
func (c *Client) AddPort(spec PortSpec) (PortInfo, error) {
	ans, err := c.call(request{AddPort: &spec})
	if err != nil || ans.Port == nil {
		return PortInfo{}, err
	}
	return *ans.Port, nil
}

// RemovePort implements Datapath.
func (c *Client) RemovePort(port uint32) error {
	_, err := c.call(request{Remove: port})
	return err
}

// Ports implements Datapath.
func (c *Client) Ports() ([]PortInfo, error) {
	ans, err := c.call(request{Ask: "ports"})
	return ans.Ports, err
}

// Threads implements Datapath.
func (c *Client) Threads() ([]ThreadInfo, error) {
	ans, err := c.call(request{Ask: "threads"})
	return ans.Threads, err
}

// Configure implements Datapath.
func (c *Client) Configure(s Settings) error {
	_, err := c.call(request{Configure: &s})
	return err
}

// Rebalance implements Datapath.
func (c *Client) Rebalance() error {
	_, err := c.call(request{Ask: "rebalance"})
	return err
}

// Describe implements Datapath.
func (c *Client) Describe() (Description, error) {
	ans, err := c.call(request{Ask: "describe"})
	if err != nil || ans.Description == nil {
		return Description{}, err
	}
	return *ans.Description, nil
}

// Stop implements Datapath.
func (c *Client) Stop() error {
	_, err := c.call(request{Ask: "stop"})
	return err
}
