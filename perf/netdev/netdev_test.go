package netdev

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
)

func TestParse(t *testing.T) {
	for s, want := range map[string]Name{
		"eth0": {Dev: "eth0"}, "blue:veth-a.10": {Netns: "blue", Dev: "veth-a.10"},
	} {
		got, err := Parse(s)
		if err != nil || got != want || got.String() != s {
			t.Errorf("Parse(%q) = %+v (%s), %v", s, got, got, err)
		}
	}
	for _, s := range []string{"", ":eth0", "ns:", "a/b:eth0", "ns:a:b", "a b", "sixteen-letters-", "a/b"} {
		if n, err := Parse(s); err == nil || !strings.Contains(err.Error(), `"`+s+`"`) {
			t.Errorf("Parse(%q) = %+v, %v", s, n, err)
		}
	}
}

func TestDo(t *testing.T) {
	var seen Device
	if err := (Name{Dev: "lo"}).Do(func(d Device) error { seen = d; return nil }); err != nil {
		t.Fatal(err)
	}
	if seen.Index != 1 || seen.Queues != 1 || seen.MTU < 1500 {
		t.Errorf("lo is %+v", seen)
	}
	mine := errors.New("mine")
	if err := (Name{Dev: "lo"}).Do(func(Device) error { return mine }); err != mine {
		t.Errorf("error of the function came back as %v", err)
	}
	for n, want := range map[Name]string{
		{Dev: "no-such-dev"}:               "find device no-such-dev",
		{Netns: "no-such-ns", Dev: "eth0"}: "enter namespace no-such-ns",
	} {
		err := n.Do(func(Device) error { t.Error("called"); return nil })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", n, err)
		}
	}
}

func TestPin(t *testing.T) {
	if err := Pin(-1); err != nil {
		t.Error(err)
	}
	if err := Pin(1000); err == nil || !strings.Contains(err.Error(), "CPU 1000") {
		t.Errorf("CPU 1000: %v", err)
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		driver        string
		before, after TxCounters
		want          uint64
	}{
		{"veth", TxCounters{Packets: 100}, TxCounters{Packets: 1090}, 10},
		{"veth", TxCounters{Packets: 100}, TxCounters{Packets: 1103}, 0}, // the kernel sent too
		{"ice", TxCounters{Dropped: 5}, TxCounters{Dropped: 8}, 3},
		{"", TxCounters{}, TxCounters{}, 0},
	} {
		if got := (Device{Driver: c.driver}).Refused(c.before, c.after, 1000); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

func TestRetryBusy(t *testing.T) {
	calls := 0
	err := RetryBusy(func() error {
		if calls++; calls < 3 {
			return fmt.Errorf("bind: %v", syscall.EBUSY)
		}
		return nil
	})
	if err != nil || calls != 3 {
		t.Errorf("%v after %d calls", err, calls)
	}
	calls = 0
	if err := RetryBusy(func() error { calls++; return syscall.EINVAL }); err != syscall.EINVAL || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}
