//===- AttnSparqKernel.td - SparQ attention in one piece ---*- tablegen -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The layer B image of attn.sparq, for targets that compute all its steps in
// one kernel. Included by AttnOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNSPARQKERNEL_TD
#define ATTN_DIALECT_ATTN_IR_ATTNSPARQKERNEL_TD

def Attn_SparqStepOp : Attn_LayerBOp<"sparq_step", "getOutputMutable", "1",
                                     "false", [
    SingleBlock, Attn_AttentionInterface, Attn_KeyRangesInterface]> {
  let summary = "SparQ attention of one query token, into a destination";
  let description = [{
    **Meaning** What `attn.sparq` computes, written to `output`, which is never
    read. `splits` says in how many ranges of keys the first step may be cut, to
    be shared by threads; 1 if absent. It has no influence on the result but by
    rounding.

    **Shapes** as `attn.sparq`. num_heads and num_kv_heads are static.

    **Units** and **Edges** as `attn.sparq`.

    **Errors** sparq_step_c1: those of `attn.sparq`. sparq_step_c2: num_heads
    and num_kv_heads are static. sparq_step_c3: on memrefs the mask is i8.
    sparq_step_c4: all shaped operands are tensors, or all are memrefs; there is
    one result per tensor destination.

    **Example**
    ```mlir
    func.func @decode(%q: tensor<1x8x1x128xf16>, %k: tensor<1x2x?x128xf16>,
        %v: tensor<1x2x?x128xf16>, %kt: tensor<1x2x?x128x2048xf16>,
        %o: tensor<1x8x1x128xf16>) -> tensor<1x8x1x128xf16> {
      %r = attn.sparq_step ins(%q, %k, %v rank(32) top_k(128) local_window(32)
          key_t(%kt)) outs(%o)
        : (tensor<1x8x1x128xf16>, tensor<1x2x?x128xf16>,
           tensor<1x2x?x128xf16>, tensor<1x2x?x128x2048xf16>,
           tensor<1x8x1x128xf16>) -> tensor<1x8x1x128xf16>
      return %r : tensor<1x8x1x128xf16>
    }
    ```

    **Source** SparQ Attention, arXiv 2312.04985v6, algorithm 1 and appendix B.
  }];
  let arguments = !con(
    (ins Attn_Query:$query, Attn_KeyValue:$key, Attn_KeyValue:$value),
    Attn_ModifierOperands,
    (ins Optional<Attn_TransposedKey>:$key_t, Optional<Attn_MeanValue>:$value_mean,
         Optional<Index>:$splits, Attn_Output:$output),
    Attn_ModifierAttrs,
    (ins I64Attr:$rank, I64Attr:$top_k,
         DefaultValuedAttr<I64Attr, "0">:$local_window,
         DefaultValuedAttr<Attn_ReallocAttr, "Realloc::automatic">:$realloc,
         DefaultValuedAttr<Attn_GroupReduceAttr, "GroupReduce::prob">:$group_reduce,
         DefaultValuedAttr<Attn_KeyLayoutAttr, "KeyLayout::twice">:$key_layout));
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region MaxSizedRegion<1>:$score);
  let assemblyFormat = !strconcat(
    "`ins` `(` $query `,` $key `,` $value `` custom<Modifiers>(",
    Attn_ModifierFields,
    [{) custom<SparqClauses>($rank, $top_k, $local_window, $realloc,
        $group_reduce, $key_layout, $key_t, $value_mean)
      (`splits` `(` $splits^ `)`)? `)` `outs` `(` $output `)`
      (`score` $score^)? attr-dict `:` functional-type(operands, results)}]);
}

#endif // ATTN_DIALECT_ATTN_IR_ATTNSPARQKERNEL_TD
