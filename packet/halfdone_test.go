package packet

import (
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"testing"
	"time"
)

// slowSum sums 16-bit words one by one.
func slowSum(b []byte) uint16 {
	sum := 0
	for i, v := range b {
		if i%2 == 0 {
			sum += int(v) << 8
		} else {
			sum += int(v)
		}
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}

func seeded(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
		if r.IntN(4) == 0 {
			b[i] = 0xff // carries
		}
	}
	return b
}

// slowFrame is a frame built field by field, with its checksum finished the slow way.
type slowFrame struct {
	bytes    []byte
	checksum int // where it stands
	half     []byte
}

// buildFrame makes a random frame with a transport header and returns it with the finished checksum and half done.
func buildFrame(r *rand.Rand) slowFrame {
	f := randomBytes(r, 12)
	for range r.IntN(3) {
		f = append(f, []byte{0x81, 0x00, 0, 7}...)
	}
	proto := []byte{protoTCP, protoUDP, protoSCTP}[r.IntN(3)]
	body := randomBytes(r, 20+r.IntN(400))
	field := map[byte]int{protoTCP: 16, protoUDP: 6, protoSCTP: 8}[proto]
	if proto == protoUDP {
		binary.BigEndian.PutUint16(body[4:], uint16(len(body)))
	}
	var addresses []byte
	if r.IntN(2) == 0 {
		addresses = randomBytes(r, 8)
		options := make([]byte, 4*r.IntN(11))
		f = append(f, 0x08, 0x00, 0x40|byte(5+len(options)/4), 0)
		f = binary.BigEndian.AppendUint16(f, uint16(20+len(options)+len(body)))
		f = append(f, 0, 0, 0x40, 0, 64, proto, 0, 0)
		f = append(append(f, addresses...), options...)
	} else {
		addresses = randomBytes(r, 32)
		var extensions []byte
		next := proto
		for range r.IntN(4) {
			e := make([]byte, 8*(1+r.IntN(3)))
			e[0], e[1] = next, byte(len(e)/8-1)
			next = []byte{protoHopByHop, protoDestOpts, protoRouting}[r.IntN(3)]
			extensions = append(e, extensions...)
		}
		f = append(f, 0x86, 0xdd, 0x60, 0, 0, 0)
		f = binary.BigEndian.AppendUint16(f, uint16(len(extensions)+len(body)))
		f = append(f, next, 64)
		f = append(append(f, addresses...), extensions...)
	}
	at := len(f)
	half := append(f[:len(f):len(f)], body...)
	full := append(f[:len(f):len(f)], body...)
	if proto == protoSCTP {
		clear(half[at+field : at+field+4])
		crc := crc32.Checksum(half[at:], crc32.MakeTable(crc32.Castagnoli))
		binary.LittleEndian.PutUint32(full[at+field:], crc)
	} else {
		pseudo := append(addresses[:len(addresses):len(addresses)], 0, proto, byte(len(body)>>8), byte(len(body)))
		clear(full[at+field : at+field+2])
		sum := ^slowSum(append(pseudo, full[at:]...))
		if sum == 0 && proto == protoUDP {
			sum = 0xffff
		}
		binary.BigEndian.PutUint16(full[at+field:], sum)
		binary.BigEndian.PutUint16(half[at+field:], slowSum(pseudo))
	}
	padding := make([]byte, r.IntN(20))
	return slowFrame{bytes: append(full, padding...), checksum: at + field, half: append(half, padding...)}
}

// chainOf lays b into a chain, the first frame having at least head bytes.
func chainOf(t testing.TB, r *rand.Rand, pool *Pool, b []byte, head int) *Packet {
	var first, last *Packet
	for total := len(b); first == nil || len(b) > 0; {
		n := len(b)
		if r.IntN(2) == 0 {
			n = min(len(b), max(head, 1+r.IntN(len(b)+1)))
		}
		p := pool.Get()
		if p == nil || !p.Set(b[:n]) {
			t.Fatal("no room for a chain")
		}
		head, b = 0, b[n:]
		if first == nil {
			first = p
			first.Total = uint32(total)
		} else {
			last.Next = p
		}
		last = p
	}
	if first.Next == nil {
		first.Total = 0
	}
	return first
}

func flat(p *Packet) (b []byte) {
	for ; p != nil; p = p.Next {
		b = append(b, p.Bytes()...)
	}
	return b
}

func testPool(t testing.TB) *Pool {
	m, err := NewMemory(make([]byte, 1024*2048), 2048)
	if err != nil {
		t.Fatal(err)
	}
	return m.Split(1)[0]
}

func TestCompleteChecksum(t *testing.T) {
	r := seeded(t)
	pool := testPool(t)
	for range 20000 {
		f := buildFrame(r)
		p := chainOf(t, r, pool, f.half, f.checksum+20)
		if !p.CompleteChecksum() {
			t.Fatalf("not taken for half done: %x", f.half)
		}
		if got := flat(p); string(got) != string(f.bytes) {
			t.Fatalf("completed\n%x, slowly\n%x", got, f.bytes)
		}
		p.CompleteChecksum() // what is finished stays
		if got := flat(p); string(got) != string(f.bytes) {
			t.Fatalf("completed twice\n%x, slowly\n%x", got, f.bytes)
		}
		pool.Put(p)
	}
}

// What is finished, wrong, a fragment or without a checksum is left alone.
func TestChecksumLeftAlone(t *testing.T) {
	r := seeded(t)
	pool := testPool(t)
	for range 20000 {
		f := buildFrame(r)
		b := f.half
		switch r.IntN(4) {
		case 0:
			b = f.bytes
		case 1: // a wrong checksum that is not half done stays wrong
			b[f.checksum+1] ^= byte(1 + r.IntN(255))
		case 2: // cut short: the lengths do not fit
			b = b[:f.checksum+2]
		case 3: // without one
			clear(b[f.checksum : f.checksum+2])
			b[f.checksum+2] ^= 1 // (for SCTP, whose field is longer)
		}
		want := string(b)
		p := chainOf(t, r, pool, b, f.checksum+2)
		p.CompleteChecksum()
		if got := flat(p); string(got) != want {
			t.Fatalf("changed\n%x into\n%x", want, got)
		}
		pool.Put(p)
	}
}

func TestFragmentKeepsItsChecksum(t *testing.T) {
	r := seeded(t)
	pool := testPool(t)
	for range 2000 {
		f := buildFrame(r)
		at := 12
		for f.half[at] == 0x81 {
			at += 4
		}
		if f.half[at] != 0x08 {
			continue
		}
		f.half[at+2+6] |= 0x20 // more fragments
		p := chainOf(t, r, pool, f.half, len(f.half))
		if p.CompleteChecksum() {
			t.Fatalf("completed the checksum of a fragment %x", f.half)
		}
		pool.Put(p)
	}
}

func TestChecksumAllocatesNothing(t *testing.T) {
	r := seeded(t)
	pool := testPool(t)
	var ps []*Packet
	for range 60 {
		f := buildFrame(r)
		ps = append(ps, chainOf(t, r, pool, f.half, f.checksum+20))
	}
	if n := testing.AllocsPerRun(10, func() {
		for _, p := range ps {
			p.CompleteChecksum()
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzCompleteChecksum(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		f.Add(buildFrame(r).half, uint8(100))
	}
	f.Fuzz(func(t *testing.T, b []byte, cut uint8) {
		if len(b) > 4000 {
			return
		}
		m, err := NewMemory(make([]byte, 8*1024), 1024)
		if err != nil {
			t.Fatal(err)
		}
		pool := m.Split(1)[0]
		first, rest := pool.Get(), b[min(int(cut), len(b)):]
		first.Set(b[:len(b)-len(rest)])
		for last := first; len(rest) > 0; last = last.Next {
			n := min(len(rest), last.Room())
			last.Next = pool.Get()
			last.Next.Set(rest[:n])
			rest = rest[n:]
			first.Total = uint32(len(b))
		}
		if !first.CompleteChecksum() && string(flat(first)) != string(b) {
			t.Fatal("changed what it says it left alone")
		}
	})
}

func BenchmarkCompleteChecksum(b *testing.B) {
	pool := testPool(b)
	r := rand.New(rand.NewPCG(1, 2))
	f := buildFrame(r)
	p := chainOf(b, r, pool, f.half, len(f.half))
	b.SetBytes(int64(len(f.half)))
	for b.Loop() {
		copy(p.Bytes(), f.half)
		p.CompleteChecksum()
	}
}

func BenchmarkSum1500(b *testing.B) {
	data := make([]byte, 1500)
	b.SetBytes(1500)
	for b.Loop() {
		Sum(0).Bytes(data)
	}
}
