package gen

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"

	"pollux/perf/stamp"
	"pollux/perf/traffic"
)

// Places in control and state, bytes.
const (
	offStop, offLimit, offInterval                        = 0, 8, 16
	offSent, offBytes, offNext, offPos, offFirst, offLast = 0, 8, 16, 24, 32, 40
)

// XDP_DROP of linux/bpf.h.
const xdpDrop = 1

// instructions is the XDP program: is a packet due, which one, write it, mark
// it, count it, send it. What the plan does not need is left out. Throughout R6
// is the context, R7 the state, R8 the time in ns (0 where nobody needs it), R9
// the packet's row of the table and later its length; the word at -4 of the
// stack is the key of every lookup.
func (p *program) instructions(plan *traffic.Plan, copied, ifindex int, paced bool) asm.Instructions {
	in := asm.Instructions{asm.Mov.Reg(asm.R6, asm.R1)}
	in = append(in, p.due(paced, plan.Stamped)...)
	if len(plan.Frames) > 1 {
		in = append(in, p.choose(len(plan.Order))...)
		in = append(in, write(plan.MaxLen(), copied)...)
		in = append(in, asm.LoadMem(asm.R9, asm.R9, 0, asm.Word))
	} else { // the kernel has written it
		in = append(in, asm.Mov.Imm(asm.R9, int32(len(plan.Frames[0]))))
	}
	if plan.Stamped {
		in = append(in, mark()...)
	}
	in = append(in, count()...)
	return append(in,
		asm.Mov.Imm(asm.R1, int32(ifindex)),
		asm.Mov.Imm(asm.R2, 0),
		asm.FnRedirect.Call(),
		asm.Return(),
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

// due goes to "drop" unless a packet may be sent now, and reads the clock if
// that or the mark needs it.
func (p *program) due(paced, marked bool) asm.Instructions {
	in := asm.Instructions{asm.StoreImm(asm.RFP, -4, 0, asm.Word)}
	in = append(in, lookup(p.state)...)
	in = append(in, asm.Mov.Reg(asm.R7, asm.R0))
	in = append(in, lookup(p.control)...)
	in = append(in,
		asm.LoadMem(asm.R1, asm.R0, offStop, asm.DWord),
		asm.JNE.Imm(asm.R1, 0, "drop"),
		asm.LoadMem(asm.R1, asm.R0, offLimit, asm.DWord),
		asm.LoadMem(asm.R2, asm.R7, offSent, asm.DWord),
		asm.JGE.Reg(asm.R2, asm.R1, "drop"),
		asm.LoadMem(asm.R9, asm.R0, offInterval, asm.DWord),
	)
	if !paced && !marked {
		return append(in, asm.Mov.Imm(asm.R8, 0))
	}
	in = append(in, asm.FnKtimeGetNs.Call(), asm.Mov.Reg(asm.R8, asm.R0))
	if !paced {
		return in
	}
	return append(in, schedule()...)
}

// schedule goes to "drop" before the packet is due, and reckons from the
// interval in R9 when the one after it is. A packet that is more than maxDebt
// late counts as maxDebt late, see pacer.
func schedule() asm.Instructions {
	return asm.Instructions{
		asm.LSh.Imm(asm.R0, 8),
		asm.LoadMem(asm.R2, asm.R7, offNext, asm.DWord),
		asm.JGT.Reg(asm.R2, asm.R0, "drop"),
		asm.Add.Reg(asm.R2, asm.R9),
		asm.Sub.Imm(asm.R0, int32(maxDebt<<8)),
		asm.JGE.Reg(asm.R2, asm.R0, "schedule"),
		asm.Mov.Reg(asm.R2, asm.R0),
		asm.StoreMem(asm.R7, offNext, asm.R2, asm.DWord).WithSymbol("schedule"),
	}
}

// choose finds the row of the next packet of an order of n.
func (p *program) choose(n int) asm.Instructions {
	in := asm.Instructions{
		asm.LoadMem(asm.R1, asm.R7, offPos, asm.DWord),
		asm.StoreMem(asm.RFP, -4, asm.R1, asm.Word),
		asm.Add.Imm(asm.R1, 1),
		asm.JLT.Imm(asm.R1, int32(n), "advance"),
		asm.Mov.Imm(asm.R1, 0),
		asm.StoreMem(asm.R7, offPos, asm.R1, asm.DWord).WithSymbol("advance"),
	}
	in = append(in, lookup(p.order)...)
	in = append(in,
		asm.LoadMem(asm.R1, asm.R0, 0, asm.Word),
		asm.StoreMem(asm.RFP, -4, asm.R1, asm.Word),
	)
	in = append(in, lookup(p.frames)...)
	return append(in, asm.Mov.Reg(asm.R9, asm.R0))
}

// write cuts the frame, which the kernel makes longest bytes long, to the
// packet's length and copies its bytes into it.
func write(longest, copied int) asm.Instructions {
	return asm.Instructions{
		asm.LoadMem(asm.R2, asm.R9, 0, asm.Word),
		asm.Sub.Imm(asm.R2, int32(longest)),
		asm.JEq.Imm(asm.R2, 0, "copy"),
		asm.Mov.Reg(asm.R1, asm.R6),
		asm.FnXdpAdjustTail.Call(),
		asm.JNE.Imm(asm.R0, 0, "drop"),
		asm.LoadMem(asm.R4, asm.R9, 4, asm.Word).WithSymbol("copy"),
		asm.JEq.Imm(asm.R4, 0, "drop"),
		asm.JGT.Imm(asm.R4, int32(copied), "drop"), // never: told to the verifier
		asm.Mov.Reg(asm.R3, asm.R9),
		asm.Add.Imm(asm.R3, 8),
		asm.Mov.Imm(asm.R2, 0),
		asm.Mov.Reg(asm.R1, asm.R6),
		asm.FnXdpStoreBytes.Call(),
		asm.JNE.Imm(asm.R0, 0, "drop"),
	}
}

// mark is stamp.Put.
func mark() asm.Instructions {
	in := asm.Instructions{
		asm.Mov.Reg(asm.R4, asm.R9),
		asm.Sub.Imm(asm.R4, stamp.Size),
		asm.And.Imm(asm.R4, 0x3fff), // told to the verifier
		asm.LoadMem(asm.R2, asm.R6, 0, asm.Word),
		asm.LoadMem(asm.R3, asm.R6, 4, asm.Word),
		asm.Add.Reg(asm.R2, asm.R4),
		asm.Mov.Reg(asm.R4, asm.R2),
		asm.Add.Imm(asm.R4, stamp.Size),
		asm.JGT.Reg(asm.R4, asm.R3, "drop"),
		asm.LoadMem(asm.R1, asm.R7, offSent, asm.DWord),
		asm.LSh.Imm(asm.R1, 16),
		asm.Or.Imm(asm.R1, stamp.Magic),
		asm.StoreMem(asm.R2, 0, asm.R1, asm.DWord),
		asm.StoreMem(asm.R2, 8, asm.R8, asm.DWord),
		asm.Mov.Reg(asm.R0, asm.R1), // the sum of the halves of both words
		asm.RSh.Imm(asm.R0, 32),
		asm.Mov.Reg32(asm.R3, asm.R1),
		asm.Add.Reg(asm.R0, asm.R3),
		asm.Mov.Reg(asm.R3, asm.R8),
		asm.RSh.Imm(asm.R3, 32),
		asm.Add.Reg(asm.R0, asm.R3),
		asm.Mov.Reg32(asm.R3, asm.R8),
		asm.Add.Reg(asm.R0, asm.R3),
	}
	for range 3 { // folded to 16 bits
		in = append(in,
			asm.Mov.Reg(asm.R3, asm.R0),
			asm.RSh.Imm(asm.R3, 16),
			asm.And.Imm(asm.R0, 0xffff),
			asm.Add.Reg(asm.R0, asm.R3),
		)
	}
	return append(in,
		asm.Xor.Imm(asm.R0, 0xffff),
		asm.StoreMem(asm.R2, 16, asm.R0, asm.Half),
	)
}

// count adds the packet to the state.
func count() asm.Instructions {
	return asm.Instructions{
		asm.LoadMem(asm.R1, asm.R7, offSent, asm.DWord),
		asm.JNE.Imm(asm.R1, 0, "not first"),
		asm.StoreMem(asm.R7, offFirst, asm.R8, asm.DWord),
		asm.Add.Imm(asm.R1, 1).WithSymbol("not first"),
		asm.StoreMem(asm.R7, offSent, asm.R1, asm.DWord),
		asm.LoadMem(asm.R1, asm.R7, offBytes, asm.DWord),
		asm.Add.Reg(asm.R1, asm.R9),
		asm.StoreMem(asm.R7, offBytes, asm.R1, asm.DWord),
		asm.StoreMem(asm.R7, offLast, asm.R8, asm.DWord),
	}
}
