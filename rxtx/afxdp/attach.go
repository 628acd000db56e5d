package afxdp

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
)

// The sockets of a port are open before and between attachments, so that errors come early and no
// thread waits for the kernel: a socket is waiting until a thread takes it, and live
// until that thread detaches, which closes it.

// takeSocket hands the open socket of a queue to the thread that attaches it, opening one if there is none.
func (p *Port) takeSocket(queue int) (*socket, error) {
	if err := p.prepare(queue); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.waiting[queue]
	delete(p.waiting, queue)
	p.live[queue] = s
	return s, nil
}

// prepare sees to it that the queue has an open socket. It waits without the lock, for which threads
// that detach must not wait.
func (p *Port) prepare(queue int) error {
	p.mu.Lock()
	live, waiting, b := p.live[queue], p.waiting[queue], p.bindingOf(queue)
	p.mu.Unlock()
	if live != nil {
		return errors.New("it is attached already")
	}
	if waiting != nil {
		return nil
	}
	s, err := openSocket(b)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting[queue] = s
	return nil
}

// dropSocket closes the socket of a queue that is being detached.
func (p *Port) dropSocket(queue int, k kernel) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.live[queue]; s != nil {
		p.lost.add(s)
	}
	delete(p.live, queue)
	k.close()
}

// redirect sends what arrives on a queue to its socket, unredirect to the kernel.
func (p *Port) redirect(queue, fd int) error {
	if err := p.program.sockets.Update(uint32(queue), uint32(fd), ebpf.UpdateAny); err != nil {
		return fmt.Errorf("put socket into XDP map: %w", err)
	}
	return nil
}

func (p *Port) unredirect(queue int) {
	if p.program != nil {
		_ = p.program.sockets.Delete(uint32(queue)) // closing the socket would take it out as well
	}
}
