// Package ofproto is a bridge: tables of rules, ports, learned addresses, and the
// flows that translation has made of them in the datapath.
//
// A packet that no flow knows comes by Upcall, is translated under the present
// View, and leaves a flow behind. What rules, ports or addresses change later may outdate flows:
// Revalidate finds those, translates them again and keeps, changes or deletes them; on its way it
// reads their counters, credits them to the rules, and ends what is idle or expired.
//
// Who may do what at the same time:
//
//	Upcall         any number of goroutines; it reads the View, which stands still, and locks one thread's flows for a moment
//	Apply, ports   one at a time (a lock); they make the next View and publish it by one atomic store
//	Revalidate     one at a time (a lock); it holds a thread's flows for a few hundred of them at once
//
// Every flow remembers the Seq of the View that it was made under, which
// tables it went through and which addresses it asked for. So a flow
// that was being made while rules changed is found out of date the next time, whoever came first, and a
// change of one table costs nothing to the flows that never look there.
package ofproto
