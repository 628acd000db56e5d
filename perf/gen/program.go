package gen

import (
	"encoding/binary"
	"fmt"

	"github.com/cilium/ebpf"

	"pollux/perf/traffic"
)

// maxTable bounds the memory of the packets that the program chooses from.
const maxTable = 1 << 30

// program is the XDP program of the kernel generator and its maps.
type program struct {
	prog    *ebpf.Program
	control *ebpf.Map // one control
	state   *ebpf.Map // one state
	order   *ebpf.Map // of the plan: frame numbers, uint32
	frames  *ebpf.Map // of the plan: length and bytes to copy (uint32 each), then the bytes
}

func (p *program) close() {
	for _, m := range []*ebpf.Map{p.control, p.state, p.order, p.frames} {
		m.Close()
	}
	p.prog.Close()
}

func array(valueSize, entries int) (*ebpf.Map, error) {
	return ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: uint32(valueSize), MaxEntries: uint32(entries)})
}

// loadProgram makes the program that sends plan out of interface ifindex, with
// an interval between packets if it is paced.
func loadProgram(plan *traffic.Plan, ifindex int, paced bool) (p *program, err error) {
	p = &program{}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if p.control, err = array(binary.Size(control{}), 1); err != nil {
		return p, err
	}
	if p.state, err = array(binary.Size(state{}), 1); err != nil {
		return p, err
	}
	if p.order, err = array(4, len(plan.Order)); err != nil {
		return p, err
	}
	keys := make([]uint32, len(plan.Order))
	for i := range keys {
		keys[i] = uint32(i)
	}
	if _, err = p.order.BatchUpdate(keys, plan.Order, nil); err != nil {
		return p, fmt.Errorf("store the order of packets: %w", err)
	}
	copied := bytesToCopy(plan)
	if need := len(plan.Frames) * (8 + copied); need > maxTable {
		return p, fmt.Errorf("%d different packets take %d MB of kernel memory, at most %d: lower the number of flows", len(plan.Frames), need>>20, maxTable>>20)
	}
	if p.frames, err = array(8+copied, len(plan.Frames)); err != nil {
		return p, err
	}
	for i, f := range plan.Frames {
		if err = p.frames.Put(uint32(i), row(f, copied)); err != nil {
			return p, fmt.Errorf("store packet %d: %w", i, err)
		}
	}
	p.prog, err = ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "pollux_gen", Type: ebpf.XDP, License: "GPL",
		Instructions: p.instructions(plan, copied, ifindex, paced),
	})
	return p, err
}

// bytesToCopy is how much of each packet the program writes, a multiple of 8.
// Frames come back to the kernel's pool as they were left: their first bytes
// are another packet's headers, the last ones an old mark. Where all packets
// have one size and are zero behind some byte, as built ones are, the rest need
// not be written again.
func bytesToCopy(plan *traffic.Plan) int {
	n, length := 0, len(plan.Frames[0])
	for _, f := range plan.Frames {
		if len(f) != length {
			n = plan.MaxLen()
			break
		}
		last := len(f)
		for last > n && f[last-1] == 0 {
			last--
		}
		n = max(n, last)
	}
	return (n + 7) &^ 7
}

// row is one row of the map of packets.
func row(frame []byte, copied int) []byte {
	b := make([]byte, 8+copied)
	n := copy(b[8:], frame)
	binary.NativeEndian.PutUint32(b, uint32(len(frame)))
	binary.NativeEndian.PutUint32(b[4:], uint32(n))
	return b
}
