#!/usr/bin/env bash
# Sets up, builds, and shows what Star Attention loses and where: tasks after
# RULER on compiled attention; docs/StarAccuracy.md has the tables.
#
#   scripts/star-accuracy.sh           at most 5 minutes
#   scripts/star-accuracy.sh --docs    and writes the tables into the page
#   scripts/star-accuracy.sh --quick   at most 30 seconds
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

install_missing
build attn-compile
say "looking for needles"
PATH="$ATTN_BUILD/bin:$PATH" exec /usr/bin/python3 "$ATTN_ROOT/bench/star_accuracy.py" "$@"
