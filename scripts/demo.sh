#!/usr/bin/env bash
# Sets up, builds, and runs two attention layers exported from PyTorch through
# the whole product: raised, tiled, compiled, run, verified, timed.
#
# Options: --repetitions=N (default 9).
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

install_missing
build attn-opt attn-run
say "running the demonstration"
PATH="$ATTN_BUILD/bin:$PATH" exec /usr/bin/python3 "$ATTN_ROOT/scripts/demo.py" "$@"
