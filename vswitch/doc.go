// Package vswitch is the roof: it joins the two towers and nothing else
// does. It runs the datapath process, the control process over it, or both in one process
// for tests and measuring, and offers the commands of the control socket.
//
//	process.go    the datapath process: packet memory, region, threads, socket
//	launch.go     starting it, or adopting the one that runs
//	link.go       what the control side needs of a datapath, over the socket or at hand
//	flows.go      flow records of a thread: which are free, what is on its way
//	upcalls.go    packets from the threads to translation and back
//	switch.go     the control side: ports, rules, revalidation, life and death
//	show*.go      the commands
package vswitch
