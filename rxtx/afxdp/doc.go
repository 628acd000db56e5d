// Package afxdp moves packets between network devices and packet memory
// through AF_XDP sockets: no copy in user space, no system call but wake-ups.
//
// # The pieces
//
// One [UMEM] is the packet memory of the whole datapath. Every queue of
// every device gets a socket of its own that is bound to it:
//
//	           fill  ── empty frames ──>  kernel
//	Receive    rx    <── packets ──────   kernel
//	Send       tx    ── packets ──────>   kernel
//	Flush      done  <── sent frames ───  kernel
//
// A small XDP program on the device redirects what arrives on a bound queue to
// its socket and lets everything else pass to the kernel. It is attached through a BPF
// link, which the kernel removes when the process dies, however it dies.
//
// # Who holds a frame
//
// A queue keeps a table of the frames that lie with the kernel, one bit a frame and
// direction. What the kernel hands back is believed only if its bit is set,
// so a frame has one holder whatever the kernel writes into the rings,
// and Detach gives back exactly what is missing when the socket is closed.
//
// # What the other end hides
//
// Virtual devices hand over packets as their sender's stack left them: with half-done checksums (put right in
// finish.go) and with VLAN tags beside the frame (put back by the XDP program, bpf/xdp.c).
//
// # Who may call what
//
// OpenUMEM, Open and the methods of [Port] may be called by any goroutine whose thread is
// in the network namespace of the devices; the methods of a [Queue] only by the thread
// that has attached it, save where they say otherwise.
//
// Kernel documents: Documentation/networking/af_xdp.rst, xdp-rx-metadata.rst.
package afxdp

//go:generate go run github.com/cilium/ebpf/cmd/bpf2go -no-global-types -target bpfel xdp bpf/xdp.c -- -O2 -g -Wall -Werror -I/usr/include/x86_64-linux-gnu -I/usr/include/aarch64-linux-gnu
