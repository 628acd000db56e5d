package traffic

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// kinds are the benchmark files of the repository, by name: headers and frame
// size in bytes. What is measured against a peer replays one of them on both
// sides.
var kinds = map[string]struct {
	h    headers
	size int
}{
	"udp4":  {headers{}, 60},
	"tcp4":  {headers{tcp: true}, 60},
	"udp6":  {headers{ipv6: true}, 78},
	"vlan4": {headers{vlan: 10}, 64},
}

// Kinds are the names that KindPlan takes, in order.
func Kinds() []string {
	var names []string
	for k := range kinds {
		names = append(names, k)
	}
	sort.Strings(names)
	return names
}

// KindPlan is the traffic of a benchmark file: n flows, one packet each, in an
// order that looks random and is always the same.
func KindPlan(kind string, n int) (*Plan, error) {
	k, ok := kinds[kind]
	if !ok {
		return nil, fmt.Errorf("build traffic: kind %q: must be one of %s", kind, strings.Join(Kinds(), ", "))
	}
	if n < 1 || n > MaxFlows {
		return nil, fmt.Errorf("build traffic: %d packets: must be 1 to %d", n, MaxFlows)
	}
	k.h.src, k.h.dst = []byte{2, 0, 0, 0, 0, 1}, []byte{2, 0, 0, 0, 0, 2}
	p := &Plan{Order: permutation(rand.New(rand.NewPCG(1, 1)), n)}
	for i := range n {
		f, err := k.h.frame(i, k.size)
		if err != nil {
			return nil, fmt.Errorf("build flow %d: %w", i, err)
		}
		p.Frames = append(p.Frames, f)
	}
	return p, nil
}

// WriteFile writes one turn of the plan's order as a pcap file, all packets at
// time 0.
func (p *Plan) WriteFile(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write capture: %w", err)
	}
	defer f.Close()
	b := bufio.NewWriterSize(f, 1<<20)
	w := pcapgo.NewWriter(b)
	if err := w.WriteFileHeader(MaxSize, layers.LinkTypeEthernet); err != nil {
		return fmt.Errorf("write capture %s: %w", path, err)
	}
	for _, i := range p.Order {
		data := p.Frames[i]
		info := gopacket.CaptureInfo{Timestamp: time.Unix(0, 0), CaptureLength: len(data), Length: len(data)}
		if err := w.WritePacket(info, data); err != nil {
			return fmt.Errorf("write capture %s: %w", path, err)
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write capture %s: %w", path, err)
	}
	return f.Close()
}
