package lab

import (
	"encoding/binary"
	"fmt"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A Wire is a packet socket on a device: it sends and receives whole Ethernet frames, past the kernel's network stack.
//
// A kernel takes VLAN tags out of the frames it receives and keeps them beside; a Wire puts them back, so that what Receive returns is what
// was on the cable.
type Wire struct {
	fd  int
	dev string
	buf []byte
	oob []byte
}

// Wire opens a packet socket on a device of the namespace.
func (ns *NS) Wire(t testing.TB, dev string) *Wire {
	t.Helper()
	w := &Wire{dev: dev, buf: make([]byte, 65536), oob: make([]byte, 256)}
	ns.Do(t, func() (err error) {
		w.fd, err = openPacketSocket(dev)
		return err
	})
	t.Cleanup(func() { unix.Close(w.fd) })
	return w
}

func openPacketSocket(dev string) (int, error) {
	ifi, err := net.InterfaceByName(dev)
	if err != nil {
		return 0, fmt.Errorf("open packet socket on %s: %w", dev, err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("open packet socket on %s: %w", dev, err)
	}
	for _, opt := range []struct{ level, name, value int }{
		{unix.SOL_PACKET, unix.PACKET_AUXDATA, 1},
		{unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1},
		{unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 32 << 20},
	} {
		if err == nil {
			err = unix.SetsockoptInt(fd, opt.level, opt.name, opt.value)
		}
	}
	if err == nil {
		all := binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, unix.ETH_P_ALL))
		err = unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: ifi.Index, Protocol: all})
	}
	if err != nil {
		unix.Close(fd)
		return 0, fmt.Errorf("bind packet socket to %s: %w", dev, err)
	}
	return fd, nil
}

// Send puts frames on the cable, in order.
func (w *Wire) Send(t testing.TB, frames ...[]byte) {
	t.Helper()
	for _, f := range frames {
		if err := w.send(f); err != nil {
			t.Fatalf("send %d bytes on %s: %v", len(f), w.dev, err)
		}
	}
}

// send tries again while the socket's own buffer is full.
func (w *Wire) send(f []byte) error {
	for {
		_, err := unix.Write(w.fd, f)
		if err != unix.ENOBUFS && err != unix.EAGAIN && err != unix.EINTR {
			return err
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// Receive returns the next frame that match accepts, or nil if none comes within the given time. Others are thrown away. The frame is the
// caller's.
func (w *Wire) Receive(t testing.TB, within time.Duration, match func(frame []byte) bool) []byte {
	t.Helper()
	deadline := time.Now().Add(within)
	for {
		left := time.Until(deadline)
		if left < 0 {
			return nil
		}
		f, err := w.receive(left)
		if err != nil {
			t.Fatal(err)
		}
		if f != nil && match(f) {
			return f
		}
	}
}

// receive returns the next frame, or nil if there is none for a while, which is at most the given time.
func (w *Wire) receive(atMost time.Duration) ([]byte, error) {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(w.fd), Events: unix.POLLIN}}, int(atMost.Milliseconds())+1)
	if err == unix.EINTR || err == nil && n == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("wait for a frame on %s: %w", w.dev, err)
	}
	n, oobn, _, _, err := unix.Recvmsg(w.fd, w.buf, w.oob, unix.MSG_DONTWAIT)
	switch err {
	case nil:
		return withTag(w.buf[:n], w.oob[:oobn]), nil
	case unix.EAGAIN, unix.EINTR, unix.ENETDOWN: // a device that goes down says so once
		return nil, nil
	}
	return nil, fmt.Errorf("receive on %s: %w", w.dev, err)
}

// withTag copies a received frame and puts the VLAN tag back that the kernel keeps in the auxiliary data (struct tpacket_auxdata in
// linux/if_packet.h: status, len, snaplen, mac, net, vlan_tci, vlan_tpid).
func withTag(frame, oob []byte) []byte {
	const (
		statusVLAN = 1 << 4 // TP_STATUS_VLAN_VALID
		statusTPID = 1 << 6 // TP_STATUS_VLAN_TPID_VALID
	)
	plain := append([]byte(nil), frame...)
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return plain
	}
	for _, m := range messages {
		if m.Header.Level != unix.SOL_PACKET || m.Header.Type != unix.PACKET_AUXDATA || len(m.Data) < 20 || len(frame) < 12 {
			continue
		}
		status := binary.NativeEndian.Uint32(m.Data)
		if status&statusVLAN == 0 {
			continue
		}
		tci, tpid := binary.NativeEndian.Uint16(m.Data[16:]), uint16(unix.ETH_P_8021Q)
		if status&statusTPID != 0 {
			tpid = binary.NativeEndian.Uint16(m.Data[18:])
		}
		tagged := append([]byte(nil), frame[:12]...)
		tagged = binary.BigEndian.AppendUint16(tagged, tpid)
		tagged = binary.BigEndian.AppendUint16(tagged, tci)
		return append(tagged, frame[12:]...)
	}
	return plain
}
