// Package table is one OpenFlow table: rules with priorities, the search for
// the rule of a packet, and the changes that OpenFlow asks for.
//
// A Table never changes. An Edit makes the next one out of it and shares with it all that
// stayed as it was, so whoever translates packets holds a table that stands
// still while others write, a change of a thousand rules is seen whole or not at
// all, and the garbage collector tidies up.
//
// A lookup also says which bits of the key it looked at (seen). Its promise:
// every key that agrees with this one on those bits gets the same rule. That
// is what makes a flow of the datapath cover many packets, so seen is kept small by four means:
//
//   - subtables (one per distinct mask) are tried by falling highest priority, and the search ends when no better rule can follow;
//   - each subtable is searched in stages (metadata, link, network, transport), and a miss in one stage never looks at the next (tree.go);
//   - prefixes of addresses are ruled out by a trie in as few bits as tell (prefix.go);
//   - branches of a subtable that hold no better rule are left alone.
package table
