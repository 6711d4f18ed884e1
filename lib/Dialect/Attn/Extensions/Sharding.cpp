//===- Sharding.cpp - Attention over a grid of processes ------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Upstream's ShardingInterface of attention: how shardings of some operands and
// results go over to the others, and what one process computes. Where keys are
// cut, that is attn.partial and attn.dist_merge.
//
//===----------------------------------------------------------------------===//

#include "ShardingPlan.h"
#include "attn/Dialect/Attn/Extensions/Extensions.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Shard/IR/ShardDialect.h"
#include "mlir/IR/IRMapping.h"

#include <limits>

using namespace mlir;
using namespace mlir::attn;
using mlir::shard::GridAxis;
using mlir::shard::Sharding;
using mlir::shard::ShardingOption;

//===----------------------------------------------------------------------===//
// What one process computes
//===----------------------------------------------------------------------===//

namespace {
/// Writes what a process computes of an op.
class Partitioner {
public:
  Partitioner(Operation *op, const ShardingPlan &plan, ArrayRef<Value> operands,
              const IRMapping &mapping, OpBuilder &builder)
      : attention(cast<AttentionInterface>(op)), plan(plan), operands(operands),
        mapping(mapping), b(builder), math{builder, op->getLoc()} {}

  SmallVector<Value> run();

private:
  Location loc() { return math.loc; }
  /// The part of `value`, an operand.
  Value getPart(Value value) {
    return value ? mapping.lookupOrDefault(value) : Value();
  }
  OpFoldResult getGlobalSize(unsigned loop, OpFoldResult local);
  OpFoldResult getFirst(unsigned loop, OpFoldResult local);
  Value resolveBottomRight(const AttentionParts &parts);
  AttentionParts getParts();
  SmallVector<Value> mergeKeys(const AttentionParts &parts, TypeRange types);
  void finish(Operation *part);

  AttentionInterface attention;
  const ShardingPlan &plan;
  ArrayRef<Value> operands;
  const IRMapping &mapping;
  OpBuilder &b;
  IndexMath math;
  /// This process' sizes, of queries and keys that are pages too.
  OpFoldResult batch, numHeads, seqLenQ, seqLenKv;
};
} // namespace

/// The size of all of `loop` of which this process has `local`.
OpFoldResult Partitioner::getGlobalSize(unsigned loop, OpFoldResult local) {
  return math.mul(local, plan.getNumShares(loop));
}

/// The position in all of `loop` of this process' first element: shares lie in
/// the order of the grid axes that cut, the last one fastest.
OpFoldResult Partitioner::getFirst(unsigned loop, OpFoldResult local) {
  ArrayRef<GridAxis> axes = plan.axes[loop];
  if (!plan.isShared(loop))
    return math.constant(0);
  auto indices = shard::ProcessMultiIndexOp::create(
      b, loc(), plan.grid.getSymName(), axes);
  OpFoldResult share = math.constant(0);
  for (auto [axis, index] : llvm::zip_equal(axes, indices.getResults()))
    share = math.add(math.mul(share, plan.grid.getShape()[axis]),
                     OpFoldResult(index));
  return math.mul(share, local);
}

/// What `bottom_right` means, said by the lengths of the whole.
Value Partitioner::resolveBottomRight(const AttentionParts &parts) {
  auto isPerBatch = [](Value lengths) {
    return lengths && cast<ShapedType>(lengths.getType()).getDimSize(0) != 1;
  };
  OpFoldResult keys = getGlobalSize(kShardKeys, seqLenKv);
  OpFoldResult queries = getGlobalSize(kShardQueries, seqLenQ);
  auto getDiagonal = [&](IndexMath at, OpFoldResult entry) {
    OpFoldResult last =
        parts.kvLen ? loadLength(at.b, at.loc, parts.kvLen, entry) : keys;
    OpFoldResult row =
        parts.qLen ? loadLength(at.b, at.loc, parts.qLen, entry) : queries;
    return at.value(at.sub(last, row));
  };
  if (!isPerBatch(parts.kvLen) && !isPerBatch(parts.qLen))
    return getDiagonal(math, math.constant(0));
  SmallVector<Value> dynamicSizes;
  SmallVector<int64_t> shape;
  dispatchIndexOpFoldResult(batch, dynamicSizes, shape);
  return tensor::GenerateOp::create(
      b, loc(), RankedTensorType::get(shape, b.getI64Type()), dynamicSizes,
      [&](OpBuilder &nested, Location loc, ValueRange indices) {
        Value diagonal =
            getDiagonal({nested, loc}, OpFoldResult(indices.front()));
        tensor::YieldOp::create(nested, loc,
                                arith::IndexCastOp::create(nested, loc,
                                                           nested.getI64Type(),
                                                           diagonal));
      });
}

/// The operands of this process, at their positions in the whole.
AttentionParts Partitioner::getParts() {
  AttentionParts parts(attention);
  for (Value *value :
       {&parts.query, &parts.key, &parts.value, &parts.dynamicScale,
        &parts.causalOffset, &parts.kvLen, &parts.qLen, &parts.mask,
        &parts.bias, &parts.keyScale, &parts.valueScale, &parts.pageTable})
    *value = getPart(*value);
  for (Value &offset : parts.offsets)
    offset = getPart(offset);

  batch = getDim(b, loc(), parts.query, 0);
  numHeads = getDim(b, loc(), parts.query, attention.getHeadAxis());
  seqLenQ = getDim(b, loc(), parts.query, attention.getSeqAxis());
  seqLenKv = parts.pageTable
                 ? math.mul(getDim(b, loc(), parts.pageTable, 1),
                            getPageSize(attention))
                 : getDim(b, loc(), parts.key, attention.getSeqAxis());
  // Batch entries and heads are asked for by a score region alone.
  SmallVector<unsigned> moved;
  for (unsigned loop : {kShardBatch, kShardHeads, kShardQueries, kShardKeys})
    if (plan.isShared(loop) && parts.usesPositions() &&
        (loop >= kShardQueries || parts.hasScore()))
      moved.push_back(loop);
  if (moved.empty())
    return parts;
  if (parts.bottomRight)
    parts.causalOffset =
        parts.hasWindow() ? resolveBottomRight(parts) : Value();
  parts.bottomRight = false;
  OpFoldResult sizes[] = {batch, numHeads, seqLenQ, seqLenKv};
  if (parts.offsets.empty())
    parts.offsets.append(4, math.value(math.constant(0)));
  for (unsigned loop : moved) {
    OpFoldResult offset = getAsOpFoldResult(parts.offsets[loop]);
    parts.offsets[loop] =
        math.value(math.add(offset, getFirst(loop, sizes[loop])));
  }
  return parts;
}

/// Attention to this process' keys, and the merge of what all processes found.
SmallVector<Value> Partitioner::mergeKeys(const AttentionParts &parts,
                                          TypeRange types) {
  FloatType type = attention.getAccumulatorType();
  SmallVector<OpFoldResult> rows = {batch, numHeads, seqLenQ}, shape = rows;
  shape.push_back(getDim(b, loc(), parts.value, 3));
  Value output, lse;
  if (isa<PartialOp>(*attention)) {
    output = operands[operands.size() - 2];
    lse = operands.back();
  } else {
    output = tensor::EmptyOp::create(b, loc(), shape, type);
    lse = tensor::EmptyOp::create(b, loc(), rows, type);
  }
  PartialOp partial = createPartial(b, loc(), parts, output, lse);
  finish(partial);
  Value comm = GridCommOp::create(b, loc(), CommType::get(b.getContext()),
                                  plan.grid.getSymName());
  auto merged = DistMergeOp::create(
      b, loc(), partial->getResultTypes(), comm, partial.getResult(0),
      partial.getResult(1), /*algo=*/MergeAlgoAttr(), /*root=*/IntegerAttr(),
      /*payload=*/TypeAttr());
  SmallVector<Value> results(merged.getResults());
  auto sdpa = dyn_cast<SdpaOp>(*attention);
  if (!sdpa)
    return results;

  SmallVector<Value> outputs = {results[0]}, lses = {results[1]};
  // Counted once, whatever the processes.
  if (Value sinks = getPart(sdpa.getSinks())) {
    Value zero = arith::ConstantOp::create(b, loc(), b.getZeroAttr(type));
    Value empty = tensor::EmptyOp::create(b, loc(), shape, type);
    outputs.push_back(
        linalg::FillOp::create(b, loc(), zero, empty).getResult(0));
    Value rowsOfSinks = tensor::EmptyOp::create(b, loc(), rows, type);
    lses.push_back(createSinkLse(b, loc(), parts, sinks, rowsOfSinks));
  }
  if (outputs.size() == 1 && parts.getLayout() == Layout::bhsd &&
      cast<ShapedType>(types.front()).getElementType() == type) {
    results.resize(types.size());
    return results;
  }
  OpFoldResult width = shape.pop_back_val();
  if (parts.getLayout() == Layout::bshd)
    std::swap(shape[1], shape[2]);
  shape.push_back(width);
  SmallVector<Value> inits = {tensor::EmptyOp::create(
      b, loc(), shape, cast<ShapedType>(types.front()).getElementType())};
  if (types.size() > 1)
    inits.push_back(tensor::EmptyOp::create(b, loc(), rows, type));
  auto merge =
      MergeOp::create(b, loc(), TypeRange(ValueRange(inits)), outputs, lses,
                      inits[0], inits.size() > 1 ? inits[1] : Value(),
                      /*along=*/nullptr, sdpa.getLayoutAttr());
  return SmallVector<Value>(merge.getResults());
}

/// Lets the score region of `part` read what this process has.
void Partitioner::finish(Operation *part) {
  part->setDiscardableAttrs(attention->getDiscardableAttrDictionary());
  for (Region &region : part->getRegions())
    region.walk([&](Operation *nested) {
      for (OpOperand &operand : nested->getOpOperands())
        operand.set(mapping.lookupOrDefault(operand.get()));
    });
}

SmallVector<Value> Partitioner::run() {
  AttentionParts parts = getParts();
  SmallVector<ShardedValue> values = getShardedValues(attention);
  SmallVector<Type> types;
  for (OpResult result : attention->getResults()) {
    auto type = cast<RankedTensorType>(result.getType());
    SmallVector<int64_t> shape(type.getShape());
    ArrayRef<unsigned> loops =
        values[operands.size() + result.getResultNumber()].loops;
    for (auto [size, loop] : llvm::zip_equal(shape, loops))
      if (!ShapedType::isDynamic(size))
        size /= plan.getNumShares(loop);
    types.push_back(type.clone(shape));
  }
  SmallVector<Value> results;
  if (plan.isShared(kShardKeys)) {
    results = mergeKeys(parts, types);
  } else if (auto sdpa = dyn_cast<SdpaOp>(*attention)) {
    SdpaOp part = createSdpa(b, loc(), types, parts, getPart(sdpa.getSinks()));
    part.setStrategyAttr(sdpa.getStrategyAttr());
    finish(part);
    llvm::append_range(results, part->getResults());
  } else if (auto star = dyn_cast<StarOp>(*attention)) {
    StarParameters parameters(star);
    for (Value *value : {&parameters.contextLen, &parameters.anchorKey,
                         &parameters.anchorValue})
      *value = getPart(*value);
    StarOp part = createStar(b, loc(), types, parts, parameters,
                             getPart(star.getSinks()));
    finish(part);
    llvm::append_range(results, part->getResults());
  } else if (auto local = dyn_cast<BlockLocalOp>(*attention)) {
    BlockLocalParameters parameters(local);
    parameters.prefixKey = getPart(parameters.prefixKey);
    parameters.prefixValue = getPart(parameters.prefixValue);
    BlockLocalOp part = createBlockLocal(b, loc(), types, parts, parameters,
                                         getPart(local.getSinks()));
    finish(part);
    llvm::append_range(results, part->getResults());
  } else if (auto sparq = dyn_cast<SparqOp>(*attention)) {
    SparqParameters parameters;
    parameters.rank = sparq.getRank();
    parameters.topK = sparq.getTopK();
    parameters.localWindow = sparq.getLocalWindow();
    parameters.realloc = sparq.getRealloc();
    parameters.groupReduce = sparq.getGroupReduce();
    parameters.keyLayout = sparq.getKeyLayout();
    parameters.keyT = getPart(sparq.getKeyT());
    parameters.valueMean = getPart(sparq.getValueMean());
    SparqOp part = createSparq(b, loc(), types.front(), parts, parameters);
    finish(part);
    llvm::append_range(results, part->getResults());
  } else {
    PartialOp part = createPartial(
        b, loc(), parts, operands[operands.size() - 2], operands.back());
    finish(part);
    llvm::append_range(results, part.getResults());
  }
  for (auto [result, type] : llvm::zip_equal(results, types))
    if (result.getType() != type)
      result = tensor::CastOp::create(b, loc(), type, result);
  return results;
}

//===----------------------------------------------------------------------===//
// Models
//===----------------------------------------------------------------------===//

namespace {
template <typename OpTy>
struct ShardingModel
    : shard::ShardingInterface::ExternalModel<ShardingModel<OpTy>, OpTy> {
  SmallVector<utils::IteratorType> getLoopIteratorTypes(Operation *) const {
    SmallVector<utils::IteratorType> types(kNumShardLoops,
                                           utils::IteratorType::parallel);
    types[kShardKeys] = types[kShardWidth] = utils::IteratorType::reduction;
    return types;
  }

  SmallVector<shard::ReductionKind>
  getReductionLoopIteratorKinds(Operation *) const {
    return {shard::ReductionKind::Generic, shard::ReductionKind::Sum};
  }

  SmallVector<AffineMap> getIndexingMaps(Operation *op) const {
    SmallVector<AffineMap> maps;
    for (const ShardedValue &value : getShardedValues(op)) {
      SmallVector<AffineExpr> loops;
      for (unsigned loop : value.loops)
        loops.push_back(getAffineDimExpr(loop, op->getContext()));
      maps.push_back(
          AffineMap::get(kNumShardLoops, 0, loops, op->getContext()));
    }
    return maps;
  }

  /// Every annotated operand and result has its say; no option if they do not
  /// agree, for planSharding to explain.
  FailureOr<ShardingOption>
  getShardingOption(Operation *op, ArrayRef<Sharding> operandShardings,
                    ArrayRef<Sharding> resultShardings) const {
    SmallVector<Sharding, 0> shardings(operandShardings);
    llvm::append_range(shardings, resultShardings);
    ShardingOption option;
    option.shardingArray.resize(kNumShardLoops);
    llvm::SmallDenseMap<int64_t, unsigned> loopOfAxis;
    for (auto [sharding, value] :
         llvm::zip_equal(shardings, getShardedValues(op))) {
      if (!sharding)
        continue;
      if (option.grid && option.grid != sharding.getGridAttr())
        return failure();
      option.grid = sharding.getGridAttr();
      for (auto [split, loop] :
           llvm::zip(sharding.getSplitAxes(), value.loops)) {
        ArrayRef<GridAxis> axes = split.asArrayRef();
        SmallVector<GridAxis> &known = option.shardingArray[loop];
        if (axes.empty())
          continue;
        if (loop == kShardWhole || (!known.empty() && known != axes))
          return failure();
        known.assign(axes.begin(), axes.end());
        for (GridAxis axis : axes)
          if (!loopOfAxis.try_emplace(axis, loop).second &&
              loopOfAxis[axis] != loop)
            return failure();
      }
    }
    if (!option.grid)
      return ShardingOption::makeEmpty();
    shard::removeTrailingEmptySubArray(option.shardingArray);
    return option;
  }

  /// Upstream's default annotates scalars, too, with shardings over no grid.
  LogicalResult addShardingAnnotations(Operation *op, OpBuilder &builder,
                                       const ShardingOption &option) const {
    FailureOr<std::vector<Sharding>> shardings =
        shard::detail::defaultGetShardingAnnotations(op, option);
    if (failed(shardings))
      return failure();
    unsigned numOperands = op->getNumOperands();
    for (OpResult result : op->getResults())
      shard::maybeInsertTargetShardingAnnotation(
          (*shardings)[numOperands + result.getResultNumber()], result,
          builder);
    for (OpOperand &operand : op->getOpOperands()) {
      if (!isa<RankedTensorType>(operand.get().getType()))
        continue;
      OpBuilder::InsertionGuard guard(builder);
      shard::maybeInsertSourceShardingAnnotation(
          (*shardings)[operand.getOperandNumber()], operand, builder);
    }
    return success();
  }

  LogicalResult partition(Operation *op, ArrayRef<Value> operands,
                          ArrayRef<Sharding> operandShardings,
                          ArrayRef<Sharding> resultShardings,
                          IRMapping &mapping, SymbolTableCollection &,
                          OpBuilder &builder) const {
    SmallVector<Sharding, 0> shardings(operandShardings);
    llvm::append_range(shardings, resultShardings);
    FailureOr<ShardingPlan> plan = planSharding(op, shardings);
    if (failed(plan))
      return failure();
    SmallVector<Value> results =
        Partitioner(op, *plan, operands, mapping, builder).run();
    mapping.map(op->getResults(), results);
    return success();
  }
};
} // namespace

void attn::registerShardingInterfaceExternalModels(DialectRegistry &registry) {
  // Only programs with both dialects shard attention.
  registry.addExtension(
      +[](MLIRContext *context, AttnDialect *, shard::ShardDialect *) {
        SdpaOp::attachInterface<ShardingModel<SdpaOp>>(*context);
        PartialOp::attachInterface<ShardingModel<PartialOp>>(*context);
        StarOp::attachInterface<ShardingModel<StarOp>>(*context);
        BlockLocalOp::attachInterface<ShardingModel<BlockLocalOp>>(*context);
        SparqOp::attachInterface<ShardingModel<SparqOp>>(*context);
        // What partitioning creates.
        context->loadDialect<affine::AffineDialect, arith::ArithDialect,
                             linalg::LinalgDialect, tensor::TensorDialect>();
      });
}
