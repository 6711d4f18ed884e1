//===- AttnOps.td - Operations of the attn dialect ---------*- tablegen -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Layer A: attn.sdpa. Layer B: attn.online, attn.partial, attn.merge,
// attn.finalize. The operands that say what is attended are one list. Star is
// in AttnStarOps.td, SparQ and the ops on caches in AttnSparqOps.td, those of
// several ranks in AttnDistOps.td, those around kernels in AttnGpuOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNOPS_TD
#define ATTN_DIALECT_ATTN_IR_ATTNOPS_TD

include "attn/Dialect/Attn/IR/AttnAttrs.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

//===----------------------------------------------------------------------===//
// Type constraints
//===----------------------------------------------------------------------===//

defvar Attn_Floats = [F32, F16, BF16, F64];
defvar Attn_KvFloats = [F32, F16, BF16, F64, F8E4M3FN, F8E5M2, I8];

class Attn_TensorOrMemRef<list<Type> types, int rank>
    : AnyTypeOf<[TensorRankOf<types, [rank]>, MemRefRankOf<types, [rank]>],
                "rank-" # rank # " tensor or memref",
                "::mlir::ShapedType">;

def Attn_Tensor4D : TensorRankOf<Attn_Floats, [4]>;
def Attn_KvTensor4D : TensorRankOf<Attn_KvFloats, [4]>;
def Attn_Query : Attn_TensorOrMemRef<Attn_Floats, 4>;
def Attn_KeyValue : Attn_TensorOrMemRef<Attn_KvFloats, 4>;
def Attn_Output : Attn_TensorOrMemRef<Attn_Floats, 4>;
def Attn_Accumulator : Attn_TensorOrMemRef<[F32, F64], 4>;
def Attn_RowState : Attn_TensorOrMemRef<[F32, F64], 3>;
def Attn_Lengths : Attn_TensorOrMemRef<[I64], 1>;
def Attn_OffsetValue : AnyTypeOf<[Index, TensorRankOf<[I64], [1]>,
                                  MemRefRankOf<[I64], [1]>],
                                 "index, or rank-1 i64 per batch entry">;
def Attn_Mask : Attn_TensorOrMemRef<[I1, I8], 4>;
def Attn_Bias : Attn_TensorOrMemRef<Attn_Floats, 4>;
def Attn_QuantScale : Attn_TensorOrMemRef<[F32, F64], 4>;
def Attn_PageTable : Attn_TensorOrMemRef<[I32], 2>;
def Attn_Sinks : Attn_TensorOrMemRef<[F32, F64], 1>;
def Attn_ScaleValue : AnyTypeOf<Attn_Floats>;
def Attn_MergePart : AnyTypeOf<[RankedTensorOf<[F32, F64]>, MemRefOf<[F32, F64]>],
                               "ranked tensor or memref of f32 or f64",
                               "::mlir::ShapedType">;

//===----------------------------------------------------------------------===//
// What every op that scores keys takes
//===----------------------------------------------------------------------===//

/// The modifiers of the contract: one list, one order, in every op.
defvar Attn_ModifierOperands = (ins
  Optional<Attn_ScaleValue>:$dynamic_scale,
  Optional<Attn_OffsetValue>:$causal_offset,
  Optional<Attn_Lengths>:$kv_len,
  Optional<Attn_Lengths>:$q_len,
  Optional<Attn_Mask>:$mask,
  Optional<Attn_Bias>:$bias,
  Optional<Attn_QuantScale>:$key_scale,
  Optional<Attn_QuantScale>:$value_scale,
  Optional<Attn_PageTable>:$page_table,
  Variadic<Index>:$offsets);

defvar Attn_ModifierAttrs = (ins
  OptionalAttr<F64Attr>:$scale,
  OptionalAttr<F64Attr>:$softcap,
  DefaultValuedAttr<I64Attr, "-1">:$window_left,
  DefaultValuedAttr<I64Attr, "-1">:$window_right,
  UnitAttr:$bottom_right,
  OptionalAttr<Attn_LayoutAttr>:$layout);

/// The clauses of these, read in any order (AttnAssembly.h). An empty literal
/// keeps the printer from adding a space where there is no clause.
defvar Attn_ModifierFields = [{
    $window_left, $window_right, $bottom_right, $causal_offset, $scale,
    $dynamic_scale, $softcap, $kv_len, $q_len, $mask, $bias, $key_scale,
    $value_scale, $page_table, $offsets, $layout
}];

defvar Attn_LayerBFormat =
  !strconcat("`ins` `(` $query `,` $key `,` $value `` custom<Modifiers>(",
             Attn_ModifierFields, ") `)`");

//===----------------------------------------------------------------------===//
// Layer A
//===----------------------------------------------------------------------===//

def Attn_SdpaOp : Attn_Op<"sdpa", [
    AttrSizedOperandSegments, RecursiveMemoryEffects, ConditionallySpeculatable,
    SingleBlock, Attn_AttentionInterface, Attn_KeyRangesInterface,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                  ["reifyResultShapes"]>]> {
  let summary = "Scaled dot-product attention";
  let description = [{
    **Meaning** Computes `softmax(scale * query * key^T) * value` for every
    query head, over the keys a query sees. The optional second result is the
    natural logarithm of the softmax sum of each row.

    **Shapes**
    query `[batch, num_heads, seq_len_q, head_dim]`,
    key `[batch, num_kv_heads, seq_len_kv, head_dim]`,
    value `[batch, num_kv_heads, seq_len_kv, head_dim_v]`,
    output `[batch, num_heads, seq_len_q, head_dim_v]`, in `layout(bhsd)` (the
    default); `layout(bshd)` swaps the head and sequence dimensions of these
    four. lse is `[batch, num_heads, seq_len_q]`. Query head `h` reads key head
    `h / (num_heads / num_kv_heads)`. head_dim and head_dim_v are static,
    everything else may be dynamic. With `page_table` `[batch, pages]`, key and
    value are pools `[num_pages, num_kv_heads, page_size, head_dim]`: key j of
    batch entry b is row `j % page_size` of page `page_table[b][j / page_size]`
    and seq_len_kv is `pages * page_size`; entries beyond `kv_len` are never
    looked at. `mask` and `bias` are `[batch, num_heads, seq_len_q,
    seq_len_kv]`, `key_scale` and `value_scale` `[batch, num_kv_heads,
    seq_len_kv, head_dim]`, each dimension equal or 1, in this order whatever
    the layout. `kv_len`, `q_len` and a tensor `causal_offset` are `[batch]`.

    **Units** `scale` multiplies raw scores (absent: 1/sqrt(head_dim));
    `softcap`, `bias` and `sinks` are in natural units; exp and log are
    natural. Scores are f32 (f64 for f64).

    **Visibility** Key j is visible to query i iff, in absolute positions,
    `i + D - left <= j <= i + D + right` (`window(left, right)`; -1 is
    unbounded; `causal` is `window(-1, 0)`), `j < kv_len[b]`, `i < q_len[b]`
    and the mask is true (nonzero). D is `causal_offset`, 0 by default;
    `bottom_right` makes it `(kv_len[b] or seq_len_kv) - (q_len[b] or
    seq_len_q)`. `offsets(b, h, i, j)` is the absolute position of element 0,
    which tiling sets; kv_len and q_len are absolute too.

    **Score region** `^bb(%s: f32, %b: index, %h: index, %i: index, %j: index)`
    maps a score in natural units at absolute positions (h a query head) to a
    score. It may capture values and read from them, writes nothing and ends
    in `attn.yield`; what it reads, the op reads. -inf excludes the key; NaN stays.
    It may be asked about any query and key that the operands hold, also where
    they do not see each other; what it answers there does not matter.

    **Edges** A row that sees no key gives output 0 and lse -inf, or with
    `sinks` (0, sink). A row beyond q_len gives (0, -inf). A NaN in a visible
    query, key or value reaches that row; one that is not visible to any row
    reaches nothing. seq_len_kv = 0 and batch = 0 are legal.

    **Errors**
    - sdpa_c1: query and key agree on head_dim, which is static, as is
      head_dim_v.
    - sdpa_c2: query, key and value agree on batch; key and value on
      num_kv_heads and seq_len_kv.
    - sdpa_c3: num_heads is a positive multiple of num_kv_heads.
    - sdpa_c4: output and lse have the shapes above.
    - sdpa_c5: query is f32, f16, bf16 or f64; key and value share an element
      type, which is the query's unless it is f8 or i8; i8 needs `key_scale`
      and `value_scale`.
    - sdpa_c6: lse is f32, or f64 for an f64 query.
    - sdpa_c7: mask, bias, key_scale, value_scale broadcast to their shapes.
    - sdpa_c8: kv_len, q_len and a tensor causal_offset have batch (or 1)
      elements.
    - sdpa_c9: `bottom_right` excludes `causal_offset` and `offsets`.
    - sdpa_c10: `scale` excludes `dynamic_scale`; scale is finite and softcap
      positive and finite, in f32 too (f64 for f64).
    - sdpa_c11: windows are -1 or more.
    - sdpa_c12: page_table is `[batch, pages]` and page_size is static and
      positive.
    - sdpa_c13: the score region takes (f32 or f64, index x 4), yields the same
      float, and has no side effects.
    - sdpa_c14: offsets are none or four.
    - sdpa_c15: sinks have num_heads elements of lse's type.
    - sdpa_c16: sizes and windows are at most 2^48, so that positions cannot
      overflow; tensors have no encoding.
    - sdpa_c17 (when run): kv_len is in [0, seq_len_kv] and q_len in
      [0, seq_len_q], with `offsets` only not negative; causal_offset is at most
      2^48 either way.
    - sdpa_c18 (when run): page table entries of keys below kv_len are pages of
      key.

    Where a dynamic size leaves a relation open, RuntimeVerifiableOpInterface
    writes a `cf.assert` for it, in the same words.

    **Example**
    ```mlir
    !q = tensor<2x8x128x64xf16>
    !kv = tensor<2x2x?x64xf16>
    func.func @gqa_causal(%q: !q, %k: !kv, %v: !kv, %len: tensor<2xi64>) -> !q {
      %out = attn.sdpa %q, %k, %v causal bottom_right kv_len(%len)
        : (!q, !kv, !kv, tensor<2xi64>) -> !q
      return %out : !q
    }
    func.func @alibi(%q: tensor<1x8x?x64xf32>, %k: tensor<1x8x?x64xf32>,
                     %slopes: tensor<8xf32>) -> tensor<1x8x?x64xf32> {
      %out = attn.sdpa %q, %k, %k causal scale(1.250000e-01) score {
      ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
        %slope = tensor.extract %slopes[%h] : tensor<8xf32>
        %d = arith.subi %j, %i : index
        %d64 = arith.index_cast %d : index to i64
        %df = arith.sitofp %d64 : i64 to f32
        %bias = arith.mulf %slope, %df : f32
        %r = arith.addf %s, %bias : f32
        attn.yield %r : f32
      } : (tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>)
        -> tensor<1x8x?x64xf32>
      return %out : tensor<1x8x?x64xf32>
    }
    ```

    **Source** Attention Is All You Need, arXiv 1706.03762; FlashAttention-2,
    arXiv 2307.08691 (lse). We differ from frameworks where a row sees no key:
    they give NaN or a mean of value, we give 0.
  }];
  let arguments = !con(
    (ins Attn_Tensor4D:$query, Attn_KvTensor4D:$key, Attn_KvTensor4D:$value),
    Attn_ModifierOperands,
    (ins Optional<TensorRankOf<[F32, F64], [1]>>:$sinks),
    Attn_ModifierAttrs,
    (ins OptionalAttr<Attn_StrategyAttrInterface>:$strategy));
  let results = (outs Attn_Tensor4D:$output,
                      Optional<TensorRankOf<[F32, F64], [3]>>:$lse);
  let regions = (region MaxSizedRegion<1>:$score);
  let assemblyFormat = !strconcat(
    "$query `,` $key `,` $value `` custom<SdpaModifiers>(", Attn_ModifierFields,
    [{, $sinks, $strategy) (`score` $score^)? attr-dict
      `:` functional-type(operands, results)}]);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::mlir::Speculation::Speculatability getSpeculatability();
    /// Tensors of the results' shapes and types with nothing computed in them.
    ::llvm::SmallVector<::mlir::Value> createEmptyResults(
        ::mlir::OpBuilder &builder);
  }];
}

//===----------------------------------------------------------------------===//
// Layer B
//===----------------------------------------------------------------------===//

/// A destination-style op on tensors or memrefs. `firstInit` is the accessor of
/// its first destination; `readsInits` says whether destinations are read.
/// `segments` is empty for an op with at most one optional operand.
class Attn_LayerBOp<string mnemonic, string firstInit, string numInits,
                    string readsInits, list<Trait> traits = [],
                    list<Trait> segments = [AttrSizedOperandSegments]>
    : Attn_Op<mnemonic, !listconcat(segments, [
        DestinationStyleOpInterface,
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
        RecursiveMemoryEffects,
        ConditionallySpeculatable,
        DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                  ["reifyResultShapes"]>],
        traits)> {
  let extraClassDeclaration = [{
    ::mlir::Speculation::Speculatability getSpeculatability();
    ::mlir::MutableOperandRange getDpsInitsMutable();
  }];
  let extraClassDefinition = !strconcat([{
    ::mlir::Speculation::Speculatability $cppClass::getSpeculatability() {
      return getStaticSpeculatability(getOperation());
    }
    ::mlir::MutableOperandRange $cppClass::getDpsInitsMutable() {
      return ::mlir::MutableOperandRange(
          getOperation(), }], firstInit, [{().getOperandNumber(), }], numInits,
      [{);
    }
    void $cppClass::getEffects(::llvm::SmallVectorImpl<
        ::mlir::SideEffects::EffectInstance<::mlir::MemoryEffects::Effect>>
            &effects) {
      getDestinationStyleEffects(getOperation(), }], readsInits, [{, effects);
    }
    ::llvm::LogicalResult $cppClass::reifyResultShapes(
        ::mlir::OpBuilder &builder,
        ::mlir::ReifiedRankedShapedTypeDims &reified) {
      return reifyFromInits(builder, getOperation(), reified);
    }
  }]);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def Attn_OnlineOp : Attn_LayerBOp<"online", "getAccMutable", "3", "true", [
    SingleBlock, Attn_AttentionInterface, Attn_KeyRangesInterface]> {
  let summary = "Add a range of keys to a running softmax state";
  let description = [{
    **Meaning** The loop-carried form of attention: one step of the online
    softmax recurrence. With s the scores of the given keys,
    ```text
    m_new = max(row_max, rowmax(s));   p = exp(s - m_new)
    row_sum = exp(row_max - m_new) * row_sum + rowsum(p)
    acc     = exp(row_max - m_new) * acc     + p * value
    row_max = m_new
    ```
    where a maximum of -inf is replaced by 0 in the subtractions. The identity
    state is acc 0, row_max -inf, row_sum 0. Steps over disjoint key ranges
    commute up to rounding.

    **Shapes** query, key, value and the modifiers as in `attn.sdpa`; acc
    `[batch, num_heads, seq_len_q, head_dim_v]`, row_max and row_sum
    `[batch, num_heads, seq_len_q]`, whatever the layout of query.

    **Units** row_max is a maximum of scores after scale, softcap, bias, score
    region and mask, in natural units. acc, row_max, row_sum are f32 (f64 for
    f64).

    **Edges** A row none of whose keys is visible keeps its state.

    **Errors** online_c1: those of `attn.sdpa` for query, key, value and
    modifiers. online_c2: acc, row_max and row_sum have the shapes above and
    the accumulator type. online_c3: on memrefs the mask is i8. online_c4: all
    shaped operands are tensors, or all are memrefs; there is one result per
    tensor destination.

    **Example**
    ```mlir
    func.func @one_tile(%q: tensor<1x4x32x64xf16>, %k: tensor<1x1x128x64xf16>,
        %v: tensor<1x1x128x64xf16>, %acc: tensor<1x4x32x64xf32>,
        %m: tensor<1x4x32xf32>, %l: tensor<1x4x32xf32>, %i: index, %j: index)
        -> (tensor<1x4x32x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>) {
      %c0 = arith.constant 0 : index
      %r:3 = attn.online ins(%q, %k, %v causal offsets(%c0, %c0, %i, %j))
        outs(%acc, %m, %l)
        : (tensor<1x4x32x64xf16>, tensor<1x1x128x64xf16>,
           tensor<1x1x128x64xf16>, index, index, index, index,
           tensor<1x4x32x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>)
        -> (tensor<1x4x32x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>)
      return %r#0, %r#1, %r#2
        : tensor<1x4x32x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>
    }
    ```

    **Source** Online normalizer calculation, arXiv 1805.02867;
    FlashAttention-2, arXiv 2307.08691.
  }];
  let arguments = !con(
    (ins Attn_Query:$query, Attn_KeyValue:$key, Attn_KeyValue:$value),
    Attn_ModifierOperands,
    (ins Attn_Accumulator:$acc, Attn_RowState:$row_max, Attn_RowState:$row_sum),
    Attn_ModifierAttrs);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region MaxSizedRegion<1>:$score);
  let assemblyFormat = !strconcat(Attn_LayerBFormat, [{
    `outs` `(` $acc `,` $row_max `,` $row_sum `)`
    (`score` $score^)? attr-dict `:` functional-type(operands, results)
  }]);
}

def Attn_PartialOp : Attn_LayerBOp<"partial", "getOutputMutable", "2", "false", [
    SingleBlock, Attn_AttentionInterface, Attn_KeyRangesInterface]> {
  let summary = "Attention over a range of keys, with what merging needs";
  let description = [{
    **Meaning** Attention over the given keys alone, normalised, with the
    natural logarithm of its softmax sum. States over disjoint key ranges are
    joined by `attn.merge`. The destinations are written, never read.

    **Shapes** As `attn.online`; output `[batch, num_heads, seq_len_q,
    head_dim_v]` and lse `[batch, num_heads, seq_len_q]`, whatever the layout.

    **Units** output and lse are f32 (f64 for f64): partials keep f32 until the
    last merge.

    **Edges** A row that sees none of the keys gives the identity (0, -inf).

    **Errors** partial_c1: those of `attn.sdpa` for query, key, value and
    modifiers. partial_c2: output and lse have the shapes above and the
    accumulator type. partial_c3: on memrefs the mask is i8. partial_c4: all
    shaped operands are tensors, or all are memrefs; there is one result per
    tensor destination.

    **Example**
    ```mlir
    func.func @shard(%q: tensor<1x8x1x64xf32>, %k: tensor<1x2x512x64xf32>,
        %v: tensor<1x2x512x64xf32>, %o: tensor<1x8x1x64xf32>,
        %l: tensor<1x8x1xf32>)
        -> (tensor<1x8x1x64xf32>, tensor<1x8x1xf32>) {
      %r:2 = attn.partial ins(%q, %k, %v) outs(%o, %l)
        : (tensor<1x8x1x64xf32>, tensor<1x2x512x64xf32>,
           tensor<1x2x512x64xf32>, tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
        -> (tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
      return %r#0, %r#1 : tensor<1x8x1x64xf32>, tensor<1x8x1xf32>
    }
    ```

    **Source** FlashInfer, arXiv 2501.01005, attention states (natural log
    here, log2 there).
  }];
  let arguments = !con(
    (ins Attn_Query:$query, Attn_KeyValue:$key, Attn_KeyValue:$value),
    Attn_ModifierOperands,
    (ins Attn_Accumulator:$output, Attn_RowState:$lse),
    Attn_ModifierAttrs);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region MaxSizedRegion<1>:$score);
  let assemblyFormat = !strconcat(Attn_LayerBFormat, [{
    `outs` `(` $output `,` $lse `)`
    (`score` $score^)? attr-dict `:` functional-type(operands, results)
  }]);
}

def Attn_FinalizeOp : Attn_LayerBOp<"finalize", "getOutputMutable",
                                     "getLse() ? 2 : 1", "false"> {
  let summary = "Turn a running softmax state into output and lse";
  let description = [{
    **Meaning** `output = acc / row_sum` and `lse = row_max + ln(row_sum)`, cast
    to the output type; with `sinks`, one extra logit per head without a value
    joins the sum first. The destinations are written, never read.

    **Shapes** acc `[batch, num_heads, seq_len_q, head_dim_v]`, row_max, row_sum
    and lse `[batch, num_heads, seq_len_q]`, sinks `[num_heads]`; output as acc,
    in `layout`.

    **Units** Natural, as `attn.online`.

    **Edges** row_sum 0 gives (0, -inf), with a sink (0, sink). NaN stays.

    **Errors** finalize_c1: the shapes above, head_dim_v static. finalize_c2:
    row_max, row_sum, sinks and lse have acc's element type, output's is no
    wider. finalize_c3: all shaped operands are tensors, or all are memrefs;
    there is one result per tensor destination. Sizes as sdpa_c16.

    **Example**
    ```mlir
    func.func @end(%acc: tensor<1x8x32x64xf32>, %m: tensor<1x8x32xf32>,
        %l: tensor<1x8x32xf32>, %o: tensor<1x8x32x64xf16>)
        -> tensor<1x8x32x64xf16> {
      %r = attn.finalize ins(%acc, %m, %l) outs(%o)
        : (tensor<1x8x32x64xf32>, tensor<1x8x32xf32>, tensor<1x8x32xf32>,
           tensor<1x8x32x64xf16>) -> tensor<1x8x32x64xf16>
      return %r : tensor<1x8x32x64xf16>
    }
    ```

    **Source** FlashAttention-2, arXiv 2307.08691, algorithm 1, lines 12-14;
    sinks: arXiv 2309.17453.
  }];
  let arguments = (ins Attn_Accumulator:$acc, Attn_RowState:$row_max,
                       Attn_RowState:$row_sum, Optional<Attn_Sinks>:$sinks,
                       Attn_Output:$output, Optional<Attn_RowState>:$lse,
                       OptionalAttr<Attn_LayoutAttr>:$layout);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    `ins` `(` $acc `,` $row_max `,` $row_sum `` custom<Sinks>($sinks) `)`
    `outs` `(` $output (`,` $lse^)? `)` `` custom<Layout>($layout) attr-dict
    `:` functional-type(operands, results)
  }];
}

def Attn_MergeOp : Attn_LayerBOp<"merge", "getOutputMutable",
                                  "getLse() ? 2 : 1", "false"> {
  let summary = "Join attention states over disjoint key ranges";
  let description = [{
    **Meaning** The n-way merge of `(output, lse)` states:
    ```text
    M = max_p lse_p (0 if -inf);  w_p = exp(lse_p - M);  W = sum_p w_p
    output = sum_p w_p * output_p / W;   lse = M + ln(W)
    ```
    Commutative, associative up to rounding, with identity (0, -inf). The
    destinations are written, never read.

    **Shapes** Any number of pairs `[batch, num_heads, seq_len_q, head_dim_v]`
    and `[batch, num_heads, seq_len_q]`, or with `along(0)` one pair with a
    leading dimension of parts. output is one such state, in `layout`.

    **Units** lse is natural. Parts are f32 (f64 for f64); only output may be
    narrower.

    **Edges** All parts the identity (or none): the identity. NaN stays.

    **Errors** merge_c1: as many lses as outputs; one of each with `along(0)`.
    merge_c2: the shapes above, head_dim_v static. merge_c3: parts and lse share
    f32 or f64, output is no wider. merge_c4: all shaped operands are tensors,
    or all are memrefs; there is one result per tensor destination. Sizes as
    sdpa_c16.

    **Example**
    ```mlir
    func.func @join(%o1: tensor<1x8x1x64xf32>, %l1: tensor<1x8x1xf32>,
        %o2: tensor<1x8x1x64xf32>, %l2: tensor<1x8x1xf32>,
        %o: tensor<1x8x1x64xf16>, %l: tensor<1x8x1xf32>)
        -> (tensor<1x8x1x64xf16>, tensor<1x8x1xf32>) {
      %r:2 = attn.merge ins(%o1, %o2 lse %l1, %l2) outs(%o, %l)
        : (tensor<1x8x1x64xf32>, tensor<1x8x1x64xf32>, tensor<1x8x1xf32>,
           tensor<1x8x1xf32>, tensor<1x8x1x64xf16>, tensor<1x8x1xf32>)
        -> (tensor<1x8x1x64xf16>, tensor<1x8x1xf32>)
      return %r#0, %r#1 : tensor<1x8x1x64xf16>, tensor<1x8x1xf32>
    }
    func.func @join_splits(%os: tensor<?x1x8x1x64xf32>,
        %ls: tensor<?x1x8x1xf32>, %o: tensor<1x8x1x64xf16>)
        -> tensor<1x8x1x64xf16> {
      %r = attn.merge ins(%os lse %ls) along(0) outs(%o)
        : (tensor<?x1x8x1x64xf32>, tensor<?x1x8x1xf32>, tensor<1x8x1x64xf16>)
        -> tensor<1x8x1x64xf16>
      return %r : tensor<1x8x1x64xf16>
    }
    ```

    **Source** FlashInfer, arXiv 2501.01005, section 2.2. We sum all parts
    against one maximum; the two-operand form `a + ln(1 + exp(b - a))` overflows
    and gives NaN for (-inf, -inf).
  }];
  let arguments = (ins Variadic<Attn_MergePart>:$part_outputs,
                       Variadic<Attn_MergePart>:$part_lses,
                       Attn_Output:$output, Optional<Attn_RowState>:$lse,
                       OptionalAttr<ConfinedAttr<I64Attr, [IntNonNegative]>>:$along,
                       OptionalAttr<Attn_LayoutAttr>:$layout);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    `ins` `(` ($part_outputs^ `lse` $part_lses)? `)` (`along` `(` $along^ `)`)?
    `outs` `(` $output (`,` $lse^)? `)` `` custom<Layout>($layout) attr-dict
    `:` functional-type(operands, results)
  }];
}

def Attn_YieldOp : Attn_Op<"yield", [
    Pure, Terminator,
    ParentOneOf<["SdpaOp", "SdpaStepOp", "StarOp", "StarStepOp", "BlockLocalOp", "SparqOp", "SparqStepOp", "OnlineOp", "PartialOp", "ScoresOp",
                 "BlockLocalStepOp"]>]> {
  let summary = "The score a score region gives";
  let description = [{
    **Meaning** Ends the score region of an op; `score` replaces the score.

    **Shapes** score is a scalar, f32 or f64.

    **Example** See `attn.sdpa`.
  }];
  let arguments = (ins AnyTypeOf<[F32, F64]>:$value);
  let assemblyFormat = "attr-dict $value `:` type($value)";
}

include "attn/Dialect/Attn/IR/AttnSdpaKernel.td"
include "attn/Dialect/Attn/IR/AttnStarKernel.td"
include "attn/Dialect/Attn/IR/AttnStarOps.td"
include "attn/Dialect/Attn/IR/AttnBlockLocalOps.td"
include "attn/Dialect/Attn/IR/AttnSparqOps.td"
include "attn/Dialect/Attn/IR/AttnSparqKernel.td"
include "attn/Dialect/Attn/IR/AttnBlockLocalKernel.td"
include "attn/Dialect/Attn/IR/AttnDistOps.td"
include "attn/Dialect/Attn/IR/AttnGpuOps.td"

#endif // ATTN_DIALECT_ATTN_IR_ATTNOPS_TD
