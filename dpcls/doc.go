// Package dpcls is the datapath classifier: the flows of one thread and the
// question which of them a key belongs to.
//
// The problem: a flow is a key under a mask, and there may be 200,000 flows under
// a hundred different masks. Tuple space search answers with one hash lookup per
// mask; everything here is there to make that cheap and its cost bounded.
//
//	order ──> subtable (one per mask, ranked by hits)
//	            words: which words of a key the mask has, with their bits
//	            filter: counters by hash; 0 says that no flow is there
//	                 │ only if the filter lets the key pass
//	                 v
//	          buckets: one hash table for all subtables, a cache line each
//	                 │ tag agrees
//	                 v
//	          flows:   the slab of flows, indexed by id, compared word by word
//
// Invariants. Flows do not contradict each other: when two match a key, either
// answer is right, so the first one found ends the search. A flow lies in the slot of its
// id and never moves, so a *Flow that is kept somewhere always points at a
// flow, though perhaps at a dead one or at another that got the id since:
// Gen tells. Ids come from whoever puts flows in, from 0 to MaxFlows-1.
//
// Everything is made by New; Put, Remove and Lookup allocate nothing. The one
// hash table never grows, so nothing is ever rehashed and no poll is held up;
// only a small filter is filled anew when its subtable outgrows it. The slabs are as
// large as the limits say but pages that no flow ever used are never touched.
//
// Cost: a flow is three cache lines (hot, what the first cache compares, what the classifier
// compares), 192 bytes, and 64 more for every 7 words of its mask beyond 6; the
// table takes about 20 bytes a flow. A subtable without the key costs a hash and one byte.
//
// A Classifier belongs to one thread. MaskSet belongs to the control side, which keeps
// the number of masks below what threads have room for.
package dpcls
