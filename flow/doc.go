// Package flow holds what is known about a packet, as fixed words: the one
// table of fields, keys and masks, extraction of a key from a packet,
// hashing, and the text syntax of ovs-fields(7). Parser, printer, codec and
// set-field are all derived from the table.
//
// Read it in this order: key.go (where each bit lies), field.go (what a row of the table says), fields_*.go (the
// rows), extract.go (packet to key), compose.go (key to packet), match.go (key and mask), match_parse.go and match_format.go (the
// text of OpenFlow matches), odp.go (the text of datapath flows).
//
// Keys, masks and matches are plain values without pointers, safe to copy and to compare; the table never
// changes after start. Everything may be called from any goroutine; Extract, Hash and the methods of Key and Mask never allocate.
//
// The port of a key is a datapath port or an OpenFlow port, by context. An OpenFlow port has the 32-bit numbers of OpenFlow 1.1 and
// later there: LOCAL is 0xfffffffe, and in_port, which OpenFlow 1.0 sees as 16 bits, keeps them so.
package flow
