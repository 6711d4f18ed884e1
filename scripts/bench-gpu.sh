#!/usr/bin/env bash
# Makes the folder of the GPU benchmark: compiled kernels, and run.py, which checks
# and times them on the machine with the GPU and builds nothing there.
#
#   scripts/bench-gpu.sh                        build/bench-gpu, for sm_90a
#   scripts/bench-gpu.sh --arch=sm_80           for another GPU
#   scripts/bench-gpu.sh --sweep                every tile that fits
#   scripts/bench-gpu.sh --no-fetch             without a network: see below
#   scripts/bench-gpu.sh report FILE.json... [--docs]   tables of what run.py wrote
#
# One peer is a file of Triton's repository, which is fetched at one commit and
# compared with its sha256; where it cannot be had, tables say that it is missing.
# Everything else goes to bench/gpu/build.py; bench/README.md has the method.
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

if [ "${1:-}" = report ]; then
  shift
  exec /usr/bin/python3 "$ATTN_ROOT/bench/gpu/report.py" "$@"
fi
install_missing
build attn-compile
exec /usr/bin/python3 "$ATTN_ROOT/bench/gpu/build.py" \
  --attn-compile="$ATTN_BUILD/bin/attn-compile" --fetch "$@"
