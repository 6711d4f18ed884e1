#!/usr/bin/env bash
# Sets up, builds, and times compiled attention beside PyTorch, IREE, ONNX
# Runtime and the limits of the machine; bench/README.md has the method.
#
#   scripts/bench.sh                 everything, at most 20 minutes
#   scripts/bench.sh --quick         at most 2 minutes
#   scripts/bench.sh --bars          what the bars look at, and their table
#   scripts/bench.sh --docs          everything, written into docs/Performance.md
#   scripts/bench.sh --config=sparq-speed --bars   SparQ beside dense decode
#   scripts/bench.sh --config=star-speed --bars    Star beside dense prefill
#   scripts/bench.sh --config=block-speed --bars   Block Transformer beside vanilla
#   scripts/bench.sh --config=NAME --only=WORD,... --peers=none|torch,iree,ort
#
# Peers are optional extras: they are installed into a virtual environment of
# their own (ATTN_BENCH_VENV, default build/bench-venv), and one that cannot be
# installed is named in the tables with the reason. --no-install tries none.
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

install=1 peers=torch,iree,ort arguments=()
for arg in "$@"; do
  case $arg in
    --no-install) install=0 ;;
    --peers=*) peers=${arg#--peers=} arguments+=("$arg") ;;
    *) arguments+=("$arg") ;;
  esac
done

install_missing
[ "$install" = 0 ] || install_missing python3-venv
build attn-compile # and, where there is MPI, what times merges over it
(cd "$ATTN_BUILD" && ninja -n attn-bench-comm >/dev/null 2>&1) && build attn-bench-comm

# Versions are pinned: numbers of different versions do not compare.
peer_packages() {
  case $1 in
    base) echo "numpy==2.4.6 matplotlib==3.11.2" ;;
    torch) echo "${ATTN_TORCH[*]}" ;;
    iree) echo "iree-base-compiler==3.13.0 iree-base-runtime==3.13.0" ;;
    ort) echo "onnxruntime==1.31.1 onnx==1.23.2" ;;
  esac
}

venv=${ATTN_BENCH_VENV:-$ATTN_BUILD/bench-venv}
python=/usr/bin/python3
if [ "$install" = 1 ]; then
  if [ ! -x "$venv/bin/python" ]; then
    say "making a virtual environment in $venv"
    /usr/bin/python3 -m venv "$venv" || die "python3 -m venv failed; see above"
  fi
  for peer in base ${peers//,/ }; do
    packages=$(peer_packages "$peer")
    [ -n "$packages" ] || continue
    stamp=$venv/$peer.installed log=$venv/$peer.log
    [ "$(cat "$stamp" 2>/dev/null)" != "$packages" ] || continue
    say "installing $packages"
    # shellcheck disable=SC2086
    if "$venv/bin/python" -m pip install --quiet $packages >"$log" 2>&1; then
      echo "$packages" >"$stamp"
    else
      say "not installed: $(grep -m1 ERROR "$log" || tail -n1 "$log")"
    fi
  done
fi
[ ! -x "$venv/bin/python" ] || python=$venv/bin/python
"$python" -c 'import numpy' 2>/dev/null || python=/usr/bin/python3

say "timing (other programs on this machine change the numbers)"
exec "$python" "$ATTN_ROOT/bench/attn_bench.py" \
  --attn-compile="$ATTN_BUILD/bin/attn-compile" --out="$ATTN_BUILD/bench" \
  --pip-logs="$venv" "${arguments[@]}"
