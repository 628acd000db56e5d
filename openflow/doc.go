// Package openflow is what a controller says to the switch, as values: port
// numbers, actions, instructions, rules, and their text as ovs-ofctl(8)
// writes and reads it (ovs-actions(7)). It is pure: nothing here knows a
// packet, a table or a clock.
//
// Actions stay as they were spelled. mod_dl_src and set_field->eth_src do the same, and who
// translates them sees one Go type, SetField; but the value remembers its spelling, so that
// what is printed is what was said. Parsing and printing are inverse to each other:
// printing a parsed rule gives its canonical text, and parsing that gives the same rule.
package openflow
