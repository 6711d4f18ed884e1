// What each of several ranks calls: the header and the manifest say which part
// of the whole an argument is.
// RUN: rm -rf %t && mkdir %t && cd %t
// RUN: attn-compile %s --strategy=star:block-size=64,anchor-size=16 --distribute=algo=allgather,payload=bf16 -o both.o --header=both.h --dump-stages=stages 2>both.err
// RUN: FileCheck %s --check-prefix=HEADER --input-file=both.h
// RUN: FileCheck %s --check-prefix=REMARK --input-file=both.err
// RUN: FileCheck %s --check-prefix=INPUT --input-file=stages/00-input.mlir
// RUN: llvm-objcopy --dump-section=.attn.manifest=manifest.json both.o /dev/null
// RUN: FileCheck %s --check-prefix=MANIFEST --input-file=manifest.json
// RUN: not attn-compile %s --distribute=algo=ring -o none.o 2>&1 | FileCheck %s --check-prefix=ALGO
// RUN: not attn-compile %s --distribute --strategy=sparq -o none.o 2>&1 | FileCheck %s --check-prefix=SPARQ
// RUN: attn-compile --help | FileCheck %s --check-prefix=HELP
// RUN: not ls none.o

// HEADER:      prefill of distribute.mlir
// HEADER:        query         in     f32 [1, 8, seq_len_q, 64], of this rank: rows, dim = 2, unit = 64
// HEADER:        anchor_key    in     f32 [1, 2, 16, 64], of this rank: anchor, of = 1
// HEADER:        anchor_value  in     f32 [1, 2, 16, 64], of this rank: anchor, of = 2
// HEADER:        kv_offset     in     index, of this rank: offset
// HEADER-NEXT:   output        out    f32 [1, 8, seq_len_q, 64], of this rank: rows, dim = 2, unit = 64
// HEADER-NOT:    attn_comm *comm,
// HEADER:      decode of distribute.mlir
// HEADER:        key        in     f32 [1, 2, seq_len_kv, 64], of this rank: keys, dim = 2
// HEADER:        output     out    f32 [1, 8, 1, 64]
// HEADER:      int32_t decode_call(
// HEADER:          int64_t kv_offset,
// HEADER-NEXT:     attn_comm *comm,
// HEADER-NEXT:     float *output,

// REMARK:     remark: computed exactly, not by Star Attention: one query token is a decode step
// REMARK-NOT: warning

// INPUT: attn.star
// INPUT: attn.dist_merge {{.*}} algo(allgather) payload(bf16)

// MANIFEST: "shard": "rows, dim = 2, unit = 64"
// MANIFEST: "shard": "anchor, of = 1"
// MANIFEST: "shard": "keys, dim = 2"

// ALGO:  error: attn-star-distribute expects algo to be tree, allgather or allreduce, but got 'ring'
// ALGO:  attn-compile: error: this program cannot be distributed
// SPARQ: distribute.mlir:{{[0-9:]+}} error: 'attn.sdpa' op cannot be distributed as #attn.sparq
// SPARQ: attn-compile: error: this program cannot be distributed
// HELP:  --distribute{{.*}}OPTIONS

!q = tensor<1x8x?x64xf32>
!kv = tensor<1x2x?x64xf32>
!one = tensor<1x8x1x64xf32>

func.func @prefill(%query: !q, %key: !kv, %value: !kv) -> !q {
  %o = attn.sdpa %query, %key, %value causal : (!q, !kv, !kv) -> !q
  return %o : !q
}
func.func @decode(%query: !one, %key: !kv, %value: !kv, %kv_len: tensor<1xi64>) -> !one {
  %o = attn.sdpa %query, %key, %value kv_len(%kv_len) : (!one, !kv, !kv, tensor<1xi64>) -> !one
  return %o : !one
}
