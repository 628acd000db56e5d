// Package memport has ports in memory, for tests and for measuring the switch
// without a device: a replay that receives the same packets without end, a sink, a
// joined pair, and a bench port whose packets a test puts in and takes out.
package memport
