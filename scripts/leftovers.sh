#!/bin/bash
# leftovers.sh: lists what tests and demos of this tree could have left behind: daemons and namespaces. Two lists, taken before and after,
# must be the same (.ci/run).
for p in /proc/[0-9]*; do
    exe=$(readlink "$p/exe" 2>/dev/null) || continue
    case ${exe##*/} in pollux* | ovs-vswitchd* | ovsdb-server* | iperf3 | tcpdump) echo "process ${p#/proc/} $exe" ;; esac
done
ip netns list 2>/dev/null | awk '$1 ~ /^(lab|pxdemo|pxbench)/ {print "namespace", $1}'
