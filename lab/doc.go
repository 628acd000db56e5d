// Package lab holds the tests that look at Pollux from outside: the real binary on real devices between real hosts, made of network
// namespaces and veth pairs by internal/lab. Each test draws its topology first.
//
// They need root and are run by "make lab". To run one and see what is said:
//
//	go test -tags lab -count=1 -v -run TestControlKilled ./lab
package lab
