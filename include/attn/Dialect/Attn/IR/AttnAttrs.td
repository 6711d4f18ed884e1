//===- AttnAttrs.td - Attributes of the attn dialect -------*- tablegen -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Layouts, strategies and target descriptions.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNATTRS_TD
#define ATTN_DIALECT_ATTN_IR_ATTNATTRS_TD

include "attn/Dialect/Attn/IR/AttnDialect.td"
include "attn/Dialect/Attn/IR/AttnInterfaces.td"
include "mlir/IR/EnumAttr.td"

//===----------------------------------------------------------------------===//
// Enums
//===----------------------------------------------------------------------===//

def Attn_Layout : I32EnumAttr<"Layout",
    "order of the dimensions of query, key, value and output", [
      I32EnumAttrCase<"bhsd", 0>, // [batch, num_heads, seq_len, head_dim]
      I32EnumAttrCase<"bshd", 1>  // [batch, seq_len, num_heads, head_dim]
    ]> {
  let cppNamespace = "::mlir::attn";
  let genSpecializedAttr = 0;
}

def Attn_LayoutAttr : EnumAttr<Attn_Dialect, Attn_Layout, "layout"> {
  let assemblyFormat = "`<` $value `>`";
}

def Attn_TargetKind : I32EnumAttr<"TargetKind", "what code is generated for", [
      I32EnumAttrCase<"cpu", 0>, I32EnumAttrCase<"cuda", 1>
    ]> {
  let cppNamespace = "::mlir::attn";
}

def Attn_CheckKind : I32EnumAttr<"CheckKind",
    "what a run-time check is about", [
      I32EnumAttrCase<"shape", 0>,   // sizes that must agree
      I32EnumAttrCase<"length", 1>, // lengths, positions, page numbers
      I32EnumAttrCase<"capacity", 2> // what a cache has room for
    ]> {
  let cppNamespace = "::mlir::attn";
  let genSpecializedAttr = 0;
}

def Attn_CheckKindAttr : EnumAttr<Attn_Dialect, Attn_CheckKind, "check"> {
  let assemblyFormat = "`<` $value `>`";
}

def Attn_Realloc : I32EnumAttr<"Realloc",
    "whether the mean value takes the weight of the keys that are not read", [
      I32EnumAttrCase<"automatic", 0, "auto">, // on iff a key head has one
      I32EnumAttrCase<"on", 1>,                // query head
      I32EnumAttrCase<"off", 2>
    ]> {
  let cppNamespace = "::mlir::attn";
  let genSpecializedAttr = 0;
}

def Attn_GroupReduce : I32EnumAttr<"GroupReduce",
    "what query heads that share keys add up to choose keys together", [
      I32EnumAttrCase<"prob", 0>, // probabilities
      I32EnumAttrCase<"logit", 1> // scaled scores
    ]> {
  let cppNamespace = "::mlir::attn";
  let genSpecializedAttr = 0;
}

def Attn_KeyLayout : I32EnumAttr<"KeyLayout",
    "in how many orders keys lie in memory", [
      I32EnumAttrCase<"twice", 0>, // rows, and channels in tiles of keys
      I32EnumAttrCase<"once", 1>   // rows
    ]> {
  let cppNamespace = "::mlir::attn";
  let genSpecializedAttr = 0;
}

def Attn_SparqState : I32EnumAttr<"SparqState",
    "where the second layout of keys and the mean value come from", [
      I32EnumAttrCase<"recompute", 0>, // computed by every call
      I32EnumAttrCase<"args", 1>       // kept by the caller
    ]> {
  let cppNamespace = "::mlir::attn";
  let genSpecializedAttr = 0;
}

def Attn_MergeAlgo : I32EnumAttr<"MergeAlgo",
    "how ranks join their attention states", [
      I32EnumAttrCase<"tree", 0>,      // a reduction with the merge
      I32EnumAttrCase<"allgather", 1>, // all states, in the order of ranks
      I32EnumAttrCase<"allreduce", 2>  // a maximum, then a sum
    ]> {
  let cppNamespace = "::mlir::attn";
  let genSpecializedAttr = 0;
}

def Attn_StarAnchor : I32EnumAttr<"StarAnchor",
    "the block whose first keys every row of a block sees", [
      I32EnumAttrCase<"first", 0>,
      I32EnumAttrCase<"previous", 1> // an ablation of the paper
    ]> {
  let cppNamespace = "::mlir::attn";
  let genSpecializedAttr = 0;
}

def Attn_ShardKind : I32EnumAttr<"ShardKind",
    "what a rank's argument or result is of the whole", [
      I32EnumAttrCase<"keys", 0>,   // this rank's keys
      I32EnumAttrCase<"pages", 1>,  // its part of a page table
      I32EnumAttrCase<"pool", 2>,   // what its page table points into
      I32EnumAttrCase<"rows", 3>,   // its rows of the context
      I32EnumAttrCase<"anchor", 4>, // the first keys of the context
      I32EnumAttrCase<"offset", 5>  // the position of its first key
    ]> {
  let cppNamespace = "::mlir::attn";
  let genSpecializedAttr = 0;
}

def Attn_MergeAlgoAttr : EnumAttr<Attn_Dialect, Attn_MergeAlgo, "merge_algo"> {
  let assemblyFormat = "`<` $value `>`";
}

def Attn_StarAnchorAttr : EnumAttr<Attn_Dialect, Attn_StarAnchor, "star_anchor"> {
  let assemblyFormat = "`<` $value `>`";
}

def Attn_ReallocAttr : EnumAttr<Attn_Dialect, Attn_Realloc, "realloc"> {
  let assemblyFormat = "`<` $value `>`";
}
def Attn_GroupReduceAttr
    : EnumAttr<Attn_Dialect, Attn_GroupReduce, "group_reduce"> {
  let assemblyFormat = "`<` $value `>`";
}
def Attn_KeyLayoutAttr : EnumAttr<Attn_Dialect, Attn_KeyLayout, "key_layout"> {
  let assemblyFormat = "`<` $value `>`";
}

//===----------------------------------------------------------------------===//
// Strategies
//===----------------------------------------------------------------------===//

def Attn_DenseAttr : Attn_Attr<"Dense", "dense",
    [DeclareAttrInterfaceMethods<Attn_StrategyAttrInterface>]> {
  let summary = "One softmax over all keys, nothing tiled";
  let description = [{
    Exact. The op is decomposed as it stands: the whole score matrix is
    materialised.
  }];
}

def Attn_BlockwiseAttr : Attn_Attr<"Blockwise", "blockwise",
    [DeclareAttrInterfaceMethods<Attn_StrategyAttrInterface>]> {
  let summary = "Exact blockwise (flash) attention";
  let description = [{
    Exact. Query tiles of `block_size_q` rows walk key tiles of
    `block_size_kv` keys with a running softmax state; tiles no query of the
    tile sees are skipped. 0 lets the target choose; a `block_size_kv` of -1
    hands each key range to the target in one piece, to be walked inside the
    kernel. `num_splits` above 1 splits the keys into that many ranges joined
    by `attn.merge`; 0 lets the target choose (a CPU: at run time, so that its
    threads all have work), 1 never splits.

    Source: FlashAttention-2, arXiv 2307.08691; algorithms: Blockwise.
  }];
  let parameters = (ins
    DefaultValuedParameter<"int64_t", "0">:$block_size_q,
    DefaultValuedParameter<"int64_t", "0">:$block_size_kv,
    DefaultValuedParameter<"int64_t", "0">:$num_splits);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}

/// An enum that need not be written.
class Attn_DefaultEnum<EnumInfo enum, string value> : EnumParameter<enum> {
  let defaultValue = enum.cppNamespace # "::" # enum.className # "::" # value;
}

def Attn_SparqAttr : Attn_Attr<"Sparq", "sparq",
    [DeclareAttrInterfaceMethods<Attn_StrategyAttrInterface>]> {
  let summary = "SparQ attention: read a few components, then a few keys";
  let description = [{
    Approximate. For decode steps (one query token) only: `rank` components of
    the query score all keys, `top_k` keys are read in full. `local_window` of
    these are the newest, -1 for a quarter of `top_k`. `realloc` gives the
    weight of the keys that are not read to the mean value. Query heads that
    share keys choose together: `group_reduce` says by the sum of what.
    `layout=twice` has keys a second time in the order that the first step
    reads; `state` says whether that copy and the mean value are made by every
    call or kept by the caller. Equals dense attention where `top_k` keys are
    all a query sees.

    Source: SparQ Attention, arXiv 2312.04985; defaults: section 4, but
    for `rank`, which 128 components want.
  }];
  let parameters = (ins
    DefaultValuedParameter<"int64_t", "32">:$rank,
    DefaultValuedParameter<"int64_t", "128">:$top_k,
    DefaultValuedParameter<"int64_t", "-1">:$local_window,
    Attn_DefaultEnum<Attn_Realloc, "automatic">:$realloc,
    Attn_DefaultEnum<Attn_GroupReduce, "prob">:$group_reduce,
    Attn_DefaultEnum<Attn_KeyLayout, "twice">:$layout,
    Attn_DefaultEnum<Attn_SparqState, "recompute">:$state);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Newest keys that are always among the chosen: `local_window`, or a
    /// quarter of `top_k`.
    int64_t getResolvedLocalWindow() {
      return getLocalWindow() < 0 ? getTopK() / 4 : getLocalWindow();
    }
  }];
}

def Attn_StarAttr : Attn_Attr<"Star", "star",
    [DeclareAttrInterfaceMethods<Attn_StrategyAttrInterface>]> {
  let summary = "Star Attention: blocks of context that see the anchor and themselves";
  let description = [{
    Approximate. For causal prefill: the context is cut into blocks of
    `block_size` tokens, whose rows see the first `anchor_size` keys (-1: a whole
    block) and their own block up to themselves; the last `query_size` rows see
    everything before them. `anchor` says the keys of which block are the
    anchor. Equals dense attention where the context is at most one block, or,
    with anchors of a whole block, two. Decode steps and caches that were filled
    before are left exact: so they are in the method.

    Source: Star Attention, arXiv 2411.17116. It recommends anchors as large as
    blocks and blocks of a quarter of the context.
  }];
  let parameters = (ins
    DefaultValuedParameter<"int64_t", "0">:$block_size,
    DefaultValuedParameter<"int64_t", "-1">:$anchor_size,
    DefaultValuedParameter<"int64_t", "0">:$query_size,
    Attn_DefaultEnum<Attn_StarAnchor, "first">:$anchor);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// Several ranks
//===----------------------------------------------------------------------===//

def Attn_ShardAttr : Attn_Attr<"Shard", "shard"> {
  let summary = "What a rank's argument or result is of the whole";
  let description = [{
    `attn-star-distribute` writes it, as `attn.shard`, on arguments and results
    of functions that every rank calls with its own part:
    ```text
    keys, dim = D            the rank's keys, along dimension D; an operand that
                             has 1 there for all keys stays whole
    pages, dim = D, unit = U the same of a page table, whose pages have U keys
    pool                     key or value in pages: what the rank's page table
                             points into, be it its own pages or all
    rows, dim = D, unit = U  the rank's rows of the context: whole Star context
                             blocks of U tokens
    anchor, of = N           the first keys of argument N as it was before it
                             was cut, equal on all ranks
    offset                   the position of the rank's first key (row)
    ```
    Parts of the ranks lie one after the other, in any number of ranks; a part
    may be empty. All that is cut in a function is cut at the same positions.

    ```mlir
    func.func private @decode(tensor<1x8x1x64xf32>,
        tensor<1x2x?x64xf32> {attn.shard = #attn.shard<keys, dim = 2>},
        index {attn.shard = #attn.shard<offset>}, !attn.comm)
    ```
  }];
  let parameters = (ins
    EnumParameter<Attn_ShardKind>:$kind,
    DefaultValuedParameter<"int64_t", "-1">:$dim,
    DefaultValuedParameter<"int64_t", "1">:$unit,
    DefaultValuedParameter<"int64_t", "-1">:$of);
  let assemblyFormat = "`<` $kind (`,` struct($dim, $unit, $of)^)? `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// True if the argument is cut along `dim`.
    bool isCut() { return getDim() >= 0; }
  }];
}

//===----------------------------------------------------------------------===//
// Target
//===----------------------------------------------------------------------===//

def Attn_TargetAttr : Attn_Attr<"Target", "target"> {
  let summary = "The machine code is generated for";
  let description = [{
    Hardware facts enter the compiler through this module attribute
    (`attn.target`) and nowhere else.

    Of a CPU, `vector_bits` is the width of one vector
    register, `num_vector_registers` how many there are, `l1_bytes` and
    `l2_bytes` the data caches one core may use, `bf16_dot` whether the target
    multiplies bf16 pairs into f32 in one instruction, `scalef` whether it takes
    the fraction of a number and multiplies by a power of two in one instruction
    each, as AVX-512 does.

    Of a GPU, `arch` is its architecture as NVIDIA names it, `num_sms` how many
    blocks of threads run side by side at least, `shared_bytes` the shared memory
    one of them may have.
  }];
  let parameters = (ins
    EnumParameter<Attn_TargetKind>:$kind,
    DefaultValuedParameter<"int64_t", "256">:$vector_bits,
    DefaultValuedParameter<"int64_t", "16">:$num_vector_registers,
    DefaultValuedParameter<"int64_t", "32768">:$l1_bytes,
    DefaultValuedParameter<"int64_t", "524288">:$l2_bytes,
    DefaultValuedParameter<"bool", "false">:$bf16_dot,
    DefaultValuedParameter<"bool", "false">:$scalef,
    StringRefParameter<"", "\"\"">:$arch,
    DefaultValuedParameter<"int64_t", "1">:$num_sms,
    DefaultValuedParameter<"int64_t", "49152">:$shared_bytes);
  let builders = [
    AttrBuilder<(ins "int64_t":$vectorBits, "int64_t":$numVectorRegisters,
        "int64_t":$l1Bytes, "int64_t":$l2Bytes, "bool":$bf16Dot,
        "bool":$scalef), [{
      return $_get($_ctxt, TargetKind::cpu, vectorBits, numVectorRegisters,
                   l1Bytes, l2Bytes, bf16Dot, scalef, /*arch=*/"",
                   /*numSms=*/1, /*sharedBytes=*/49152);
    }]>,
    AttrBuilder<(ins "::llvm::StringRef":$arch, "int64_t":$numSms,
        "int64_t":$sharedBytes), [{
      return $_get($_ctxt, TargetKind::cuda, /*vectorBits=*/256,
                   /*numVectorRegisters=*/16, /*l1Bytes=*/32768,
                   /*l2Bytes=*/524288, /*bf16Dot=*/false, /*scalef=*/false,
                   arch, numSms, sharedBytes);
    }]>];
  let extraClassDeclaration = [{
    /// 80 for "sm_80", 90 for "sm_90a"; 0 if `arch` is none of that form.
    int64_t getComputeCapability() const;
  }];
  let assemblyFormat = [{
    `<` $kind (`,` struct($vector_bits, $num_vector_registers, $l1_bytes,
    $l2_bytes, $bf16_dot, $scalef, $arch, $num_sms, $shared_bytes)^)? `>`
  }];
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// How the threads of a GPU share an op
//===----------------------------------------------------------------------===//

def Attn_GpuKernel : I32EnumAttr<"GpuKernel", "a kernel for GPUs", [
      I32EnumAttrCase<"split_kv", 0>, I32EnumAttrCase<"mma_sync", 1>,
      I32EnumAttrCase<"wgmma", 2>
    ]> {
  let cppNamespace = "::mlir::attn";
}

def Attn_TileConfigAttr : Attn_Attr<"TileConfig", "tile_config"> {
  let summary = "How a kernel for GPUs cuts an op into tiles";
  let description = [{
    `kernel` is `split_kv`, any op, the lanes of a warp being columns of
    head_dim and blocks of threads ranges of keys; `mma_sync`, f16 and bf16,
    by the matrix instructions of sm_80; or `wgmma`, by those of sm_90a, whose
    block has 4 warps more, that fetch. One block of threads computes `block_q`
    query rows, those of the query heads that share a key head counted
    together, in steps of `block_kv` keys, with `warps` warps; `stages` tiles of
    keys are in shared memory at a time. Where `block_q` is 16 or 32, less than
    16 rows a warp, all warps of `mma_sync` have the same rows, and
    `block_kv / warps` keys each.
  }];
  let parameters = (ins
    EnumParameter<Attn_GpuKernel>:$kernel,
    DefaultValuedParameter<"int64_t", "1">:$block_q,
    DefaultValuedParameter<"int64_t", "32">:$block_kv,
    DefaultValuedParameter<"int64_t", "4">:$warps,
    DefaultValuedParameter<"int64_t", "1">:$stages);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

#endif // ATTN_DIALECT_ATTN_IR_ATTNATTRS_TD
