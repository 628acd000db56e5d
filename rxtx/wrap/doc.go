// Package wrap puts something around a port: a seeded injector of faults, a
// writer of capture files, a tracer. The wrapped port keeps all contracts of rxtx.
package wrap
