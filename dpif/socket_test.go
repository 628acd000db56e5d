package dpif

import (
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

// fakeDatapath remembers ports and nothing else.
type fakeDatapath struct {
	ports   map[uint32]PortInfo
	stopped bool
}

func (f *fakeDatapath) AddPort(s PortSpec) (PortInfo, error) {
	if _, ok := f.ports[s.Port]; ok {
		return PortInfo{}, errors.New("add port " + s.Name + ": number is taken")
	}
	f.ports[s.Port] = PortInfo{Spec: s}
	return f.ports[s.Port], nil
}
func (f *fakeDatapath) RemovePort(p uint32) error { delete(f.ports, p); return nil }
func (f *fakeDatapath) Ports() (all []PortInfo, err error) {
	for _, p := range f.ports {
		all = append(all, p)
	}
	return all, nil
}
func (f *fakeDatapath) Threads() ([]ThreadInfo, error) { return []ThreadInfo{{ID: 0, Core: 1}}, nil }
func (f *fakeDatapath) Configure(Settings) error       { return nil }
func (f *fakeDatapath) Rebalance() error               { return errors.New("nothing to balance") }
func (f *fakeDatapath) Describe() (Description, error) { return Description{PID: 42}, nil }
func (f *fakeDatapath) Stop() error                    { f.stopped = true; return nil }

type rig struct {
	region *Region
	server *Server
	dp     *fakeDatapath
	path   string
	served chan error
}

func startRig(t *testing.T) *rig {
	region, err := NewRegion(Layout{Threads: 2, Ports: 16, Flows: 64, Mail: 8, Execs: 2, Upcalls: 4})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "dp.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dp := &fakeDatapath{ports: map[uint32]PortInfo{}}
	s, err := NewServer(l, region, dp)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{region, s, dp, path, make(chan error, 1)}
	go func() { r.served <- s.Serve() }()
	t.Cleanup(func() { l.Close() })
	return r
}

func (r *rig) dial(t *testing.T) (*Client, error) {
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: r.path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	return NewClient(c)
}

func TestTwoSidesOverTheSocket(t *testing.T) {
	r := startRig(t)
	c, err := r.dial(t)
	if err != nil {
		t.Fatal(err)
	}
	if !r.region.Attached() {
		t.Error("the region does not say that somebody is in control")
	}
	if _, err := r.dial(t); !errors.Is(err, ErrControlled) {
		t.Errorf("a second control process: %v", err)
	}
	if info, err := c.AddPort(PortSpec{Port: 3, Name: "x"}); err != nil || info.Spec.Name != "x" {
		t.Errorf("add: %+v, %v", info, err)
	}
	if _, err := c.AddPort(PortSpec{Port: 3, Name: "y"}); err == nil || !strings.Contains(err.Error(), "number is taken") {
		t.Errorf("add twice: %v", err)
	}
	if ports, err := c.Ports(); err != nil || len(ports) != 1 {
		t.Errorf("ports: %v, %v", ports, err)
	}
	if d, err := c.Describe(); err != nil || d.PID != 42 {
		t.Errorf("describe: %v, %v", d, err)
	}
	if err := c.Rebalance(); err == nil {
		t.Error("an error got lost")
	}

	// A mail written here is read there; an upcall the other way, with a wake-up.
	thread, control := r.region.Thread(1).ThreadEnd(), c.Region().Thread(1).ControlEnd()
	control.Mail.Put(Mail{Op: MailRemove, ID: 7})
	if m, ok := thread.Mail.Take(); !ok || m.ID != 7 {
		t.Errorf("mail %+v, %v", m, ok)
	}
	c.Region().SetWaiting(true)
	thread.Upcalls.Reserve(1)
	thread.Upcalls.Slot(0).Port = 9
	thread.Upcalls.Publish(1)
	if !r.region.Wanted() || r.region.Wanted() {
		t.Error("the control process is wanted other than once")
	}
	r.server.Wake()
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
	if control.Upcalls.Peek(4) != 1 || control.Upcalls.Slot(0).Port != 9 {
		t.Error("the upcall did not arrive")
	}
	if err := c.Stop(); err != nil || !r.dp.stopped {
		t.Errorf("stop: %v", err)
	}
	if err := <-r.served; err != nil {
		t.Error(err)
	}
}

func TestSuccessorFindsWhatWasLeft(t *testing.T) {
	r := startRig(t)
	first, err := r.dial(t)
	if err != nil {
		t.Fatal(err)
	}
	first.Region().Thread(0).ControlEnd().Mail.Put(Mail{ID: 5})
	first.Close()
	var second *Client
	for { // the server notices the end of the first connection on its own time
		if second, err = r.dial(t); err == nil {
			break
		} else if !errors.Is(err, ErrControlled) {
			t.Fatal(err)
		}
	}
	second.Region().Thread(0).ControlEnd().Mail.Put(Mail{ID: 6})
	end := r.region.Thread(0).ThreadEnd()
	for _, want := range []uint32{5, 6} {
		if m, ok := end.Mail.Take(); !ok || m.ID != want {
			t.Errorf("mail %+v, want id %d", m, want)
		}
	}
}

func TestOtherLayoutIsRefused(t *testing.T) {
	r := startRig(t)
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: r.path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := writeMessage(c, request{Hello: &hello{LayoutID: LayoutID + 1, PID: 1}}, nil); err != nil {
		t.Fatal(err)
	}
	var ans answer
	if _, err := readMessage(c, &ans, nil); err != nil || ans.Error != ErrLayout.Error() {
		t.Errorf("answer %+v, %v", ans, err)
	}
	if r.region.Attached() {
		t.Error("a control process of another layout is attached")
	}
}

func TestLayoutsOutOfRange(t *testing.T) {
	ok := Layout{Threads: 1, Ports: 16, Flows: 64, Mail: 8, Execs: 2, Upcalls: 4}
	for _, spoil := range []func(*Layout){
		func(l *Layout) { l.Threads = 0 }, func(l *Layout) { l.Ports = 1 << 20 },
		func(l *Layout) { l.Flows = 0 }, func(l *Layout) { l.Mail = 3 }, func(l *Layout) { l.Upcalls = 0 },
	} {
		l := ok
		spoil(&l)
		if r, err := NewRegion(l); err == nil {
			r.Close()
			t.Errorf("layout %+v was taken", l)
		}
	}
}
