#!/usr/bin/env bash
# Sets up, builds and runs every test; the last line counts them.
#
# Options: --quick (IR and unit tests only), --no-asan (skip the sanitized
# build of the tools), --no-torch (do not install torch, which the tests of
# examples/block_transformer need, nor nvdisasm, which those of machine code
# need), anything else goes to lit.
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

filter=() asan=1 torch=1 extra=()
for arg in "$@"; do
  case $arg in
    --quick) filter=(--filter-out 'Integration/|Property/') asan=0 torch=0 ;;
    --no-asan) asan=0 ;;
    --no-torch) torch=0 ;;
    *) extra+=("$arg") ;;
  esac
done

asan_packages=()
[ "$asan" = 0 ] || asan_packages=(libclang-rt-22-dev)
install_missing "${asan_packages[@]}"
build all

# Into an environment of its own, which sees the packages of the system. Where it
# cannot be had, the tests that need it count as skipped.
if [ "$torch" = 1 ]; then
  install_missing python3-venv
  venv=$ATTN_BUILD/torch-venv
  wanted="${ATTN_TORCH[*]} $ATTN_NVDISASM"
  if [ "$(cat "$venv/installed" 2>/dev/null)" != "$wanted" ]; then
    say "installing ${ATTN_TORCH[-1]} and $ATTN_NVDISASM in ${venv#"$ATTN_ROOT"/}"
    /usr/bin/python3 -m venv --system-site-packages "$venv" ||
      die "python3 -m venv failed; see above"
    if "$venv/bin/python" -m pip install --quiet --retries 2 \
      "${ATTN_TORCH[@]}" >"$venv/log" 2>&1 &&
      "$venv/bin/python" -m pip install --quiet --retries 2 \
        "$ATTN_NVDISASM" >"$venv/log" 2>&1; then
      echo "$wanted" >"$venv/installed"
    else
      say "not installed: $(grep -m1 ERROR "$venv/log" || tail -n1 "$venv/log")"
    fi
  fi
fi

lit() { # result file, arguments...
  local out=$1
  shift
  /usr/bin/python3 "$(command -v /usr/lib/llvm-22/bin/lit || command -v lit)" \
    -v --time-tests --output "$out" -j "$ATTN_JOBS" "$@" "${extra[@]}"
}

status=0
results=("$ATTN_BUILD/test-results.json")
say "running the tests"
lit "${results[0]}" "${filter[@]}" "$ATTN_BUILD/test" "$ATTN_BUILD/test/Unit" || status=1

if [ "$asan" = 1 ]; then
  ATTN_PRESET=asan ATTN_BUILD=$ATTN_ROOT/build-asan build attn-opt attn-run attn-compile attn-viz
  results+=("$ATTN_ROOT/build-asan/test-results.json")
  say "running the IR and tool tests with the sanitized tools"
  lit "${results[1]}" --filter-out 'Integration/|Property/|attn-mlir-unit' \
    "$ATTN_ROOT/build-asan/test" || status=1
fi

# The plain closing line: every test once per build it ran in. A suite that
# ran nothing is a failure, not a pass.
/usr/bin/python3 - "${results[@]}" <<'PY' || status=1
import json, sys

counts = {"passed": 0, "failed": 0, "skipped": 0}
for path in sys.argv[1:]:
    try:
        tests = json.load(open(path))["tests"]
    except (OSError, ValueError, KeyError) as error:
        print(f"no results in {path}: {error}")
        counts["failed"] += 1
        continue
    if not tests:
        print(f"{path}: no test ran")
        counts["failed"] += 1
    for test in tests:
        code = test["code"]
        kind = {"PASS": "passed", "XFAIL": "passed", "UNSUPPORTED": "skipped",
                "SKIPPED": "skipped", "EXCLUDED": None}.get(code, "failed")
        if kind:
            counts[kind] += 1
print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
sys.exit(1 if counts["failed"] or not counts["passed"] else 0)
PY
exit $status
