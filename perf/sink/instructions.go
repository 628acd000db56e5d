package sink

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"

	"pollux/perf/stamp"
)

// Places in counters, bytes.
const offPackets, offBytes, offStamped, offReordered, offNext = 0, 8, 16, 24, 32

// XDP_DROP of linux/bpf.h.
const xdpDrop = 1

// instructions is the XDP program: count the packet, read its mark, drop it.
// Throughout R6 is the start of the packet and later of its mark, R7 the
// counters, R8 the packet's length and later its time of sending; the word at
// -4 of the stack is the key of every lookup.
func (k *kernel) instructions(latency bool) asm.Instructions {
	in := asm.Instructions{
		asm.Mov.Reg(asm.R9, asm.R1),
		asm.StoreImm(asm.RFP, -4, 0, asm.Word),
	}
	in = append(in, lookup(k.counters)...)
	in = append(in,
		asm.Mov.Reg(asm.R7, asm.R0),
		asm.LoadMem(asm.R6, asm.R9, 0, asm.Word),
		asm.LoadMem(asm.R3, asm.R9, 4, asm.Word),
		asm.Mov.Reg(asm.R8, asm.R3),
		asm.Sub.Reg(asm.R8, asm.R6),
	)
	in = append(in, add(offPackets, asm.Add.Imm(asm.R1, 1))...)
	in = append(in, add(offBytes, asm.Add.Reg(asm.R1, asm.R8))...)
	in = append(in, readMark()...)
	in = append(in, add(offStamped, asm.Add.Imm(asm.R1, 1))...)
	in = append(in, follow()...)
	if latency {
		in = append(in, k.record()...)
	}
	return append(in,
		asm.Mov.Imm(asm.R0, xdpDrop).WithSymbol("drop"),
		asm.Return(),
	)
}

// lookup finds the row of m whose number is at -4 of the stack, in R0.
func lookup(m *ebpf.Map) asm.Instructions {
	return asm.Instructions{
		asm.LoadMapPtr(asm.R1, m.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, -4),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "drop"),
	}
}

// add changes the counter at offset, which op finds in R1.
func add(offset int16, op asm.Instruction) asm.Instructions {
	return asm.Instructions{
		asm.LoadMem(asm.R1, asm.R7, offset, asm.DWord),
		op,
		asm.StoreMem(asm.R7, offset, asm.R1, asm.DWord),
	}
}

// readMark is stamp.Get: the sequence number in R2, the time in R8. It goes to
// "drop" for a packet without a mark. R3 is the end of the packet.
func readMark() asm.Instructions {
	in := asm.Instructions{
		asm.JLT.Imm(asm.R8, stamp.Size, "drop"),
		asm.Sub.Imm(asm.R8, stamp.Size),
		asm.JGT.Imm(asm.R8, 0x3fff, "drop"), // told to the verifier
		asm.Add.Reg(asm.R6, asm.R8),
		asm.Mov.Reg(asm.R1, asm.R6),
		asm.Add.Imm(asm.R1, stamp.Size),
		asm.JGT.Reg(asm.R1, asm.R3, "drop"),
		asm.LoadMem(asm.R2, asm.R6, 0, asm.DWord),
		asm.Mov.Reg(asm.R1, asm.R2),
		asm.And.Imm(asm.R1, 0xffff),
		asm.JNE.Imm(asm.R1, stamp.Magic, "drop"),
		asm.LoadMem(asm.R8, asm.R6, 8, asm.DWord),
		asm.Mov.Reg(asm.R0, asm.R2), // the sum of the halves of both words
		asm.RSh.Imm(asm.R0, 32),
		asm.Mov.Reg32(asm.R1, asm.R2),
		asm.Add.Reg(asm.R0, asm.R1),
		asm.Mov.Reg(asm.R1, asm.R8),
		asm.RSh.Imm(asm.R1, 32),
		asm.Add.Reg(asm.R0, asm.R1),
		asm.Mov.Reg32(asm.R1, asm.R8),
		asm.Add.Reg(asm.R0, asm.R1),
	}
	for range 3 { // folded to 16 bits
		in = append(in,
			asm.Mov.Reg(asm.R1, asm.R0),
			asm.RSh.Imm(asm.R1, 16),
			asm.And.Imm(asm.R0, 0xffff),
			asm.Add.Reg(asm.R0, asm.R1),
		)
	}
	return append(in,
		asm.Xor.Imm(asm.R0, 0xffff),
		asm.LoadMem(asm.R1, asm.R6, 16, asm.Half),
		asm.JNE.Reg(asm.R0, asm.R1, "drop"),
		asm.RSh.Imm(asm.R2, 16),
	)
}

// follow compares the sequence number in R2 with the highest seen.
func follow() asm.Instructions {
	in := asm.Instructions{
		asm.LoadMem(asm.R1, asm.R7, offNext, asm.DWord),
		asm.JLT.Reg(asm.R2, asm.R1, "late"),
		asm.Add.Imm(asm.R2, 1),
		asm.StoreMem(asm.R7, offNext, asm.R2, asm.DWord),
		asm.Ja.Label("followed"),
	}
	late := add(offReordered, asm.Add.Imm(asm.R1, 1))
	late[0] = late[0].WithSymbol("late")
	return append(append(in, late...), asm.Mov.Imm(asm.R0, 0).WithSymbol("followed"))
}

// record is slotOf of the time since R8, and one more packet in that slot.
func (k *kernel) record() asm.Instructions {
	in := asm.Instructions{
		asm.FnKtimeGetNs.Call(),
		asm.JGT.Reg(asm.R0, asm.R8, "later"),
		asm.Mov.Reg(asm.R0, asm.R8),
		asm.Sub.Reg(asm.R0, asm.R8).WithSymbol("later"),
		asm.Mov.Reg(asm.R3, asm.R0), // of which R2 becomes the position of the highest bit
		asm.Mov.Imm(asm.R2, 0),
	}
	for _, step := range []struct {
		bits int32
		name string
	}{{32, "s32"}, {16, "s16"}, {8, "s8"}, {4, "s4"}, {2, "s2"}, {1, "s1"}} {
		in = append(in,
			asm.Mov.Reg(asm.R1, asm.R3),
			asm.RSh.Imm(asm.R1, step.bits),
			asm.JEq.Imm(asm.R1, 0, step.name),
			asm.Mov.Reg(asm.R3, asm.R1),
			asm.Add.Imm(asm.R2, step.bits),
			asm.Mov.Imm(asm.R1, 0).WithSymbol(step.name),
		)
	}
	in = append(in,
		asm.JLT.Imm(asm.R2, slotBits, "store"),
		asm.Sub.Imm(asm.R2, slotBits),
		asm.And.Imm(asm.R2, 63), // told to the verifier
		asm.RSh.Reg(asm.R0, asm.R2),
		asm.And.Imm(asm.R0, 1<<slotBits-1),
		asm.Add.Imm(asm.R2, 1),
		asm.LSh.Imm(asm.R2, slotBits),
		asm.Or.Reg(asm.R0, asm.R2),
		asm.StoreMem(asm.RFP, -4, asm.R0, asm.Word).WithSymbol("store"),
	)
	in = append(in, lookup(k.latency)...)
	return append(in,
		asm.LoadMem(asm.R1, asm.R0, 0, asm.DWord),
		asm.Add.Imm(asm.R1, 1),
		asm.StoreMem(asm.R0, 0, asm.R1, asm.DWord),
	)
}
