#!/bin/sh
# Compiles the example.
# usage: build.sh OUT_FOLDER ATTN_SOURCE ATTN_LIB [BLOCK_SIZE [f16|f32]]
# ATTN_LIB has libattn_comm_mpi.so; attn-compile is in PATH. CC is the compiler (cc).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$2" && pwd) lib=$(cd "$3" && pwd) block=${4:-64} type=${5:-f32}
mkdir -p "$1" && cd "$1"
for name in prefill decode; do
  sed "s/^!e = f32/!e = $type/" "$here/$name.mlir" >$name.mlir
done
# Both phases in one module, for one process.
{ cat prefill.mlir; sed '/^!/d; /^func.func @append/,$d' decode.mlir; } |
  sed 's/func.func @/func.func @alone_/' >alone.mlir

attn-compile prefill.mlir --strategy="star:block-size=$block" --distribute \
  -o prefill.o --header=prefill.h
attn-compile decode.mlir --distribute -o decode.o --header=decode.h
# A decode step of Star is exact: only phase 1 has the strategy.
sed "s/%value causal :/%value causal strategy(#attn.star<block_size = $block>) :/" \
  alone.mlir >alone-star.mlir
attn-compile alone-star.mlir -o alone.o --header=alone.h

half=
[ "$type" = f16 ] && half=-DHALF
${CC:-cc} -std=c99 -Wall -Wextra -Werror -O2 -DBLOCK_SIZE="$block" $half -I. \
  -I"$source/include" "$here/star-mpi.c" prefill.o decode.o alone.o \
  -L"$lib" -lattn_comm_mpi -Wl,-rpath,"$lib" -lm -o star-mpi
