#!/usr/bin/env bash
# Installs what is missing and builds attn-mlir into build/. Sourced by
# demo.sh and test.sh; run alone it does just that.
#
# Environment: ATTN_PRESET (default dev), ATTN_JOBS (default: all cores).
set -euo pipefail

ATTN_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
ATTN_PRESET=${ATTN_PRESET:-dev}
ATTN_JOBS=${ATTN_JOBS:-$(nproc)}
case $ATTN_PRESET in
  dev) ATTN_BUILD=$ATTN_ROOT/build ;;
  *) ATTN_BUILD=$ATTN_ROOT/build-$ATTN_PRESET ;;
esac

say() { printf '==> %s\n' "$*"; }
die() {
  printf 'attn-mlir: error: %s\n' "$*" >&2
  exit 1
}

# What the build and the tests need, as Debian packages. The system's python3
# runs lit, the property tests and the examples.
ATTN_PACKAGES=(
  cmake ninja-build clang-22 lld-22 llvm-22-dev llvm-22-tools libmlir-22-dev
  mlir-22-tools libomp-22-dev libgtest-dev zlib1g-dev libxml2-dev
  libopenmpi-dev openmpi-bin
  python3 python3-numpy python3-hypothesis
  python3-pytest
)

# Numbers of different versions do not compare. Of the builds there are, the one
# for CPUs will do, which PyTorch's own index has: PyPI's brings 3 GB of CUDA.
ATTN_TORCH=(--extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0)
# Reads machine code of any CUDA release before its own; 5 MB.
ATTN_NVDISASM=nvidia-cuda-nvdisasm==13.5.37

install_missing() {
  command -v dpkg-query >/dev/null ||
    die "this script sets up Debian; elsewhere install: ${ATTN_PACKAGES[*]}"
  local missing=() package
  for package in "${ATTN_PACKAGES[@]}" "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null |
      grep -q 'install ok installed' || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    say "all packages are here"
    return
  fi
  say "will install with apt (LLVM and MLIR take about 2 GB of disk): ${missing[*]}"
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      die "not root and no sudo; as root run: apt-get install ${missing[*]}"
    sudo=(sudo)
  fi
  "${sudo[@]}" apt-get update -qq ||
    die "apt-get update failed; check the network and /etc/apt/sources.list"
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq \
    --no-install-recommends "${missing[@]}" >/dev/null ||
    die "apt-get could not install: ${missing[*]} (LLVM 22 comes from Debian 12's security suite)"
}

build() { # targets...
  cd "$ATTN_ROOT"
  if [ ! -f "$ATTN_BUILD/build.ninja" ]; then
    say "configuring ($ATTN_PRESET)"
    cmake --preset "$ATTN_PRESET" >"/tmp/attn-configure.$$.log" 2>&1 || {
      tail -n 20 "/tmp/attn-configure.$$.log" >&2
      rm -f "/tmp/attn-configure.$$.log"
      die "cmake could not configure; the first error above names the missing piece"
    }
    rm -f "/tmp/attn-configure.$$.log"
  fi
  say "building $* in ${ATTN_BUILD#"$ATTN_ROOT"/} with $ATTN_JOBS jobs"
  ninja -C "$ATTN_BUILD" -j "$ATTN_JOBS" "$@" || die "the build failed; see above"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  install_missing
  build all
  say "tools are in ${ATTN_BUILD#"$ATTN_ROOT"/}/bin"
fi
