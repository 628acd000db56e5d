// Package flow holds what is known about a packet, as fixed words: the one
// table of fields, keys and masks, extraction of a key from a packet,
// hashing, and the text syntax of ovs-fields(7). Parser, printer, codec and
// set-field are all derived from the table.
package flow
