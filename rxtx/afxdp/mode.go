package afxdp

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// How packets get in and out is found out by trying, the best first, because
// no interface of the kernel tells it beforehand for all drivers.

// findMode attaches the program and binds every queue. have is the number of queues of the device.
func (p *Port) findMode(mode string, have int) error {
	if err := p.attach(mode, have); err != nil {
		return err
	}
	p.notes = append(p.notes, p.program.notes...)
	p.multiFrame = p.umem.multiFrame()
	p.halfDone = !p.program.native || p.device.virtual() // packets that the stack has merged (GRO) come so, too
	if p.program.native && (mode == ModeAuto || mode == ModeZeroCopy) {
		err := p.bindAll(p.registering(unix.XDP_ZEROCOPY))
		if err == nil {
			p.mode = ModeZeroCopy
			return nil
		}
		if mode == ModeZeroCopy {
			return fmt.Errorf("zero copy: %w", explainZeroCopy(err))
		}
	}
	p.mode = ModeGeneric
	if p.program.native {
		p.mode = ModeNative
	}
	return p.bindAll(p.copying())
}

// attach attaches the program in the driver or, if that may not be or cannot be, to the stack.
func (p *Port) attach(mode string, have int) error {
	frags := p.umem.multiFrame()
	var err error
	if mode != ModeGeneric {
		if p.program, err = attachProgram(p.device.ifindex, have, variants(true, frags)); err == nil {
			return nil
		}
		err = p.explainAttach(err, true)
		if mode != ModeAuto || inUse(err) || errors.Is(err, unix.EPERM) {
			return err
		}
		p.notes = append(p.notes, "native XDP does not work here: "+err.Error())
	}
	if p.program, err = attachProgram(p.device.ifindex, have, variants(false, frags)); err != nil {
		return p.explainAttach(err, false)
	}
	return nil
}

// copying is how sockets are bound that share the anchor's registration, which is one for copying.
func (p *Port) copying() binding {
	if p.umem.anchor == nil {
		return p.registering(unix.XDP_COPY)
	}
	b := p.binding
	b.flags, b.sharedFD = unix.XDP_SHARED_UMEM, p.umem.anchor.fd
	return b
}

// registering is how a device's first socket is bound with a registration of its own, as zero copy needs it.
func (p *Port) registering(flags uint16) binding {
	b := p.binding
	b.flags = flags | p.umem.flags
	b.register, b.frameSize = p.umem.memory.Bytes(), p.umem.memory.FrameSize()
	return b
}

// bindAll opens the sockets of all queues, or of none.
func (p *Port) bindAll(b binding) error {
	p.binding = b
	for _, q := range p.queues {
		s, err := openSocket(p.bindingOf(q.index))
		if err != nil {
			for i, s := range p.waiting {
				s.close()
				delete(p.waiting, i)
			}
			return err
		}
		p.waiting[q.index] = s
	}
	return nil
}

// bindingOf is how the socket of one queue is bound now. Where the device has a registration of its own, the second and further sockets
// share that of any that is open. Called with p.mu held, or from Open.
func (p *Port) bindingOf(queue int) binding {
	b := p.binding
	b.queue = queue
	if b.register == nil {
		return b
	}
	for _, open := range []map[int]*socket{p.waiting, p.live} {
		for _, s := range open {
			b.flags, b.sharedFD = unix.XDP_SHARED_UMEM, s.fd
		}
	}
	return b
}
