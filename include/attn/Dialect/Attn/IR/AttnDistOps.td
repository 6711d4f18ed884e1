//===- AttnDistOps.td - Ops that several ranks run together -*- tablegen -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The merge of partial attention over the ranks of a communicator, and what is
// asked of communicators. Included by AttnOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNDISTOPS_TD
#define ATTN_DIALECT_ATTN_IR_ATTNDISTOPS_TD

include "attn/Dialect/Attn/IR/AttnTypes.td"
include "mlir/IR/SymbolInterfaces.td"

def Attn_DistMergeOp : Attn_Op<"dist_merge", [
    DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes"]>]> {
  let summary = "Join the attention states of all ranks";
  let description = [{
    **Meaning** What `attn.merge` computes, of the states `(output, lse)` that
    the ranks of `comm` hold, one each: in place, the destinations are read and
    written. Ranks hold states over disjoint keys. `algo` says how:
    ```text
    tree       a reduction whose operation is the merge: log2(ranks) messages
    allgather  every state to everyone, merged in the order of ranks: the same
               result to the bit, however the ranks are connected
    allreduce  the maximum of lse, then one sum of weights and weighted outputs
    ```
    With `root(N)` rank N alone has the result, and what the others have is
    unspecified; without, every rank has it, the same to the bit. `payload` is
    the type in which outputs travel, by default their own; lse always travels
    in its own. All ranks run the same collective ops in the same order, with
    the same sizes and attributes; this is the caller's duty.

    **Shapes** output `[batch, num_heads, seq_len_q, head_dim_v]`, lse `[batch,
    num_heads, seq_len_q]`.

    **Units** lse is natural. output and lse are f32 (f64 for f64): partials keep
    that until the last merge. `payload(bf16)` rounds output to nearest even, in
    a tree at each level.

    **Edges** A rank whose row saw no key, (0, -inf), adds nothing to that row;
    if none saw one, the result is (0, -inf). NaN stays. With a single rank
    nothing changes, `payload` included.

    **Effects** Writes to a resource that stands for the other ranks: it is never
    removed, duplicated, hoisted, or moved across another collective op. It may
    not stand in a parallel loop.

    **Errors** dist_merge_c1: the shapes above, head_dim_v static. dist_merge_c2:
    lse has output's element type. dist_merge_c3: payload is bf16, f32 or
    output's element type. dist_merge_c4: all shaped operands are tensors, or all
    are memrefs; there is one result per tensor destination. Sizes as sdpa_c16.
    When run: root is a rank of comm; a merge that fails ends the function
    with ATTN_ERROR_COMM.

    **Example**
    ```mlir
    func.func @phase2(%q: tensor<1x8x1x64xf32>, %k: tensor<1x2x?x64xf32>,
        %v: tensor<1x2x?x64xf32>, %o: tensor<1x8x1x64xf32>,
        %l: tensor<1x8x1xf32>, %comm: !attn.comm) -> tensor<1x8x1x64xf32> {
      %mine:2 = attn.partial ins(%q, %k, %v) outs(%o, %l)
        : (tensor<1x8x1x64xf32>, tensor<1x2x?x64xf32>,
           tensor<1x2x?x64xf32>, tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
        -> (tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
      %all:2 = attn.dist_merge comm(%comm) outs(%mine#0, %mine#1)
        algo(allgather) payload(bf16)
        : (!attn.comm, tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
        -> (tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
      return %all#0 : tensor<1x8x1x64xf32>
    }
    ```

    **Source** Star Attention, arXiv 2411.17116, section 2.2; Tree Attention,
    arXiv 2408.04093 (allreduce). We sum all parts against one maximum; Star's
    code adds them with `lse + log(1 + exp(block_lse - lse))`, which overflows and
    gives NaN for an empty rank.
  }];
  let arguments = (ins
    Attn_CommType:$comm, Attn_Accumulator:$output, Attn_RowState:$lse,
    DefaultValuedAttr<Attn_MergeAlgoAttr, "MergeAlgo::tree">:$algo,
    OptionalAttr<ConfinedAttr<I64Attr, [IntNonNegative,
                                        IntMaxValue<2147483647>]>>:$root,
    OptionalAttr<TypeAttrOf<AnyFloat>>:$payload);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    `comm` `(` $comm `)` `outs` `(` $output `,` $lse `)`
    `` custom<MergeClauses>($algo, $root, $payload) attr-dict
    `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable();
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Communicators
//===----------------------------------------------------------------------===//

/// A number that a communicator knows: it is the same at every call.
class Attn_CommQueryOp<string mnemonic> : Attn_Op<mnemonic, [Pure]> {
  let arguments = (ins Attn_CommType:$comm);
  let results = (outs Index:$result);
  let assemblyFormat = "$comm attr-dict `:` type($comm)";
}

def Attn_CommRankOp : Attn_CommQueryOp<"comm_rank"> {
  let summary = "The number of this rank";
  let description = [{
    **Meaning** The number of the rank that runs this in `comm`: at least 0 and
    less than `attn.comm_size`.

    **Example**
    ```mlir
    func.func @first_key(%comm: !attn.comm) -> index {
      %rank = attn.comm_rank %comm : !attn.comm
      %keys = arith.constant 4096 : index
      %first = arith.muli %rank, %keys : index
      return %first : index
    }
    ```
  }];
}

def Attn_CommSizeOp : Attn_CommQueryOp<"comm_size"> {
  let summary = "How many ranks there are";
  let description = [{
    **Meaning** The number of ranks of `comm`, at least 1.

    **Example**
    ```mlir
    func.func @size(%comm: !attn.comm) -> index {
      %size = attn.comm_size %comm : !attn.comm
      return %size : index
    }
    ```
  }];
}

def Attn_GridCommOp : Attn_Op<"grid_comm", [
    Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "The communicator of the processes of a shard.grid";
  let description = [{
    **Meaning** The communicator whose ranks are all processes of `grid`, in the
    order of `shard.process_linear_index`. `shard-partition` makes it of
    attention whose keys are sharded; `attn-bind-grid` makes it an argument of
    the function.

    **Errors** grid_comm_c1: grid is a `shard.grid`.

    **Example**
    ```mlir
    shard.grid @hosts(shape = 4)
    func.func @merge(%o: tensor<1x8x1x64xf32>, %l: tensor<1x8x1xf32>)
        -> tensor<1x8x1x64xf32> {
      %comm = attn.grid_comm @hosts : !attn.comm
      %all:2 = attn.dist_merge comm(%comm) outs(%o, %l)
        : (!attn.comm, tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
        -> (tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
      return %all#0 : tensor<1x8x1x64xf32>
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$grid);
  let results = (outs Attn_CommType:$comm);
  let assemblyFormat = "$grid attr-dict `:` type($comm)";
}

#endif // ATTN_DIALECT_ATTN_IR_ATTNDISTOPS_TD
