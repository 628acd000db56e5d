// Package xlate translates: a packet, walked through the rules of the tables,
// becomes a flow, which tells the datapath what to do with all packets like it.
//
// It is pure. What it looks at is a View, which stands still; what a packet
// teaches (a MAC address, counts for rules, something for a controller)
// comes back in the Result and is not done here. Translating the same key
// again under the same view gives the same result, which is how flows are revalidated.
//
// The result's mask is right by one rule that every part of this package keeps: a bit of the packet
// is added to seen before anything is decided by it or copied from it. Then two
// packets that agree on the bits seen take the same way.
//
// The packet's key is there twice: as the rules have changed it (key), and as the datapath's
// actions up to here have left it (base). Only before a packet leaves are the
// differences turned into actions (commit.go), so what rules set and set
// back, or set and never send, costs the datapath nothing.
package xlate
