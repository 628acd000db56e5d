package mac

import (
	"math/rand/v2"
	"strings"
	"testing"

	"pollux/internal/clock"
	"pollux/openflow"
)

const sec = clock.Second

func addr(n int) Address { return Address{MAC: uint64(n), VLAN: uint16(n % 3)} }

// The table beside a map that knows nothing but the rules: learned until idle, moved, forgotten.
func TestAgainstMap(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	type twin struct {
		port        openflow.Port
		used, moved clock.Time
	}
	known := map[Address]twin{}
	table := New(Limits{MaxEntries: 1000, MaxIdle: 20 * sec})
	var now clock.Time = 1000 * sec
	for range 20000 {
		a, port := addr(2*r.IntN(60)), openflow.Port(1+r.IntN(2))
		switch r.IntN(12) {
		case 0:
			now += clock.Time(r.IntN(int(3 * sec)))
		case 1:
			table.Expire(now)
			for a, e := range known {
				if e.used+20*sec <= now {
					delete(known, a)
				}
			}
		case 2:
			if _, ok := known[a]; ok != table.Delete(a) {
				t.Fatalf("seed %d: delete %v", seed, a)
			}
			delete(known, a)
		default:
			before, e := table.Changes(), known[a]
			changed := false
			switch {
			case e.port == 0:
				e, changed = twin{port, now, now - moveHold}, true
			case e.port == port && now >= e.used+refreshEvery:
				e.used = now
			case e.port != port && now >= e.moved+moveHold:
				e, changed = twin{port, now, now}, true
			}
			known[a] = e
			if table.Learn(a, port, now) != changed || (table.Changes() != before) != changed {
				t.Fatalf("seed %d: learn %v on %d: changed must be %v", seed, a, port, changed)
			}
			if changed && table.LastChange(a.Class()) != table.Changes() {
				t.Fatalf("seed %d: the change of %v is not noted", seed, a)
			}
		}
		a = addr(2 * r.IntN(60))
		if port, ok := table.Lookup(a); ok != (known[a].port != 0) || port != known[a].port {
			t.Fatalf("seed %d: lookup %v: %d %v, want %d", seed, a, port, ok, known[a].port)
		}
	}
}

// A port that sprays addresses loses its own, the oldest first.
func TestFairEviction(t *testing.T) {
	table := New(Limits{MaxEntries: 100, MaxIdle: 300 * sec})
	for i := range 10 {
		table.Learn(Address{MAC: uint64(2 + 4*i)}, 1, sec)
	}
	for i := range 1000 {
		table.Learn(Address{MAC: uint64(0x1000 + 2*i)}, 2, 2*sec)
	}
	count := map[openflow.Port]int{}
	for _, e := range table.Entries() {
		count[e.Port]++
		if e.Port == 2 && e.MAC < 0x1000+2*910 {
			t.Errorf("%x of port 2 is still known, which is not among the last 90", e.MAC)
		}
	}
	if count[1] != 10 || count[2] != 90 {
		t.Errorf("port 1 has %d entries and port 2 has %d, want 10 and 90", count[1], count[2])
	}
	table.SetLimits(Limits{MaxEntries: 0, MaxIdle: sec})
	if table.Learn(Address{MAC: 2}, 1, 3*sec) || len(table.Entries()) != 0 {
		t.Error("a table without room learned something")
	}
}

// An address that two ports claim by turns moves at most twice a second.
func TestFlapping(t *testing.T) {
	table := New(DefaultLimits)
	moves := 0
	for i := range 10_000 {
		if table.Learn(Address{MAC: 2}, openflow.Port(1+i%2), sec+clock.Time(i)*clock.Millisecond) {
			moves++
		}
	}
	if moves > 21 {
		t.Errorf("the address moved %d times in 10 s", moves)
	}
}

func TestStatic(t *testing.T) {
	table := New(Limits{MaxEntries: 1, MaxIdle: sec})
	pinned := Address{MAC: 0x0a0000000001, VLAN: 5}
	table.Learn(pinned, 3, 10*sec)
	table.AddStatic(pinned, 1)
	table.Learn(pinned, 2, 20*sec)
	table.Learn(Address{MAC: 0x0a0000000002}, openflow.PortLocal, 20*sec)
	table.Learn(Address{MAC: 0x010000000002}, 2, 20*sec) // a group address is nobody's
	var b strings.Builder
	table.Show(&b, 27*sec)
	want := ` port  VLAN  MAC                Age
    1     5  0a:00:00:00:00:01  static
LOCAL     0  0a:00:00:00:00:02    7
`
	if b.String() != want {
		t.Errorf("shown:\n%swant:\n%s", b.String(), want)
	}
	table.Expire(1000 * sec)
	table.Flush()
	if p, ok := table.Lookup(pinned); !ok || p != 1 || len(table.Entries()) != 1 {
		t.Error("a pinned address was forgotten, or an idle one not")
	}
	table.FlushPort(1)
	if len(table.Entries()) != 0 {
		t.Error("something is known of a port that was flushed")
	}
}
