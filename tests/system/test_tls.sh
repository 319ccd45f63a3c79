#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A server whose certificate we do not trust gets nothing: no token, no request at all.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

world_cycle
cp "$world_dir/ca.pem" "$world_dir/right.pem"
world_certificate other # another authority; the simulator keeps the certificate that it has
cp "$world_dir/other.pem" "$world_dir/ca.pem"
world_once
check "--once fails (exit $world_code)" [ "$world_code" -ne 0 ]
check "the log says what is wrong" has "$world_dir/snapwatchd.log" 'certificate'

# a daemon that runs sees that the file was corrected
: >"$world_dir/snapwatchd.log"
world_daemon
world_wait_for has "$world_dir/snapwatchd.log" 'certificate'
curl -s --noproxy '*' --cacert "$world_dir/right.pem" "$world_url/sim/counts" >"$world_dir/counts"
check "no token was asked for" has "$world_dir/counts" '"token":0'
cp "$world_dir/right.pem" "$world_dir/ca.pem"
looked() { world_cli status --json | grep -q '"last_look":"2'; }
world_wait_for looked
check "a corrected ca_file is used without a restart" looked
world_stop TERM || true
exit $((world_problems > 0))
