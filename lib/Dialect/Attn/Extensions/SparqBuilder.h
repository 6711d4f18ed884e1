//===- SparqBuilder.h - The steps of SparQ attention ------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// attn.sparq as smaller ops, a step at a time.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_DIALECT_ATTN_EXTENSIONS_SPARQBUILDER_H
#define ATTN_LIB_DIALECT_ATTN_EXTENSIONS_SPARQBUILDER_H

#include "Decompose.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <limits>

namespace mlir::attn::decompose {

using arith::CmpFPredicate;
using utils::IteratorType;

inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline constexpr IteratorType kParallel = IteratorType::parallel;
inline constexpr IteratorType kReduction = IteratorType::reduction;

/// The steps of one attn.sparq. Tensors over query heads are [batch, num_heads,
/// ...], those over key heads [batch, num_kv_heads, ...].
class SparqBuilder {
public:
  SparqBuilder(OpBuilder &builder, SparqOp sparq);

  Value run();

private:
  /// The components and the factor of each query head's scale.
  Value chooseChannels();
  Value createFactor(Value channels);
  Value createScores(Value channels, Value factor);
  /// Maximum and sum of the softmax of `scores`.
  void createSoftmax(Value scores);
  /// What keys are chosen by: -inf where no head of the group sees the key,
  /// +inf where it is new.
  Value createCandidates(Value scores);
  /// How many candidates are not -inf.
  Value countVisible(Value candidates);
  Value attend();
  Value createMask();
  Value createBias();
  void createScoreRegion(PartialOp partial);
  Value createWeights(Value scores);
  Value createMean(Value scores);
  Value combine(Value output, Value visible, Value scores);

  //===--------------------------------------------------------------------===//
  // In bodies
  //===--------------------------------------------------------------------===//

  static Value getLoop(OpBuilder &b, Location loc, unsigned loop) {
    return linalg::IndexOp::create(b, loc, loop);
  }
  /// The key, an index, that is choice `n` of a key head.
  Value loadChosen(OpBuilder &b, Location loc, Value batch, Value kvHead,
                   Value n) const;
  Value getKvHead(OpBuilder &b, Location loc, Value head) const {
    if (group == 1)
      return head;
    Value size = getValueOrCreateConstantIndexOp(b, loc, groupSize);
    return arith::DivUIOp::create(b, loc, head, size);
  }
  /// Query head `g` of the group of `kvHead`.
  Value getHead(OpBuilder &b, Location loc, Value kvHead, Value g) const {
    if (group == 1)
      return kvHead;
    Value size = getValueOrCreateConstantIndexOp(b, loc, groupSize);
    Value first = arith::MulIOp::create(b, loc, kvHead, size);
    return arith::AddIOp::create(b, loc, first, g);
  }
  /// |query[b, head, 0, channel]|.
  Value loadMagnitude(OpBuilder &b, Location loc, Value batch, Value head,
                      Value channel) const;
  static Value extract(OpBuilder &b, Location loc, Value tensor,
                       ValueRange indices) {
    return tensor::ExtractOp::create(b, loc, tensor, indices);
  }
  static Value toIndex(OpBuilder &b, Location loc, Value value) {
    return arith::IndexCastOp::create(b, loc, b.getIndexType(), value);
  }
  static Value compare(OpBuilder &b, Location loc, CmpFPredicate predicate,
                       Value x, Value y) {
    return arith::CmpFOp::create(b, loc, predicate, x, y);
  }
  Value number(OpBuilder &b, Location loc, double value) const {
    return createFloat(b, loc, type, value);
  }
  Value isExcluded(OpBuilder &b, Location loc, Value score) const {
    return equals(b, loc, score, -kInf);
  }
  /// The weight of a score in its row's softmax; 0 for an excluded one.
  Value createWeight(OpBuilder &b, Location loc, Value score, Value batch,
                     Value head) const;
  /// Whether chosen key `n` of (batch, kv head) exists.
  Value isChosen(OpBuilder &b, Location loc, Value batch, Value kvHead,
                 Value n) const;

  SmallVector<Value> generic(ValueRange inputs, ValueRange outputs,
                             ArrayRef<SmallVector<unsigned>> dims,
                             ArrayRef<IteratorType> iterators,
                             GenericBody body) {
    SmallVector<AffineMap> maps;
    for (ArrayRef<unsigned> map : dims)
      maps.push_back(AffineMap::getMultiDimMapWithTargets(
          iterators.size(), map, builder.getContext()));
    return createGeneric(builder, loc, inputs, outputs, maps, iterators, body);
  }
  Value empty(ArrayRef<OpFoldResult> shape, Type element) {
    return tensor::EmptyOp::create(builder, loc, shape, element);
  }

  OpBuilder &builder;
  SparqOp sparq;
  AttentionInterface op;
  Location loc;
  FloatType type;
  AttentionSizes sizes;
  OpFoldResult groupSize;
  /// `groupSize` if it is known.
  std::optional<int64_t> group;
  /// Whether the weights of the approximate scores matter.
  bool needsSoftmax;
  /// Of the softmax of the approximate scores, if it is needed.
  Value rowMax, rowSum;
  /// The chosen keys.
  Value indices, count;
};

} // namespace mlir::attn::decompose

#endif // ATTN_LIB_DIALECT_ATTN_EXTENSIONS_SPARQBUILDER_H
