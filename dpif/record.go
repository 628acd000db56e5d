package dpif

import (
	"errors"
	"fmt"
	"math/bits"
	"sync/atomic"

	"pollux/action"
	"pollux/flow"
)

// A flow is written down as a record: which words of the mask are not zero,
// those words of key and mask, and the actions. A flow that needs more
// than a record's words goes on in further records, linked by next. The control
// process writes records and owns which are free; the thread reads a record
// when its mail says so, and writes nothing but the verdict.

// recordWords makes a record 512 bytes.
const recordWords = 59

// FlowRecord holds a flow, or the continuation of one.
type FlowRecord struct {
	verdict uint32 // Verdict; the thread writes it
	next    uint32 // record that continues this one, 0 for none
	bitmap  [2]uint64
	actions uint32 // words of actions
	instead uint32 // record whose actions have taken the place of this one's, 0 for none
	cookie  uint64
	words   [recordWords]uint64
}

// Verdict is what a thread says of a flow it was asked to put.
type Verdict uint32

// The verdicts.
const (
	Pending      Verdict = iota // the thread has not read the record
	Live                        // the flow is in the classifier
	Gone                        // it was, and has been removed
	Malformed                   // the record contradicts itself
	TooManyMasks                // the classifier's bound on masks is reached
	Exists                      // a flow with this key and mask is there
	Full                        // no room
	Taken                       // the record's actions are now those of a flow
)

var verdictNames = []string{"pending", "live", "gone", "malformed", "too many masks", "exists", "full", "taken"}

func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return "unknown verdict"
}

// FlowSpec is a flow as both sides speak of it.
type FlowSpec struct {
	Key     flow.Key // no bit outside Mask
	Mask    flow.Mask
	Actions action.List
	Cookie  uint64 // the control process's own; the thread ignores it
}

// Records is the slab of one thread's flow records. Record 0 is never used.
type Records []FlowRecord

// Need returns how many records the flow takes.
func Need(spec *FlowSpec) int {
	n := len(spec.Actions)
	for _, w := range spec.Mask {
		if w != 0 {
			n += 2
		}
	}
	return max(1, (n+recordWords-1)/recordWords)
}

// Write writes the flow into the records ids, of which the first is the
// flow's id. Only the control process calls it, on records that no thread has live.
func (r Records) Write(ids []uint32, spec *FlowSpec) error {
	if len(spec.Actions) > action.MaxWords || Need(spec) != len(ids) {
		return fmt.Errorf("write flow record: %d words of actions into %d records", len(spec.Actions), len(ids))
	}
	w := recordWriter{records: r, ids: ids}
	first := &r[ids[0]]
	first.bitmap = [2]uint64{}
	for i, m := range spec.Mask {
		if m != 0 {
			first.bitmap[i/64] |= 1 << (i % 64)
			w.put(spec.Key[i])
			w.put(m)
		}
	}
	for _, a := range spec.Actions {
		w.put(a)
	}
	for i, id := range ids {
		r[id].next = 0
		if i+1 < len(ids) {
			r[id].next = ids[i+1]
		}
	}
	first.actions, first.cookie = uint32(len(spec.Actions)), spec.Cookie
	atomic.StoreUint32(&first.instead, 0)
	atomic.StoreUint32(&first.verdict, uint32(Pending))
	return nil
}

type recordWriter struct {
	records Records
	ids     []uint32
	n       int
}

func (w *recordWriter) put(v uint64) {
	w.records[w.ids[w.n/recordWords]].words[w.n%recordWords] = v
	w.n++
}

// ErrRecord says that a record contradicts itself.
var ErrRecord = errors.New("flow record contradicts itself")

// Read copies the flow of record id into spec, reusing the room of its
// actions, and checks it against its own numbers: any record id and any
// content gives a flow or ErrRecord. The actions are not validated.
// Without allocation when cap(spec.Actions) is action.MaxWords.
func (r Records) Read(id uint32, spec *FlowSpec) error {
	if id == 0 || int64(id) >= int64(len(r)) {
		return ErrRecord
	}
	first := &r[id]
	actions, bitmap := first.actions, first.bitmap
	rd := recordReader{records: r, at: first}
	spec.Key, spec.Mask, spec.Actions, spec.Cookie = flow.Key{}, flow.Mask{}, spec.Actions[:0], first.cookie
	for half, set := range bitmap {
		for ; set != 0; set &= set - 1 {
			i := half*64 + bits.TrailingZeros64(set)
			if i >= flow.Words {
				return ErrRecord
			}
			key, mask := rd.word(), rd.word()
			spec.Key[i], spec.Mask[i] = key&mask, mask
		}
	}
	if instead := atomic.LoadUint32(&first.instead); instead != 0 {
		if int64(instead) >= int64(len(r)) {
			return ErrRecord
		}
		rd.at, rd.n = &r[instead], 0
		actions = rd.at.actions
		rd.broken = rd.broken || rd.at.bitmap != [2]uint64{} // it holds actions and nothing else
	}
	if actions > action.MaxWords {
		return ErrRecord
	}
	for range actions {
		spec.Actions = append(spec.Actions, rd.word())
	}
	if rd.broken {
		return ErrRecord
	}
	return nil
}

// Replace notes that the actions of flow id are now those of the record from, and returns the record that had
// been noted before, 0 for none. The records of from are then among the flow's. Only the control process calls it.
func (r Records) Replace(id, from uint32) (old uint32) {
	return atomic.SwapUint32(&r[id].instead, from)
}

type recordReader struct {
	records Records
	at      *FlowRecord
	n       int
	broken  bool
}

func (rd *recordReader) word() uint64 {
	if rd.n == recordWords {
		next := rd.at.next
		if next == 0 || int64(next) >= int64(len(rd.records)) {
			rd.broken = true
			rd.n = 0
		} else {
			rd.at, rd.n = &rd.records[next], 0
		}
	}
	w := rd.at.words[rd.n]
	rd.n++
	return w
}

// Chain appends the ids of the records that the flow id takes, with those of actions that took the place of its
// first ones. A chain that never ends is cut at the longest possible one.
func (r Records) Chain(id uint32, ids []uint32) []uint32 {
	ids = r.chain(id, ids)
	if id != 0 && int64(id) < int64(len(r)) {
		ids = r.chain(atomic.LoadUint32(&r[id].instead), ids)
	}
	return ids
}

func (r Records) chain(id uint32, ids []uint32) []uint32 {
	for n := 0; id != 0 && int64(id) < int64(len(r)) && n <= action.MaxWords/recordWords+4; n++ {
		ids = append(ids, id)
		id = r[id].next
	}
	return ids
}

// Verdict returns what the thread said of flow id.
func (r Records) Verdict(id uint32) Verdict { return Verdict(atomic.LoadUint32(&r[id].verdict)) }

// SetVerdict says it. Only the thread calls it.
func (r Records) SetVerdict(id uint32, v Verdict) { atomic.StoreUint32(&r[id].verdict, uint32(v)) }
