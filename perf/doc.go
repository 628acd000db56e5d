// Package perf is `pollux perf`: the tools that load a switch and measure it.
//
// They share no ring code with the switch. The generator (perf/gen) sends the
// packets of a plan (perf/traffic), marked with a number and a time
// (perf/stamp); the sink (perf/sink) counts them, finds the missing and the
// late ones and how long they took; perf/report shows what was found.
// `perf run` puts one at each end of a switch that somebody else started, and
// `perf search` repeats that at other rates (perf/rfc2544):
//
//	generator --- device ==== [ switch ] ==== device --- sink
//
// Because the AF_XDP library of the generator can bind a queue once in the life
// of a process, run and search start a process for each end of each run: this
// binary again, as the hidden command `perf worker`, which reads one job from
// its standard input and writes events to its standard output.
package perf
