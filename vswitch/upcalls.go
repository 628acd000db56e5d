package vswitch

import (
	"pollux/dpif"
	"pollux/ofproto"
	"pollux/ofproto/xlate"
)

// answer deals with one upcall: a packet that no flow knows is translated and
// sent on its way; a copy for a controller finds nobody yet and is counted by the thread that sent it.
func (s *Switch) answer(thread int, u *dpif.Upcall) {
	if u.Kind != dpif.UpcallMiss {
		return
	}
	c, err := s.now()
	if err != nil {
		return
	}
	s.naming.RLock()
	defer s.naming.RUnlock()
	d := s.bridge.Upcall(thread, &u.Key, int(u.Total), s.clock.Now())
	if d.Failure != "" {
		s.trouble.Warn("a packet was dropped in translation", "port", u.Port, "why", d.Failure)
	}
	if err := c.threads[thread].resume(u.Park, uint32(d.Flow), d.Actions); err != nil {
		s.trouble.Warn("a packet could not be sent on", "port", u.Port, "err", err)
	}
}

// showPorts tells the bridge which ports there are. s.mu is held.
func (s *Switch) showPorts() {
	var all []xlate.Port
	for _, p := range s.ports {
		all = append(all, xlate.Port{Number: p.Number, Datapath: xlate.DatapathPort(p.Datapath), Name: p.Name, MAC: p.MAC})
	}
	s.bridge.SetPorts(all)
}

// adopt takes over the ports and flows of a datapath that is running.
func (s *Switch) adopt(c *session) error {
	infos, err := c.link.Ports()
	if err != nil {
		return err
	}
	s.mu.Lock()
	for _, info := range infos {
		p := newPort(&info)
		s.ports = append(s.ports, p)
		if !info.Info.Up && p.device != 0 { // perhaps another device of the name than the one it is bound to
			s.bringBack(&s.ports[len(s.ports)-1], p.device)
		}
	}
	s.showPorts()
	s.mu.Unlock()
	now := s.clock.Now()
	for i, t := range c.threads {
		t.adopt(func(id uint32, spec *dpif.FlowSpec) {
			s.bridge.Adopt(i, ofproto.FlowID(id), &spec.Key, &spec.Mask, spec.Actions, now)
		})
	}
	s.bridge.Revalidate(now)
	return nil
}
