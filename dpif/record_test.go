package dpif

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"pollux/action"
	"pollux/flow"
)

func randomSpec(r *rand.Rand) *FlowSpec {
	s := &FlowSpec{Cookie: r.Uint64()}
	for range r.IntN(40) {
		i := r.IntN(flow.Words)
		s.Mask[i] = r.Uint64() >> r.IntN(64)
		s.Key[i] = r.Uint64() & s.Mask[i]
	}
	for range r.IntN(1 + r.IntN(action.MaxWords)) {
		s.Actions = append(s.Actions, r.Uint64())
	}
	return s
}

// Whatever is written into whichever free records is read back.
func TestRecordRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	records := make(Records, 512)
	var got FlowSpec
	for i := range 500 {
		want := randomSpec(r)
		ids := make([]uint32, Need(want))
		for j, p := range r.Perm(len(records) - 1)[:len(ids)] {
			ids[j] = uint32(p + 1)
		}
		if err := records.Write(ids, want); err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		if err := records.Read(ids[0], &got); err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		if got.Key != want.Key || got.Mask != want.Mask || got.Cookie != want.Cookie || !slices.Equal(got.Actions, want.Actions) {
			t.Fatalf("round %d: read\n%+v, wrote\n%+v", i, got, want)
		}
		if chain := records.Chain(ids[0], nil); !slices.Equal(chain, ids) {
			t.Fatalf("round %d: chain %v, wrote %v", i, chain, ids)
		}
		if v := records.Verdict(ids[0]); v != Pending {
			t.Fatalf("a fresh record is %v", v)
		}
	}
}

func TestWriteRefusesTheWrongNumberOfRecords(t *testing.T) {
	records := make(Records, 8)
	if err := records.Write([]uint32{1, 2}, &FlowSpec{}); err == nil {
		t.Error("an empty flow took two records")
	}
	if err := records.Write([]uint32{1}, &FlowSpec{Actions: make(action.List, action.MaxWords+1)}); err == nil {
		t.Error("a list that is too long was written")
	}
}

// Any bytes in the slab give a flow or ErrRecord, without allocation.
func FuzzRecordRead(f *testing.F) {
	f.Add([]byte{1}, uint32(1))
	f.Add(make([]byte, 600), uint32(0))
	f.Fuzz(func(t *testing.T, b []byte, id uint32) {
		records := make(Records, 4)
		scribble(records, b)
		spec := FlowSpec{Actions: make(action.List, 0, action.MaxWords)}
		if err := records.Read(id, &spec); err != nil && !errors.Is(err, ErrRecord) {
			t.Fatal(err)
		}
		for i := range spec.Key {
			if spec.Key[i]&^spec.Mask[i] != 0 {
				t.Fatal("key outside mask")
			}
		}
		records.Chain(id, nil)
	})
}

func scribble(records Records, b []byte) {
	b = append(slices.Clone(b), make([]byte, 8)...)
	at := func(i int) uint64 { return binary.LittleEndian.Uint64(b[i%(len(b)-7):]) }
	for i := range records {
		r := &records[i]
		r.next, r.actions = uint32(at(i)), uint32(at(i+1))
		r.bitmap = [2]uint64{at(i + 2), at(i + 3)}
		for w := range r.words {
			r.words[w] = at(i + w)
		}
	}
}

func TestRecordReadDoesNotAllocate(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	records, spec := make(Records, 128), randomSpec(r)
	spec.Actions = make(action.List, 4000)
	ids := make([]uint32, Need(spec))
	for i := range ids {
		ids[i] = uint32(i + 1)
	}
	if err := records.Write(ids, spec); err != nil {
		t.Fatal(err)
	}
	got := FlowSpec{Actions: make(action.List, 0, action.MaxWords)}
	if n := testing.AllocsPerRun(10, func() { records.Read(1, &got) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if len(got.Actions) != 4000 {
		t.Errorf("%d words of actions", len(got.Actions))
	}
}

func TestLayoutIDSeesEveryField(t *testing.T) {
	type a struct{ X, Y uint64 }
	type b struct{ Y, X uint64 }
	shape := func(v any) (s string) {
		describe(func(p []byte) (int, error) { s += string(p); return len(p), nil }, reflect.TypeOf(v))
		return s
	}
	if shape(a{}) == shape(b{}) || shape([2]uint64{}) == shape([3]uint64{}) {
		t.Error("two shapes have one description")
	}
}
