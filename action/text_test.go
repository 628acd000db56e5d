package action

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pollux/counter"
	"pollux/flow"
	"pollux/internal/story"
	"pollux/packet"
)

// storyPorts are the ports of the stories.
type storyPorts struct{}

func (storyPorts) PortNumber(name string) (uint32, bool) {
	n, ok := map[string]uint32{"eth0": 1, "veth-2": 2}[name]
	return n, ok
}

func (storyPorts) PortName(port uint32) (string, bool) {
	name, ok := map[uint32]string{1: "eth0", 2: "veth-2"}[port]
	return name, ok
}

func TestStories(t *testing.T) {
	story.Run(t, "testdata/*.txtar", map[string]story.Verb{"list": printAgain, "edit": editPacket})
}

// printAgain reads lists and prints them; -6 prints them as those of an IPv6 flow, -names with the names of ports.
func printAgain(c *story.Call) (string, error) {
	var ports flow.PortNames
	var k flow.Key
	var out strings.Builder
	for _, arg := range c.Args {
		switch arg {
		case "-6":
			k[flow.WordEthDst] = flow.EthTypeIPv6
			continue
		case "-names":
			ports = storyPorts{}
			continue
		}
		l, err := ParseODP(arg, ports)
		if err == nil {
			err = Validate(l, 100)
		}
		if err != nil {
			out.WriteString("error: " + err.Error() + "\n")
			continue
		}
		out.Write(append(l.AppendODP(nil, ports, &k), '\n'))
	}
	return out.String(), nil
}

// editPacket composes the packet that the first argument matches, edits it by the second and prints what it is then.
func editPacket(c *story.Call) (string, error) {
	m, err := flow.ParseMatch(c.Args[0], nil)
	if err != nil {
		return "", err
	}
	l, err := ParseODP(c.Args[1], nil)
	if err != nil {
		return "", err
	}
	mem, err := packet.NewMemory(make([]byte, 2048), 2048)
	if err != nil {
		return "", err
	}
	p := mem.Split(1)[0].Get()
	p.Set(flow.Compose(&m.Key, nil))
	var k flow.Key
	flow.Extract(p, &k)
	if reason := apply(p, l); reason != counter.Forwarded {
		return reason.String(), nil
	}
	flow.Extract(p, &k)
	after := flow.Match{Key: k, Mask: m.Mask}
	for i, w := range k { // what is new is shown, too
		if w != 0 {
			after.Mask[i] = ^uint64(0)
		}
	}
	return after.String(), nil
}

// randomList is a valid list of at most n actions.
func randomList(r *rand.Rand, n, depth int) (l List) {
	ids := append(settableFields(), flow.FieldPktMark, flow.FieldSKBPriority, flow.FieldDPHash)
	ids = slices.DeleteFunc(ids, func(id flow.FieldID) bool { // written twice it is not what one write does: the first hides the option
		return id == flow.FieldNDOptionsType
	})
	for range r.IntN(n + 1) {
		inner := List{}
		if depth < 3 {
			inner = randomList(r, 3, depth+1)
		}
		switch x := uint32(r.Uint64()); r.IntN(20) {
		default:
			id := ids[r.IntN(len(ids))]
			mask := id.Field().Ones()
			if r.IntN(2) == 0 && id != flow.FieldARPOp { // two halves of whose byte would look like all of its two bytes
				mask = mask.And(flow.Value{Hi: r.Uint64(), Lo: r.Uint64()})
			}
			l = l.Set(id, flow.Value{Hi: r.Uint64(), Lo: r.Uint64()}.And(mask), mask)
		case 0:
			l = l.Output(x % 100)
		case 1:
			l = l.Append(PushVLAN, 0, x&^flow.VLANPresent)
		case 2:
			l = l.Append(PopVLAN, 0, 0)
		case 3:
			l = l.Append(PushMPLS, 0, x, flow.EthTypeMPLS)
		case 4:
			l = l.Append(PopMPLS, 0, []uint32{flow.EthTypeIPv4, flow.EthTypeIPv6, flow.EthTypeMPLS}[r.IntN(3)])
		case 5:
			l = l.Append([]Op{Recirculate, Truncate, Meter}[r.IntN(3)], 0, x)
		case 6:
			l = l.Userspace(x, uint32(r.Uint64()), r.Uint64())
		case 7:
			l = l.Append(Clone, 0, 0, inner...)
		case 8:
			l = l.Append(Sample, 0, x, inner...)
		case 9:
			l = l.CheckLength(x, inner, randomList(r, 2, 3))
		case 10:
			l = l.Append(Hash, uint8(r.IntN(2)), x)
		case 11:
			l = l.Append(Drop, 0, 1+x%uint32(counter.NumDrops-1))
		case 12:
			l = l.Append([]Op{Conntrack, TunnelPush}[r.IntN(2)], 0, x, r.Uint64())
		}
	}
	return l
}

// TestTextTwin: a list read from the text of another prints the same, and does the same to packets.
func TestTextTwin(t *testing.T) {
	r := seeded(t)
	pool := testPool(t)
	for range 30000 {
		l := randomList(r, 8, 0)
		if err := Validate(l, 100); err != nil {
			t.Fatal(err)
		}
		u := makeUgly(r)
		p, q := pool.Get(), pool.Get()
		p.Set(u.b)
		q.Set(u.b)
		var k flow.Key
		flow.Extract(p, &k)
		flow.Extract(q, &k)
		text := string(l.AppendODP(nil, storyPorts{}, &k))
		again, err := ParseODP(text, storyPorts{})
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if got := string(again.AppendODP(nil, storyPorts{}, &k)); got != text {
			t.Fatalf("printed\n%s, read and printed\n%s", text, got)
		}
		editAll(p, l)
		editAll(q, again)
		if !bytes.Equal(p.Bytes(), q.Bytes()) || p.Meta != q.Meta {
			t.Fatalf("%s does\n%x, read back it does\n%x, of\n%x", text, p.Bytes(), q.Bytes(), u.b)
		}
		pool.Put(p)
		pool.Put(q)
	}
}

// editAll does the edits of the outermost list that are possible.
func editAll(p *packet.Packet, l List) {
	for len(l) > 0 {
		var a Action
		a, l = l.First()
		Apply(p, a)
	}
}

func FuzzText(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		f.Add(randomList(r, 6, 0).String())
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := ParseODP(s, nil)
		if err != nil || Validate(l, 1<<31-1) != nil {
			return
		}
		text := l.String()
		again, err := ParseODP(text, nil)
		if err != nil {
			t.Fatalf("%q prints as %q: %v", s, text, err)
		}
		if got := again.String(); got != text {
			t.Fatalf("%q prints as %q, and that as %q", s, text, got)
		}
	})
}
