package action

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"pollux/counter"
	"pollux/flow"
)

func TestValidate(t *testing.T) {
	edit := List{}.Set(flow.FieldEthSrc, flow.Value{Lo: 1}, flow.Ones(48)).Output(1)
	deep := List{}.Output(0)
	for range MaxDepth {
		deep = List{}.Append(Clone, 0, 0, deep...)
	}
	for _, c := range []struct {
		name string
		list List
		want error
	}{
		{"nothing", nil, nil},
		{"an edit", edit, nil},
		{"branches", List{}.CheckLength(100, edit, nil), nil},
		{"as deep as may be", deep, nil},
		{"deeper", List{}.Append(Clone, 0, 0, deep...), errDepth},
		{"no words", List{0}, errLength},
		{"more words than there are", List{Header(Output, 0, 2, 0)}, errLength},
		{"no operation", List{Header(Invalid, 0, 1, 0)}, errOp},
		{"an unknown operation", List{Header(numOps, 0, 1, 0)}, errOp},
		{"a set without its value", List{Header(Set, uint8(flow.FieldEthSrc), 1, 0)}, errPayload},
		{"a read-only field", List{}.Set(flow.FieldEthType, flow.Value{}, flow.Value{}), errField},
		{"no field at all", List{}.Append(Set, 255, 0, 0, 0, 0, 0), errField},
		{"a register", List{}.Set(flow.FieldReg0, flow.Value{}, flow.Value{}), errField},
		{"no such port", List{}.Output(2), errPort},
		{"no such port, nested", List{}.Append(Clone, 0, 0, List{}.Output(2)...), errPort},
		{"dropped for no reason", List{}.Append(Drop, 0, uint32(counter.Forwarded)), errReason},
		{"dropped for a reason that is none", List{}.Append(Drop, 0, uint32(counter.NumDrops)), errReason},
		{"branches without a length", List{Header(CheckLength, 0, 1, 0)}, errPayload},
		{"a branch longer than its action", List{}.Append(CheckLength, 0, 0, 2, 0), errPayload},
		{"a branch of the largest length", List{}.Append(CheckLength, 0, 0, ^uint64(0)), errPayload},
		{"too long", make(List, MaxWords+1), errTooLong},
	} {
		if got := Validate(c.list, 2); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// walk does what a thread does with a validated list.
func walk(t *testing.T, l List, b []byte, depth int) {
	if depth > MaxDepth {
		t.Fatalf("nested %d deep", depth)
	}
	for len(l) > 0 {
		var a Action
		a, l = l.First()
		switch a.Op {
		case Clone, Sample:
			walk(t, List(a.Payload), b, depth+1)
		case CheckLength:
			longer, others := a.Branches()
			walk(t, longer, b, depth+1)
			walk(t, others, b, depth+1)
		case Userspace:
			a.ToUserspace()
		case Set, PushVLAN, PopVLAN, PushMPLS, PopMPLS:
			p := testPool(t).Get()
			p.Set(b)
			var k flow.Key
			flow.Extract(p, &k)
			Apply(p, a)
			flow.Extract(p, &k)
		}
	}
}

// FuzzList: a list that Validate lets pass can be walked, applied and printed, whatever the packet.
func FuzzList(f *testing.F) {
	bytesOf := func(l List) (b []byte) {
		for _, w := range l {
			b = binary.BigEndian.AppendUint64(b, w)
		}
		return b
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 10 {
		l := List{}.Set(flow.FieldIPv6Dst, flow.Value{Hi: 1, Lo: 2}, flow.Ones(128)).Append(PushMPLS, 0, 0x140, 0x8847).Append(PopMPLS, 0, 0x800)
		f.Add(bytesOf(l.CheckLength(5, List{}.Append(PopVLAN, 0, 0), List{}.Output(1)).Userspace(1, 2, 3)), makeUgly(r).b)
	}
	f.Fuzz(func(t *testing.T, words, b []byte) {
		if len(b) > 1500 || len(words) > 8*100 {
			return
		}
		var l List
		for ; len(words) >= 8; words = words[8:] {
			l = append(l, binary.BigEndian.Uint64(words))
		}
		if Validate(l, 4) == nil {
			walk(t, l, b, 0)
		}
	})
}
