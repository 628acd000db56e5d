// Package stamp is the mark by which the sink knows a packet of the generator
// again: who it is (a sequence number) and when it was made (CLOCK_MONOTONIC,
// the same in every namespace of one machine).
//
// The mark is the last 18 bytes of a frame, all little endian:
//
//	0   2 bytes  magic 0x5850 ("PX")
//	2   6 bytes  sequence number, from 0
//	8   8 bytes  time of sending, nanoseconds of CLOCK_MONOTONIC
//	16  2 bytes  complement
//
// The invariant that makes it cheap: the complement is chosen so that the nine
// 16-bit words sum to zero in ones' complement arithmetic (RFC 1071). The
// mark therefore never changes a transport checksum that was computed over
// eighteen zero bytes, wherever it starts, and so neither the generator nor
// its twin in the kernel (an XDP program) computes a checksum per packet. And
// because it is at the end, the sink needs no parser and finds it behind
// whatever headers the switch put on or took off.
//
// 18 bytes is what a UDP packet of the smallest Ethernet frame, 60 bytes
// without its check sequence, has for payload.
package stamp

import "encoding/binary"

// Size is the length of a mark in bytes.
const Size = 18

// Magic is the first 16 bits of a mark.
const Magic = 0x5850

// MaxSeq is the largest sequence number that fits, 2^48-1: a year at 8 Mpps.
const MaxSeq = 1<<48 - 1

// Put writes the mark with sequence number seq, of which the low 48 bits
// count, and time ns (CLOCK_MONOTONIC, nanoseconds) into the last Size bytes
// of frame, which must have them.
func Put(frame []byte, seq uint64, ns int64) {
	b := frame[len(frame)-Size:]
	first := seq<<16 | Magic
	binary.LittleEndian.PutUint64(b, first)
	binary.LittleEndian.PutUint64(b[8:], uint64(ns))
	binary.LittleEndian.PutUint16(b[16:], ^fold(first, uint64(ns)))
}

// Get reads the mark of a frame. It answers false for a frame that is too
// short or carries none; a frame of somebody else passes for a marked one
// once in 2^32.
func Get(frame []byte) (seq uint64, ns int64, ok bool) {
	if len(frame) < Size {
		return 0, 0, false
	}
	b := frame[len(frame)-Size:]
	first, second := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	if uint16(first) != Magic || ^fold(first, second) != binary.LittleEndian.Uint16(b[16:]) {
		return 0, 0, false
	}
	return first >> 16, int64(second), true
}

// fold is the ones' complement sum of the eight 16-bit words of a and b.
func fold(a, b uint64) uint16 {
	s := a>>32 + a&0xffffffff + b>>32 + b&0xffffffff // at most 34 bits
	s = s>>16 + s&0xffff                             // at most 19 bits
	s = s>>16 + s&0xffff
	s = s>>16 + s&0xffff
	return uint16(s)
}
