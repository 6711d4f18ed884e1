//===- Decompose.h - Pieces of the linalg form of attention -----*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What the decompositions of the attn ops share: building linalg.generic, the
// scores of a range of keys, and the steps on a softmax state.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_DIALECT_ATTN_EXTENSIONS_DECOMPOSE_H
#define ATTN_LIB_DIALECT_ATTN_EXTENSIONS_DECOMPOSE_H

#include "attn/Dialect/Attn/IR/AttnPositions.h"

namespace mlir::attn::decompose {

//===----------------------------------------------------------------------===//
// linalg.generic
//===----------------------------------------------------------------------===//

/// Gives the values a generic yields, from the elements of its operands.
using GenericBody = llvm::function_ref<SmallVector<Value>(
    OpBuilder &builder, Location loc, ValueRange elements)>;

/// A linalg.generic whose first `numParallel` loops are parallel and whose
/// other loops are reductions. `maps` are those of inputs, then of outputs.
/// Index arithmetic of the body that no loop changes is built before the op.
SmallVector<Value> createGeneric(OpBuilder &builder, Location loc,
                                 ValueRange inputs, ValueRange outputs,
                                 ArrayRef<AffineMap> maps, unsigned numParallel,
                                 unsigned numReduction, GenericBody body);

/// The same with loops of any kind in any order.
SmallVector<Value> createGeneric(OpBuilder &builder, Location loc,
                                 ValueRange inputs, ValueRange outputs,
                                 ArrayRef<AffineMap> maps,
                                 ArrayRef<utils::IteratorType> iterators,
                                 GenericBody body);

/// A tensor with nothing in it that gives a loop of a generic its size.
Value createExtent(OpBuilder &builder, Location loc, OpFoldResult size);

/// The element of `tensor` at `indices`, where a dimension of 1 answers every
/// index.
Value loadBroadcast(OpBuilder &builder, Location loc, Value tensor,
                    ArrayRef<Value> indices);

/// `then` if `condition`, else a constant.
Value createIf(OpBuilder &builder, Location loc, Value condition,
               function_ref<Value(OpBuilder &, Location)> then,
               TypedAttr otherwise);

/// Where keys or values lie: in `layout`, behind a page table and multiplied by
/// `scale` if those are not null.
struct KvSource {
  Value tensor, scale, pageTable;
  Layout layout;

  /// Element (b, kv head, key, channel) as `type`. The key must be one that may
  /// be looked at.
  Value load(OpBuilder &builder, Location loc, Value b, Value kvHead, Value key,
             Value channel, Type type) const;
};

/// A floating point constant of `type`.
Value createFloat(OpBuilder &builder, Location loc, FloatType type,
                  double value);

/// A tensor with every element `value`.
Value createFilled(OpBuilder &builder, Location loc,
                   ArrayRef<OpFoldResult> sizes, FloatType type, double value);

/// `scalar`, a float or signed integer, as a float of `type`.
Value toFloat(OpBuilder &builder, Location loc, Value scalar, Type type);

/// An i1: whether `x` is exactly `constant`; false for NaN.
Value equals(OpBuilder &builder, Location loc, Value x, double constant);

/// `max`, or 0 where it is -inf: what may be subtracted from a score. NaN and
/// +inf stay.
Value getSafeShift(OpBuilder &builder, Location loc, Value max);

//===----------------------------------------------------------------------===//
// Tensors read by broadcast
//===----------------------------------------------------------------------===//

/// A rank-4 tensor each of whose dimensions equals that of a full shape or is
/// 1, as an operand of a generic. A dimension not known to be either until run
/// time makes the tensor an indirect one, read by index in the body.
class BroadcastOperand {
public:
  /// `fullShape` has the static sizes of the full shape, `loops` the loop each
  /// of its dimensions is indexed by, two loops for a split dimension, and
  /// `split` the sizes of such a one.
  BroadcastOperand(OpBuilder &builder, Location loc, Value tensor,
                   ArrayRef<int64_t> fullShape,
                   ArrayRef<SmallVector<unsigned>> loops, unsigned numLoops,
                   ArrayRef<OpFoldResult> split);

  bool isIndirect() const { return indirect; }

  /// Adds the tensor to a generic's inputs, unless it is indirect.
  void appendTo(SmallVectorImpl<Value> &inputs,
                SmallVectorImpl<AffineMap> &maps) const;

  /// The element at `indices` of the full shape; `elements` are the generic's
  /// not yet used elements, whose first is taken unless this is indirect.
  Value read(OpBuilder &builder, Location loc, ValueRange &elements,
             ArrayRef<Value> indices) const;

private:
  Value tensor;
  bool indirect = false;
  AffineMap map;
  /// For an indirect tensor and each dimension: an i1 that says whether its
  /// size is 1, or null if the type says so.
  SmallVector<Value> isUnit;
};

//===----------------------------------------------------------------------===//
// Softmax states
//===----------------------------------------------------------------------===//

/// acc, row_max and row_sum of attn.online.
struct SoftmaxState {
  Value acc, rowMax, rowSum;
};

/// The state after all keys of `op`, from `init`, or from the identity state if
/// there is none.
SoftmaxState createState(OpBuilder &builder, AttentionInterface op,
                         std::optional<SoftmaxState> init);

/// Says in a generic's body whether row (b, i) exists at all.
using RowPredicate = llvm::function_ref<Value(OpBuilder &builder, Location loc,
                                              Value b, Value i)>;

/// attn.finalize: output and, if `lse` is given, lse. `sinks` may be null; a
/// row that does not exist has no sink either.
SmallVector<Value> createFinalize(OpBuilder &builder, Location loc,
                                  const SoftmaxState &state, Value sinks,
                                  RowPredicate rowExists, Value output,
                                  Value lse, Layout layout);

/// attn.scores.
Value createScores(OpBuilder &builder, ScoresOp op);

/// attn.sparq, as ops of layer B and linalg.
Value createSparqSteps(OpBuilder &builder, SparqOp op);

/// attn.topk: indices and count.
SmallVector<Value> createTopK(OpBuilder &builder, TopKOp op);

/// attn.gather_kv: keys and values.
SmallVector<Value> createGather(OpBuilder &builder, GatherKvOp op);

/// attn.kv_append: key, value and, if there is one, key_t.
SmallVector<Value> createAppend(OpBuilder &builder, KvAppendOp op);

/// attn.running_mean.
Value createRunningMean(OpBuilder &builder, RunningMeanOp op);

/// attn.merge: output and, if there is a destination, lse.
SmallVector<Value> createMerge(OpBuilder &builder, MergeOp op);

} // namespace mlir::attn::decompose

#endif // ATTN_LIB_DIALECT_ATTN_EXTENSIONS_DECOMPOSE_H
