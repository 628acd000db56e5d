#!/bin/bash
# deps.sh demo|test|bench|gen: installs the Debian packages that this verb of the Makefile needs. Does nothing, and needs no root, when
# all are there. Services that a package brings are not started: nothing here wants a running ovs-vswitchd but its own.
set -eu
case ${1:?demo, test, bench or gen} in
demo) want="iproute2 iputils-ping iperf3" ;;
test) want="iproute2 iputils-ping iperf3 tcpdump ethtool openvswitch-common openvswitch-switch gcc libc6-dev" ;; # gcc: the race detector
bench) want="iproute2 ethtool openvswitch-common openvswitch-switch openvswitch-switch-dpdk
    librte-net-pcap23 librte-net-null23 librte-mempool-ring23 librte-bus-vdev23" ;;
gen) want="clang llvm libbpf-dev linux-libc-dev" ;;
*) echo "deps.sh: no such verb: $1" >&2; exit 2 ;;
esac
command -v go >/dev/null || { echo "deps.sh: go is not installed, or not in PATH ($PATH)" >&2; exit 1; }

missing=
for p in $want; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q '^install ok installed$' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
[ "$(id -u)" = 0 ] || { echo "deps.sh: not installed:$missing; run as root, or: sudo apt-get install$missing" >&2; exit 1; }

policy=/usr/sbin/policy-rc.d # what invoke-rc.d asks before it starts a service
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
quietly() { out=$("$@" 2>&1) || { echo "$out"; echo "deps.sh: failed: $*" >&2; exit 1; }; }
quietly apt-get update -qq
# shellcheck disable=SC2086
quietly apt-get install -y -qq --no-install-recommends $missing
