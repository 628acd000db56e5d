package vswitch

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"pollux/dpif"
)

// showStatus prints pollux/status: what runs, on what, and what the user should know.
func (s *Switch) showStatus(w io.Writer) error {
	c, err := s.now()
	if err != nil {
		return err
	}
	desc, err := c.link.Describe()
	if err != nil {
		return err
	}
	ports, err := c.link.Ports()
	if err != nil {
		return err
	}
	snap := TakeSnapshot(c.link.Region(), s.clock.Now())
	fmt.Fprintf(w, "control process:  %d, %s resident, up %s\n", os.Getpid(), residentOf(os.Getpid()), s.clock.Now().Sub(s.started).Round(time.Second))
	fmt.Fprintf(w, "datapath process: %d, %s resident, version %s, started again %d times\n", desc.PID, residentOf(desc.PID), desc.Version, s.restart)
	fmt.Fprintf(w, "packet memory:    %d frames of %d bytes, %s; %d free\n", desc.Frames, desc.FrameSize, mega(desc.Frames*desc.FrameSize), freeFrames(snap))
	fmt.Fprintf(w, "shared memory:    %s, of which only what is used takes memory\n", mega(int(desc.RegionSize)))
	fmt.Fprintf(w, "threads:          on cores %s, placement %s, longest sleep %v\n", list(desc.Cores), desc.Settings.Placement, desc.Settings.MaxSleep)
	fmt.Fprintf(w, "bridge:           %s, %d rules, %d flows\n\n", s.bridge.Name(), s.bridge.NumRules(), flowsOf(snap))
	fmt.Fprint(w, columns(func(w io.Writer) { writePortStatus(w, ports, desc.Cores) }))
	for _, p := range s.portList() {
		if p.Away {
			fmt.Fprintf(w, "\nnote: %s: its device has gone; the port comes back when the device does", p.Name)
		}
	}
	for _, n := range desc.Notes {
		fmt.Fprintf(w, "\nnote: %s", n)
	}
	for _, p := range ports {
		for _, n := range p.Info.Notes {
			fmt.Fprintf(w, "\nnote: %s: %s", p.Spec.Name, n)
		}
	}
	fmt.Fprintln(w)
	return nil
}

func writePortStatus(w io.Writer, ports []dpif.PortInfo, cores []int) {
	fmt.Fprintln(w, "PORT\tNAME\tKIND\tMODE\tLINK\tMTU\tMAC\tQUEUES ON CORES")
	for _, p := range ports {
		link := "down"
		if p.Info.Up {
			link = "up"
		}
		var on []string
		for _, q := range p.Queues {
			on = append(on, fmt.Sprintf("%d:%d", q.Queue, cores[q.Thread]))
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", p.Spec.Port, p.Spec.Name, p.Info.Kind, p.Info.Mode, link, p.Info.MTU, p.Info.MAC, strings.Join(on, " "))
	}
}

// residentOf is the resident memory of a process as /proc tells it.
func residentOf(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return "unknown"
	}
	var size, resident int
	if _, err := fmt.Sscan(string(b), &size, &resident); err != nil {
		return "unknown"
	}
	return mega(resident * os.Getpagesize())
}

func mega(bytes int) string { return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20)) }

func freeFrames(s *Snapshot) (n uint64) {
	for i := range s.Threads {
		n += s.Threads[i].FreeFrames
	}
	return n
}

func flowsOf(s *Snapshot) (n uint64) {
	for i := range s.Threads {
		n += s.Threads[i].Flows
	}
	return n
}

func list(cores []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(cores), " ", ","), "[]")
}
