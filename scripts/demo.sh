#!/bin/bash
# demo.sh [SECONDS]: Pollux between two hosts, with nothing configured:
#
#   host a: a0 10.77.0.1 ==== d0 [ pollux start d0 d1 ] d1 ==== b0 10.77.0.2 :host b
#
# The hosts and the place of the switch are three network namespaces made for the occasion. Shows ping, then a TCP stream and its rate
# every second. Ends after SECONDS, or at Ctrl-C, and removes all that it made. Exit status 0 only if traffic really crossed.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-0} # 0: until Ctrl-C
[ "$(id -u)" = 0 ] || { echo "demo: makes network namespaces and needs root: sudo make demo" >&2; exit 1; }

run=$(mktemp -d /tmp/pollux-demo.XXXXXX)
export OVS_RUNDIR=$run # the control socket goes here, away from any Open vSwitch on this machine
id=pxdemo$$
a=$id-a sw=$id-sw b=$id-b
ended=
jobs=()

# --- taking it all away again

cleanup() {
    trap - EXIT INT TERM HUP
    bin/pollux stop --run-dir "$run" >/dev/null 2>&1 || true
    for p in "${jobs[@]}"; do kill "$p" 2>/dev/null || true; done
    for ns in $a $sw $b; do
        for p in $(ip netns pids $ns 2>/dev/null); do kill -9 "$p" 2>/dev/null || true; done
        ip netns del $ns 2>/dev/null || true
    done
    wait 2>/dev/null || true
    rm -rf "$run"
}
trap cleanup EXIT
trap 'ended=1' INT TERM HUP

fail() {
    printf '\ndemo: %s\n' "$*" >&2
    [ ! -s "$run/log" ] || { echo "what pollux said:"; tail -n 40 "$run/log"; } >&2
    exit 1
}

on() { local ns=$1; shift; ip netns exec "$ns" "$@"; }
now() { date +%s%N; }
received() { on "$1" cat "/sys/class/net/$2/statistics/rx_$3"; } # what the kernel of a host has seen

# --- building it

echo "building bin/pollux ..."
make -s build

for ns in $a $sw $b; do ip netns add $ns; ip -n $ns link set lo up; done
ip link add a0 netns $a type veth peer name d0 netns $sw
ip link add b0 netns $b type veth peer name d1 netns $sw
ip -n $a addr add 10.77.0.1/24 dev a0
ip -n $b addr add 10.77.0.2/24 dev b0
# A lost ARP request is repeated soon, not after a second: the time to the first ping is to be the switch's.
on $a sh -c 'cd /proc/sys/net/ipv4/neigh/a0; echo 20 >retrans_time_ms; echo 500 >mcast_solicit'
for x in "$a a0" "$sw d0" "$sw d1" "$b b0"; do ip -n ${x% *} link set ${x#* } up; done

cat <<TXT

    host a: a0 10.77.0.1 ==== d0 [ pollux start d0 d1 ] d1 ==== b0 10.77.0.2 :host b

TXT
began=$(now)
ip netns exec $sw setsid bin/pollux start d0 d1 --run-dir "$run" </dev/null >"$run/log" 2>&1 & # setsid: Ctrl-C is for us
switch=$!
jobs+=($switch)
until on $a ping -n -q -c 1 -i 0.02 -w 1 10.77.0.2 >/dev/null 2>&1; do # asks 50 times a second, ends at the first answer
    [ -z "$ended" ] || exit 1
    kill -0 $switch 2>/dev/null || fail "pollux ended"
    [ $(($(now) - began)) -lt 60000000000 ] || fail "no ping came back within a minute"
done
echo "the first ping came back $((($(now) - began) / 1000000)) ms after the start"
echo
on $a ping -n -c 3 -i 0.2 10.77.0.2 || fail "ping failed"
echo

# --- traffic, and its rate every second

packets0=$(received $b b0 packets) bytes0=$(received $b b0 bytes)
if command -v iperf3 >/dev/null; then
    on $b iperf3 -s >/dev/null 2>&1 &
    jobs+=($!)
    until on $b ss -ltnH 2>/dev/null | grep -q :5201; do sleep 0.05; done
    on $a iperf3 -c 10.77.0.2 -t 86400 >/dev/null 2>&1 &
    jobs+=($!)
    echo "iperf3: one TCP stream from a to b"
else
    on $a ping -q -f 10.77.0.2 >/dev/null 2>&1 &
    jobs+=($!)
    echo "ping flood from a to b (iperf3 would show more)"
fi
bin/pollux status --run-dir "$run" || fail "pollux status failed"
echo
p=$packets0 y=$bytes0 t=$(now) began=$t
while [ -z "$ended" ] && { [ "$seconds" = 0 ] || [ $(($(now) - began)) -lt "${seconds}000000000" ]; }; do
    sleep 1 &
    wait $! || true # a signal is not kept waiting
    kill -0 $switch 2>/dev/null || fail "pollux ended"
    p1=$(received $b b0 packets) y1=$(received $b b0 bytes) t1=$(now)
    awk -v p=$((p1 - p)) -v y=$((y1 - y)) -v ns=$((t1 - t)) -v s=$(((t1 - began) / 1000000000)) 'BEGIN {
        printf "%4d s   a to b: %8.0f packets/s   %7.3f Gbit/s\n", s, p / ns * 1e9, y * 8 / ns }'
    p=$p1 y=$y1 t=$t1
done
echo
bin/pollux stats --run-dir "$run" || fail "pollux stats failed"
crossed=$(($(received $b b0 packets) - packets0))
[ "$crossed" -gt 100 ] || fail "only $crossed packets crossed"
printf '\n%d packets crossed.\n' "$crossed"
