#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The store on a file system of its own, a few MiB in memory: it is full before the first start and in
# mid-work, and read-only at a start. The daemon says so at once, loses nothing, and goes on by itself. Needs the right to mount; says
# loudly when it has none.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

world_begin
mkdir "$world_dir/disk"
if ! mount -t tmpfs -o size=6m,mode=0750 tmpfs "$world_dir/disk" 2>/dev/null; then
	echo 'SKIPPED: a file system cannot be mounted here (needs root); full and read-only disks are NOT tested'
	exit 0
fi
trap 'world_end; umount -l "$world_dir/disk" 2>/dev/null; rm -rf "$world_dir"' EXIT
world_keep=yes # removed above, after the file system
world_certificate
world_clock "$(date -u -d '2026-11-16T00:00:00Z' +%s)" 3600
world_sim tests/system/cycle.scn
world_conf 'first_run = "alert"' </dev/null
sed -i "s|sqlite:$world_dir/|sqlite:$world_dir/disk/|" "$world_dir/snapwatch.conf"
log=$world_dir/snapwatchd.log

fill() { dd if=/dev/zero of="$world_dir/disk/filler" bs=4k status=none 2>/dev/null || true; }
# said TEXT [TIMES]
said() { [ "$(grep -c -- "$1" "$log")" -ge "${2:-1}" ]; }
jobs_done() { [ "$(world_cli jobs --json | grep -o '"state":"done"' | wc -l)" -ge "$1" ]; }

# full before the first start: the daemon waits for room
fill
world_daemon
world_wait_for said 'the store is full, waiting for room'
check "a daemon that starts on a full disk waits and says so" kill -0 "$world_daemon_pid"
rm -f "$world_dir/disk/filler"
world_wait_for said 'the store works now'
world_wait_for jobs_done 1
check "and begins when there is room" jobs_done 1

# full in mid-job
world_wait_for world_up
world_cli run contoso >/dev/null
fill
world_wait_for said 'the store is full, work pauses'
check "a disk that becomes full is said, and the daemon lives" kill -0 "$world_daemon_pid"
world_ask /sim/hooks >"$world_dir/hooks"
check "the alert about it went past the store" has "$world_dir/hooks" 'store_full'
check "what is stored stays readable" jobs_done 1
rm -f "$world_dir/disk/filler"
world_wait_for said 'the store works again'
world_wait_for jobs_done 2
check "work goes on by itself when there is room" jobs_done 2

code=0
world_stop TERM || code=$?
check "the daemon ends with 0 (it was $code)" [ "$code" -eq 0 ]

# read-only at the start
mount -o remount,ro "$world_dir/disk"
: >"$log"
world_once contoso
check "--once on a read-only disk ends with 9 (it was $world_code)" [ "$world_code" -eq 9 ]
check "and says why" grep -qi 'read-only' "$log"
check "what is stored stays readable on it" jobs_done 2
mount -o remount,rw "$world_dir/disk"

world_cli findings --jsonl >"$world_dir/findings"
check "121 findings are open, none lost, none twice" [ "$(grep -c '"attention":"open"' "$world_dir/findings")" -eq 121 ]
check "the store is sound" world_cli store verify
world_ask /sim/violations >"$world_dir/violations"
check "no request against the rules of the service" lacks "$world_dir/violations" '"[a-zA-Z]* '
[ "$world_problems" -eq 0 ] || { cat "$world_dir/violations"; tail -n 60 "$log"; }
exit $((world_problems > 0))
