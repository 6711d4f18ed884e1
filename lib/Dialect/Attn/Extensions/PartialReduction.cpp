//===- PartialReduction.cpp - Keys in parallel parts ----------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// PartialReductionOpInterface of attn.online and attn.partial: each part of the
// keys has its own state, stacked along a new leading dimension, and the states
// are merged after the loop.
//
//===----------------------------------------------------------------------===//

#include "TileOps.h"
#include "attn/Dialect/Attn/Extensions/Extensions.h"

#include <limits>

using namespace mlir;
using namespace mlir::attn;

/// The one reduction dimension of the domain.
static constexpr unsigned kKeys = 3;

static Value createStack(OpBuilder &b, Location loc, OpFoldResult parts,
                         Value init) {
  SmallVector<OpFoldResult> shape = tensor::getMixedSizes(b, loc, init);
  shape.insert(shape.begin(), parts);
  return tensor::EmptyOp::create(b, loc, shape,
                                 getElementTypeOrSelf(init.getType()));
}

static Value fill(OpBuilder &b, Location loc, Value tensor, double number) {
  Type type = getElementTypeOrSelf(tensor.getType());
  Value scalar =
      arith::ConstantOp::create(b, loc, b.getFloatAttr(type, number));
  return linalg::FillOp::create(b, loc, scalar, tensor).getResult(0);
}

/// exp(from - to) with a maximum `to` of -inf read as 0: the factor that moves
/// a sum relative to `from` to one relative to `to`.
static Value rescale(OpBuilder &b, Location loc, Value from, Value to) {
  Value none = arith::ConstantOp::create(
      b, loc,
      b.getFloatAttr(to.getType(), -std::numeric_limits<double>::infinity()));
  Value zero =
      arith::ConstantOp::create(b, loc, b.getFloatAttr(to.getType(), 0.0));
  Value empty =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, to, none);
  Value safe = arith::SelectOp::create(b, loc, empty, zero, to);
  return math::ExpOp::create(b, loc, arith::SubFOp::create(b, loc, from, safe));
}

namespace {
/// linalg.generics over states: (part,) batch, head, query (, channel).
struct StateMerger {
  OpBuilder &b;
  Location loc;

  /// Reduces or maps into `init`. An input has the dimensions of init, without
  /// the channel if its rank is lower, and the leading part if `isStack`.
  Value apply(ArrayRef<std::pair<Value, bool>> inputs, Value init,
              function_ref<Value(OpBuilder &, ValueRange)> body) {
    bool reduces = llvm::any_of(inputs, [](auto in) { return in.second; });
    int64_t rank = cast<ShapedType>(init.getType()).getRank();
    int64_t numLoops = rank + (reduces ? 1 : 0);
    SmallVector<utils::IteratorType> iterators(numLoops,
                                               utils::IteratorType::parallel);
    if (reduces)
      iterators.front() = utils::IteratorType::reduction;
    auto mapOf = [&](Value value, bool isStack) {
      int64_t valueRank = cast<ShapedType>(value.getType()).getRank();
      SmallVector<AffineExpr> exprs;
      for (int64_t d = 0; d < valueRank; ++d)
        exprs.push_back(b.getAffineDimExpr(d + (reduces && !isStack ? 1 : 0)));
      return AffineMap::get(numLoops, 0, exprs, b.getContext());
    };
    SmallVector<Value> values;
    SmallVector<AffineMap> maps;
    for (auto [value, isStack] : inputs) {
      values.push_back(value);
      maps.push_back(mapOf(value, isStack));
    }
    maps.push_back(mapOf(init, false));
    return linalg::GenericOp::create(
               b, loc, init.getType(), values, init, maps, iterators,
               [&](OpBuilder &nested, Location loc, ValueRange args) {
                 linalg::YieldOp::create(nested, loc, body(nested, args));
               })
        .getResult(0);
  }
};
} // namespace

/// M = max(row_max, max_p m_p); each sum s becomes
/// s * exp(row_max - M) + sum_p s_p * exp(m_p - M).
static MergeResult mergeStates(OpBuilder &b, Location loc, OnlineOp op,
                               ValueRange stacks) {
  StateMerger merger{b, loc};
  Value acc = op.getAcc(), rowMax = op.getRowMax(), rowSum = op.getRowSum();
  Value accs = stacks[0], maxima = stacks[1], sums = stacks[2];
  Value max = merger.apply(
      {{maxima, true}}, rowMax, [&](OpBuilder &b, ValueRange args) {
        return arith::MaximumFOp::create(b, loc, args[0], args[1]);
      });
  auto mergeSums = [&](Value own, Value parts) {
    Value scaled =
        merger.apply({{rowMax, false}, {max, false}}, own,
                     [&](OpBuilder &b, ValueRange args) -> Value {
                       return arith::MulFOp::create(
                           b, loc, args[2], rescale(b, loc, args[0], args[1]));
                     });
    return merger.apply({{parts, true}, {maxima, true}, {max, false}}, scaled,
                        [&](OpBuilder &b, ValueRange args) -> Value {
                          Value part = arith::MulFOp::create(
                              b, loc, args[0],
                              rescale(b, loc, args[1], args[2]));
                          return arith::AddFOp::create(b, loc, args[3], part);
                        });
  };
  Value sum = mergeSums(rowSum, sums);
  Value newAcc = mergeSums(acc, accs);
  // Transform ops have one handle for what combines the parts: the last step.
  return {{newAcc.getDefiningOp()}, {newAcc, max, sum}};
}

namespace {
template <typename OpTy>
struct PartialReductionModel
    : PartialReductionOpInterface::ExternalModel<PartialReductionModel<OpTy>,
                                                 OpTy> {
  FailureOr<SmallVector<Value>> generateInitialTensorForPartialReduction(
      Operation *op, OpBuilder &b, Location loc, ArrayRef<OpFoldResult> sizes,
      const SetVector<unsigned> &reductionDims) const {
    if (!isKeyReduction(reductionDims))
      return op->emitOpError("expects seq_len_kv (dimension 3), not empty, as "
                             "the only reduction dimension");
    SmallVector<Value> stacks;
    auto dst = cast<DestinationStyleOpInterface>(op);
    for (Value init : dst.getDpsInits())
      stacks.push_back(createStack(b, loc, sizes[kKeys], init));
    // attn.partial writes its destinations; attn.online adds to them, so every
    // part starts with the identity.
    if (isa<OnlineOp>(op)) {
      stacks[0] = fill(b, loc, stacks[0], 0.0);
      stacks[1] =
          fill(b, loc, stacks[1], -std::numeric_limits<double>::infinity());
      stacks[2] = fill(b, loc, stacks[2], 0.0);
    }
    return stacks;
  }

  FailureOr<TilingResult>
  tileToPartialReduction(Operation *operation, OpBuilder &b, Location loc,
                         ReductionTilingStrategy strategy, ValueRange init,
                         ArrayRef<OpFoldResult> offsets,
                         ArrayRef<OpFoldResult> sizes,
                         const SetVector<unsigned> &reductionDims,
                         ArrayRef<OpFoldResult> splitReductionIvs) const {
    if (strategy != ReductionTilingStrategy::PartialReductionOuterParallel)
      return operation->emitOpError(
          "expects seq_len_kv to be split over parallel iterations "
          "(tile_reduction_using_forall); a sequential loop needs no partial "
          "states: tile attn.online with tile_using_for");
    auto op = cast<AttentionInterface>(operation);
    std::string why;
    FailureOr<AttentionTile> tile =
        getAttentionTile(b, op, offsets, sizes, why);
    if (failed(tile))
      return operation->emitOpError("cannot be tiled: ") << why;
    // The last parts may be empty and begin beyond the last key.
    if (!tile->keys.isAll())
      tile->keys.offset = clampKeyOffset(b, loc, op, tile->keys);
    AttentionParts parts = sliceAttention(b, loc, op, *tile);
    SmallVector<Value> inits;
    SmallVector<Operation *> slices;
    for (auto [n, stack] : llvm::enumerate(init)) {
      SmallVector<OpFoldResult> from, count;
      if (failed(getPartialResultTilePosition(operation, b, n, strategy,
                                              offsets, sizes, reductionDims,
                                              splitReductionIvs, from, count)))
        return failure();
      SmallVector<OpFoldResult> strides(from.size(), b.getIndexAttr(1));
      SmallVector<int64_t> shape =
          decomposeMixedValues(SmallVector<OpFoldResult>(
                                   ArrayRef<OpFoldResult>(count).drop_front()))
              .first;
      auto slice = tensor::ExtractSliceOp::create(
          b, loc,
          RankedTensorType::get(shape, getElementTypeOrSelf(stack.getType())),
          stack, from, count, strides);
      inits.push_back(slice);
      slices.push_back(slice);
    }
    if (isa<PartialOp>(operation))
      return makeTilingResult(createPartial(b, loc, parts, inits[0], inits[1]));
    return makeTilingResult(createOnline(b, loc, parts, inits));
  }

  FailureOr<MergeResult> mergeReductions(Operation *op, OpBuilder &b,
                                         Location loc, ValueRange stacks,
                                         const SetVector<unsigned> &) const {
    if (auto online = dyn_cast<OnlineOp>(op))
      return mergeStates(b, loc, online, stacks);
    auto partial = cast<PartialOp>(op);
    auto merge = MergeOp::create(
        b, loc, op->getResultTypes(), stacks[0], stacks[1], partial.getOutput(),
        partial.getLse(), b.getI64IntegerAttr(0), LayoutAttr());
    return MergeResult{{merge},
                       llvm::to_vector(ValueRange(merge.getResults()))};
  }

  LogicalResult getPartialResultTilePosition(
      Operation *op, OpBuilder &b, unsigned resultNumber,
      ReductionTilingStrategy strategy, ArrayRef<OpFoldResult> offsets,
      ArrayRef<OpFoldResult> sizes, const SetVector<unsigned> &reductionDims,
      ArrayRef<OpFoldResult> splitReductionIvs,
      SmallVector<OpFoldResult> &resultOffsets,
      SmallVector<OpFoldResult> &resultSizes) const {
    if (strategy != ReductionTilingStrategy::PartialReductionOuterParallel ||
        !isKeyReduction(reductionDims))
      return failure();
    auto type = cast<RankedTensorType>(op->getResult(resultNumber).getType());
    resultOffsets = {splitReductionIvs.front()};
    resultSizes = {b.getIndexAttr(1)};
    llvm::append_range(resultOffsets, offsets.take_front(3));
    llvm::append_range(resultSizes, sizes.take_front(3));
    if (type.getRank() == 4) {
      resultOffsets.push_back(b.getIndexAttr(0));
      resultSizes.push_back(b.getIndexAttr(type.getDimSize(3)));
    }
    return success();
  }

private:
  static bool isKeyReduction(const SetVector<unsigned> &reductionDims) {
    return reductionDims.size() == 1 && reductionDims.front() == kKeys;
  }
};
} // namespace

void attn::registerPartialReductionOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, AttnDialect *) {
    context->loadDialect<linalg::LinalgDialect, math::MathDialect>();
    OnlineOp::attachInterface<PartialReductionModel<OnlineOp>>(*context);
    PartialOp::attachInterface<PartialReductionModel<PartialOp>>(*context);
  });
}
