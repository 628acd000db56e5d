// Package mac is the table of learned MAC addresses: on which port a host of a
// VLAN was last heard.
//
// The table is bounded. When it is full the port with the most entries loses the one
// it has not heard for longest, so a port that sprays source addresses forgets its own
// and not its neighbours'. An address that jumps between ports moves at once
// the first time and then at most once in moveHold: a loop somewhere does not keep
// the revalidator busy.
//
// Whoever built something on an answer (a flow) must learn when the answer changes.
// The table counts its changes, and for each of a few thousand classes of
// addresses (Class) it remembers the count at its last change: note Changes
// before asking, and the answer stands as long as LastChange of the class is not above it.
//
// Any goroutine may call any method.
package mac

import (
	"sync"
	"sync/atomic"

	"pollux/internal/clock"
	"pollux/openflow"
)

// Address is a MAC address in a VLAN; VLAN 0 holds the untagged.
type Address struct {
	MAC  uint64 // the lower 48 bits, as flow.MAC makes them
	VLAN uint16
}

// Multicast reports whether the address names a group, as the broadcast address does.
func (a Address) Multicast() bool { return a.MAC>>40&1 != 0 }

const classes = 4096

// Class is the number, below 4096, under which changes of the address are noted.
func (a Address) Class() uint16 {
	const mul = 0x9e3779b97f4a7c15
	return uint16((a.MAC ^ uint64(a.VLAN)<<48) * mul >> 52)
}

// Limits bound a table.
type Limits struct {
	MaxEntries int
	MaxIdle    clock.Time // how long an address that is not heard is known
}

// DefaultLimits are those of Open vSwitch.
var DefaultLimits = Limits{MaxEntries: 8192, MaxIdle: 300 * clock.Second}

const (
	// moveHold is how long an address that has moved to another port stays there.
	moveHold = 500 * clock.Millisecond
	// refreshEvery is how exactly the table knows when it heard an address last.
	refreshEvery = clock.Second
)

// Table is a table of learned addresses; New makes one.
type Table struct {
	mu      sync.RWMutex
	limits  Limits
	entries map[Address]*entry
	ports   map[openflow.Port]*queue // dynamic entries of each port, the longest unheard first
	static  int

	changes atomic.Uint64
	last    [classes]atomic.Uint64
}

type entry struct {
	Address
	port       openflow.Port
	static     bool
	used       atomic.Int64 // clock.Time
	moved      clock.Time
	prev, next *entry
}

// New makes an empty table.
func New(l Limits) *Table {
	l.MaxEntries = max(l.MaxEntries, 0)
	return &Table{limits: l, entries: map[Address]*entry{}, ports: map[openflow.Port]*queue{}}
}

// SetLimits changes the limits; what is too much goes.
func (t *Table) SetLimits(l Limits) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.limits = l
	t.limits.MaxEntries = max(l.MaxEntries, 0)
	for t.dynamic() > t.limits.MaxEntries {
		t.evict()
	}
}

// Lookup returns the port on which the address was last heard.
func (t *Table) Lookup(a Address) (openflow.Port, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if e := t.entries[a]; e != nil {
		return e.port, true
	}
	return 0, false
}

// Learn notes that the address was heard on port and reports whether an answer of the table changed by that.
func (t *Table) Learn(a Address, port openflow.Port, now clock.Time) bool {
	if a.Multicast() || t.known(a, port, now) {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.entries[a]
	switch {
	case e == nil:
		if t.limits.MaxEntries == 0 {
			return false
		}
		for t.dynamic() >= t.limits.MaxEntries {
			t.evict()
		}
		e = &entry{Address: a, port: port, moved: now - moveHold}
		t.entries[a] = e
	case e.static:
		return false
	case e.port != port:
		if now < e.moved+moveHold {
			return false
		}
		t.unqueue(e)
		e.port, e.moved = port, now
	default:
		t.unqueue(e)
		e.used.Store(int64(max(now, clock.Time(e.used.Load()))))
		t.queue(port).push(e)
		return false
	}
	e.used.Store(int64(now))
	t.queue(port).push(e)
	t.changed(a)
	return true
}

// known reports whether learning would change nothing worth a lock.
func (t *Table) known(a Address, port openflow.Port, now clock.Time) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	e := t.entries[a]
	if e == nil || e.static {
		return e != nil
	}
	if e.port != port {
		return now < e.moved+moveHold
	}
	return now < clock.Time(e.used.Load())+refreshEvery
}

// AddStatic pins the address to port: it is not learned elsewhere, nor forgotten. It counts against no limit.
func (t *Table) AddStatic(a Address, port openflow.Port) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop(a)
	t.entries[a] = &entry{Address: a, port: port, static: true}
	t.static++
	t.changed(a)
}

// Delete forgets the address, static or not, and reports whether it was known.
func (t *Table) Delete(a Address) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.drop(a)
}

// Expire forgets what has not been heard for too long.
func (t *Table) Expire(now clock.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, q := range t.ports {
		for q.first != nil && clock.Time(q.first.used.Load())+t.limits.MaxIdle <= now {
			t.drop(q.first.Address)
		}
	}
}

// Flush forgets all that was learned.
func (t *Table) Flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, q := range t.ports {
		for q.first != nil {
			t.drop(q.first.Address)
		}
	}
}

// FlushPort forgets all that was learned on a port, and what is pinned to it.
func (t *Table) FlushPort(port openflow.Port) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for a, e := range t.entries {
		if e.port == port {
			t.drop(a)
		}
	}
}

// Changes counts the changes of answers so far.
func (t *Table) Changes() uint64 { return t.changes.Load() }

// LastChange is the value of Changes after the last change of an answer for an address of the class.
func (t *Table) LastChange(class uint16) uint64 { return t.last[class%classes].Load() }

// changed notes the change of an answer, while the lock keeps readers off the answer.
func (t *Table) changed(a Address) {
	n := t.changes.Load() + 1
	t.last[a.Class()].Store(n)
	t.changes.Store(n)
}

func (t *Table) dynamic() int { return len(t.entries) - t.static }

// evict takes the longest unheard address from the port that has the most; of equals the one with the lowest number.
func (t *Table) evict() {
	var most *queue
	var where openflow.Port
	for p, q := range t.ports {
		if most == nil || q.n > most.n || (q.n == most.n && p < where) {
			most, where = q, p
		}
	}
	t.drop(most.first.Address)
}

func (t *Table) drop(a Address) bool {
	e := t.entries[a]
	if e == nil {
		return false
	}
	delete(t.entries, a)
	if e.static {
		t.static--
	} else {
		t.unqueue(e)
	}
	t.changed(a)
	return true
}
