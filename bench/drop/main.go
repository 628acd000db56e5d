// Command drop is the far end of a benchmark on veth: an XDP program that drops every packet as soon as it arrives, and the rate at which
// the driver counts them. Nothing runs in user space for a packet, so that the switch before it has the machine to itself.
//
//	drop NAMESPACE DEVICE WARMUP DURATION
//
// It attaches, waits for WARMUP (2s), watches for DURATION (5s) and prints {"pps":MEDIAN,"pps_min":N,"pps_max":N,"packets":N,"seconds":S},
// where the median is of the rates in half seconds.
package main

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"github.com/safchain/ethtool"
	"github.com/vishvananda/netns"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "drop:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("usage: drop NAMESPACE DEVICE WARMUP DURATION")
	}
	warmup, err := time.ParseDuration(args[2])
	if err != nil {
		return err
	}
	duration, err := time.ParseDuration(args[3])
	if err != nil {
		return err
	}
	runtime.LockOSThread() // a namespace belongs to a thread
	ns, err := netns.GetFromName(args[0])
	if err != nil {
		return fmt.Errorf("find namespace %s: %w", args[0], err)
	}
	if err := netns.Set(ns); err != nil {
		return fmt.Errorf("enter namespace %s: %w", args[0], err)
	}
	detach, err := attach(args[1])
	if err != nil {
		return fmt.Errorf("attach to %s: %w", args[1], err)
	}
	defer detach()
	time.Sleep(warmup)
	return watch(args[1], duration)
}

// attach drops everything that arrives on a device until the returned function is called or the process ends.
func attach(dev string) (detach func() error, err error) {
	ifi, err := net.InterfaceByName(dev)
	if err != nil {
		return nil, err
	}
	const xdpDrop = 1
	prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.XDP, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, xdpDrop), asm.Return()}})
	if err != nil {
		return nil, err
	}
	l, err := link.AttachXDP(link.XDPOptions{Program: prog, Interface: ifi.Index, Flags: link.XDPDriverMode})
	if err != nil {
		return nil, err
	}
	return l.Close, nil
}

// watch prints the rates of a device over the given time.
func watch(dev string, duration time.Duration) error {
	tool, err := ethtool.NewEthtool()
	if err != nil {
		return err
	}
	defer tool.Close()
	start := time.Now()
	first, err := dropped(tool, dev)
	if err != nil {
		return err
	}
	var rates []float64
	for before, n := start, first; time.Since(start) < duration; {
		time.Sleep(500 * time.Millisecond)
		now := time.Now()
		m, err := dropped(tool, dev)
		if err != nil {
			return err
		}
		rates = append(rates, float64(m-n)/now.Sub(before).Seconds())
		before, n = now, m
	}
	last, err := dropped(tool, dev)
	slices.Sort(rates)
	fmt.Printf("{\"pps\":%.0f,\"pps_min\":%.0f,\"pps_max\":%.0f,\"packets\":%d,\"seconds\":%.3f}\n",
		rates[len(rates)/2], rates[0], rates[len(rates)-1], last-first, time.Since(start).Seconds())
	return err
}

// dropped reads how many packets the programs of all queues have dropped.
func dropped(tool *ethtool.Ethtool, dev string) (sum uint64, err error) {
	all, err := tool.Stats(dev)
	for name, n := range all {
		if strings.HasPrefix(name, "rx_queue_") && strings.HasSuffix(name, "_xdp_drops") {
			sum += n
		}
	}
	return sum, err
}
