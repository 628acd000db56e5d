package vswitch

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pollux/action"
	"pollux/counter"
	"pollux/dpif"
	"pollux/flow"
)

// actor plays the thread at the other end of the rings: it works mail when the test lets it, and refuses some.
type actor struct {
	t       *testing.T
	r       *rand.Rand
	end     dpif.ThreadEnd
	flows   map[uint32]string // what it has: key and actions as text
	expect  []string          // what the mail on its way must say, in its order
	refuses float64
}

// mailRing is small, so that it fills up.
const mailRing = 32

func newActor(t *testing.T, r *rand.Rand, records int) (*actor, *flows, *dpif.Thread) {
	region, err := dpif.NewRegion(dpif.Layout{Threads: 1, Ports: 8, Flows: records, Mail: mailRing, Execs: 4, Upcalls: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { region.Close() })
	thread := region.Thread(0)
	return &actor{t: t, r: r, end: thread.ThreadEnd(), flows: map[uint32]string{}}, newFlows(thread, 40), thread
}

func specText(s *dpif.FlowSpec) string {
	return fmt.Sprint(s.Key[flow.WordEthDst], s.Mask[flow.WordEthDst], []uint64(s.Actions))
}

func mailText(op dpif.MailOp, park uint64, list action.List) string {
	return fmt.Sprint(op, park, []uint64(list))
}

// work works up to n mails.
func (a *actor) work(n int) {
	n = a.end.Mail.Peek(n)
	for i := range n {
		m := *a.end.Mail.Slot(i)
		id := m.ID
		if m.Op == dpif.MailActions {
			id = m.Arg
		}
		spec := dpif.FlowSpec{}
		if m.Op != dpif.MailRemove && a.end.Records.Read(id, &spec) != nil {
			a.t.Fatalf("record %d of mail %d cannot be read", id, m.Op)
		}
		if got := mailText(m.Op, m.Park, spec.Actions); m.Op != dpif.MailPut && got != a.expect[0] {
			a.t.Fatalf("mail says %s, not %s", got, a.expect[0])
		}
		a.expect = a.expect[1:]
		a.answer(&m, &spec)
	}
	a.end.Mail.Release(n)
}

func (a *actor) answer(m *dpif.Mail, spec *dpif.FlowSpec) {
	refuse := a.r.Float64() < a.refuses
	switch m.Op {
	case dpif.MailPut:
		if refuse {
			a.end.Records.SetVerdict(m.ID, dpif.TooManyMasks)
			return
		}
		a.flows[m.ID] = specText(spec)
		a.end.FlowStats[m.ID].Packets.Set(uint64(m.ID))
		a.end.Records.SetVerdict(m.ID, dpif.Live)
	case dpif.MailRemove:
		if a.flows[m.ID] != "" {
			delete(a.flows, m.ID)
			a.end.Records.SetVerdict(m.ID, dpif.Gone)
		}
	case dpif.MailActions:
		if a.flows[m.ID] == "" || refuse {
			a.end.Records.SetVerdict(m.Arg, dpif.Full)
			return
		}
		var whole dpif.FlowSpec
		a.end.Records.Read(m.ID, &whole)
		whole.Actions = spec.Actions
		a.flows[m.ID] = specText(&whole)
		a.end.Records.SetVerdict(m.Arg, dpif.Taken)
	case dpif.MailExecute:
		if _, ok := a.end.Execs.Take(); !ok {
			a.t.Fatal("there is no packet to execute")
		}
	}
}

// ledger is what the bridge would believe.
type ledger struct {
	*actor
	f     *flows
	have  []uint32
	want  map[uint32]string // what the thread should have in the end
	lasts int               // removals that are to be told
}

func (l *ledger) actions() action.List {
	list := action.List{}.Output(uint32(l.r.IntN(1000)))
	for range l.r.IntN(3) * l.r.IntN(60) { // some take several records
		list = list.Output(1)
	}
	return list
}

func (l *ledger) mail(op dpif.MailOp, park uint64, list action.List) {
	l.expect = append(l.expect, mailText(op, park, list))
}

// step does something that a bridge does.
func (l *ledger) step() {
	list := l.actions()
	switch n := len(l.have); l.r.IntN(7) {
	case 0, 1:
		k := flow.Key{flow.WordEthDst: l.r.Uint64()}
		id, err := l.f.put(&k, &flow.Mask{flow.WordEthDst: ^uint64(0)}, list)
		if err == nil {
			l.have = append(l.have, id)
			l.want[id] = specText(&dpif.FlowSpec{Key: k, Mask: flow.Mask{flow.WordEthDst: ^uint64(0)}, Actions: list})
			l.mail(dpif.MailPut, 0, list)
		} else if l.f.live < l.f.limit && len(l.f.free) > 4 {
			l.t.Fatalf("put flow: %v", err)
		}
	case 2:
		if n > 0 {
			l.end1(l.r.IntN(n))
		}
	case 3:
		if n > 0 {
			l.change(l.have[l.r.IntN(n)], list)
		}
	case 4:
		if l.f.resume(7, 0, list) == nil {
			l.mail(dpif.MailResume, 7, list)
		}
	case 5:
		if l.f.execute(1, []byte("packet"), list) == nil {
			l.mail(dpif.MailExecute, 0, list)
		}
	default:
		l.settle()
	}
}

func (l *ledger) change(id uint32, list action.List) {
	if l.f.change(id, list) != nil {
		return
	}
	l.mail(dpif.MailActions, 0, list)
	key, _, _ := strings.Cut(l.want[id], "[")
	l.want[id] = key + fmt.Sprint([]uint64(list))
}

// end1 removes one flow.
func (l *ledger) end1(i int) {
	id := l.have[i]
	l.have = slices.Delete(l.have, i, i+1)
	l.lasts++
	l.mail(dpif.MailRemove, 0, nil)
	l.f.remove(id, func(c *counter.Flow) {
		l.lasts--
		if l.flows[id] != "" {
			l.t.Errorf("flow %d is told to have ended, and has not", id)
		}
	})
}

func (l *ledger) settle() {
	l.f.settle(func(id uint32, why dpif.Verdict) {
		i := slices.Index(l.have, id)
		if i < 0 || why != dpif.TooManyMasks && why != dpif.Full {
			l.t.Errorf("flow %d is lost: %v", id, why)
			return
		}
		l.have = slices.Delete(l.have, i, i+1)
		if why == dpif.Full { // new actions that were refused: the flow is ended, too
			l.mail(dpif.MailRemove, 0, nil)
		}
	})
}

// balance holds all books against each other once the thread has worked all mail.
func (l *ledger) balance() {
	for range 4 { // removals may follow from what is found
		l.work(1000)
		l.settle()
	}
	if len(l.have) != len(l.flows) || l.f.live != len(l.flows) || l.lasts != 0 || len(l.f.wait) != 0 || len(l.f.ended) != 0 {
		l.t.Fatalf("the bridge has %d flows, the books %d, the thread %d; %d ends are not told, %d mails waited for, %d flows ending",
			len(l.have), l.f.live, len(l.flows), l.lasts, len(l.f.wait), len(l.f.ended))
	}
	seen := map[uint32]bool{}
	all := slices.Clone(l.f.free)
	for id := range l.flows {
		all = l.end.Records.Chain(id, all)
	}
	for _, id := range all {
		if seen[id] {
			l.t.Fatalf("record %d is there twice", id)
		}
		seen[id] = true
	}
	if len(all) != len(l.end.Records)-1 {
		l.t.Fatalf("%d records are accounted for, of %d", len(all), len(l.end.Records)-1)
	}
	shown := map[uint32]string{}
	l.f.show(func(id uint32, s *dpif.FlowSpec) { shown[id] = specText(s) })
	for _, id := range l.have {
		if l.flows[id] != l.want[id] {
			l.t.Fatalf("flow %d is %s, not %s", id, l.flows[id], l.want[id])
		}
	}
	if !maps.Equal(shown, l.flows) {
		l.t.Fatalf("the records say\n%v\nthe thread has\n%v", shown, l.flows)
	}
}

func TestFlowRecordsAddUp(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	defer func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	}()
	for i := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, i))
		a, f, thread := newActor(t, r, 100)
		a.refuses = r.Float64() / 3
		l := &ledger{actor: a, f: f, want: map[uint32]string{}}
		for range 400 {
			l.step()
			if len(l.expect) >= mailRing-2 || r.IntN(4) == 0 {
				l.work(r.IntN(mailRing))
			}
			if r.IntN(50) == 0 {
				l.balance()
			}
		}
		l.balance()
		adopted := newFlows(thread, 40)
		got := map[uint32]string{}
		adopted.adopt(func(id uint32, s *dpif.FlowSpec) { got[id] = specText(s) })
		slices.Sort(adopted.free)
		slices.Sort(f.free)
		if !maps.Equal(got, l.flows) || adopted.live != f.live || !slices.Equal(adopted.free, f.free) {
			t.Fatalf("adopted %v, %d free; there were %v, %d free", got, len(adopted.free), l.flows, len(f.free))
		}
	}
}

// A thread that does not read its mail for long misses no removal: a flow that everybody
// but the thread has forgotten would forward for ever.
func TestRemovalsOutlastAFullRing(t *testing.T) {
	a, f, _ := newActor(t, rand.New(rand.NewPCG(1, 1)), 100)
	l := &ledger{actor: a, f: f, want: map[uint32]string{}}
	for range mailRing {
		k := flow.Key{flow.WordEthDst: a.r.Uint64()}
		id, err := f.put(&k, &flow.Mask{flow.WordEthDst: ^uint64(0)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		l.have = append(l.have, id)
		l.mail(dpif.MailPut, 0, nil)
	}
	for len(l.have) > 0 {
		l.end1(0)
	}
	if err := f.resume(7, 0, nil); !errors.Is(err, errBusy) {
		t.Errorf("a packet is sent on past removals that wait: %v", err)
	}
	l.balance()
	if len(a.flows) != 0 {
		t.Errorf("%d flows are left", len(a.flows))
	}
}

func TestFlowLimitAndRecordsRunOut(t *testing.T) {
	a, f, _ := newActor(t, rand.New(rand.NewPCG(1, 1)), 30)
	mask := flow.Mask{flow.WordEthDst: ^uint64(0)}
	for i := range 29 {
		if _, err := f.put(&flow.Key{flow.WordEthDst: uint64(i)}, &mask, nil); err != nil {
			t.Fatal(err)
		}
		a.mailPut()
	}
	if _, err := f.put(&flow.Key{}, &mask, nil); err == nil || errors.Is(err, ErrFlowLimit) {
		t.Errorf("a flow without a record: %v", err)
	}
	f.limit = 29
	if _, err := f.put(&flow.Key{}, &mask, nil); !errors.Is(err, ErrFlowLimit) {
		t.Errorf("a flow beyond the limit: %v", err)
	}
	if err := f.execute(1, make([]byte, dpif.MaxPacket+1), nil); err == nil {
		t.Error("a packet of any length is executed")
	}
}

// mailPut works one mail of a flow without actions.
func (a *actor) mailPut() {
	a.expect = append(a.expect, mailText(dpif.MailPut, 0, nil))
	a.work(1)
}
