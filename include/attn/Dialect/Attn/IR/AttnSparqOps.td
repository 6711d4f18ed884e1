//===- AttnSparqOps.td - SparQ attention and caches --------*- tablegen -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Layer A: attn.sparq. Layer B: attn.scores, attn.topk, attn.gather_kv, which
// it is made of, and attn.kv_append, attn.running_mean, which keep its state.
// Included by AttnOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNSPARQOPS_TD
#define ATTN_DIALECT_ATTN_IR_ATTNSPARQOPS_TD

//===----------------------------------------------------------------------===//
// Type constraints
//===----------------------------------------------------------------------===//

def Attn_TransposedKey : Attn_TensorOrMemRef<Attn_KvFloats, 5>;
def Attn_Candidates : Attn_TensorOrMemRef<[F32, F64], 3>;
def Attn_Indices : Attn_TensorOrMemRef<[I64], 3>;
def Attn_Counts : Attn_TensorOrMemRef<[I64], 2>;
def Attn_MeanValue : Attn_TensorOrMemRef<[F32, F64], 3>;

//===----------------------------------------------------------------------===//
// Layer A
//===----------------------------------------------------------------------===//

def Attn_SparqOp : Attn_Op<"sparq", [
    AttrSizedOperandSegments, RecursiveMemoryEffects, ConditionallySpeculatable,
    SingleBlock, Attn_AttentionInterface, Attn_KeyRangesInterface,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                  ["reifyResultShapes"]>]> {
  let summary = "SparQ attention of one query token";
  let description = [{
    **Meaning** Approximate. Scores all keys by a few components of the query,
    attends to the `top_k` best of them in full, and gives the weight of the
    others to the mean value. For each key head and the group of query heads
    that read it:
    ```text
    1.  i1     = the `rank` components of largest sum_h |q_h|
        f_h    = sqrt(|q_h|_1 / |q_h[i1]|_1)
        z_h[j] = modified(scale * f_h * <q_h[i1], k_j[i1]>)
        s_h    = softmax(z_h)
    2.  u[j]   = sum_h s_h[j] (prob) or sum_h z_h[j] (logit)
        i2     = the `top_k` keys of largest u, the newest `local_window` first
        y_h    = attention to the keys i2, with all modifiers
    3.  a_h    = sum_{j in i2} s_h[j]
        out_h  = a_h * y_h + (1 - a_h) * value_mean (realloc)   or   y_h
    ```
    Among equals the lowest index is chosen, NaN before everything.
    `realloc(auto)` is on iff each key head has one query head. Equals dense
    attention, whatever the rank, where a query sees at most `top_k` keys.

    **Shapes** query, key, value, output and the modifiers as in `attn.sdpa`,
    with seq_len_q 1. `key_t` `[batch, num_kv_heads, key_tiles, head_dim,
    tile]` holds the keys a second time, channels of `tile` keys each: key j is
    `[..., j / tile, :, j % tile]`, and `key_tiles * tile` is at least
    seq_len_kv. If present, the first step reads it instead of key.
    `value_mean` `[batch, num_kv_heads, head_dim_v]` is the mean of value over
    the keys that are visible; if absent, it is computed, which reads all of
    value.

    **Units** As `attn.sdpa`. Both scores go through softcap, bias, score region
    and masks, at the keys' own positions. value_mean is f32 (f64 for f64).

    **Edges** A key is visible to a head if it is for `attn.sdpa` and its score
    is not -inf; only keys that some head of the group sees are chosen. A row
    that sees no key gives 0. With at most `top_k` such keys `a_h` is exactly 1,
    and value_mean is not looked at. A query of zeros weighs all keys alike; so
    does one that is zero in the components chosen by other heads. A NaN in the
    query, or in the components of visible keys that are read, reaches its row.

    **Errors**
    - sparq_c1: those of `attn.sdpa` for query, key, value and modifiers.
    - sparq_c2: seq_len_q is 1.
    - sparq_c3: rank and top_k are at least 1, local_window at least 0. A rank
      above head_dim and a local_window above top_k are clamped.
    - sparq_c4: output has the shape above.
    - sparq_c5: key_t has the shape above and key's element type; tile is
      static. `key_layout(once)` and `page_table` exclude it.
    - sparq_c6: value_mean has the shape above and the accumulator type.

    **Example**
    ```mlir
    func.func @decode(%q: tensor<1x8x1x128xf16>, %k: tensor<1x2x?x128xf16>,
        %v: tensor<1x2x?x128xf16>, %kt: tensor<1x2x?x128x2048xf16>,
        %mean: tensor<1x2x128xf32>, %len: tensor<1xi64>)
        -> tensor<1x8x1x128xf16> {
      %o = attn.sparq %q, %k, %v kv_len(%len) rank(32) top_k(128)
        local_window(32) realloc(on) key_t(%kt) value_mean(%mean)
        : (tensor<1x8x1x128xf16>, tensor<1x2x?x128xf16>,
           tensor<1x2x?x128xf16>, tensor<1xi64>, tensor<1x2x?x128x2048xf16>,
           tensor<1x2x128xf32>) -> tensor<1x8x1x128xf16>
      return %o : tensor<1x8x1x128xf16>
    }
    ```

    **Source** SparQ Attention, arXiv 2312.04985v6, algorithm 1 and appendix B.
    The authors' evaluation code adds scaled scores where the paper adds
    probabilities (`group_reduce`), and keeps one more key, and one more new
    one, than asked for; here `top_k` and `local_window` are all.
  }];
  let arguments = !con(
    (ins Attn_Tensor4D:$query, Attn_KvTensor4D:$key, Attn_KvTensor4D:$value),
    Attn_ModifierOperands,
    (ins Optional<TensorRankOf<Attn_KvFloats, [5]>>:$key_t,
         Optional<TensorRankOf<[F32, F64], [3]>>:$value_mean),
    Attn_ModifierAttrs,
    (ins I64Attr:$rank, I64Attr:$top_k,
         DefaultValuedAttr<I64Attr, "0">:$local_window,
         DefaultValuedAttr<Attn_ReallocAttr, "Realloc::automatic">:$realloc,
         DefaultValuedAttr<Attn_GroupReduceAttr, "GroupReduce::prob">:$group_reduce,
         DefaultValuedAttr<Attn_KeyLayoutAttr, "KeyLayout::twice">:$key_layout));
  let results = (outs Attn_Tensor4D:$output);
  let regions = (region MaxSizedRegion<1>:$score);
  let assemblyFormat = !strconcat(
    "$query `,` $key `,` $value `` custom<Modifiers>(", Attn_ModifierFields,
    [{) `` custom<SparqClauses>($rank, $top_k, $local_window, $realloc,
        $group_reduce, $key_layout, $key_t, $value_mean)
      (`score` $score^)? attr-dict `:` functional-type(operands, results)}]);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::mlir::Speculation::Speculatability getSpeculatability();
    /// Tensors of the results' shapes and types with nothing computed in them.
    ::llvm::SmallVector<::mlir::Value> createEmptyResults(
        ::mlir::OpBuilder &builder);
    /// `rank` and `local_window`, at most head_dim and `top_k`.
    int64_t getClampedRank();
    int64_t getClampedLocalWindow();
  }];
}

//===----------------------------------------------------------------------===//
// Layer B: what SparQ is made of
//===----------------------------------------------------------------------===//

def Attn_ScoresOp : Attn_LayerBOp<"scores", "getScoresMutable", "1", "false", [
    SingleBlock, Attn_AttentionInterface, Attn_KeyRangesInterface]> {
  let summary = "Scores of keys, by all or some components";
  let description = [{
    **Meaning** What `attn.sdpa` takes the softmax of: scores after scale,
    softcap, bias, score region and mask, -inf where a key is not visible. With
    `channels` only those components of query and key are multiplied; `factor`
    multiplies the scale of each row. The destination is written, never read.

    **Shapes** query, key and the modifiers as in `attn.sdpa`; scores `[batch,
    num_heads, seq_len_q, seq_len_kv]`, channels `[batch, num_kv_heads,
    channels]`, each in [0, head_dim) and at most once, factor `[batch,
    num_heads, seq_len_q]`. key_t as in `attn.sparq`; if present it is read
    instead of key, which then only says how many keys there are.

    **Units** Natural. scores and factor are f32 (f64 for f64).

    **Edges** The score of a key that is not visible is exactly -inf, whatever
    memory holds.

    **Errors** scores_c1: those of `attn.sdpa` for query, key and modifiers.
    scores_c2: the shapes above and the accumulator type. scores_c3: key_t as
    sparq_c5. scores_c4: no value_scale. scores_c5: on memrefs the mask is i8.
    scores_c6: all shaped operands are tensors, or all are memrefs; there is one
    result per tensor destination.

    **Example**
    ```mlir
    func.func @approximate(%q: tensor<1x8x1x64xf32>, %k: tensor<1x2x512x64xf32>,
        %i: tensor<1x2x16xi64>, %s: tensor<1x8x1x512xf32>)
        -> tensor<1x8x1x512xf32> {
      %r = attn.scores ins(%q, %k channels(%i)) outs(%s)
        : (tensor<1x8x1x64xf32>, tensor<1x2x512x64xf32>, tensor<1x2x16xi64>,
           tensor<1x8x1x512xf32>) -> tensor<1x8x1x512xf32>
      return %r : tensor<1x8x1x512xf32>
    }
    ```

    **Source** SparQ Attention, arXiv 2312.04985v6, algorithm 1, lines 1-5.
  }];
  let arguments = !con(
    (ins Attn_Query:$query, Attn_KeyValue:$key),
    Attn_ModifierOperands,
    (ins Optional<Attn_Indices>:$channels, Optional<Attn_RowState>:$factor,
         Optional<Attn_TransposedKey>:$key_t, Attn_Accumulator:$scores),
    Attn_ModifierAttrs);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region MaxSizedRegion<1>:$score);
  let assemblyFormat = !strconcat(
    "`ins` `(` $query `,` $key `` custom<Modifiers>(", Attn_ModifierFields,
    [{) `` custom<ScoresClauses>($channels, $factor, $key_t) `)`
      `outs` `(` $scores `)`
      (`score` $score^)? attr-dict `:` functional-type(operands, results)}]);
  let extraClassDeclaration = [{
    ::mlir::Speculation::Speculatability getSpeculatability();
    ::mlir::MutableOperandRange getDpsInitsMutable();
    /// Scores read no value: sizes are asked of key instead.
    ::mlir::Value getValue() { return getKey(); }
  }];
}

def Attn_TopKOp : Attn_LayerBOp<"topk", "getIndicesMutable", "2", "false",
                                [], []> {
  let summary = "The set of the largest elements of each row";
  let description = [{
    **Meaning** The indices of the `k` largest elements of each row of input, in
    ascending order, k the size of indices. NaN is larger than everything; of
    equals the lowest index is chosen. -inf is never chosen: count says how
    many were. The destinations are written, never read.

    **Shapes** input `[batch, heads, candidates]`, indices `[batch, heads, k]`
    with a static k, count `[batch, heads]`.

    **Edges** Indices from count on are -1.

    **Errors** topk_c1: the shapes above. topk_c2: all shaped operands are
    tensors, or all are memrefs; there is one result per tensor destination.

    **Example**
    ```mlir
    func.func @best(%u: tensor<1x2x?xf32>, %i: tensor<1x2x64xi64>,
        %n: tensor<1x2xi64>) -> (tensor<1x2x64xi64>, tensor<1x2xi64>) {
      %r:2 = attn.topk ins(%u) outs(%i, %n)
        : (tensor<1x2x?xf32>, tensor<1x2x64xi64>, tensor<1x2xi64>)
        -> (tensor<1x2x64xi64>, tensor<1x2xi64>)
      return %r#0, %r#1 : tensor<1x2x64xi64>, tensor<1x2xi64>
    }
    ```

    **Source** SparQ Attention, arXiv 2312.04985v6, `argtopk`; that the order of
    NaN and of equals is fixed is ours.
  }];
  let arguments = (ins Attn_Candidates:$input, Attn_Indices:$indices,
                       Attn_Counts:$count);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    `ins` `(` $input `)` `outs` `(` $indices `,` $count `)` attr-dict
    `:` functional-type(operands, results)
  }];
  let hasCanonicalizer = 0;
}

def Attn_GatherKvOp : Attn_LayerBOp<"gather_kv", "getKeysMutable", "2",
                                     "false"> {
  let summary = "Rows of key and value by index";
  let description = [{
    **Meaning** Copies the first `count` rows that indices name, through the
    page table and multiplied by their scales if there are any. The
    destinations are written, never read.

    **Shapes** key, value, key_scale, value_scale and page_table as in
    `attn.sdpa`, in `layout`; indices `[batch, num_kv_heads, k]`, count `[batch,
    num_kv_heads]`; keys `[batch, num_kv_heads, k, head_dim]` and values
    `[batch, num_kv_heads, k, head_dim_v]`, whatever the layout.

    **Units** keys and values have key's element type, or f32 (f64) where that
    has 8 bits or there is a scale.

    **Edges** Rows from count on are 0; their indices are not looked at.

    **Errors** gather_kv_c1: the shapes above. gather_kv_c2: keys and values
    have the element type above. gather_kv_c3: page_size is static and positive.
    gather_kv_c4: all shaped operands are tensors, or all are memrefs; there is
    one result per tensor destination. gather_kv_c5 (when run): indices below
    count are rows of key.

    **Example**
    ```mlir
    func.func @rows(%k: tensor<1x2x?x64xf16>, %i: tensor<1x2x16xi64>,
        %n: tensor<1x2xi64>, %o: tensor<1x2x16x64xf16>)
        -> (tensor<1x2x16x64xf16>, tensor<1x2x16x64xf16>) {
      %r:2 = attn.gather_kv ins(%k, %k, %i, %n) outs(%o, %o)
        : (tensor<1x2x?x64xf16>, tensor<1x2x?x64xf16>, tensor<1x2x16xi64>,
           tensor<1x2xi64>, tensor<1x2x16x64xf16>, tensor<1x2x16x64xf16>)
        -> (tensor<1x2x16x64xf16>, tensor<1x2x16x64xf16>)
      return %r#0, %r#1 : tensor<1x2x16x64xf16>, tensor<1x2x16x64xf16>
    }
    ```

    **Source** SparQ Attention, arXiv 2312.04985v6, algorithm 1, line 8.
  }];
  let arguments = (ins Attn_KeyValue:$key, Attn_KeyValue:$value,
                       Attn_Indices:$indices, Attn_Counts:$count,
                       Optional<Attn_QuantScale>:$key_scale,
                       Optional<Attn_QuantScale>:$value_scale,
                       Optional<Attn_PageTable>:$page_table,
                       Attn_Output:$keys, Attn_Output:$values,
                       OptionalAttr<Attn_LayoutAttr>:$layout);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    `ins` `(` $key `,` $value `,` $indices `,` $count ``
    custom<GatherClauses>($key_scale, $value_scale, $page_table, $layout) `)`
    `outs` `(` $keys `,` $values `)` attr-dict
    `:` functional-type(operands, results)
  }];
  let hasCanonicalizer = 0;
}

//===----------------------------------------------------------------------===//
// Layer B: caches
//===----------------------------------------------------------------------===//

def Attn_KvAppendOp : Attn_LayerBOp<"kv_append", "getKeyMutable",
                                     "getKeyT() ? 3 : 2", "true", [], []> {
  let summary = "Write new keys and values to a cache";
  let description = [{
    **Meaning** Rows `pos[b]` and on of key and value become new_key and
    new_value; so do their columns of key_t. The rest of the destinations stays,
    and what a function argument is appended to is updated in place where it is
    `attn.inout`.

    **Shapes** new_key `[batch, num_kv_heads, tokens, head_dim]`, new_value
    likewise with head_dim_v, key and value the same with a capacity in place of
    tokens, all in `layout`; key_t as in `attn.sparq`, whatever the layout. pos
    is an index, or `[batch]`.

    **Edges** No token changes nothing.

    **Errors** kv_append_c1: the shapes above; new and old share an element
    type. kv_append_c2: all shaped operands are tensors, or all are memrefs;
    there is one result per tensor destination. kv_append_c3 (when run): pos is
    at least 0 and `pos + tokens` at most the capacity; nothing is written
    otherwise.

    **Example**
    ```mlir
    func.func @append(%new: tensor<1x2x1x64xf16>, %n: index,
        %k: tensor<1x2x?x64xf16> {attn.inout},
        %v: tensor<1x2x?x64xf16> {attn.inout})
        -> (tensor<1x2x?x64xf16>, tensor<1x2x?x64xf16>) {
      %r:2 = attn.kv_append ins(%new, %new, %n) outs(%k, %v)
        : (tensor<1x2x1x64xf16>, tensor<1x2x1x64xf16>, index,
           tensor<1x2x?x64xf16>, tensor<1x2x?x64xf16>)
        -> (tensor<1x2x?x64xf16>, tensor<1x2x?x64xf16>)
      return %r#0, %r#1 : tensor<1x2x?x64xf16>, tensor<1x2x?x64xf16>
    }
    ```

    **Source** SparQ Attention, arXiv 2312.04985v6, section 4.2 (keys stored
    twice).
  }];
  let arguments = (ins Attn_KeyValue:$new_key, Attn_KeyValue:$new_value,
                       Attn_OffsetValue:$pos, Attn_KeyValue:$key,
                       Attn_KeyValue:$value,
                       Optional<Attn_TransposedKey>:$key_t,
                       OptionalAttr<Attn_LayoutAttr>:$layout);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    `ins` `(` $new_key `,` $new_value `,` $pos `` custom<Layout>($layout) `)`
    `outs` `(` $key `,` $value (`,` $key_t^)? `)` attr-dict
    `:` functional-type(operands, results)
  }];
  let hasCanonicalizer = 0;
}

def Attn_RunningMeanOp : Attn_LayerBOp<"running_mean", "getMeanMutable", "1",
                                        "true", [], []> {
  let summary = "Take new values into a mean";
  let description = [{
    **Meaning** `mean += (v - mean) / n` for each new row v in order, n being
    `count[b] + 1` for the first, one more for each that follows.

    **Shapes** new_value `[batch, num_kv_heads, tokens, head_dim_v]` in `layout`,
    count an index, or `[batch]`: the rows that mean is the mean of. mean
    `[batch, num_kv_heads, head_dim_v]`.

    **Units** mean is f32, or f64 for f64 values.

    **Edges** With a count of 0 it does not matter what mean was. No token
    changes nothing.

    **Errors** running_mean_c1: the shapes above. running_mean_c2: mean has the
    accumulator type. running_mean_c3: all shaped operands are tensors, or all
    are memrefs; there is one result per tensor destination. running_mean_c4
    (when run): count is at least 0.

    **Example**
    ```mlir
    func.func @mean(%new: tensor<1x2x1x64xf16>, %n: index,
        %m: tensor<1x2x64xf32> {attn.inout}) -> tensor<1x2x64xf32> {
      %r = attn.running_mean ins(%new, %n) outs(%m)
        : (tensor<1x2x1x64xf16>, index, tensor<1x2x64xf32>)
        -> tensor<1x2x64xf32>
      return %r : tensor<1x2x64xf32>
    }
    ```

    **Source** SparQ Attention, arXiv 2312.04985v6, section 3.1 (mean value).
  }];
  let arguments = (ins Attn_KeyValue:$new_value, Attn_OffsetValue:$count,
                       Attn_MeanValue:$mean, OptionalAttr<Attn_LayoutAttr>:$layout);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    `ins` `(` $new_value `,` $count `` custom<Layout>($layout) `)`
    `outs` `(` $mean `)` attr-dict `:` functional-type(operands, results)
  }];
  let hasCanonicalizer = 0;
}

#endif // ATTN_DIALECT_ATTN_IR_ATTNSPARQOPS_TD
