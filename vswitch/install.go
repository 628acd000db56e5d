package vswitch

import (
	"pollux/action"
	"pollux/counter"
	"pollux/dpif"
	"pollux/flow"
	"pollux/internal/clock"
	"pollux/ofproto"
)

// The bridge's view of the datapath: ofproto.Installer over the threads' flows
// of the present session. While there is no session there are no flows.

// PutFlow implements ofproto.Installer.
func (s *Switch) PutFlow(thread int, key *flow.Key, mask *flow.Mask, actions action.List) (ofproto.FlowID, error) {
	c, err := s.now()
	if err != nil {
		return 0, err
	}
	id, err := c.threads[thread].put(key, mask, actions)
	return ofproto.FlowID(id), err
}

// SetActions implements ofproto.Installer.
func (s *Switch) SetActions(thread int, id ofproto.FlowID, actions action.List) error {
	c, err := s.now()
	if err != nil {
		return err
	}
	return c.threads[thread].change(uint32(id), actions)
}

// DeleteFlow implements ofproto.Installer.
func (s *Switch) DeleteFlow(thread int, id ofproto.FlowID, last func(ofproto.FlowStats)) {
	c, err := s.now()
	if err == nil {
		c.threads[thread].remove(uint32(id), func(f *counter.Flow) { last(statsOf(f)) })
	} else { // the thread is gone, and what it had counted with it
		go last(ofproto.FlowStats{})
	}
}

// Stats implements ofproto.Installer.
func (s *Switch) Stats(thread int, id ofproto.FlowID) ofproto.FlowStats {
	c, err := s.now()
	if err != nil {
		return ofproto.FlowStats{}
	}
	return statsOf(&c.link.Region().Thread(thread).FlowStats[id])
}

func statsOf(f *counter.Flow) ofproto.FlowStats {
	return ofproto.FlowStats{
		Packets: f.Packets.Load(), Bytes: f.Bytes.Load(), Used: clock.Time(f.Used.Load()), TCPFlags: uint16(f.TCPFlags.Load()),
	}
}

// settle tells the bridge what became of flows.
func (s *Switch) settle() {
	c, err := s.now()
	if err != nil {
		return
	}
	s.naming.Lock()
	defer s.naming.Unlock()
	for i, t := range c.threads {
		t.settle(func(id uint32, why dpif.Verdict) {
			s.log.Debug("the datapath refused a flow", "thread", i, "flow", id, "why", why)
			s.bridge.Lost(i, ofproto.FlowID(id))
		})
	}
}
