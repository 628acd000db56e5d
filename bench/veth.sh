#!/bin/bash
# veth.sh [FLOWS...]: packets per second from one veth pair to another through a switch, Pollux against Debian's OVS with AF_XDP, in turn.
#
#   the kernel makes frames (CPU 0) g0 ==== d0 [ switch, one polling thread on CPU 1 ] d1 ==== s0 the kernel counts and drops
#
# 60-byte UDP, FLOWS of them (1 1000), one queue a device, two rules: 1 to 2 and 2 to 1. Neither end runs in user space, so the switch has
# a core of its own. Beside the rate stands what a packet costs that core, in user space and in the kernel: on veth the kernel's part is the
# sending and about the same for all, and what differs between switches is the rest. ROUNDS (3) and SECS (3) say how often and how long.
#
# Needs: make build; scripts/deps.sh bench.
. "$(dirname "$0")/lib.sh"
[ $# -gt 0 ] || set -- 1 1000
id=pxbench$$

ns() { ip netns exec "$id-$1" "${@:2}"; }

# beds: the namespaces and cables of the picture, anew, and without the chatter of IPv6.
beds() {
    local x
    beds_down
    for x in g d s; do ip netns add $id-$x; ip -n $id-$x link set lo up; done
    ip link add g0 netns $id-g address 02:00:00:00:00:01 type veth peer name d0 netns $id-d
    ip link add s0 netns $id-s address 02:00:00:00:00:02 type veth peer name d1 netns $id-d
    for x in "g g0" "d d0" "d d1" "s s0"; do
        ns ${x% *} sh -c "echo 1 >/proc/sys/net/ipv6/conf/${x#* }/disable_ipv6"
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

# measure: one JSON line: rate, offered rate, and the cost of a packet from how the polling core's time is shared.
measure() {
    local u0 s0 u1 s1 load
    "$pollux" perf run --kernel --latency=false --gen $id-g:g0 --sink $id-s:s0 --cpu 0 --flows "$flows" --size 60 \
        --seconds $((secs + 2)) --json >"$work/load" 2>"$work/load.err" &
    load=$!
    sleep 1.5
    read -r u0 s0 < <(cpu)
    sleep "$secs"
    read -r u1 s1 < <(cpu)
    wait $load || { cat "$work/load.err" >&2; die "perf run failed"; }
    awk -v pps="$(number rx_pps_median <"$work/load")" -v offered="$(number tx_pps <"$work/load")" -v u=$((u1 - u0)) -v s=$((s1 - s0)) 'BEGIN {
        ns = pps > 0 ? 1e9 / pps : 0; all = u + s > 0 ? u + s : 1
        printf "{\"pps\":%d,\"offered\":%d,\"user_ns\":%.0f,\"kernel_ns\":%.0f}\n", pps, offered, ns * u / all, ns * s / all }'
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
    ovs_up $id-d /usr/lib/openvswitch-switch/ovs-vswitchd pmd-cpu-mask=0x2
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
