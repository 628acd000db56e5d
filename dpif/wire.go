package dpif

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
)

// The socket carries what happens a few times in the life of a switch: the
// handshake and requests about ports. A message is four bytes of length, big
// endian, and one JSON object; the answer to the handshake carries two
// descriptors (the region and the eventfd) beside its first byte.

// maxMessage bounds a message: descriptions of 4,096 ports are below 4 MiB.
const maxMessage = 16 << 20

// eventOne is what is written to an eventfd to add one.
var eventOne = binary.NativeEndian.AppendUint64(nil, 1)

type request struct {
	Hello     *hello    `json:",omitempty"`
	AddPort   *PortSpec `json:",omitempty"`
	Remove    uint32    `json:",omitempty"`
	Ask       string    `json:",omitempty"` // "ports", "threads", "describe", "rebalance", "stop"
	Configure *Settings `json:",omitempty"`
}

type hello struct {
	LayoutID uint64
	PID      int
}

type answer struct {
	Error       string       `json:",omitempty"`
	LayoutID    uint64       `json:",omitempty"`
	PID         int          `json:",omitempty"`
	Port        *PortInfo    `json:",omitempty"`
	Ports       []PortInfo   `json:",omitempty"`
	Threads     []ThreadInfo `json:",omitempty"`
	Description *Description `json:",omitempty"`
}

func writeMessage(c *net.UnixConn, v any, oob []byte) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	msg := append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
	if len(oob) > 0 {
		n, _, err := c.WriteMsgUnix(msg, oob, nil)
		if err != nil {
			return fmt.Errorf("write message: %w", err)
		}
		msg = msg[n:]
	}
	if _, err := c.Write(msg); err != nil {
		return fmt.Errorf("write message: %w", err)
	}
	return nil
}

// readMessage reads one message into v and returns the ancillary data, if oob
// has room for it, that came with its first bytes.
func readMessage(c *net.UnixConn, v any, oob []byte) ([]byte, error) {
	var size [4]byte
	n, oobn := 0, 0
	if len(oob) > 0 {
		var err error
		if n, oobn, _, _, err = c.ReadMsgUnix(size[:], oob); err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, io.EOF
		}
	}
	if _, err := io.ReadFull(c, size[n:]); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(size[:])
	if length > maxMessage {
		return nil, fmt.Errorf("read message: %d bytes, at most %d are allowed", length, maxMessage)
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(c, body); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("read message: %w", err)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return nil, fmt.Errorf("decode message: %w", err)
	}
	return oob[:oobn], nil
}
