package perf

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"pollux/perf/netdev"
	"pollux/perf/traffic"
)

// rate is a flag of packets per second: 250000, 250k, 1.5M.
type rate float64

func (r *rate) Set(s string) error {
	unit := 1.0
	number := s
	for suffix, factor := range map[string]float64{"k": 1e3, "M": 1e6, "G": 1e9} {
		if n, ok := strings.CutSuffix(s, suffix); ok {
			number, unit = n, factor
		}
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || !(f >= 0 && f*unit <= 1e12) {
		return fmt.Errorf("%q is not a number of packets per second, such as 250000, 250k or 1.5M", s)
	}
	*r = rate(f * unit)
	return nil
}

func (r *rate) String() string { return strconv.FormatFloat(float64(*r), 'g', -1, 64) }
func (r *rate) Type() string   { return "pps" }

// device is a flag that names a device, DEV or NAMESPACE:DEV.
type device struct{ netdev.Name }

func (d *device) Set(s string) (err error) {
	d.Name, err = netdev.Parse(s)
	return err
}

func (d *device) Type() string { return "[NAMESPACE:]DEV" }

// seconds is a flag of a time in seconds, with a fraction.
type seconds time.Duration

func (d *seconds) Set(s string) error {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f >= 0 && f <= 1e9) {
		return fmt.Errorf("%q is not a number of seconds", s)
	}
	*d = seconds(f * 1e9)
	return nil
}

func (d *seconds) String() string {
	return strconv.FormatFloat(time.Duration(*d).Seconds(), 'g', -1, 64)
}
func (d *seconds) Type() string { return "s" }

// trafficFlags are those that say what is sent.
func trafficFlags(f *pflag.FlagSet, s *traffic.Spec) {
	f.IntVar(&s.Flows, "flows", 1, "number of flows")
	f.StringVar(&s.Dist, "dist", traffic.Uniform, "how packets are spread over flows: uniform, zipf or single")
	f.Float64Var(&s.Skew, "skew", 1.1, "exponent of the zipf distribution, above 1")
	f.IntVar(&s.Size, "size", 0, "bytes of a frame without its check sequence (default: the smallest with room for number and time)")
	f.BoolVar(&s.IMIX, "imix", false, "seven small frames, four of 590 bytes, one of 1514, in place of one size")
	f.StringVar(&s.Proto, "proto", traffic.UDP, "udp or tcp")
	f.IntVar(&s.VLAN, "vlan", 0, "802.1Q VLAN ID (default: untagged)")
	f.BoolVar(&s.IPv6, "ipv6", false, "IPv6 in place of IPv4")
	f.StringVar(&s.SrcMAC, "src-mac", "02:00:00:00:00:01", "source address of the frames")
	f.StringVar(&s.DstMAC, "dst-mac", "02:00:00:00:00:02", "destination address of the frames")
	f.Uint64Var(&s.Seed, "seed", 0, "of the order of packets")
	f.StringVar(&s.Pcap, "pcap", "", "send the packets of this file (pcap or pcapng) over and over, instead of the above")
}

// sendFlags are those that say how it is sent.
func sendFlags(f *pflag.FlagSet, j *job) {
	trafficFlags(f, &j.Traffic)
	f.IntVar(&j.Queue, "queue", 0, "queue of the device to send on (not with --kernel)")
	f.BoolVar(&j.Mark, "mark", true, "number the packets and note the time in them, where they have room")
	f.Uint64Var(&j.Count, "count", 0, "packets to send (default: no limit)")
	f.IntVar(&j.CPU, "cpu", -1, "CPU that the generator is pinned to (default: none)")
}

// describe says in words what a generator sends.
func (j job) describe() string {
	s := j.Traffic
	if s.Pcap != "" {
		return "replay of " + s.Pcap
	}
	words := []string{strconv.Itoa(max(1, s.Flows)), strings.ToUpper(s.Proto), "flows"}
	if s.Flows <= 1 || s.Dist == traffic.Single {
		words = []string{"one", strings.ToUpper(s.Proto), "flow"}
	} else if s.Dist == traffic.Zipf {
		words = append(words, fmt.Sprintf("(zipf %v)", s.Skew))
	}
	words = append(words, "over", map[bool]string{false: "IPv4", true: "IPv6"}[s.IPv6])
	if s.VLAN != 0 {
		words = append(words, "in VLAN", strconv.Itoa(s.VLAN))
	}
	switch {
	case s.IMIX:
		words = append(words, "IMIX")
	case s.Size != 0:
		words = append(words, strconv.Itoa(s.Size), "bytes")
	default:
		words = append(words, "smallest frames")
	}
	return strings.Join(words, " ")
}
