//===- AttnInterfaces.td - Interfaces of the attn dialect --*- tablegen -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What the ops that score keys have in common, the one source of visibility
// structure, and what a strategy attribute promises.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNINTERFACES_TD
#define ATTN_DIALECT_ATTN_IR_ATTNINTERFACES_TD

include "mlir/IR/OpBase.td"

/// query, key and value are tensors on layer A, tensors or memrefs on layer B.
class Attn_ShapedGetter<string desc, string name>
    : InterfaceMethod<desc, "::mlir::TypedValue<::mlir::ShapedType>", name,
                      (ins), /*methodBody=*/[{
        return ::llvm::cast<::mlir::TypedValue<::mlir::ShapedType>>(
            ::mlir::Value($_op.}] # name # [{()));
      }]>;

class Attn_Getter<string desc, string type, string name>
    : InterfaceMethod<desc, type, name, (ins), /*methodBody=*/[{
        return $_op.}] # name # [{();
      }]>;

def Attn_AttentionInterface : OpInterface<"AttentionInterface"> {
  let cppNamespace = "::mlir::attn";
  let description = [{
    An op that scores keys: query, key, value and every modifier of the
    contract, under the same names in every op. Absent operands are null.
  }];
  let methods = [
    Attn_ShapedGetter<"Queries, in the op's layout.", "getQuery">,
    Attn_ShapedGetter<"Keys, in the op's layout, or a pool of pages.", "getKey">,
    Attn_ShapedGetter<"Values, in the op's layout, or a pool of pages.", "getValue">,
    Attn_Getter<"Scale as an operand, or null.",
      "::mlir::Value", "getDynamicScale">,
    Attn_Getter<"Offset of the causal/window diagonal: index or rank-1 i64 per "
                "batch entry, or null.",
      "::mlir::Value", "getCausalOffset">,
    Attn_Getter<"Keys in use per batch entry (i64), or null.",
      "::mlir::Value", "getKvLen">,
    Attn_Getter<"Queries in use per batch entry (i64), or null.",
      "::mlir::Value", "getQLen">,
    Attn_Getter<"Boolean mask, rank 4, nonzero = visible, or null.",
      "::mlir::Value", "getMask">,
    Attn_Getter<"Additive bias, rank 4, natural units, or null.",
      "::mlir::Value", "getBias">,
    Attn_Getter<"Dequantisation scale of key, rank 4, or null.",
      "::mlir::Value", "getKeyScale">,
    Attn_Getter<"Dequantisation scale of value, rank 4, or null.",
      "::mlir::Value", "getValueScale">,
    Attn_Getter<"Page table [batch, pages] of i32, or null.",
      "::mlir::Value", "getPageTable">,
    Attn_Getter<"Absolute (batch, head, query, key) position of element 0: "
                "four index values, or none for zero.",
      "::mlir::OperandRange", "getOffsets">,
    Attn_Getter<"Scale as an attribute, or null; see also getDynamicScale.",
      "::mlir::FloatAttr", "getScaleAttr">,
    Attn_Getter<"Soft cap of the scores, or null.",
      "::mlir::FloatAttr", "getSoftcapAttr">,
    Attn_Getter<"Keys visible to the left of the diagonal; -1 is unbounded.",
      "int64_t", "getWindowLeft">,
    Attn_Getter<"Keys visible to the right of the diagonal; -1 is unbounded.",
      "int64_t", "getWindowRight">,
    Attn_Getter<"True if the diagonal ends in the last query and last key.",
      "bool", "getBottomRight">,
    Attn_Getter<"The score region; empty when absent.",
      "::mlir::Region &", "getScore">,
    InterfaceMethod<"Order of the dimensions of query, key and value.",
      "::mlir::attn::Layout", "getLayout", (ins), [{
        auto attr = $_op.getLayoutAttr();
        return attr ? attr.getValue() : ::mlir::attn::Layout::bhsd;
      }]>
  ];
  let extraClassDeclaration = [{
    /// True if some type says that there is no query row: operands agree on
    /// their sizes, so one empty batch speaks for all.
    bool hasNoRows();
  }];
  let extraSharedClassDeclaration = [{
    /// Axis of the heads in query, key, value (1 for bhsd, 2 for bshd).
    int64_t getHeadAxis() {
      return $_op.getLayout() == ::mlir::attn::Layout::bshd ? 2 : 1;
    }
    /// Axis of the sequence in query, key, value (2 for bhsd, 1 for bshd).
    int64_t getSeqAxis() {
      return $_op.getLayout() == ::mlir::attn::Layout::bshd ? 1 : 2;
    }
    /// Width of a query or key; always static.
    int64_t getHeadDim() { return $_op.getQuery().getType().getDimSize(3); }
    /// Width of a value; always static.
    int64_t getHeadDimV() { return $_op.getValue().getType().getDimSize(3); }
    bool isPaged() { return static_cast<bool>($_op.getPageTable()); }
    bool isQuantized() {
      return $_op.getKeyScale() || $_op.getValueScale();
    }
    bool hasScore() { return !$_op.getScore().empty(); }
    /// True if a window or a causal edge limits what a query sees.
    bool hasWindow() {
      return $_op.getWindowLeft() >= 0 || $_op.getWindowRight() >= 0;
    }
    bool isCausal() {
      return $_op.getWindowLeft() < 0 && $_op.getWindowRight() == 0;
    }
    /// f64 if the query is f64, else f32: what scores and sums accumulate in.
    ::mlir::FloatType getAccumulatorType() {
      return ::mlir::attn::getAccumulatorType(
          $_op.getQuery().getType().getElementType());
    }
  }];
}

def Attn_KeyRangesInterface : OpInterface<"AttnKeyRangesInterface"> {
  let cppNamespace = "::mlir::attn";
  let description = [{
    Which keys a tile of queries can see. Tile skipping, splitting, kernels,
    pair counters and pictures ask this interface and nothing else. Only
    structure is answered here (causal offset, window, lengths); a dense
    boolean mask or a score region still excludes single keys.
  }];
  let methods = [
    InterfaceMethod<[{
      The keys that queries [q_lo, q_hi) of batch entry `b` and query head `h`
      may see, as disjoint ascending ranges in the key's own indices, with
      0 <= lo <= hi <= seq_len_kv; hi - lo is a size that can be sliced. Keys outside every range are
      invisible to all these queries. In a range with `needsMask` false every
      key is visible to every query (up to the dense mask and the score
      region); otherwise ask `isVisible`. All indices are local; the op's
      offsets are accounted for.
    }],
      "::llvm::SmallVector<::mlir::attn::KeyRange>", "getKeyRanges",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::OpFoldResult":$b, "::mlir::OpFoldResult":$h,
           "::mlir::OpFoldResult":$qLo, "::mlir::OpFoldResult":$qHi),
      /*methodBody=*/"", /*defaultImplementation=*/[{
        return ::mlir::attn::computeKeyRanges($_op.getOperation(), builder, loc,
                                              b, qLo, qHi);
      }]>,
    InterfaceMethod<[{
      An i1 value: whether key `j` is structurally visible to query `i`, both
      local indices. Null when every key is.
    }],
      "::mlir::Value", "isVisible",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Value":$b, "::mlir::Value":$h, "::mlir::Value":$i,
           "::mlir::Value":$j),
      /*methodBody=*/"", /*defaultImplementation=*/[{
        return ::mlir::attn::computeIsVisible($_op.getOperation(), builder, loc,
                                              b, i, j);
      }]>
  ];
}

def Attn_StrategyAttrInterface : AttrInterface<"StrategyAttrInterface"> {
  let cppNamespace = "::mlir::attn";
  let description = [{
    A request for one way to compute attention. The attribute's fields are the
    options of the pass that applies it and the keys of the tools'
    `--strategy`.
  }];
  let methods = [
    InterfaceMethod<"Name on the command line.", "::llvm::StringRef",
      "getStrategyName", (ins)>,
    InterfaceMethod<"True if the result equals dense attention up to rounding.",
      "bool", "isExact", (ins)>
  ];
}

#endif // ATTN_DIALECT_ATTN_IR_ATTNINTERFACES_TD
