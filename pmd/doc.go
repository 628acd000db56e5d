// Package pmd is the polling loop and the path of a packet through the
// datapath.
//
// A thread is one goroutine locked to one operating-system thread pinned to one
// core. It owns its receive queues, its caches and its classifier, its
// half of every transmit queue it feeds, its pool of frames and its counters;
// nothing of it is locked and nothing is written by anybody else. Who wants
// something of a thread writes it a mail (dpif, from the control process) or a
// command (from the Datapath in the same process), which it works between two bursts.
//
// The path of a packet, one step a file:
//
//	thread.go    the loop: mail, commands, each receive queue, what others handed over, flush
//	classify.go  caches, extraction, classifier: a flow for each packet, or an upcall
//	park.go      packets that wait for the control process
//	forward.go   packets of one flow become a group; counters are added once
//	execute.go   the actions of a group
//	output.go    gathered by port, sent once a burst; to the owning thread where the queue is another's
//
// and beside the path
//
//	mail.go      what the control process asks
//	datapath.go  ports come and go, queues are placed: dpif.Datapath
//	place.go     which thread polls which queue, a pure function
//	sleep.go     what an idle thread does
package pmd
