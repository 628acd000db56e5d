# lib.sh: what the benchmarks against peers share. Sourced, not run.
#
# A number of one machine in one minute means little: neighbours come and go. So every comparison runs A B A B ... in turn and
# compares medians, and what is worth remembering is the ratio.

set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
pollux=${POLLUX:-$root/bin/pollux}
rounds=${ROUNDS:-3}
secs=${SECS:-3}
work=$(mktemp -d /tmp/pxbench.XXXXXX)
undo=()

later() { undo=("$*" "${undo[@]}"); } # carried out at the end, last first
leave() {
    local u
    trap - EXIT INT TERM
    for u in "${undo[@]}"; do eval "$u" || true; done
    rm -rf "$work"
}
trap leave EXIT
trap 'exit 130' INT TERM

die() { echo "$(basename "$0"): $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || die "needs root"

# number KEY: the number that a JSON line has under KEY.
number() { grep -o "\"$1\": *-\?[0-9.e+]*" | head -n 1 | sed 's/.*: *//'; }

# median: of the numbers on standard input, one a line.
median() { sort -g | awk '{v[NR] = $1} END {if (NR) printf "%.6g", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }

# alternate NAME_A NAME_B CMD_A CMD_B: runs both in turn, $rounds times. Each prints one JSON line, kept in $work/of.NAME.
alternate() {
    local i
    : >"$work/of.$1"; : >"$work/of.$2"
    for ((i = 0; i < rounds; i++)); do
        $3 >>"$work/of.$1" || die "$3 failed"
        $4 >>"$work/of.$2" || die "$4 failed"
    done
}

# of NAME KEY: the median of what NAME's lines have under KEY.
of() { while read -r line; do number "$2" <<<"$line"; done <"$work/of.$1" | median; }

ratio() { awk -v a="$1" -v b="$2" 'BEGIN {if (b > 0) printf "%.2f", a / b; else printf "-"}'; }

pid_end() { # pid_end FILE: ends the process whose id the file holds, and waits for that
    local p
    p=$(cat "$1" 2>/dev/null) || return 0 # it has ended by itself
    kill "$p" 2>/dev/null || return 0
    while kill -0 "$p" 2>/dev/null; do sleep 0.05; done
}

# ovs_up NAMESPACE DAEMON [KEY=VALUE...]: an Open vSwitch of our own, with its sockets and database in $work/ovs and its devices in a
# namespace, which is deleted with them: it does not delete its taps. The keys are other_config's. ovs_down ends it.
ovs_up() {
    local ns=$1 daemon=$2 key
    shift 2
    export OVS_RUNDIR=$work/ovs OVS_LOGDIR=$work/ovs OVS_DBDIR=$work/ovs
    rm -rf "$OVS_RUNDIR"; mkdir "$OVS_RUNDIR"
    ovsdb-tool create "$OVS_DBDIR/conf.db" /usr/share/openvswitch/vswitch.ovsschema
    ovsdb-server --remote=punix:"$OVS_RUNDIR/db.sock" --detach --pidfile="$OVS_RUNDIR/db.pid" --log-file "$OVS_DBDIR/conf.db" 2>/dev/null
    ovs-vsctl --no-wait init
    for key; do ovs-vsctl --no-wait set Open_vSwitch . "other_config:$key"; done
    ip netns exec "$ns" "$daemon" unix:"$OVS_RUNDIR/db.sock" --detach --pidfile="$OVS_RUNDIR/switch.pid" --unixctl="$OVS_RUNDIR/switch.ctl" \
        --log-file="$OVS_RUNDIR/switch.log" 2>/dev/null || { tail -n 20 "$OVS_RUNDIR/switch.log" >&2; die "$daemon did not start"; }
}
ovs_down() {
    pid_end "$work/ovs/switch.pid"
    pid_end "$work/ovs/db.pid"
    unset OVS_RUNDIR OVS_LOGDIR OVS_DBDIR
}
ovs_app() { ovs-appctl -t "$OVS_RUNDIR/switch.ctl" "$@"; }
ovs_version() { ovs-vsctl --version | awk 'NR == 1 {print $NF}'; }

# huge_pages N: at least N of 2 MiB until the end.
huge_pages() {
    local had
    mountpoint -q /dev/hugepages || { mkdir -p /dev/hugepages; mount -t hugetlbfs none /dev/hugepages; later umount /dev/hugepages; }
    had=$(cat /proc/sys/vm/nr_hugepages)
    [ "$had" -lt "$1" ] || return 0
    later "echo $had >/proc/sys/vm/nr_hugepages"
    echo "$1" >/proc/sys/vm/nr_hugepages
    [ "$(cat /proc/sys/vm/nr_hugepages)" -ge "$1" ] || die "no memory for $1 huge pages of 2 MiB"
}
