package vswitch

import (
	"context"
	"fmt"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A port whose device vanishes takes only itself away: it is removed from the
// datapath, keeps its name and numbers, and comes back when there is a
// device of that name again. The kernel tells of devices by netlink.

// watchDevices follows the kernel's devices until ctx ends.
func (s *Switch) watchDevices(ctx context.Context) error {
	updates, err := s.subscribe(ctx)
	if err != nil {
		return err
	}
	go func() {
		for ctx.Err() == nil {
			for u := range updates {
				s.deviceChanged(u.Attrs().Name, u.Attrs().Index, u.Header.Type == unix.RTM_DELLINK)
			}
			updates = s.subscribeAgain(ctx)
		}
	}()
	return nil
}

// subscribe begins with all devices there are. The channel is closed when the kernel's news are interrupted.
func (s *Switch) subscribe(ctx context.Context) (<-chan netlink.LinkUpdate, error) {
	updates := make(chan netlink.LinkUpdate, 64)
	err := netlink.LinkSubscribeWithOptions(updates, ctx.Done(), netlink.LinkSubscribeOptions{
		ListExisting:  true,
		ErrorCallback: func(err error) { s.log.Debug("the kernel's news of devices were interrupted", "err", err) },
	})
	if err != nil {
		return nil, fmt.Errorf("watch devices: %w", err)
	}
	return updates, nil
}

// subscribeAgain makes up for what was missed while nobody listened: devices that have come are listed by the
// kernel, those that have gone are found here.
func (s *Switch) subscribeAgain(ctx context.Context) <-chan netlink.LinkUpdate {
	for ctx.Err() == nil {
		updates, err := s.subscribe(ctx)
		if err == nil {
			for _, p := range s.portList() {
				if deviceIndex(p.Name) == 0 {
					s.deviceChanged(p.Name, p.device, true)
				}
			}
			return updates
		}
		s.trouble.Warn("the kernel does not tell of devices", "err", err)
		select {
		case <-ctx.Done():
		case <-time.After(reviveEvery):
		}
	}
	return nil
}

// deviceIndex is the kernel's number of a device, 0 if there is none of that name.
func deviceIndex(name string) int {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return 0
	}
	return link.Attrs().Index
}

// deviceChanged deals with one piece of news: the device of a port has gone, has come, or has changed.
func (s *Switch) deviceChanged(name string, index int, gone bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.ports {
		p := &s.ports[i]
		if p.Name != name {
			continue
		}
		switch {
		case gone && !p.Away && p.device == index:
			s.takeAway(p)
		case !gone && (p.Away || p.device != index):
			s.bringBack(p, index)
		case !gone:
			s.refresh()
		}
	}
}

// takeAway removes the port of a device that has gone from the datapath. s.mu is held.
func (s *Switch) takeAway(p *Port) {
	p.Away = true
	s.log.Warn("the device of a port has gone", "name", p.Name)
	if c, err := s.now(); err == nil {
		if err := c.link.RemovePort(p.Datapath); err != nil {
			s.log.Warn("a port was not removed cleanly", "name", p.Name, "err", err)
		}
	}
}

// bringBack makes the port again on a device that has come. s.mu is held.
func (s *Switch) bringBack(p *Port, index int) {
	if !p.Away { // the name went to another device before we heard of it
		s.takeAway(p)
	}
	c, err := s.now()
	if err != nil {
		return
	}
	if _, err := c.link.AddPort(p.Spec); err != nil {
		s.log.Warn("the device of a port is there, but cannot be bound yet", "name", p.Name, "err", err)
		return
	}
	p.Away, p.device = false, index
	s.log.Info("the device of a port is back", "name", p.Name)
	s.showPorts()
}

// refresh lets the datapath look at its devices again: their MTU may have changed.
func (s *Switch) refresh() {
	if c, err := s.now(); err == nil {
		c.link.Ports()
	}
}
