// Package dpif is the datapath interface: all that the control process and the
// datapath process say to each other.
//
// Most of it is a Region, shared memory with one section for each polling thread:
//
//	control -> thread   Mail: put, remove, resume, execute (a ring of small values)
//	                    flow records: key, mask and actions of every flow, where they lie
//	thread -> control   Upcalls: a packet that no flow knows (a ring of large slots)
//	                    counters of the thread, its ports and its flows, read where they lie
//
// Ports, placement and the life of the process are said over a Unix socket
// (Server, Client), which also carries the descriptor of the region
// and of the eventfd that wakes the control process. Both processes may as well be one: then
// both sides use one Region and the Datapath directly.
//
// Everything is a fixed-layout value; LayoutID names the layout, and two
// processes of different layouts do not talk. A side never trusts what the other wrote:
// indices are bounded, records are copied and checked before use.
//
// The control process may die at any moment. What it had published stays: its
// successor reads the rings' indices and the flow records, and goes on.
package dpif
