package perf

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"pollux/perf/traffic"
)

func pcapCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "pcap KIND N FILE",
		Short: "Write a capture of N flows, one packet each: " + strings.Join(traffic.Kinds(), ", "),
		Long: `Write a capture of N flows, one packet each, in an order that looks random and
is always the same. KIND is one of

  udp4   60-byte Ethernet/IPv4/UDP; source address, source port and destination
         address vary together, destination port is 80
  tcp4   the same over TCP (SYN clear, ACK set)
  udp6   78-byte Ethernet/IPv6/UDP
  vlan4  64-byte 802.1Q/IPv4/UDP, VLAN 10

Sizes exclude the frame check sequence. Checksums are right, that of UDP over
IPv4 is 0: none.`,
		Args:      cobra.ExactArgs(3),
		ValidArgs: traffic.Kinds(),
		RunE: func(_ *cobra.Command, args []string) error {
			n, err := strconv.Atoi(args[1])
			if err != nil {
				return fmt.Errorf("number of flows %q is not a number", args[1])
			}
			p, err := traffic.KindPlan(args[0], n)
			if err != nil {
				return err
			}
			return p.WriteFile(args[2])
		},
	}
}

func rulesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rules MASKS",
		Short: "Print OpenFlow rules under which udp4 traffic uses MASKS datapath masks",
		Long: fmt.Sprintf(`Print OpenFlow rules (ovs-ofctl syntax) that spread the udp4 traffic of
"perf pcap" over exactly MASKS datapath masks, 256 datapath flows in all. Every
packet leaves by port 2. MASKS is 1 to %d; 0 is one rule, in_port=1 to port 2.`, traffic.MaxMasks),
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			n, err := strconv.Atoi(args[0])
			if err != nil {
				return fmt.Errorf("number of masks %q is not a number", args[0])
			}
			w := bufio.NewWriter(c.OutOrStdout())
			if err := traffic.WriteRules(w, n); err != nil {
				return err
			}
			return w.Flush()
		},
	}
}
