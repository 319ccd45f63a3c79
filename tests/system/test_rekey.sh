#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A new store key: by a daemon that starts, killed at named points and started again, and by `snapwatch
# store rekey`; nobody has to sign in again, and neither key is ever shown.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

world_cycle
keys=$world_dir/credentials
out=$world_dir/out

once() { # once WHAT CODE
	world_once contoso
	check "$1: --once ends with $2 (it was $world_code)" [ "$world_code" -eq "$2" ]
}
rekey() { # rekey WHAT CODE WORDS [OPTION...]
	local what=$1 wanted=$2 words=$3 code=0
	shift 3
	world_cli store rekey "$@" >"$out" 2>&1 || code=$?
	cat "$out" >>"$world_dir/out-all"
	check "$what: $wanted (it was $code)" [ "$code" -eq "$wanted" ]
	check "$what: '$words'" has "$out" "$words"
}

rekey 'before anything is kept' 9 'no secret is kept'
once 'a sign-in' 0
rm "$keys/contoso.refresh_token" # from now on there is what the store has, or nothing
rekey 'the key that it has' 0 '^2 secrets were sealed with this key before$'
cp "$world_dir/secrets.db" "$world_dir/saved"

mv "$keys/store-key" "$world_dir/former"
rekey 'without any key' 2 "credential 'store-key' is missing"
openssl rand -base64 32 >"$keys/store-key"
rekey 'without the former key' 9 "; that of 'contoso' is sealed with another key: snapwatch login contoso; or put the former key"
once 'without the former key' 4
check 'what to do is said' has "$world_dir/snapwatchd.log" "or beside it as 'store-key.old' and restart snapwatchd"

# --- by the daemon, as it starts; credentials of the service manager can change only then
die() { # die POINT
	local code=0
	cp "$world_dir/saved" "$world_dir/secrets.db"
	cp "$world_dir/former" "$keys/store-key.old"
	SNAPWATCH_TEST_DOOM=$1 "${world_run[@]}" "$B/test/snapwatchd-doomed" --config "$world_dir/snapwatch.conf" \
		--once contoso 2>>"$world_dir/snapwatchd.log" || code=$?
	check "$1: killed (it was $code)" [ "$code" -eq 137 ]
	rm "$keys/store-key.old"
	code=0
	world_cli store rekey >"$out" 2>&1 || code=$?
	check "$1: all or nothing" grep -qE '^(snapwatch: )?2 secrets (were sealed with this key before|are sealed with another key)' "$out"
	check "$1: $2 (it was $code)" [ "$code" -eq "$2" ]
	cp "$world_dir/former" "$keys/store-key.old"
	rekey "$1: once more" 0 '^2 secrets were sealed'
}
die 'rekey 1 before' 9
for k in 1 2 3 4 5 6; do die "rekey 1 inside $k" 9; done
die 'rekey 1 after' 0
cp "$world_dir/saved" "$world_dir/secrets.db"
once 'with both keys' 0
check 'it says so' has "$world_dir/snapwatchd.log" "there is a new 'store-key': 2 secrets were sealed anew; the credential 'store-key.old' can go"
once 'and at the next start' 0
check 'it says that, too' has "$world_dir/snapwatchd.log" "credential 'store-key.old' changes nothing (2 secrets were sealed with this key before)"
rm "$keys/store-key.old"
once 'with the new key alone' 0

# --- by hand
cp "$world_dir/saved" "$world_dir/secrets.db"
world_daemon
world_wait_for world_up
rekey 'while the daemon runs' 10 'is in use by snapwatchd, pid .*: restart it with the credential'
world_stop || true
chmod 0644 "$world_dir/former"
rekey 'a key that anybody may read' 2 "chmod 0400 $world_dir/former" --old-key "$world_dir/former"
chmod 0600 "$world_dir/former"
rekey 'the same key twice' 2 'both files hold the same key' --old-key "$keys/store-key"
rekey 'no key at all' 2 'must be 32 bytes in base64' --old-key "$world_dir/snapwatch.conf"
rekey 'the former key' 0 '^2 secrets were sealed anew; the former key can go$' --old-key "$world_dir/former"
rekey 'again' 0 '^2 secrets were sealed with this key before$' --old-key "$world_dir/former"
rekey 'as JSON' 0 '"code":0,"name":"ok","text":"2 secrets were sealed' --json
once 'the new key' 0
check 'an owner and mode as before' [ "$(stat -c %a "$world_dir/secrets.db")" = 600 ]
for key in "$world_dir/former" "$keys/store-key"; do
	check 'the key is nowhere' bash -c "! grep -qF -- '$(cat "$key")' '$world_dir/out-all' '$world_dir/snapwatchd.log'"
done
[ "$world_problems" -eq 0 ] || { cat "$world_dir/out-all"; tail -n 60 "$world_dir/snapwatchd.log"; }
exit $((world_problems > 0))
