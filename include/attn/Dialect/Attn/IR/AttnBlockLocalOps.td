//===- AttnBlockLocalOps.td - Attention inside blocks ------*- tablegen -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Layer A: attn.block_local. In tiles it is a chain of attn.online, as any
// attention is. Included by AttnOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNBLOCKLOCALOPS_TD
#define ATTN_DIALECT_ATTN_IR_ATTNBLOCKLOCALOPS_TD

def Attn_BlockLocalOp : Attn_Op<"block_local", [
    AttrSizedOperandSegments, RecursiveMemoryEffects, ConditionallySpeculatable,
    SingleBlock, Attn_AttentionInterface,
    DeclareOpInterfaceMethods<Attn_KeyRangesInterface,
                              ["getKeyRanges", "isVisible"]>,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                  ["reifyResultShapes"]>]> {
  let summary = "Attention inside the blocks of a sequence";
  let description = [{
    **Meaning** Exact. The sequence is cut into blocks of `block_len` tokens,
    `block(i) = i / block_len`, which do not see each other: key j is visible to
    query i iff, in absolute positions, it is by every other modifier and
    ```text
    block(j) == block(i)
    ```
    It is the token decoder of a Block Transformer, all blocks at once. With
    `prefix(key, value)` every block has `prefix_len` keys more, which each of
    its rows sees: rows `t * prefix_len` to `(t + 1) * prefix_len - 1` of those
    operands are block t's, the first of them being the block of the first row
    of query. One softmax runs over both sets of keys. What else says which keys
    are seen, `causal` and `kv_len`, speaks of those in key; rows beyond `q_len`
    see none.

    **Shapes** query, key, value, output, lse, sinks and the modifiers as in
    `attn.sdpa`. `prefix` is `[batch, num_kv_heads, blocks * prefix_len,
    head_dim]` and `[..., head_dim_v]`, in the op's layout, with as many blocks
    as rows of query are in.

    **Units** As `attn.sdpa`; block_len and prefix_len are tokens.

    **Edges** As `attn.sdpa`. The last block may be short, and so is the first
    of a piece that `offsets` place inside a block. A NaN in one block reaches
    no other.

    **Errors**
    - block_local_c1: those of `attn.sdpa` for query, key, value, modifiers,
      output, lse and sinks.
    - block_local_c2: is causal or has no window, and has no causal_offset and
      bottom_right.
    - block_local_c3: block_len is 1 to 2^31 - 1.
    - block_local_c4: prefix and prefix_len, 1 to 2^31 - 1, come together; the
      prefix agrees with key and value on type, batch, num_kv_heads and
      head_dim and holds prefix_len keys for each block.
    - block_local_c5: prefix excludes page_table, mask, bias, key_scale,
      value_scale and a score region, which speak of keys in key.

    **Example**
    ```mlir
    !t = tensor<2x12x?x64xf32>
    // The token decoder of blocks of 4 tokens with 2 prefix vectors: of each
    // block, 2 + 4 - 1 positions.
    func.func @score(%q: !t, %k: !t, %v: !t) -> !t {
      %o = attn.block_local %q, %k, %v causal block_len(5) : (!t, !t, !t) -> !t
      return %o : !t
    }
    func.func @with_prefix(%q: !t, %k: !t, %v: !t, %pk: !t, %pv: !t) -> !t {
      %o = attn.block_local %q, %k, %v causal block_len(4) prefix_len(2)
        prefix(%pk, %pv) : (!t, !t, !t, !t, !t) -> !t
      return %o : !t
    }
    ```

    **Source** Block Transformer, arXiv 2406.02657: the token decoder.
  }];
  let arguments = !con(
    (ins Attn_Tensor4D:$query, Attn_KvTensor4D:$key, Attn_KvTensor4D:$value),
    Attn_ModifierOperands,
    (ins Optional<TensorRankOf<[F32, F64], [1]>>:$sinks,
         Optional<Attn_KvTensor4D>:$prefix_key,
         Optional<Attn_KvTensor4D>:$prefix_value),
    Attn_ModifierAttrs,
    (ins I64Attr:$block_len, OptionalAttr<I64Attr>:$prefix_len));
  let results = (outs Attn_Tensor4D:$output,
                      Optional<TensorRankOf<[F32, F64], [3]>>:$lse);
  let regions = (region MaxSizedRegion<1>:$score);
  let assemblyFormat = !strconcat(
    "$query `,` $key `,` $value `` custom<Modifiers>(", Attn_ModifierFields,
    [{) `` custom<BlockLocalClauses>($sinks, $block_len, $prefix_len,
        $prefix_key, $prefix_value)
      (`score` $score^)? attr-dict `:` functional-type(operands, results)}]);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::mlir::Speculation::Speculatability getSpeculatability();
    /// Tensors of the results' shapes and types with nothing computed in them.
    ::llvm::SmallVector<::mlir::Value> createEmptyResults(
        ::mlir::OpBuilder &builder);
    /// Whether blocks have keys of their own besides those in key.
    bool hasPrefix() { return static_cast<bool>(getPrefixKey()); }
  }];
}

#endif // ATTN_DIALECT_ATTN_IR_ATTNBLOCKLOCALOPS_TD
