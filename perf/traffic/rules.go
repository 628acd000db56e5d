package traffic

import (
	"fmt"
	"io"
)

// MaxMasks is the largest number of masks that WriteRules can spread traffic
// over: 15 prefix lengths of the source address times 16 port masks.
const MaxMasks = 15 * 16

// WriteRules writes OpenFlow rules, in the syntax of ovs-ofctl, under which
// the kind "udp4" uses exactly masks datapath masks, and 256 flows if it has
// that many destinations. Everything leaves by port 2. With 0 masks it is the
// one rule "from port 1 to port 2".
//
// Table 0 sends each destination address to one of the tables 1 to masks; the
// one rule there looks at a prefix of the source address and at the upper bits
// of the destination port, a different pair in each table.
func WriteRules(w io.Writer, masks int) error {
	if masks < 0 || masks > MaxMasks {
		return fmt.Errorf("write rules: %d masks: must be 0 to %d", masks, MaxMasks)
	}
	if masks == 0 {
		_, err := fmt.Fprintln(w, "in_port=1,actions=output:2")
		return err
	}
	for d := range 256 {
		dst := v4(0x14000001 + uint32(d))
		if _, err := fmt.Fprintf(w, "table=0,udp,nw_dst=%s,actions=resubmit(,%d)\n", dst, d%masks+1); err != nil {
			return err
		}
	}
	for k := range masks {
		prefix, port := 8+k%15, uint16(0xffff<<(k/15))
		if _, err := fmt.Fprintf(w, "table=%d,udp,nw_src=10.0.0.0/%d,tp_dst=%#x/%#x,actions=output:2\n", k+1, prefix, 80&port, port); err != nil {
			return err
		}
	}
	return nil
}
