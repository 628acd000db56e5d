package pmd

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"pollux/action"
	"pollux/counter"
	"pollux/dpif"
	"pollux/flow"
	"pollux/rxtx/memport"
)

func out(ports ...uint32) (l action.List) {
	for _, p := range ports {
		l = l.Output(p)
	}
	return l
}

func TestKnownFlowIsForwarded(t *testing.T) {
	r := newRig(t, 1)
	p1, p2 := r.bench(1), r.bench(2)
	id := r.put(0, from(1), out(2))
	if v := r.ends[0].Records.Verdict(id); v != dpif.Live {
		t.Fatalf("the flow is %v", v)
	}
	for i := range 100 {
		p1.Put(udp(i))
	}
	r.turn()
	sent := p2.Take()
	if len(sent) != 100 || !bytes.Equal(sent[42], udp(42)) {
		t.Fatalf("%d packets came out", len(sent))
	}
	s := &r.region.Thread(0).FlowStats[id]
	if s.Packets.Load() != 100 || s.Bytes.Load() != 6000 {
		t.Errorf("the flow counted %d packets, %d bytes", s.Packets.Load(), s.Bytes.Load())
	}
	r.balance()
}

func TestMissIsParkedAndResumed(t *testing.T) {
	r := newRig(t, 1)
	p1, p2 := r.bench(1), r.bench(2)
	p1.Put(udp(7))
	r.turn()
	up := r.ends[0].Upcalls
	if up.Peek(4) != 1 {
		t.Fatal("no upcall")
	}
	u := up.Slot(0)
	if u.Port != 1 || !bytes.Equal(u.Data[:u.Length], udp(7)) || u.Key[flow.WordPort]>>32 != 1 || u.Park == dpif.NoPark {
		t.Errorf("upcall of port %d with %d bytes, key %x", u.Port, u.Length, u.Key)
	}
	r.balance()
	id := r.put(0, from(1), out(2))
	r.ends[0].Mail.Put(dpif.Mail{Op: dpif.MailResume, ID: id, Park: u.Park})
	r.ends[0].Mail.Put(dpif.Mail{Op: dpif.MailResume, ID: id, Park: u.Park}) // a second answer finds nobody
	r.turn()
	if sent := p2.Take(); len(sent) != 1 {
		t.Errorf("%d packets came out", len(sent))
	}
	if n := r.region.Thread(0).FlowStats[id].Packets.Load(); n != 1 {
		t.Errorf("the flow counted %d packets", n)
	}
	r.balance()
}

func TestPortQuotaLeavesRoomForOthers(t *testing.T) {
	r := newRig(t, 1)
	p1, p2 := r.bench(1), r.bench(2)
	for i := range 20 {
		p1.Put(udp(i))
	}
	p2.Put(udp(99))
	r.turn()
	if n := r.ends[0].Upcalls.Peek(64); n != 9 {
		t.Errorf("%d upcalls, want 8 of the noisy port and 1 of the other", n)
	}
	if n := r.drops(counter.UpcallQueueFull); n != 12 {
		t.Errorf("%d dropped for the quota", n)
	}
	r.clock.Advance(3 * time.Second)
	for range 2 * houseEvery {
		r.dp.Turn()
	}
	if n := r.drops(counter.UpcallExpired); n != 9 {
		t.Errorf("%d expired", n)
	}
	r.balance()
}

func TestNobodyAnswers(t *testing.T) {
	r := newRig(t, 1)
	p1 := r.bench(1)
	r.region.SetAttached(false)
	p1.Put(udp(1))
	r.turn()
	if r.drops(counter.UpcallNoControl) != 1 || r.ends[0].Upcalls.Peek(1) != 0 {
		t.Error("a packet waits for nobody")
	}
	r.balance()
}

func TestSeveralOutputsAndDrops(t *testing.T) {
	r := newRig(t, 1)
	p1, p2, p3 := r.bench(1), r.bench(2), r.bench(3)
	r.put(0, from(1), out(2, 3, 9))
	r.put(0, from(2), nil)
	p1.Put(udp(1))
	p2.Put(udp(2))
	p2.Put(udp(3)[:10])
	r.turn()
	if len(p2.Take()) != 1 || len(p3.Take()) != 1 {
		t.Error("not one copy each")
	}
	if r.drops(counter.TxNoPort) != 1 || r.drops(counter.FlowDrop) != 1 {
		t.Errorf("dropped: no port %d, flow %d", r.drops(counter.TxNoPort), r.drops(counter.FlowDrop))
	}
	r.balance()
}

func TestRemoveAndChangeFlow(t *testing.T) {
	r := newRig(t, 1)
	p1, p2, p3 := r.bench(1), r.bench(2), r.bench(3)
	id := r.put(0, from(1), out(2))
	other := r.put(0, from(63), out(3))
	p1.Put(udp(1))
	r.turn()
	r.ends[0].Mail.Put(dpif.Mail{Op: dpif.MailActions, ID: id, Arg: other})
	p1.Put(udp(1))
	r.turn()
	if len(p2.Take()) != 1 || len(p3.Take()) != 1 {
		t.Error("the changed actions were not used")
	}
	r.ends[0].Mail.Put(dpif.Mail{Op: dpif.MailRemove, ID: id})
	p1.Put(udp(1))
	r.turn()
	if v := r.ends[0].Records.Verdict(id); v != dpif.Gone || r.ends[0].Upcalls.Peek(1) != 1 {
		t.Errorf("the removed flow is %v", v)
	}
	r.balance()
}

// Mail that makes no sense changes nothing and is counted.
func TestNonsenseMail(t *testing.T) {
	r := newRig(t, 1)
	r.bench(1)
	for op := dpif.MailOp(0); op < 9; op++ {
		if op == dpif.MailFlush {
			continue
		}
		for _, id := range []uint32{0, 5, 1 << 20, ^uint32(0)} {
			r.ends[0].Mail.Put(dpif.Mail{Op: op, ID: id, Arg: id, Park: uint64(id)})
		}
	}
	r.turn()
	s := r.region.Thread(0).Stats
	if s.MailsRefused.Load() != 30 || s.MailsDone.Load() != 2 { // record 5 is an empty flow, which is put and removed
		t.Errorf("%d refused, %d done", s.MailsRefused.Load(), s.MailsDone.Load())
	}
	r.balance()
}

// Two threads, one of which has no queue on the egress port: packets change
// threads, and frames come back.
func TestHandOverBetweenThreads(t *testing.T) {
	r := newRig(t, 2)
	p1, p2 := r.bench(1), r.bench(2) // thread 0 polls p1, thread 1 polls p2
	r.put(0, from(1), out(2))
	total := 0
	for i := range 100 {
		for range 30 {
			p1.Put(udp(i))
		}
		r.turn()
		total += len(p2.Take())
		r.balance()
	}
	if total != 3000 {
		t.Errorf("%d of 3000 packets came out", total)
	}
	if a, b := r.dp.threads[0].pool.Len(), r.dp.threads[1].pool.Len(); a < rigFrames/2-200 || b < rigFrames/2-200 {
		t.Errorf("the pools have %d and %d frames: they do not come back", a, b)
	}
}

func TestPortsComeAndGo(t *testing.T) {
	r := newRig(t, 2)
	p1 := r.bench(1)
	p2 := r.bench(2)
	r.put(0, from(1), out(2))
	if _, err := r.dp.AddPort(dpif.PortSpec{Port: 2, Name: "again", Kind: "bench"}); err == nil {
		t.Error("a number was given twice")
	}
	if _, err := r.dp.AddPort(dpif.PortSpec{Port: 64, Kind: "bench"}); err == nil {
		t.Error("a number beyond the layout")
	}
	if _, err := r.dp.AddPort(dpif.PortSpec{Port: 3, Kind: "none"}); err == nil {
		t.Error("an unknown kind was opened")
	}
	p1.Put(udp(1))
	r.turn()
	if err := r.dp.RemovePort(2); err != nil {
		t.Fatal(err)
	}
	p1.Put(udp(1))
	r.turn()
	if len(p2.Take()) != 1 || r.drops(counter.TxNoPort) != 1 {
		t.Error("the removed port is still in use")
	}
	if err := r.dp.RemovePort(2); err == nil {
		t.Error("removed twice")
	}
	p2 = r.bench(2)
	p1.Put(udp(1))
	r.turn()
	if len(p2.Take()) != 1 {
		t.Error("the new port of the old number is not used")
	}
	ports, err := r.dp.Ports()
	if err != nil || len(ports) != 2 || ports[1].Spec.Name != "p2" || len(ports[1].Queues) != 1 {
		t.Errorf("ports %+v, %v", ports, err)
	}
	r.balance()
	if err := r.dp.Stop(); err != nil {
		t.Error(err)
	}
	r.balance()
}

// A queue that cannot be attached leaves nothing behind.
func TestAttachFails(t *testing.T) {
	r := newRig(t, 1)
	big, err := memport.NewReplay("big", [][]byte{make([]byte, 5000)}, 1)
	if err != nil {
		t.Fatal(err)
	}
	r.ports["big"] = big
	if _, err := r.dp.AddPort(dpif.PortSpec{Port: 1, Name: "big"}); err == nil {
		t.Fatal("packets larger than a frame were taken")
	}
	r.bench(1)
	r.balance()
}

func TestThreadsRunAndStop(t *testing.T) {
	r := newRig(t, 2)
	var packets [][]byte
	for i := range 100 {
		packets = append(packets, udp(i))
	}
	const total = 20000
	source, err := memport.NewReplay("source", packets, total)
	if err != nil {
		t.Fatal(err)
	}
	r.ports["source"], r.ports["sink"] = source, memport.NewSink("sink", 2)
	r.put(0, from(1), out(2))
	r.put(1, from(1), out(2))
	r.dp.Start()
	for i, name := range []string{"sink", "source"} { // the source last, when there is where to send
		if _, err := r.dp.AddPort(dpif.PortSpec{Port: uint32(2 - i), Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	for sent := uint64(0); sent < total; {
		sent = r.region.Thread(0).Ports[2].TxPackets.Load() + r.region.Thread(1).Ports[2].TxPackets.Load()
	}
	if err := r.dp.Stop(); err != nil {
		t.Error(err)
	}
	r.balance()
	if _, err := r.dp.Describe(); err != nil {
		t.Error(err)
	}
	if err := r.dp.Configure(dpif.Settings{Placement: "nowhere"}); err == nil || errors.Is(err, dpif.ErrLayout) {
		t.Errorf("an unknown placement: %v", err)
	}
}

// A turn allocates nothing, whatever the burst is made of.
func TestTurnDoesNotAllocate(t *testing.T) {
	r := newRig(t, 1)
	ugly := [][]byte{udp(1), udp(2), udp(3)[:13], udp(4)[:30], {1}, make([]byte, 1500), udp(6)}
	source, err := memport.NewReplay("source", ugly, 0)
	if err != nil {
		t.Fatal(err)
	}
	r.ports["source"], r.ports["sink"] = source, memport.NewSink("sink", 1)
	for i, name := range []string{"source", "sink"} {
		if _, err := r.dp.AddPort(dpif.PortSpec{Port: uint32(1 + i), Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	m := from(1)
	m.Key[flow.WordIPProto], m.Mask[flow.WordIPProto] = 1<<16, 0xffff<<16
	r.put(0, m, out(2, 2))
	m.Key[flow.WordIPProto] = 2 << 16
	r.put(0, m, append(action.List{}.Append(action.Truncate, 0, 20), out(2)...))
	m.Key[flow.WordIPProto] = 6 << 16
	r.put(0, m, action.List{}.Append(action.Clone, 0, 0, out(2)...).Append(action.Recirculate, 0, 5))
	up := r.ends[0].Upcalls
	if n := testing.AllocsPerRun(200, func() {
		r.dp.Turn()
		up.Release(up.Peek(64))
		r.clock.Advance(100 * time.Millisecond)
	}); n != 0 {
		t.Errorf("%v allocations a turn", n)
	}
	r.balance()
}
