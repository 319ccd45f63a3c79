#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh PROGRAM: the property test with its stores in memory. SEED and N are in the environment.
set -eu
prefix=()
# Sanitizers of these compilers hang or fail with 32 bits of address randomness.
if setarch -R true 2>/dev/null; then prefix=(setarch -R); fi
if [ -w /dev/shm ]; then
	TMPDIR=$(mktemp -d /dev/shm/property-XXXXXX)
	export TMPDIR
	trap 'rm -rf "$TMPDIR"' EXIT
fi
"${prefix[@]}" "$1"
