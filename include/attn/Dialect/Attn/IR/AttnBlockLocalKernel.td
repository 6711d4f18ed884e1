//===- AttnBlockLocalKernel.td - Attention inside blocks ---*- tablegen -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Layer B: attention inside blocks with destinations, for targets that compute
// a short block at once, and for those whose kernels go through all keys
// themselves. Included by AttnOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNBLOCKLOCALKERNEL_TD
#define ATTN_DIALECT_ATTN_IR_ATTNBLOCKLOCALKERNEL_TD

def Attn_BlockLocalStepOp : Attn_LayerBOp<
    "block_local_step", "getOutputMutable", "getLse() ? 2 : 1", "false", [
    SingleBlock, Attn_AttentionInterface,
    DeclareOpInterfaceMethods<Attn_KeyRangesInterface,
                              ["getKeyRanges", "isVisible"]>]> {
  let summary = "Attention inside blocks, into a destination";
  let description = [{
    **Meaning** Attention of each Block Transformer block to itself: query rows
    `[n * block_len_q, (n + 1) * block_len_q)` see keys
    `[n * block_len, (n + 1) * block_len)` and no others, for every block n.
    Without `block_len_q` both lengths are `block_len`. With `prefix_len(P)
    prefix(key, value)` the rows of block n also see all of rows
    `[n * P, (n + 1) * P)` of these, in the same softmax; with `offsets`, block
    0 of the prefix is that of the first row. The destinations are written,
    never read. `config` as in `attn.sdpa_step`.

    **Shapes** query, key, value, output, lse, sinks and the modifiers as in
    `attn.sdpa`; the prefix is `[batch, num_kv_heads, blocks * prefix_len,
    head_dim]` and `[..., head_dim_v]`, in the op's layout.

    **Units** As `attn.sdpa`. Windows, `causal` and `causal_offset` speak of
    positions inside a block: the first row and the first key of every block are
    at 0. `kv_len` and `q_len` count from the first block's on; neither `causal`
    nor `kv_len` says anything about a prefix, of which a row beyond q_len sees
    nothing.

    **Edges** As `attn.sdpa`. The last block may be short of rows, of keys or of
    both, and the first one where `offsets` begin inside it.

    **Errors**
    - block_local_step_c1: those of `attn.sdpa` for query, key, value,
      modifiers, output, lse and sinks.
    - block_local_step_c2: block_len, block_len_q and prefix_len are 1 to
      2^31 - 1.
    - block_local_step_c3: with block_len_q, query and key have the same number
      of blocks, and there are no offsets.
    - block_local_step_c4: there is no bottom_right.
    - block_local_step_c5: a prefix comes with its length; it has key's and
      value's types, batch, num_kv_heads and widths, and prefix_len rows a
      block. It excludes page_table, mask, bias, key_scale, value_scale and a
      score region, which speak of keys in key.
    - block_local_step_c6: on memrefs the mask is i8; all shaped operands are
      tensors, or all are memrefs; there is one result per tensor destination.

    **Example**
    ```mlir
    !t = tensor<?x12x5x64xf32>
    func.func @token_decoder(%q: !t, %k: !t, %v: !t, %o: !t) -> !t {
      %r = attn.block_local_step ins(%q, %k, %v causal block_len(5)) outs(%o)
        : (!t, !t, !t, !t) -> !t
      return %r : !t
    }
    func.func @with_prefix(%q: tensor<1x12x4096x64xf32>,
        %p: tensor<1x12x2048x64xf32>, %o: tensor<1x12x4096x64xf32>)
        -> tensor<1x12x4096x64xf32> {
      %r = attn.block_local_step ins(%q, %q, %q causal block_len(4)
          prefix_len(2) prefix(%p, %p)) outs(%o)
        : (tensor<1x12x4096x64xf32>, tensor<1x12x4096x64xf32>,
           tensor<1x12x4096x64xf32>, tensor<1x12x2048x64xf32>,
           tensor<1x12x2048x64xf32>, tensor<1x12x4096x64xf32>)
        -> tensor<1x12x4096x64xf32>
      return %r : tensor<1x12x4096x64xf32>
    }
    ```

    **Source** Block Transformer, arXiv 2406.02657: the token decoder.
  }];
  let arguments = !con(
    (ins Attn_Query:$query, Attn_KeyValue:$key, Attn_KeyValue:$value),
    Attn_ModifierOperands,
    (ins Optional<Attn_Sinks>:$sinks, Optional<Attn_KeyValue>:$prefix_key,
         Optional<Attn_KeyValue>:$prefix_value,
         Attn_Output:$output, Optional<Attn_RowState>:$lse),
    Attn_ModifierAttrs,
    (ins I64Attr:$block_len, OptionalAttr<I64Attr>:$block_len_q,
         OptionalAttr<I64Attr>:$prefix_len,
         OptionalAttr<Attn_TileConfigAttr>:$config));
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region MaxSizedRegion<1>:$score);
  let assemblyFormat = !strconcat(
    "`ins` `(` $query `,` $key `,` $value `` custom<Modifiers>(",
    Attn_ModifierFields,
    [{) `` custom<BlockLocalStepClauses>($sinks, $block_len, $block_len_q,
        $prefix_len, $prefix_key, $prefix_value) `)`
      `outs` `(` $output (`,` $lse^)? `)` (`config` `(` $config^ `)`)?
      (`score` $score^)? attr-dict `:` functional-type(operands, results)}]);
  let extraClassDeclaration = [{
    ::mlir::Speculation::Speculatability getSpeculatability();
    ::mlir::MutableOperandRange getDpsInitsMutable();
    /// Query rows of a block.
    int64_t getNumBlockRows() {
      return getBlockLenQ().value_or(getBlockLen());
    }
    /// Keys of a block's prefix, 0 without one.
    int64_t getNumPrefixKeys() { return getPrefixLen().value_or(0); }
  }];
}

#endif // ATTN_DIALECT_ATTN_IR_ATTNBLOCKLOCALKERNEL_TD
