//===- AttnStarOps.td - Star Attention ---------------------*- tablegen -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Layer A: attn.star. It needs nothing of its own on layer B: each tile is a
// chain of attn.online over two ranges of keys. Included by AttnOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNSTAROPS_TD
#define ATTN_DIALECT_ATTN_IR_ATTNSTAROPS_TD

def Attn_StarOp : Attn_Op<"star", [
    AttrSizedOperandSegments, RecursiveMemoryEffects, ConditionallySpeculatable,
    SingleBlock, Attn_AttentionInterface,
    DeclareOpInterfaceMethods<Attn_KeyRangesInterface,
                              ["getKeyRanges", "isVisible"]>,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                  ["reifyResultShapes"]>]> {
  let summary = "Star Attention: blocks that see the anchor and themselves";
  let description = [{
    **Meaning** Approximate. Causal attention in which the first `context_len`
    tokens are cut into Star context blocks of `block_size`, `block(i) =
    i / block_size`. Key j is visible to query i iff, in absolute positions, it
    is by every other modifier and
    ```text
    j <= i and (i >= context_len or block(j) == block(i) or j < anchor_size)
    ```
    With `anchor(previous)` the last term is `block(j) == block(i) - 1 and
    j % block_size < anchor_size`. Rows from context_len on, the query and what
    is generated after it, see all keys before them. Without `context_len` every
    row is one of the context. Equals `attn.sdpa` where the context is at most
    one block, or two with an anchor of a whole block.

    This is phase 1 as one device computes it: the anchors that the published
    form computes again on every host have the states of block 0, so that no
    key is computed, or counted, twice. A host of several has its rows and
    keys only: `offsets` say where those begin, and `anchors(key, value)` hold
    the first keys, which rows of blocks from 1 on then read there instead of in
    key. Rows from context_len on see key alone: phase 2 merges what all hosts
    see.

    **Shapes** query, key, value, output, lse, sinks and the modifiers as in
    `attn.sdpa`. `context_len` is an index or `[batch]`. `anchors` are
    `[batch, num_kv_heads, anchors, head_dim]` and `[..., head_dim_v]`, in the
    op's layout.

    **Units** As `attn.sdpa`; block_size and anchor_size are tokens.

    **Edges** As `attn.sdpa`. The last block may be short. An anchor_size of 0
    leaves blocks to themselves; one above block_size is clamped. A context_len
    of 0 or less makes every row a query row; a NaN in a key of block 1 or later
    reaches no other block of the context.

    **Errors**
    - star_c1: those of `attn.sdpa` for query, key, value, modifiers, output,
      lse and sinks.
    - star_c2: is `causal`, without causal_offset and bottom_right.
    - star_c3: block_size is 1 to 2^31 - 1, anchor_size 0 to 2^31 - 1.
    - star_c4: a tensor context_len has batch (or 1) elements.
    - star_c5: anchors agree with key and value on type, batch, num_kv_heads and
      head_dim, and hold anchor_size keys at least.
    - star_c6: anchors exclude `anchor(previous)`, page_table, mask, bias,
      key_scale and value_scale, which speak of keys in key.

    **Example**
    ```mlir
    !t = tensor<1x8x?x128xf16>
    !kv = tensor<1x2x?x128xf16>
    func.func @prefill(%q: !t, %k: !kv, %v: !kv, %context: index) -> !t {
      %o = attn.star %q, %k, %v causal context_len(%context) block_size(4096)
        anchor_size(4096) : (!t, !kv, !kv, index) -> !t
      return %o : !t
    }
    func.func @one_host(%q: !t, %k: !kv, %v: !kv, %first_k: !kv, %first_v: !kv,
                        %offset: index) -> !t {
      %c0 = arith.constant 0 : index
      %o = attn.star %q, %k, %v causal offsets(%c0, %c0, %offset, %offset)
        block_size(4096) anchor_size(4096) anchors(%first_k, %first_v)
        : (!t, !kv, !kv, index, index, index, index, !kv, !kv) -> !t
      return %o : !t
    }
    ```

    **Source** Star Attention, arXiv 2411.17116, section 2. The published code
    pads the last block and recomputes anchors; here it is short, and nothing
    is computed twice. Its phase 2 masks every shard causally, so that of a
    query of several tokens only the last row is exact; here all are.
  }];
  let arguments = !con(
    (ins Attn_Tensor4D:$query, Attn_KvTensor4D:$key, Attn_KvTensor4D:$value),
    Attn_ModifierOperands,
    (ins Optional<TensorRankOf<[F32, F64], [1]>>:$sinks,
         Optional<Attn_OffsetValue>:$context_len,
         Optional<Attn_KvTensor4D>:$anchor_key,
         Optional<Attn_KvTensor4D>:$anchor_value),
    Attn_ModifierAttrs,
    (ins I64Attr:$block_size, I64Attr:$anchor_size,
         DefaultValuedAttr<Attn_StarAnchorAttr, "StarAnchor::first">:$anchor));
  let results = (outs Attn_Tensor4D:$output,
                      Optional<TensorRankOf<[F32, F64], [3]>>:$lse);
  let regions = (region MaxSizedRegion<1>:$score);
  let assemblyFormat = !strconcat(
    "$query `,` $key `,` $value `` custom<Modifiers>(", Attn_ModifierFields,
    [{) `` custom<StarClauses>($sinks, $context_len, $block_size, $anchor_size,
        $anchor, $anchor_key, $anchor_value)
      (`score` $score^)? attr-dict `:` functional-type(operands, results)}]);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::mlir::Speculation::Speculatability getSpeculatability();
    /// Tensors of the results' shapes and types with nothing computed in them.
    ::llvm::SmallVector<::mlir::Value> createEmptyResults(
        ::mlir::OpBuilder &builder);
    /// `anchor_size`, at most `block_size`.
    int64_t getClampedAnchorSize();
    /// Whether the anchor is read from operands of its own.
    bool hasAnchorOperands() { return static_cast<bool>(getAnchorKey()); }
  }];
}

#endif // ATTN_DIALECT_ATTN_IR_ATTNSTAROPS_TD
