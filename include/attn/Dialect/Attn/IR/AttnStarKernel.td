//===- AttnStarKernel.td - Star Attention as one kernel ----*- tablegen -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Layer B: attn.star with destinations, for targets whose kernels go through
// all keys themselves. Included by AttnOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNSTARKERNEL_TD
#define ATTN_DIALECT_ATTN_IR_ATTNSTARKERNEL_TD

def Attn_StarStepOp : Attn_LayerBOp<
    "star_step", "getOutputMutable", "getLse() ? 2 : 1", "false", [
    SingleBlock, Attn_AttentionInterface,
    DeclareOpInterfaceMethods<Attn_KeyRangesInterface,
                              ["getKeyRanges", "isVisible"]>]> {
  let summary = "Star Attention, into a destination";
  let description = [{
    **Meaning** What `attn.star` computes, written to `output` and `lse`, which
    are never read. `config` as in `attn.sdpa_step`.

    **Shapes**, **Units** and **Edges** as `attn.star`.

    **Errors** star_step_c1: those of `attn.star`. star_step_c2: on memrefs the
    mask is i8. star_step_c3: all shaped operands are tensors, or all are
    memrefs; there is one result per tensor destination.

    **Example**
    ```mlir
    !t = tensor<1x8x?x128xf16>
    !kv = tensor<1x2x?x128xf16>
    func.func @prefill(%q: !t, %k: !kv, %v: !kv, %context: index, %o: !t) -> !t {
      %r = attn.star_step ins(%q, %k, %v causal context_len(%context)
          block_size(4096) anchor_size(4096)) outs(%o)
        : (!t, !kv, !kv, index, !t) -> !t
      return %r : !t
    }
    ```

    **Source** Star Attention, arXiv 2411.17116, section 2.
  }];
  let arguments = !con(
    (ins Attn_Query:$query, Attn_KeyValue:$key, Attn_KeyValue:$value),
    Attn_ModifierOperands,
    (ins Optional<Attn_Sinks>:$sinks, Optional<Attn_OffsetValue>:$context_len,
         Optional<Attn_KeyValue>:$anchor_key,
         Optional<Attn_KeyValue>:$anchor_value,
         Attn_Output:$output, Optional<Attn_RowState>:$lse),
    Attn_ModifierAttrs,
    (ins I64Attr:$block_size, I64Attr:$anchor_size,
         DefaultValuedAttr<Attn_StarAnchorAttr, "StarAnchor::first">:$anchor,
         OptionalAttr<Attn_TileConfigAttr>:$config));
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region MaxSizedRegion<1>:$score);
  let assemblyFormat = !strconcat(
    "`ins` `(` $query `,` $key `,` $value `` custom<Modifiers>(",
    Attn_ModifierFields,
    [{) `` custom<StarClauses>($sinks, $context_len, $block_size, $anchor_size,
        $anchor, $anchor_key, $anchor_value) `)`
      `outs` `(` $output (`,` $lse^)? `)` (`config` `(` $config^ `)`)?
      (`score` $score^)? attr-dict `:` functional-type(operands, results)}]);
}

#endif // ATTN_DIALECT_ATTN_IR_ATTNSTARKERNEL_TD
