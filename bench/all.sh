#!/bin/bash
# all.sh: every comparison with a peer, one table after the other. A quarter of an hour with the defaults.
set -eu
cd "$(dirname "$0")/.."
make -s build
echo "# memory ports, one polling thread (bench/mem.sh)"
bench/mem.sh
echo
echo "# veth to veth, one queue, 60 bytes (bench/veth.sh)"
bench/veth.sh
echo
echo "# gaps between two polls: a bare loop, then a thread whose control process is idle and allocates in turns"
bin/pollux perf gaps --core 1 --seconds 5
bin/pollux perf stall --core 1
