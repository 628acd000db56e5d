#!/bin/bash
# mem.sh [SCENARIO...]: packets per second of one polling thread on memory ports, Pollux against Debian's OVS-DPDK, in turn.
#
# Both replay the same capture without end from port 1, each packet copied into a fresh frame, and throw away what is sent to port 2. One
# polling thread on CPU 1; both caches of OVS-DPDK are on. A scenario is KIND:FLOWS:MASKS (kinds of "pollux perf pcap"; 0 masks is one rule
# in_port=1,actions=output:2). ROUNDS (3) and SECS (3) say how often and how long.
#
# Needs: make build; scripts/deps.sh bench; 2 GiB for huge pages, which are given back at the end.
. "$(dirname "$0")/lib.sh"
scenarios=("$@")
[ $# -gt 0 ] || scenarios=(udp4:32:0 udp4:1000:0 udp4:8000:0 udp4:100000:1 udp4:100000:8 udp4:100000:32 udp4:100000:128)

run_pollux() { "$pollux" perf mem --pcap "$work/pcap" --flows "$work/rules" --seconds "$secs" --json; }

run_dpdk() {
    ovs_up "$id" /usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk dpdk-init=true dpdk-extra=--no-pci dpdk-socket-mem=1024 \
        dpdk-lcore-mask=0x1 pmd-cpu-mask=0x2 smc-enable=true
    ovs-vsctl add-br br0 -- set bridge br0 datapath_type=netdev \
        -- add-port br0 p1 -- set Interface p1 ofport_request=1 type=dpdk "options:dpdk-devargs=\"net_pcap0,rx_pcap=$work/pcap,infinite_rx=1\"" \
        -- add-port br0 p2 -- set Interface p2 ofport_request=2 type=dpdk "options:dpdk-devargs=\"net_null0,no-rx=1\""
    ovs-ofctl del-flows br0
    ovs-ofctl add-flows br0 "$work/rules"
    sleep 3 # its caches fill, and it has placed its queues
    ovs_app dpif-netdev/pmd-stats-clear >/dev/null
    sleep "$secs"
    ovs_app dpif-netdev/pmd-perf-show | awk '
        /Measurement duration/ {secs = $3}
        /Rx packets:/ {packets = $3; split($0, half, ","); split(half[2], word, " "); cycles = word[1]}
        END {printf "{\"mpps\":%.3f,\"cycles_per_packet\":%d}\n", packets / secs / 1e6, cycles}'
    ovs_down
}

id=pxbench$$
ip netns add "$id"
later ip netns del "$id"
later ovs_down
huge_pages 1024
printf '%-16s %14s %14s %8s   %s\n' "flows:masks" "ovs-dpdk $(ovs_version)" pollux ratio "cycles a packet: ovs-dpdk, pollux"
one=
for s in "${scenarios[@]}"; do
    IFS=: read -r kind flows masks <<<"$s"
    "$pollux" perf pcap "$kind" "$flows" "$work/pcap"
    "$pollux" perf rules "$masks" >"$work/rules"
    alternate dpdk pollux run_dpdk run_pollux
    a=$(of dpdk mpps) b=$(of pollux mpps)
    note=
    [ "$masks" != 1 ] || one=$(of pollux cycles_per_packet)
    [ "$masks" -le 1 ] || [ -z "$one" ] || note="; $(ratio "$(of pollux cycles_per_packet)" "$one") times one mask"
    printf '%-16s %9.2f Mpps %9.2f Mpps %8s   %s, %s%s\n' "$s" "$a" "$b" "$(ratio "$b" "$a")" \
        "$(of dpdk cycles_per_packet)" "$(of pollux cycles_per_packet)" "$note"
done
