package openflow

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// The words for the numbers of actions.

var (
	reasonNames    = []string{"action", "no_match", "invalid_ttl", "action_set", "group", "packet_out"}
	hashFieldNames = []string{"eth_src", "symmetric_l4", "symmetric_l3l4", "symmetric_l3l4+udp", "nw_src", "nw_dst", "symmetric_l3"}
	bundleNames    = []string{"active_backup", "hrw"}
	multipathNames = []string{"modulo_n", "hash_threshold", "hrw", "iter_hash"}
)

func (r Reason) String() string             { return word(reasonNames, int(r)) }
func (f HashFields) String() string         { return word(hashFieldNames, int(f)) }
func (a BundleAlgorithm) String() string    { return word(bundleNames, int(a)) }
func (a MultipathAlgorithm) String() string { return word(multipathNames, int(a)) }

func word(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return "unknown"
}

// oneOf is the index of s in names.
func oneOf(names []string, s string) (int, error) {
	if i := slices.Index(names, s); i >= 0 {
		return i, nil
	}
	return 0, fmt.Errorf("%q is none of %s", s, strings.Join(names, ", "))
}

// address is how NAT shows an address: IPv6 in brackets if a port follows.
func address(a netip.Addr, bracket bool) string {
	if bracket {
		return "[" + a.String() + "]"
	}
	return a.String()
}
