//===- Passes.td - Lowerings of the attn dialect -----------*- tablegen -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// One pass a source-target pair.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CONVERSION_PASSES_TD
#define ATTN_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// AttnToLinalg
//===----------------------------------------------------------------------===//

def ConvertAttnToLinalgPass : Pass<"convert-attn-to-linalg"> {
  let summary = "Decompose attn ops on tensors to linalg";
  let description = [{
    Exact. The portable lowering: every attn op on tensors becomes
    `linalg.generic` with tensor, arith, math and affine ops (and `scf.if` where
    pages are read), and the whole score matrix of an op is materialised; tile
    first where that is too large. So does `linalg.softmax`, which nothing behind
    this pass takes apart. Ops on memrefs and ops without a decomposition are
    errors. `attn.dist_merge` stays: a call of other ranks is
    one on every way.

    The group of query heads that shares a key head is a loop of its own, so
    keys and values are never repeated. Excluded keys have the score -inf and
    their values are left out of the sum, so that NaN in an unused slot of a
    cache reaches nothing; page table entries at or beyond `kv_len` are not
    followed.

    ```mlir
    func.func @before(%q: tensor<1x4x8x16xf32>, %k: tensor<1x2x?x16xf32>)
        -> tensor<1x4x8x16xf32> {
      %0 = attn.sdpa %q, %k, %k causal
        : (tensor<1x4x8x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>)
        -> tensor<1x4x8x16xf32>
      return %0 : tensor<1x4x8x16xf32>
    }
    ```
    becomes products (a generic over batch, kv head, head of the group, query,
    key, head_dim), scores, row maxima, weights, row sums, the product with
    value, and the division.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"
  ];
  let options = [
    Option<"layerAOnly", "layer-a-only", "bool", /*default=*/"false",
           "Leave partial, online, finalize and merge to a kernel generator">];
}

//===----------------------------------------------------------------------===//
// AttnToVector
//===----------------------------------------------------------------------===//

def ConvertAttnToVectorPass
    : Pass<"convert-attn-to-vector", "::mlir::func::FuncOp"> {
  let summary = "Lower layer-B attention ops on memrefs to vector loops";
  let description = [{
    Exact. `attn.online` and `attn.partial` become loops over panels of query
    rows and blocks of keys in which the lanes of a vector are queries: scores
    are `[key][row]`, sums `[head_dim_v][row]`, and no operation crosses lanes.
    Keys and values are read as they lie in memory where they have the type that
    is computed in; rows that are narrower, scaled (`key_scale`, `value_scale`)
    or in pages shorter than a block are first brought into scratch, a block at
    a time. Queries and sums are transposed once a panel. `attn.finalize` and `attn.merge` become loops with
    vectors along head_dim_v. The width of vectors is that of the module's
    `attn.target` (512 bits when absent). Scratch is `memref.alloca` of static
    size, at the start of the outermost parallel loop or of the function.

    `attn.sparq_step` becomes all its steps at once. Where `key_t` is given, in
    floating-point elements and tiles of whole vectors, the approximate scores
    are sums of a few of its rows, with keys in lanes and the next tile asked
    for meanwhile; else the few components are taken out of the keys, which
    reads all of these. The choice takes a time that is linear in the number of
    keys, whatever their scores, and finds exactly the set that `attn.topk`
    would, among scores that differ from those of the decomposition by
    rounding. The chosen rows are read where they lie. A thread has a key head
    to itself; with `splits` above 1 several first share its keys. Scores of
    one key head to a thread, or of all, are in a `memref.alloc`.

    What each row sees comes from the key ranges of the op: a tile of keys that
    every row of the panel sees runs without masks, keys that none sees are not
    read. The score region is emitted on vectors where its ops are elementwise
    and score by score where they are not.

    Every shape is computed. What makes one slow (rows whose elements are not
    adjacent, columns that fill no vector, a score region that needs scalars,
    blocks or panels smaller than usual) is said in a remark with the way out,
    and `attn-opt --attn-report` lists it with the kernel of each op.

    Refused: operands that are tensors, and head dimensions whose panels do not
    fit on a stack.

    ```mlir
    func.func @step(%q: memref<1x4x32x64xf32>, %k: memref<1x1x?x64xf32>,
        %v: memref<1x1x?x64xf32>, %acc: memref<1x4x32x64xf32>,
        %m: memref<1x4x32xf32>, %l: memref<1x4x32xf32>) {
      attn.online ins(%q, %k, %v causal) outs(%acc, %m, %l)
        : (memref<1x4x32x64xf32>, memref<1x1x?x64xf32>, memref<1x1x?x64xf32>,
           memref<1x4x32x64xf32>, memref<1x4x32xf32>, memref<1x4x32xf32>) -> ()
      return
    }
    ```

    Source: FlashAttention-2, arXiv 2307.08691, algorithm 1; the transposed
    form is ours.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::x86vector::X86VectorDialect"
  ];
}

//===----------------------------------------------------------------------===//
// AttnToGPU
//===----------------------------------------------------------------------===//

def ConvertAttnToGPUPass
    : Pass<"convert-attn-to-gpu", "::mlir::func::FuncOp"> {
  let summary = "Lower layer-B attention ops on memrefs to kernels for GPUs";
  let description = [{
    Exact. `attn.sdpa_step`, `attn.star_step`, `attn.block_local_step` and
    `attn.partial` become a launch of the kernel that `config` names, or of one
    chosen by their shape; `attn.merge` becomes one as well, and so do
    `attn.scores`, `attn.topk` and `attn.gather_kv`. Linalg ops and copies around
    them become launches of a thread an element, `linalg.softmax` one of a block
    of threads a row. All else is left alone; `attn.dist_merge`, a call of other
    ranks, is an error.

    `split_kv` takes every shape and type. A warp's lanes lie along rows of key
    and value, each read once for all queries of the heads that share it. Where
    there are fewer key heads than the GPU runs blocks of threads, keys are cut
    into ranges, whose states lie in a `memref.alloc` and are merged by a second
    launch.

    `mma_sync` takes f16 and bf16 rows of 16 to 256 elements, a multiple of 16,
    that lie together, without dequantisation scales, and multiplies by matrix
    instructions: FlashAttention-2. Without a `config` it computes every op that
    it takes but decoding steps, fewer than 16 queries.

    `wgmma` takes the same on sm_90a, with pages of a multiple of 8 keys:
    FlashAttention-3. Without a `config` it computes what has 128 queries or more
    or any number of them. Operands that tensor copies do not take at run time go
    to `mma_sync`, as do rows again whose output is not finite where a mask,
    bias or region may exclude keys.

    `attn.sparq_step` becomes three launches: approximate scores, by blocks of
    threads over ranges of keys, from channels of `key_t` or, without it, from
    rows of key; a radix select of the keys, a block for each key head, of as
    many passes whatever the scores; and `split_kv` over the rows of the keys
    that were chosen. What they hand on lies in `memref.alloc`s. `splits` is not
    looked at.

    What each row sees comes from the key ranges of the op. The number of
    multiprocessors and the shared memory of one are those of the module's
    `attn.target`, `sm_80` when absent.

    ```mlir
    func.func @decode(%q: memref<1x8x1x64xf16>, %k: memref<1x2x?x64xf16>,
        %o: memref<1x8x1x64xf16>) {
      attn.sdpa_step ins(%q, %k, %k) outs(%o)
        : (memref<1x8x1x64xf16>, memref<1x2x?x64xf16>, memref<1x2x?x64xf16>,
           memref<1x8x1x64xf16>) -> ()
      return
    }
    ```

    Source: FlashDecoding (split-KV), as in FlashInfer, arXiv 2501.01005;
    FlashAttention-2, arXiv 2307.08691; FlashAttention-3, arXiv 2407.08608.
  }];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::affine::AffineDialect",
    "::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect",
    "::mlir::memref::MemRefDialect", "::mlir::nvgpu::NVGPUDialect",
    "::mlir::NVVM::NVVMDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"
  ];
}

#endif // ATTN_CONVERSION_PASSES_TD
