// Package emc is the two caches before the classifier. Both remember which flow
// packets like this one belong to, in eight bytes a packet; both ask the
// flow itself before they believe what they remember.
//
// A place in a cache is a tag of 16 bits and a reference to a flow, eight places to
// a cache line (dpcls.Bucket). What is found by tag is compared with the flow's own key under the flow's own mask. So nothing in
// a cache can be wrong: not after the flow died, not after its id went to
// another, not after the masks changed; it can only be useless. That is why nothing is
// ever cleared and why the flows of a cache need no list of the places
// that point at them. It is also what makes the caches small: 100,000 connections through 256 flows
// take 800 kB and the 256 flows, which the processor's own caches hold, where a copy of every header would take 6 MB.
//
// The first cache works on the bytes of packets of the usual shapes. It reads the few words in
// which such packets differ (dpcls.Short) with a dozen loads and shifts; no key is made. The
// second takes keys, so any packet, and is large: with it the number of masks does not matter
// to a packet whose flow is known.
//
// Both hash no more than matters: the words under the union of the masks of the thread's flows. A
// switch whose rules look at MAC addresses has one place for each pair of them, however many
// connections run through it. The caches follow the union by themselves; when it changes they start afresh.
//
// A cache belongs to the thread of its classifier.
package emc
