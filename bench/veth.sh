#!/bin/bash
# veth.sh [FLOWS...]: packets per second from one veth pair to another through a switch, Pollux against Debian's OVS with AF_XDP, in turn.
#
#   the kernel makes frames (CPU 0) g0 ==== d0 [ switch, one polling thread on CPU 1 ] d1 ==== s0 counts and drops in XDP
#
# 60-byte UDP, FLOWS of them (1 1000), one queue a device, two rules: 1 to 2 and 2 to 1. Beside the rate stands the time of the switch's
# processes per packet that came out, in user space and in the kernel: a polling thread is always busy, so the kernel's part on veth is the
# sending, and what differs between switches is the rest. ROUNDS (3) and SECS (3) say how often and how long.
#
# Needs: make build; scripts/deps.sh bench.
. "$(dirname "$0")/lib.sh"
[ $# -gt 0 ] || set -- 1 1000
id=pxbench$$
go build -o "$work/drop" "$root/bench/drop"

ns() { ip netns exec "$id-$1" "${@:2}"; }

# beds: the namespaces and cables of the picture, anew, and without the chatter of IPv6.
beds() {
    local x
    beds_down
    for x in g d s; do ip netns add $id-$x; ip -n $id-$x link set lo up; done
    ip link add g0 netns $id-g address 02:00:00:00:00:01 type veth peer name d0 netns $id-d
    ip link add s0 netns $id-s address 02:00:00:00:00:02 type veth peer name d1 netns $id-d
    for x in "g g0" "d d0" "d d1" "s s0"; do
        ns ${x% *} sysctl -qw net.ipv6.conf.${x#* }.disable_ipv6=1
        ip -n $id-${x% *} link set ${x#* } up
    done
}
beds_down() {
    local x p
    for x in g d s; do
        for p in $(ip netns pids $id-$x 2>/dev/null); do kill -9 "$p" 2>/dev/null || true; done
        ip netns del $id-$x 2>/dev/null || true
    done
}
later beds_down

# cpu: clock ticks that all processes of the switch's namespace have used, in user space and in the kernel.
cpu() {
    local p
    for p in $(ip netns pids $id-d); do cat /proc/"$p"/stat 2>/dev/null || true; done |
        sed 's/^.*) //' | awk '{u += $12; s += $13} END {print u + 0, s + 0}'
}

# measure: the load, the count, and one JSON line.
measure() {
    local line u0 s0 u1 s1
    "$pollux" perf gen $id-g:g0 --kernel --cpu 0 --kind udp4 --flows "$flows" --size 60 --duration $((secs + 4))s --json >"$work/gen" 2>"$work/gen.err" &
    local gen=$!
    "$work/drop" $id-s s0 2s "${secs}s" >"$work/rate" &
    local count=$!
    sleep 2
    read -r u0 s0 < <(cpu)
    wait $count || die "counting failed"
    read -r u1 s1 < <(cpu)
    wait $gen || { cat "$work/gen.err" >&2; die "the generator failed"; }
    line=$(cat "$work/rate")
    awk -v line="$line" -v offered="$(number tx_pps <"$work/gen")" -v n="$(number packets <<<"$line")" -v u=$((u1 - u0)) -v s=$((s1 - s0)) -v hz="$(getconf CLK_TCK)" 'BEGIN {
        sub(/}$/, "", line); if (n == 0) n = 1
        printf "%s,\"offered\":%d,\"user_ns\":%.0f,\"kernel_ns\":%.0f}\n", line, offered, u * 1e9 / hz / n, s * 1e9 / hz / n }'
}

run_pollux() {
    local p
    beds
    mkdir -p "$work/run"
    printf 'in_port=1,actions=output:2\nin_port=2,actions=output:1\n' >"$work/rules"
    ns d "$pollux" start d0 d1 --cores 1 --flows "$work/rules" --run-dir "$work/run" >"$work/log" 2>&1 &
    p=$!
    until "$pollux" status --run-dir "$work/run" >/dev/null 2>&1; do
        kill -0 $p 2>/dev/null || { cat "$work/log" >&2; die "pollux did not start"; }
        sleep 0.1
    done
    measure
    "$pollux" stop --run-dir "$work/run" >/dev/null
    wait $p || true
}

run_ovs() {
    beds
    within="ip netns exec $id-d" ovs_up /usr/lib/openvswitch-switch/ovs-vswitchd pmd-cpu-mask=0x2
    ovs-vsctl add-br br0 -- set bridge br0 datapath_type=netdev \
        -- add-port br0 d0 -- set Interface d0 type=afxdp ofport_request=1 \
        -- add-port br0 d1 -- set Interface d1 type=afxdp ofport_request=2
    ovs-ofctl del-flows br0
    ovs-ofctl add-flow br0 in_port=1,actions=output:2
    ovs-ofctl add-flow br0 in_port=2,actions=output:1
    measure
    ovs_down
}

later ovs_down
printf '%-8s %16s %13s %7s   %s\n' flows "ovs $(ovs_version) afxdp" pollux ratio "ns a packet, user + kernel: ovs, pollux (offered Mpps)"
for flows; do
    alternate ovs pollux run_ovs run_pollux
    a=$(of ovs pps) b=$(of pollux pps)
    printf '%-8s %11s Mpps %8s Mpps %7s   %s + %s, %s + %s (%s, %s)\n' "$flows" "$(ratio "$a" 1e6)" "$(ratio "$b" 1e6)" "$(ratio "$b" "$a")" \
        "$(of ovs user_ns)" "$(of ovs kernel_ns)" "$(of pollux user_ns)" "$(of pollux kernel_ns)" \
        "$(ratio "$(of ovs offered)" 1e6)" "$(ratio "$(of pollux offered)" 1e6)"
done
