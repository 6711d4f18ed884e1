//===- Passes.td - Passes on the attn dialect --------------*- tablegen -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Passes that read and write attn ops; lowerings are in attn/Conversion.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_TRANSFORMS_PASSES_TD
#define ATTN_DIALECT_ATTN_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// Raising
//===----------------------------------------------------------------------===//

def AttnRaisePass : Pass<"attn-raise"> {
  let summary = "Find attention in linalg on tensors and make it `attn.sdpa`";
  let description = [{
    Exact, up to rounding and to rows that see no key. Finds
    `softmax(f(query * key^T)) * value` written as linalg (and arith, math,
    tensor) operations, or as `tm_tensor.attention`, and replaces it by
    `attn.sdpa`, or `attn.block_local` where a row sees keys of its own block
    only. Everything else stays as it is.

    Operations are matched by the elements they compute, not by their order or
    shape: reshapes, transposes, broadcasts, gathers that are the identity, and
    conversions between float types are looked through; dimensions are told
    apart by which operands have them. What becomes of the parts:

    - constant factors on query, key or the scores: `scale` (dropped where it is
      1/sqrt(head_dim) within two units in the last place of f32); scalar
      factors: `dynamic_scale`; `c * tanh(s / c)`: `softcap`.
    - added tensors: `bias`, never widened. Masks (added or selected, either
      polarity): comparisons of positions become `causal`, `window`,
      `causal_offset`, `bottom_right`, `kv_len`, `q_len`; other conditions the
      boolean `mask`. A constant mask of up to 2^22 elements becomes the same if
      every element agrees.
    - rows i and keys j with i / T == j / T, T a constant, however it is written
      (quotients, first positions, places in a block, two inequalities): blocks
      of `block_len(T)`. Within them only j <= i is an edge; other conditions
      stay what they are. Masks of blocks that are none of this get a remark.
    - any other pointwise change, and what comes in an order that `attn.sdpa`
      does not have: the `score` region.
    - key and value repeated per group of heads are taken unrepeated. Heads
      repeated in turns (h % num_kv_heads) stay repeated.
    - `log(sum) + max` of the same scores: the second result. A logit
      concatenated to each row: `sinks`.

    **Left alone**, with a remark that says why: softmax-like code whose
    probabilities or scores are also used otherwise, or that is none of the
    above.

    **Differences.** Scores, probabilities and sums are f32 where the program
    rounded them to f16 or bf16. A row that sees no key gives 0 (PyTorch: NaN,
    or with a finite mask the mean of value). With `finite-masks=exclude`, a
    mask of a finite number of -1e4 or below counts as -inf; that differs for
    rows in which no key is visible, `bias` keeps it. Where the program would
    broadcast a batch or a length of 1 that is only known at run time, a
    `cf.assert` asks for equal sizes.

    **Example**
    ```mlir
    // O = batch_matmul(softmax(batch_matmul(Q, K^T)), V) becomes
    func.func @plain(%q: tensor<2x4x16x8xf32>, %k: tensor<2x4x16x8xf32>,
                     %v: tensor<2x4x16x8xf32>) -> tensor<2x4x16x8xf32> {
      %o = attn.sdpa %q, %k, %v
        : (tensor<2x4x16x8xf32>, tensor<2x4x16x8xf32>, tensor<2x4x16x8xf32>)
        -> tensor<2x4x16x8xf32>
      return %o : tensor<2x4x16x8xf32>
    }
    ```
  }];
  let options = [
    Option<"finiteMasks", "finite-masks", "std::string",
           /*default=*/"\"exclude\"",
           "What a mask of a large negative number is: exclude, bias, reject">,
    Option<"report", "report", "std::string", /*default=*/"\"\"",
           "Write what was found, and what was not, to this file as JSON">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::attn::AttnDialect",
    "::mlir::cf::ControlFlowDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

//===----------------------------------------------------------------------===//
// Tiling and strategies
//===----------------------------------------------------------------------===//

def AttnTileBlockwisePass : Pass<"attn-tile-blockwise"> {
  let summary = "Tile `attn.sdpa` and `attn.partial` into blockwise attention";
  let description = [{
    Exact. Each op becomes an `scf.forall` over batch entries, key/value heads
    and tiles of `block-size-q` queries. A tile holds all query heads that read
    one key head, so that K and V are read once per group. Its softmax state
    walks the key ranges the tile can see in `attn.online` steps of
    `block-size-kv` keys and ends in `attn.finalize`; keys no query of the tile
    sees are not touched, and ranges every query sees carry no mask. With
    `block-size-kv=-1` a range is one `attn.online`, walked inside the kernel.

    Paged, scaled and 8-bit keys and values are gathered a key tile at a time
    to the type they are computed in (so `block-size-kv=-1` means 128 there),
    except for a CPU target with `block-size-kv=-1`, whose kernel does so
    itself.

    `#attn.blockwise` on an op has precedence over the options; ops with another
    strategy are left alone. What neither gives comes from the module's
    `attn.target`: -1 keys and 32 to 128 rows on a CPU (as many as leave 64
    tiles, where sizes say so), 64 and 64 on a GPU; without one 32 and 128.

    With `num_splits` above 1 the loops are led by one over splits: each takes
    an equal share of the keys a tile sees, and a second `scf.forall` merges the
    stacked parts. With 0, code for a CPU that may have fewer tiles than threads
    decides when it runs, from what `@attn_rt_num_threads` returns (the pass
    declares it, if it runs on a module): eight tasks a thread, but no split of
    less than 512 keys. If that gives one split, tiles go straight to the
    results. Results depend on the number of splits by rounding only.

    ```mlir
    func.func @causal(%q: tensor<1x8x512x64xf32>, %kv: tensor<1x2x512x64xf32>)
        -> tensor<1x8x512x64xf32> {
      %o = attn.sdpa %q, %kv, %kv causal
        : (tensor<1x8x512x64xf32>, tensor<1x2x512x64xf32>,
           tensor<1x2x512x64xf32>) -> tensor<1x8x512x64xf32>
      return %o : tensor<1x8x512x64xf32>
    }
    ```

    Source: FlashAttention-2, arXiv 2307.08691; algorithms: Blockwise.
  }];
  let options = [
    Option<"blockSizeQ", "block-size-q", "int64_t", /*default=*/"0",
           "Queries of a tile, of every head of a group; 0: the target "
           "chooses">,
    Option<"blockSizeKv", "block-size-kv", "int64_t", /*default=*/"0",
           "Keys of a tile; 0: the target chooses; -1: whole ranges">];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::func::FuncDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def AttnSplitKVPass : Pass<"attn-split-kv", "::mlir::func::FuncOp"> {
  let summary = "Split the keys of `attn.sdpa` and `attn.partial` into ranges";
  let description = [{
    Exact. The keys are cut into `num-splits` equal ranges (whole pages where
    there are pages; the last ranges may be empty). An `scf.forall` computes an
    `attn.partial` of each, and one `attn.merge` joins the stacked parts; sinks
    are one more part, (0, sink). For decode steps, where batch entries and
    heads alone are too few for the machine.

    `num_splits` of an op's `#attn.blockwise` has precedence over the option;
    ops with another strategy are left alone. `attn-tile-blockwise` splits each
    query tile's own range instead, which is balanced under masks and lengths
    too: use this pass where the parts go to different places.

    ```mlir
    func.func @decode(%q: tensor<1x8x1x64xf32>, %kv: tensor<1x2x4096x64xf32>)
        -> tensor<1x8x1x64xf32> {
      %o = attn.sdpa %q, %kv, %kv
        : (tensor<1x8x1x64xf32>, tensor<1x2x4096x64xf32>,
           tensor<1x2x4096x64xf32>) -> tensor<1x8x1x64xf32>
      return %o : tensor<1x8x1x64xf32>
    }
    ```

    Source: Flash-Decoding; FlashInfer, arXiv 2501.01005; algorithms: Split-KV.
  }];
  let options = [
    Option<"numSplits", "num-splits", "int64_t", /*default=*/"2",
           "Ranges the keys are split in">];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"];
}

def AttnAssignStrategyPass : Pass<"attn-assign-strategy"> {
  let summary = "Write a strategy attribute on every `attn.sdpa`";
  let description = [{
    Exact: the attribute is a request that another pass grants
    (`attn-apply-strategies`). `strategy` is `dense`,
    `blockwise{block-size-q=64 num-splits=2}` or the same as
    `blockwise:block-size-q=64,num-splits=2`; `-` and `_` are alike. With
    `overwrite=false`, ops that have a strategy keep it.
  }];
  let options = [
    Option<"strategy", "strategy", "std::string", /*default=*/"",
           "Name and keys of the strategy">,
    Option<"overwrite", "overwrite", "bool", /*default=*/"true",
           "Replace the strategy of ops that have one">];
  // The attribute is made before any op is looked at.
  let dependentDialects = ["::mlir::attn::AttnDialect"];
}

def AttnApplyStrategiesPass : Pass<"attn-apply-strategies"> {
  let summary = "Rewrite each `attn.sdpa` as its strategy attribute asks";
  let description = [{
    Exact where the strategy is. `#attn.blockwise` becomes what
    `attn-tile-blockwise` makes of it; `#attn.star` and
    `#attn.sparq` what `attn-rewrite-to-star` and `attn-rewrite-to-sparq` make
    of it, or, where they leave the op alone, what `#attn.blockwise` becomes,
    with a remark; `#attn.dense` stays, for decomposition; ops without a
    strategy are left alone. `attn.star` is tiled, and so is `attn.partial` on
    tensors outside of parallel loops: so they are computed.

    With `tile=false`, for targets whose kernels go through all keys themselves,
    nothing is tiled; approximations are applied all the same.
  }];
  let options = [
    Option<"tileOps", "tile", "bool", /*default=*/"true",
           "Tile ops that ask for it, or are computed in tiles">];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::func::FuncDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def AttnBatchBlockDiagonalPass : Pass<"attn-batch-block-diagonal"> {
  let summary = "Rewrite `attn.block_local` to attention of a batch of blocks";
  let description = [{
    Exact. The blocks of a sequence do not see each other, so they are a batch:
    `[batch, heads, blocks * block_len, d]` becomes
    `[batch * blocks, heads, block_len, d]`, by a reshape in layout bshd, a
    transposition in bhsd. A short last block is filled up with zeros, which no
    row sees that is kept. Lengths are cut into those of blocks, masks and
    biases to the blocks on their diagonal; a score region goes on speaking of
    positions in the sequence.

    `form` says what becomes of a prefix, and of the whole:
    - `batch`: the prefix of a block leads its keys, and a `causal_offset` of
      prefix_len moves the diagonal behind it.
    - `merge`: `attn.partial` of the prefix and of the block's own keys, joined
      by `attn.merge`.
    - `mask`: no batch, but a boolean mask of all rows and keys, as programs
      spell it that do not know blocks; for compilers that know neither.

    Left alone, with a remark: pieces of a problem (`offsets`), keys in pages
    unless `form=mask`, and `form=merge` without a prefix.

    **Example**
    ```mlir
    func.func @score(%t: tensor<2x12x20x64xf32>) -> tensor<2x12x20x64xf32> {
      %0 = attn.block_local %t, %t, %t causal block_len(5)
        : (tensor<2x12x20x64xf32>, tensor<2x12x20x64xf32>,
           tensor<2x12x20x64xf32>) -> tensor<2x12x20x64xf32>
      return %0 : tensor<2x12x20x64xf32>
    }
    ```
    calls `attn.sdpa` on `tensor<8x12x5x64xf32>`.
  }];
  let options = [
    Option<"form", "form", "BlockDiagonalForm",
           /*default=*/"BlockDiagonalForm::batch", "What blocks become",
           [{::llvm::cl::values(
             clEnumValN(BlockDiagonalForm::batch, "batch",
                        "a batch of blocks, each led by its prefix"),
             clEnumValN(BlockDiagonalForm::merge, "merge",
                        "the same, with the states of a prefix merged"),
             clEnumValN(BlockDiagonalForm::mask, "mask",
                        "whole sequences with a block-diagonal mask"))}]>];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def AttnRewriteToStarPass : Pass<"attn-rewrite-to-star"> {
  let summary = "Rewrite causal prefill to `attn.star`";
  let description = [{
    Approximate. Applies to causal `attn.sdpa` whose diagonal is at 0, without a
    strategy, or with `#attn.star`, whose parameters then count instead of the
    options. The last `query-size` rows, of each sequence where `q_len` or
    `kv_len` say how long it is, stay exact: `context_len` is what is before
    them.

    **Left alone**, with a remark that says why: ops that are not causal, or
    whose diagonal is elsewhere or not known to be at 0 (`causal_offset`,
    `bottom_right` of lengths that may differ), ops of one query token, which
    are decode steps, and those with another number of keys than queries. They
    lose `#attn.star`, if they have it. Ops with another strategy are left alone
    without a remark.

    **Equals dense attention** where the context is at most `block-size` tokens,
    or, with anchors of whole blocks, twice that. **It pays** by the pairs it
    leaves out: with n blocks and whole anchors they are `n^2 / (3n - 2)` times
    fewer, 1.6 at the recommended n = 4, 2.9 at 8, 10.9 at 32.

    **Example**
    ```mlir
    func.func @prefill(%q: tensor<1x8x?x128xf16>, %k: tensor<1x2x?x128xf16>)
        -> tensor<1x8x?x128xf16> {
      %0 = attn.sdpa %q, %k, %k causal
        : (tensor<1x8x?x128xf16>, tensor<1x2x?x128xf16>, tensor<1x2x?x128xf16>)
        -> tensor<1x8x?x128xf16>
      return %0 : tensor<1x8x?x128xf16>
    }
    ```
    becomes, with `block-size=4096`,
    ```mlir
    func.func @prefill(%q: tensor<1x8x?x128xf16>, %k: tensor<1x2x?x128xf16>)
        -> tensor<1x8x?x128xf16> {
      %0 = attn.star %q, %k, %k causal block_size(4096) anchor_size(4096)
        : (tensor<1x8x?x128xf16>, tensor<1x2x?x128xf16>, tensor<1x2x?x128xf16>)
        -> tensor<1x8x?x128xf16>
      return %0 : tensor<1x8x?x128xf16>
    }
    ```

    Source: Star Attention, arXiv 2411.17116.
  }];
  let options = [
    Option<"blockSize", "block-size", "int64_t", /*default=*/"0",
           "Tokens of a context block (b in the paper); must be given">,
    Option<"anchorSize", "anchor-size", "int64_t", /*default=*/"-1",
           "First keys that every block sees (a); -1: a whole block">,
    Option<"querySize", "query-size", "int64_t", /*default=*/"0",
           "Last rows that see all keys before them">,
    Option<"anchor", "anchor", "std::string", /*default=*/"\"first\"",
           "The block the anchor is of: first, previous">];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::attn::AttnDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

def AttnRewriteToSparQPass : Pass<"attn-rewrite-to-sparq"> {
  let summary = "Rewrite decode-step `attn.sdpa` to `attn.sparq`";
  let description = [{
    Approximate. Applies to `attn.sdpa` with one query token (seq_len_q is
    statically 1) and without a strategy, or with `#attn.sparq`, whose
    parameters then count instead of the options.

    **Left alone**, with a remark that says why: ops with more query tokens or
    an unknown number of them, with sinks, or whose lse is used, and those where
    a query sees at most `top-k` keys, as the result would be dense attention.
    They lose `#attn.sparq`, if they have it. Ops with another strategy are left
    alone without a remark.

    **Equals dense attention** where a query sees at most `top-k` keys. **It
    pays** with `state=args` from some 1000 keys on (head_dim 128, the defaults;
    docs/Performance.md has the crossover): below, the choice and the chosen
    rows cost more than reading all of them, and dense is faster. A `rank` near
    head_dim saves nothing, and nor does leaving out `state=args`: then all of
    value is read for the mean (`realloc`), and whole keys for some of their
    components (`layout=twice` has a copy for that).

    **Example**
    ```mlir
    func.func @decode(%q: tensor<1x8x1x128xf16>, %k: tensor<1x2x?x128xf16>)
        -> tensor<1x8x1x128xf16> {
      %0 = attn.sdpa %q, %k, %k
        : (tensor<1x8x1x128xf16>, tensor<1x2x?x128xf16>, tensor<1x2x?x128xf16>)
        -> tensor<1x8x1x128xf16>
      return %0 : tensor<1x8x1x128xf16>
    }
    ```
    becomes
    ```mlir
    func.func @decode(%q: tensor<1x8x1x128xf16>, %k: tensor<1x2x?x128xf16>)
        -> tensor<1x8x1x128xf16> {
      %0 = attn.sparq %q, %k, %k rank(32) top_k(128) local_window(32)
        : (tensor<1x8x1x128xf16>, tensor<1x2x?x128xf16>, tensor<1x2x?x128xf16>)
        -> tensor<1x8x1x128xf16>
      return %0 : tensor<1x8x1x128xf16>
    }
    ```

    **With `state=args`** the second layout (in tiles in which a channel has 4
    KiB) and the mean become arguments of the function, marked
    `{attn.state = "..."}`, where key and value are arguments or come from
    `attn.kv_append` to arguments. Appends then keep them, they are
    `attn.inout`, and their new values are the last results. `NAME_prepare(caches, kv_len, states)` makes them of filled caches:
    `kv_len` tokens are what the mean counts. A mean is kept only where all
    those tokens are visible: not with a mask, a window or a score region.

    Source: SparQ Attention, arXiv 2312.04985.
  }];
  let options = [
    Option<"rank", "rank", "int64_t", /*default=*/"32",
           "Query components used to score keys (r in the paper)">,
    Option<"topK", "top-k", "int64_t", /*default=*/"128",
           "Keys that are read in full (k in the paper)">,
    Option<"localWindow", "local-window", "int64_t", /*default=*/"-1",
           "Newest keys among these in any case; -1: a quarter of them">,
    Option<"realloc", "realloc", "std::string", /*default=*/"\"auto\"",
           "Give the weight of other keys to the mean value: auto, on, off">,
    Option<"groupReduce", "group-reduce", "std::string", /*default=*/"\"prob\"",
           "What heads that share keys choose by the sum of: prob, logit">,
    Option<"layout", "layout", "std::string", /*default=*/"\"twice\"",
           "Keys in memory: twice (rows and channels), once (rows)">,
    Option<"state", "state", "std::string", /*default=*/"\"recompute\"",
           "Second layout and mean value: recompute, args">];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::attn::AttnDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::func::FuncDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def AttnDecomposeSparQPass : Pass<"attn-decompose-sparq"> {
  let summary = "Replace `attn.sparq` by the ops it is made of";
  let description = [{
    Exact. The two choices become `attn.topk`, the approximate scores
    `attn.scores`, and the attention to the chosen keys `attn.gather_kv` and
    `attn.partial`; sums, weights and the mean value become linalg. Where the
    choice does not depend on it (one query head to a key head, no realloc, no
    bias and no score region), the softmax of the approximate scores is left
    out.

    ```mlir
    func.func @decode(%q: tensor<1x2x1x64xf32>, %k: tensor<1x2x?x64xf32>)
        -> tensor<1x2x1x64xf32> {
      %0 = attn.sparq %q, %k, %k rank(16) top_k(32)
        : (tensor<1x2x1x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
        -> tensor<1x2x1x64xf32>
      return %0 : tensor<1x2x1x64xf32>
    }
    ```

    Source: SparQ Attention, arXiv 2312.04985, algorithm 1.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def AttnFuseBlockLocalPass : Pass<"attn-fuse-block-local"> {
  let summary = "Replace tiny attention by one op with a destination";
  let description = [{
    Exact. For targets with a kernel for whole blocks: `attn.sdpa` with static
    seq_len_q and seq_len_kv of at most `max-keys` becomes `attn.block_local_step` with
    one block in each batch entry. A Block Transformer's token decoder is that,
    for all blocks at once (batch * blocks) and for one step. `attn.block_local`
    whose blocks, with their prefix, have at most as many keys becomes it too.

    **Left alone**: ops with a strategy other than `#attn.blockwise` without
    sizes, whose num_heads or num_kv_heads is not known, with a score region,
    sinks, page_table, key_scale, value_scale, offsets, or keys of 8 bits; and
    `attn.block_local` that may have fewer or more blocks of keys than of rows.

    ```mlir
    func.func @token_decoder(%q: tensor<?x12x5x64xf32>)
        -> tensor<?x12x5x64xf32> {
      %0 = attn.sdpa %q, %q, %q causal
        : (tensor<?x12x5x64xf32>, tensor<?x12x5x64xf32>, tensor<?x12x5x64xf32>)
        -> tensor<?x12x5x64xf32>
      return %0 : tensor<?x12x5x64xf32>
    }
    ```

    Source: Block Transformer, arXiv 2406.02657: the token decoder.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::tensor::TensorDialect"];
  let options = [
    Option<"maxKeys", "max-keys", "int64_t", /*default=*/"24",
           "The most keys of a block, 64 at most">];
}

def AttnFuseSparQPass : Pass<"attn-fuse-sparq"> {
  let summary = "Replace `attn.sparq` by one op with a destination";
  let description = [{
    Exact. For targets with a kernel for all steps at once: `attn.sparq` becomes
    `attn.sparq_step`. Where the module is known to run on a pool of threads,
    the step is told in how many ranges the keys may be scored in parallel.

    **Left alone**, to be decomposed: ops whose num_heads or num_kv_heads is not
    known, and those without a query.

    ```mlir
    func.func @decode(%q: tensor<1x2x1x64xf32>, %k: tensor<1x2x?x64xf32>)
        -> tensor<1x2x1x64xf32> {
      %0 = attn.sparq %q, %k, %k rank(16) top_k(32)
        : (tensor<1x2x1x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
        -> tensor<1x2x1x64xf32>
      return %0 : tensor<1x2x1x64xf32>
    }
    ```

    Source: SparQ Attention, arXiv 2312.04985, algorithm 1.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::func::FuncDialect", "::mlir::tensor::TensorDialect"];
}

def AttnFuseSdpaPass : Pass<"attn-fuse-sdpa"> {
  let summary = "Replace `attn.sdpa` and `attn.star` by ops with destinations";
  let description = [{
    Exact. For targets whose kernels go through all keys themselves: `attn.sdpa`
    becomes `attn.sdpa_step`, whatever exact strategy it carries, and `attn.star`
    `attn.star_step`; how tiles are cut is the kernel's matter. `attn.block_local`
    becomes `attn.block_local_step`.

    **Left alone**: `attn.sparq`, for `attn-fuse-sparq`. **Refused**: what that
    would leave.

    ```mlir
    func.func @decode(%q: tensor<1x2x1x64xf32>, %k: tensor<1x2x?x64xf32>)
        -> tensor<1x2x1x64xf32> {
      %0 = attn.sdpa %q, %k, %k
        : (tensor<1x2x1x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
        -> tensor<1x2x1x64xf32>
      return %0 : tensor<1x2x1x64xf32>
    }
    ```

    Source: Attention Is All You Need, arXiv 1706.03762.
  }];
  let dependentDialects = ["::mlir::tensor::TensorDialect"];
}

//===----------------------------------------------------------------------===//
// Several ranks
//===----------------------------------------------------------------------===//

def AttnStarDistributePass : Pass<"attn-star-distribute", "::mlir::ModuleOp"> {
  let summary = "Make functions what each of several ranks runs on its part";
  let description = [{
    Exact, up to the order in which ranks merge and, with `payload=bf16`, to the
    rounding of what travels. How many ranks there are is known when the function
    runs. Arguments become a rank's part, and say so (`attn.shard`,
    `#attn.shard`); trailing arguments are added, each only where it is needed:
    the anchors, `kv_offset: index`, the position of the rank's first key, and
    `comm: !attn.comm`.

    - **`attn.sdpa`** over keys and values that are arguments (phase 2 of Star,
      decode steps): these become the rank's keys, `attn.partial` attends to
      them, and `attn.dist_merge` joins what all ranks found, by `algo`, for
      `root` or every rank. Positions and lengths stay those of the whole. A
      mask, a bias and dequantisation scales along keys are cut too if they are
      arguments, and sliced if they are computed; sinks count once. In pages, it
      is the page table that is cut.
    - **`attn.star`** without `context_len` (phase 1): query, key and value
      become the rank's rows, whole blocks of them, and the first keys and
      values of the context arguments of their own. Nothing is communicated; the
      results are the rank's rows.

    A rank's part may be empty. **Left alone**: functions without attention.
    **Refused**, with a diagnostic that says what to do: keys, values or context
    rows that are not arguments, or whose arguments are used otherwise; caches
    that the function appends to; `bottom_right` where nothing says how many keys
    there are; query rows in `attn.star`, anchors of the previous block, and
    operands beside its keys; #attn.sparq; attention in loops and branches, and
    in functions that others call; both kinds in one function.

    **Equals** what the function computed before, on the parts of all ranks one
    after the other.

    **Example**
    ```mlir
    func.func @decode(%q: tensor<1x8x1x64xf16>, %k: tensor<1x2x?x64xf16>,
                      %v: tensor<1x2x?x64xf16>, %len: tensor<1xi64>)
        -> tensor<1x8x1x64xf16> {
      %0 = attn.sdpa %q, %k, %v kv_len(%len)
        : (tensor<1x8x1x64xf16>, tensor<1x2x?x64xf16>, tensor<1x2x?x64xf16>,
           tensor<1xi64>) -> tensor<1x8x1x64xf16>
      return %0 : tensor<1x8x1x64xf16>
    }
    ```
    becomes
    ```mlir
    func.func @decode(%q: tensor<1x8x1x64xf16>,
        %k: tensor<1x2x?x64xf16> {attn.shard = #attn.shard<keys, dim = 2>},
        %v: tensor<1x2x?x64xf16> {attn.shard = #attn.shard<keys, dim = 2>},
        %len: tensor<1xi64>,
        %kv_offset: index {attn.shard = #attn.shard<offset>},
        %comm: !attn.comm) -> tensor<1x8x1x64xf16> {
      %c0 = arith.constant 0 : index
      %0 = tensor.empty() : tensor<1x8x1x64xf16>
      %1 = tensor.empty() : tensor<1x8x1xf32>
      %2 = tensor.empty() : tensor<1x8x1x64xf32>
      %3:2 = attn.partial
        ins(%q, %k, %v kv_len(%len) offsets(%c0, %c0, %c0, %kv_offset))
        outs(%2, %1)
        : (tensor<1x8x1x64xf16>, tensor<1x2x?x64xf16>, tensor<1x2x?x64xf16>,
           tensor<1xi64>, index, index, index, index, tensor<1x8x1x64xf32>,
           tensor<1x8x1xf32>) -> (tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
      %4:2 = attn.dist_merge comm(%comm) outs(%3#0, %3#1)
        : (!attn.comm, tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
        -> (tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
      %5 = attn.merge ins(%4#0 lse %4#1) outs(%0)
        : (tensor<1x8x1x64xf32>, tensor<1x8x1xf32>, tensor<1x8x1x64xf16>)
        -> tensor<1x8x1x64xf16>
      return %5 : tensor<1x8x1x64xf16>
    }
    ```

    Source: Star Attention, arXiv 2411.17116, section 2; Tree Attention,
    arXiv 2408.04093. Star's code masks every shard causally, which is wrong for
    a query of several tokens; here positions say what is visible.
  }];
  let options = [
    Option<"algo", "algo", "std::string", /*default=*/"\"tree\"",
           "How ranks merge: tree, allgather, allreduce">,
    Option<"root", "root", "int64_t", /*default=*/"-1",
           "The rank that has the result; -1: every rank">,
    Option<"payload", "payload", "std::string", /*default=*/"\"\"",
           "Type in which outputs travel: f32, bf16; empty: their own">];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::attn::AttnDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

//===----------------------------------------------------------------------===//
// Grids of processes
//===----------------------------------------------------------------------===//

def AttnCheckShardingPass : Pass<"attn-check-sharding", "::mlir::func::FuncOp"> {
  let summary = "Say why a function with shardings cannot be partitioned";
  let description = [{
    Exact: changes nothing. Functions without `shard.shard` are fine; others are
    what upstream's `shard-partition` can take, or an error at the place says
    why not and what to do. Run it after
    `sharding-propagation{traversal=forward-backward}`: `shard-partition` of
    LLVM 22 asks for all of this, but crashes, or gives wrong types, where it is
    not so.

    - A function has one block. Each tensor argument is used once, by a
      `shard.shard`; each tensor operand of another op comes from one, and each
      tensor result goes to one.
    - An op without upstream's ShardingInterface, and what a region reads from
      outside, is whole on every process.
    - Nothing is cut in two ways: LLVM 22 lowers no collective that moves shards.
    - Attention is cut evenly: over batch, whole groups of heads and head_dim_v;
      `attn.sdpa` and `attn.partial` also over queries and, over all processes
      of the grid, keys.

    **Example** of a function that passes:
    ```mlir
    shard.grid @hosts(shape = 4)
    func.func @identity(%x: tensor<8xf32>) -> tensor<8xf32> {
      %cut = shard.sharding @hosts split_axes = [[0]] : !shard.sharding
      %0 = shard.shard %x to %cut : tensor<8xf32>
      %1 = shard.shard %0 to %cut annotate_for_users : tensor<8xf32>
      return %1 : tensor<8xf32>
    }
    ```
  }];
}

def AttnBindGridPass : Pass<"attn-bind-grid", "::mlir::ModuleOp"> {
  let summary = "Make the processes of a grid the ranks of a communicator";
  let description = [{
    Exact. After `shard-partition`: `attn.grid_comm`,
    `shard.process_linear_index` and `shard.process_multi_index` become questions
    to the `!attn.comm` argument of the function, a new last one if it has none.
    A process' linear index is its rank; a `cf.assert` asks that there are as
    many ranks as the grid has processes. Grids that are not used any more go.

    Refused: other ops of the shard dialect (LLVM 22 lowers few of them; annotate
    results so that none is needed); grids of a size that is not static; new
    arguments of functions that others call.

    **Example**
    ```mlir
    shard.grid @hosts(shape = 4)
    func.func @first_key() -> index {
      %i = shard.process_linear_index on @hosts : index
      return %i : index
    }
    ```
    becomes
    ```mlir
    func.func @first_key(%comm: !attn.comm) -> index {
      %c4 = arith.constant 4 : index
      %size = attn.comm_size %comm : !attn.comm
      %ok = arith.cmpi eq, %size, %c4 : index
      cf.assert %ok, "expects 4 ranks, the processes of @hosts"
      %rank = attn.comm_rank %comm : !attn.comm
      return %rank : index
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::attn::AttnDialect", "::mlir::cf::ControlFlowDialect"];
}

//===----------------------------------------------------------------------===//
// Measuring
//===----------------------------------------------------------------------===//

def AttnCountWorkPass : Pass<"attn-count-work", "::mlir::ModuleOp"> {
  let summary = "Count the operations and bytes a program needs";
  let description = [{
    Exact. Before each op that scores keys and each linalg contraction, a call
    `attn_rt_count_work(operations, bytes)` of the floating-point operations it
    needs (two per multiply-add) and, for attention, the bytes it has to move:
    keys and values once per key head, queries and output once. Only pairs that
    the key ranges let see each other count; a dense mask or a score region
    takes nothing off. The program's results do not change.

    ```mlir
    func.func @f(%q: tensor<1x8x?x64xf32>, %k: tensor<1x2x?x64xf32>)
        -> tensor<1x8x?x64xf32> {
      %0 = attn.sdpa %q, %k, %k causal
        : (tensor<1x8x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
        -> tensor<1x8x?x64xf32>
      return %0 : tensor<1x8x?x64xf32>
    }
    ```
    Here 2 * 8 * (64 + 64) operations are counted for each visible pair.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::func::FuncDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"
  ];
}

def AttnRecordKeyRangesPass
    : Pass<"attn-record-key-ranges", "::mlir::ModuleOp"> {
  let summary = "Report which keys queries see";
  let description = [{
    Exact. Before an op that scores keys, code that asks its key ranges, tile of
    queries by tile, and reports the answers to functions of the host, which
    says by which tiles and how densely:
    ```text
    attn_rt_record_begin(op, batch, num_heads, seq_len_q, seq_len_kv) -> i64
                             the op runs; 0: nothing is to be reported
    attn_rt_record_step(0) -> i64    queries of a tile
    attn_rt_record_step(1), (2)      of how many queries, keys one is asked
    attn_rt_record_range(q_lo, q_hi, lo, hi, needs_mask)
                             a range of keys of a tile of queries
    attn_rt_record_pair(i, j, visible, excluded)
                             a query and a key of such a range: whether they see
                             each other, and whether the boolean mask forbids it
    attn_rt_record_count(pairs, all_pairs)
                             pairs that see each other in the recorded batch
                             entry and head, and in all of them
    ```
    Pairs are asked one by one only in ranges that need a mask, and in all with
    `masks` where the op has a boolean mask. Tiles are those that blockwise
    tiling makes of as many queries: with `tile`, those of `attn.star` end with
    its blocks and its context. The keys of `anchors` of their own are not
    reported. The program's results do not change. `attn-viz` draws pictures of what is reported.

    ```mlir
    func.func @f(%q: tensor<1x8x?x64xf32>, %k: tensor<1x2x?x64xf32>)
        -> tensor<1x8x?x64xf32> {
      %0 = attn.sdpa %q, %k, %k causal
        : (tensor<1x8x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
        -> tensor<1x8x?x64xf32>
      return %0 : tensor<1x8x?x64xf32>
    }
    ```
  }];
  let options = [
    Option<"op", "op", "int64_t", /*default=*/"-1",
           "Number of the op in the order of the text; -1: all">,
    Option<"batch", "batch", "int64_t", /*default=*/"0",
           "Batch entry whose ranges are recorded">,
    Option<"head", "head", "int64_t", /*default=*/"0",
           "Query head whose ranges are recorded">,
    Option<"tile", "tile", "int64_t", /*default=*/"0",
           "Queries of a tile; 0: as the host says">,
    Option<"masks", "masks", "bool", /*default=*/"false",
           "Read boolean masks, too">];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::func::FuncDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"
  ];
}

//===----------------------------------------------------------------------===//
// Functions that are called from C
//===----------------------------------------------------------------------===//

def AttnAddRuntimeChecksPass
    : Pass<"attn-add-runtime-checks", "::mlir::ModuleOp"> {
  let summary = "Check when a program runs what verifiers could not know";
  let description = [{
    Exact. Relations between sizes that types leave open, bounds of lengths,
    positions and page numbers, and divisors of scalar integers become
    `cf.assert` before the op they are about, in the words of its verifier. An
    attribute `attn.check` says what a check is about: `#attn.check<shape>`,
    `#attn.check<length>` or `#attn.check<capacity>`, room in a cache; those
    without are about something else. Bodies that run once an element are not
    checked.

    ```mlir
    func.func @f(%q: tensor<1x8x?x64xf32>, %k: tensor<1x2x?x64xf32>,
                 %v: tensor<1x2x?x64xf32>) -> tensor<1x8x?x64xf32> {
      %0 = attn.sdpa %q, %k, %v
        : (tensor<1x8x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
        -> tensor<1x8x?x64xf32>
      return %0 : tensor<1x8x?x64xf32>
    }
    ```
    asks that key and value have the same number of keys.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::attn::AttnDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"
  ];
}

def AttnStoreBooleansAsBytesPass
    : Pass<"attn-store-booleans-as-bytes", "::mlir::func::FuncOp"> {
  let summary = "Take booleans from callers as bytes";
  let description = [{
    Exact. Tensors of i1 that are arguments or results of a public function
    become tensors of i8, marked `attn.bool`: nonzero is true, and results are 0
    or 1. A mask of an attn op is taken as it is, also through reshapes, casts
    and slices; other uses get converted ones.

    ```mlir
    func.func @f(%q: tensor<1x8x4x64xf32>, %k: tensor<1x2x9x64xf32>,
                 %m: tensor<1x1x4x9xi1>) -> tensor<1x8x4x64xf32> {
      %0 = attn.sdpa %q, %k, %k mask(%m)
        : (tensor<1x8x4x64xf32>, tensor<1x2x9x64xf32>, tensor<1x2x9x64xf32>,
           tensor<1x1x4x9xi1>) -> tensor<1x8x4x64xf32>
      return %0 : tensor<1x8x4x64xf32>
    }
    ```
    takes `%m: tensor<1x1x4x9xi8> {attn.bool}`, and nothing else changes.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"
  ];
}

def AttnExtractChecksPass : Pass<"attn-extract-checks", "::mlir::ModuleOp"> {
  let summary = "Separate run-time checks and result sizes from computing";
  let description = [{
    Exact. Of each public function on tensors this makes two private ones with
    the same arguments: `NAME_checks`, all its `cf.assert`, and
    `NAME_result_shapes`, which returns the dynamic sizes of its tensor results
    in order, after the checks that read no elements (after all of them, if a
    size depends on elements or scalars). The public function keeps no check; it
    refers to the others by its attributes `attn.checks` and
    `attn.result_shapes`, and whoever calls it calls them before. What would be
    empty is not made.

    Checks may stand in structured control flow, and read sizes, scalars and
    elements of arguments. What else they need cannot be known before something
    is computed and is an error, as are functions that call each other (inline
    them first) and bodies of several blocks. Results that are new values of
    `attn.inout` arguments have their sizes, which is checked, too.

    ```mlir
    func.func @f(%x: tensor<?xf32>, %n: index) -> tensor<?xf32> {
      %c0 = arith.constant 0 : index
      %size = tensor.dim %x, %c0 : tensor<?xf32>
      %ok = arith.cmpi sle, %n, %size : index
      cf.assert %ok, "expects n of at most the size"
      %0 = math.exp %x : tensor<?xf32>
      return %0 : tensor<?xf32>
    }
    ```
    gives `@f_checks(%x, %n)` with the comparison, and
    `@f_result_shapes(%x, %n) -> index` that returns the size.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::attn::AttnDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::func::FuncDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"
  ];
}

def AttnBindDestinationsPass
    : Pass<"attn-bind-destinations", "::mlir::ModuleOp"> {
  let summary = "Make functions on tensors work in their caller's memory";
  let description = [{
    Exact. Tensor arguments of every function become memrefs with the strides
    that the caller has, the innermost 1; tensor results of public functions
    become such memrefs behind the arguments, in which the results are computed
    where they can be. Scalars stay what they are. An `attn.inout` argument is
    updated in place, and its new value is no result any more.

    ```mlir
    func.func @f(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
      %0 = math.exp %x : tensor<2x?xf32>
      return %0 : tensor<2x?xf32>
    }
    ```
    becomes
    ```mlir
    func.func @f(%x: memref<2x?xf32, strided<[?, 1]>>,
                 %y: memref<2x?xf32, strided<[?, 1]>>) {
      %0 = bufferization.to_tensor %x restrict
        : memref<2x?xf32, strided<[?, 1]>> to tensor<2x?xf32>
      %1 = math.exp %0 : tensor<2x?xf32>
      bufferization.materialize_in_destination %1 in restrict writable %y
        : (tensor<2x?xf32>, memref<2x?xf32, strided<[?, 1]>>) -> ()
      return
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::bufferization::BufferizationDialect", "::mlir::func::FuncDialect",
    "::mlir::memref::MemRefDialect", "::mlir::tensor::TensorDialect"
  ];
}

#endif // ATTN_DIALECT_ATTN_TRANSFORMS_PASSES_TD
