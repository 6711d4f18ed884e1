//===- StateBuilder.h - From keys to scores and softmax states --*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The linalg form of the steps from query and key to scores, and from those to
// a softmax state.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_DIALECT_ATTN_EXTENSIONS_STATEBUILDER_H
#define ATTN_LIB_DIALECT_ATTN_EXTENSIONS_STATEBUILDER_H

#include "Decompose.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace mlir::attn::decompose {

inline int64_t getStatic(OpFoldResult size) {
  return getConstantIntValue(size).value_or(ShapedType::kDynamic);
}

/// Loops over rows are (batch, kv head[, head of the group], query); what else
/// a generic loops over comes after them.
class StateBuilder {
public:
  StateBuilder(OpBuilder &builder, AttentionInterface op);

  SoftmaxState run(std::optional<SoftmaxState> init);
  /// attn.scores; the op must be one.
  Value runScores();

private:
  /// Keys or values as they enter a product: through the page table, and
  /// dequantised to the accumulator type.
  Value createContiguous(Value source, Value scale);
  Value createProducts(Value query, Value key);
  /// Products of the components that attn.scores asks for.
  Value createChosenProducts(ScoresOp scores);
  Value createScores(Value products);
  /// The element at [page of j, j % page_size] of a pool; 0 beyond kv_len,
  /// where the page table may hold anything and the pool may be empty.
  Value readPaged(OpBuilder &nested, Location nestedLoc, Value pool, Value b,
                  Value h, Value j, Value d);

  /// Splits dimension `axis` of `tensor`, num_heads, as the loops are, and
  /// back.
  Value splitHeads(Value tensor, int64_t axis);
  Value joinHeads(Value tensor, int64_t axis, Type type);

  SmallVector<unsigned> headLoops() const {
    return isGrouped ? SmallVector<unsigned>{1, 2} : SmallVector<unsigned>{1};
  }
  unsigned queryLoop() const { return numRowLoops - 1; }
  /// The map (d0, ..., d<numLoops - 1>) -> (dims...).
  AffineMap getMap(unsigned numLoops, ArrayRef<unsigned> dims) const {
    return AffineMap::getMultiDimMapWithTargets(numLoops, dims,
                                                builder.getContext());
  }
  /// The map to the rows and then the loops `more`.
  AffineMap getRowMap(unsigned numLoops, ArrayRef<unsigned> more = {}) const {
    auto dims = llvm::to_vector(llvm::seq<unsigned>(0, numRowLoops));
    dims.append(more.begin(), more.end());
    return getMap(numLoops, dims);
  }
  /// The map to a key or value indexed by the loops `seq` and `dim`.
  AffineMap getKvMap(unsigned numLoops, unsigned seq, unsigned dim) {
    if (op.getSeqAxis() == 1)
      return getMap(numLoops, {0, seq, 1, dim});
    return getMap(numLoops, {0, 1, seq, dim});
  }
  /// Adds a key or value to the inputs of a generic, unless it is read by
  /// index: its element is then loaded in the body.
  void appendKv(Value source, AffineMap map, SmallVectorImpl<Value> &inputs,
                SmallVectorImpl<AffineMap> &maps) const {
    if (isKvIndirect)
      return;
    inputs.push_back(source);
    maps.push_back(map);
  }
  Value readKv(OpBuilder &nested, Location nestedLoc, Value source,
               unsigned seq, unsigned dim);
  /// Sizes of the row loops and then `more`.
  SmallVector<OpFoldResult> getRowSizes(ArrayRef<OpFoldResult> more = {}) const;

  OpBuilder &builder;
  AttentionInterface op;
  Location loc;
  FloatType type;
  AttentionSizes sizes;
  /// num_heads / num_kv_heads.
  OpFoldResult groupSize;
  /// Whether the heads of a group have a loop: not if there is one.
  bool isGrouped;
  /// Whether loop 1 is over query heads and keys are read by index. Upstream
  /// cannot lower a dimension split into two unknown ones.
  bool isKvIndirect;
  unsigned numRowLoops;
};

} // namespace mlir::attn::decompose

#endif // ATTN_LIB_DIALECT_ATTN_EXTENSIONS_STATEBUILDER_H
