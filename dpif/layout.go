package dpif

import (
	"errors"
	"fmt"
	"hash/fnv"
	"reflect"

	"pollux/counter"
	"pollux/internal/ring"
)

// Layout is the size of everything in a region.
type Layout struct {
	Threads int // polling threads
	Ports   int // datapath port numbers are below this
	Flows   int // flow records of each thread
	Mail    int // slots of each mail ring, a power of two
	Execs   int // slots of each ring of packets to execute, a power of two
	Upcalls int // slots of each upcall ring, a power of two
}

// DefaultLayout has room for 200,000 flows of ordinary size on each thread. It is
// large but mostly never touched, and what is not touched takes no memory.
func DefaultLayout(threads int) Layout {
	return Layout{Threads: threads, Ports: 4096, Flows: 1 << 18, Mail: 4096, Execs: 256, Upcalls: 1024}
}

func (l Layout) check() error {
	switch {
	case l.Threads < 1 || l.Threads > 1024:
		return fmt.Errorf("check dpif layout: %d threads; 1 to 1024 are possible", l.Threads)
	case l.Ports < 2 || l.Ports > 1<<16:
		return fmt.Errorf("check dpif layout: %d ports; 2 to 65536 are possible", l.Ports)
	case l.Flows < 2 || l.Flows > 1<<24:
		return fmt.Errorf("check dpif layout: %d flows; 2 to 16777216 are possible", l.Flows)
	}
	for _, n := range []int{l.Mail, l.Execs, l.Upcalls} {
		if n < 2 || n > 1<<20 || n&(n-1) != 0 {
			return fmt.Errorf("check dpif layout: a ring of %d slots; powers of two from 2 to 1048576 are possible", n)
		}
	}
	return nil
}

const magic = 0x706f6c6c75786470 // "polluxdp"

// header begins a region.
type header struct {
	magic    uint64
	layoutID uint64
	layout   [6]uint64
	// attached is 1 while a control process is connected; the datapath process writes it.
	attached uint32
	// waiting is 1 while the control process sleeps until its eventfd is written.
	waiting uint32
	_       [5]uint64
}

// notes are what a control process leaves its successor about a thread.
type notes struct {
	used  uint32 // records from this one on were never written
	worst uint32 // counts the wishes to measure the longest gap anew
	_     [14]uint32
}

// LayoutID names the layout of everything that the two processes share:
// processes with different ids do not understand each other.
var LayoutID = layoutID()

func layoutID() uint64 {
	h := fnv.New64a()
	for _, v := range []any{header{}, notes{}, ThreadStats{}, counter.Port{}, counter.Flow{}, FlowRecord{}, Mail{}, Exec{}, Upcall{}, ring.Index{}} {
		describe(h.Write, reflect.TypeOf(v))
	}
	return h.Sum64()
}

// describe writes the shape of t, so that a moved field changes the id.
func describe(write func([]byte) (int, error), t reflect.Type) {
	switch t.Kind() {
	case reflect.Struct:
		for f := range t.Fields() {
			write([]byte(f.Name))
			describe(write, f.Type)
		}
	case reflect.Array:
		write(fmt.Appendf(nil, "[%d]", t.Len()))
		describe(write, t.Elem())
	default:
		write([]byte(t.Kind().String()))
	}
}

// ErrLayout says that the other process has another layout.
var ErrLayout = errors.New("the datapath was built with another layout of shared memory")

// section hands out consecutive pieces of the region, each on a cache line of its own.
type section struct{ end uintptr }

func (s *section) take(size uintptr) (offset uintptr) {
	offset = (s.end + 63) &^ 63
	s.end = offset + size
	return offset
}
