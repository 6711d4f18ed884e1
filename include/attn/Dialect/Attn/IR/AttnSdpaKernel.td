//===- AttnSdpaKernel.td - Attention as one kernel ---------*- tablegen -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Layer B: attn.sdpa with destinations, for targets whose kernels go through
// all keys themselves. Included by AttnOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNSDPAKERNEL_TD
#define ATTN_DIALECT_ATTN_IR_ATTNSDPAKERNEL_TD

def Attn_SdpaStepOp : Attn_LayerBOp<
    "sdpa_step", "getOutputMutable", "getLse() ? 2 : 1", "false", [
    SingleBlock, Attn_AttentionInterface, Attn_KeyRangesInterface]> {
  let summary = "Scaled dot-product attention, into a destination";
  let description = [{
    **Meaning** What `attn.sdpa` computes, written to `output` and `lse`, which
    are never read. `config` says how a GPU's threads share the work; it has no
    influence on the result but by rounding.

    **Shapes**, **Units** and **Edges** as `attn.sdpa`.

    **Errors** sdpa_step_c1: those of `attn.sdpa`. sdpa_step_c2: on memrefs the
    mask is i8. sdpa_step_c3: all shaped operands are tensors, or all are
    memrefs; there is one result per tensor destination.

    **Example**
    ```mlir
    !q = tensor<1x8x1x128xf16>
    !kv = tensor<1x2x?x128xf16>
    func.func @decode(%q: !q, %k: !kv, %v: !kv, %o: !q) -> !q {
      %r = attn.sdpa_step ins(%q, %k, %v) outs(%o)
          config(<kernel = split_kv, block_kv = 32, warps = 4>)
        : (!q, !kv, !kv, !q) -> !q
      return %r : !q
    }
    ```

    **Source** as `attn.sdpa`.
  }];
  let arguments = !con(
    (ins Attn_Query:$query, Attn_KeyValue:$key, Attn_KeyValue:$value),
    Attn_ModifierOperands,
    (ins Optional<Attn_Sinks>:$sinks, Attn_Output:$output,
         Optional<Attn_RowState>:$lse),
    Attn_ModifierAttrs,
    (ins OptionalAttr<Attn_TileConfigAttr>:$config));
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region MaxSizedRegion<1>:$score);
  let assemblyFormat = !strconcat(
    "`ins` `(` $query `,` $key `,` $value `` custom<Modifiers>(",
    Attn_ModifierFields,
    [{) `` custom<Sinks>($sinks) `)` `outs` `(` $output (`,` $lse^)? `)`
      (`config` `(` $config^ `)`)? (`score` $score^)? attr-dict
      `:` functional-type(operands, results)}]);
}

#endif // ATTN_DIALECT_ATTN_IR_ATTNSDPAKERNEL_TD
