//===- ReadThrough.cpp - Elements without their tensors -------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Rewrites of what reads elements and sizes of tensors that are computed.
//
//===----------------------------------------------------------------------===//

#include "ReadThrough.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;
using tensor::ExtractOp;

/// More elements than this are not selected from one by one.
static constexpr int64_t kMaxSelected = 16;

/// Whether `op` makes a tensor of its operands element by element.
static bool isElementwise(Operation *op) {
  return op && OpTrait::hasElementwiseMappableTraits(op) &&
         op->getNumResults() == 1 && isMemoryEffectFree(op);
}

/// Whether all of `a` equal those of `b`.
static Value areEqual(OpBuilder &builder, Location loc, ValueRange a,
                      ValueRange b) {
  Value all = arith::ConstantIntOp::create(builder, loc, 1, 1);
  for (auto [x, y] : llvm::zip_equal(a, b)) {
    Value same = arith::CmpIOp::create(builder, loc, CmpIPredicate::eq, x, y);
    all = builder.createOrFold<arith::AndIOp>(loc, all, same);
  }
  return all;
}

/// An element of `tensor`, the one that has been read before where it has.
static Value readElement(RewriterBase &rewriter, Location loc, Value tensor,
                         ValueRange indices) {
  Block *block = rewriter.getInsertionBlock();
  auto end = rewriter.getInsertionPoint();
  for (Operation *user : tensor.getUsers()) {
    auto known = dyn_cast<ExtractOp>(user);
    if (known && known->getBlock() == block && known.getIndices() == indices &&
        (end == block->end() || known->isBeforeInBlock(&*end)))
      return known;
  }
  return ExtractOp::create(rewriter, loc, tensor, indices);
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

/// What `value`, whose shape ops only hand on, was made of in the end: an
/// argument of a block, or the result of another op. To solve for sizes instead
/// takes a time that grows with every loop around.
static Value findOrigin(Value value) {
  while (auto result = dyn_cast<OpResult>(value)) {
    Operation *op = result.getOwner();
    if (auto loop = dyn_cast<scf::ForOp>(op)) {
      BlockArgument argument = loop.getTiedLoopRegionIterArg(result);
      if (findOrigin(loop.getTiedLoopYieldedValue(argument)->get()) != argument)
        return value;
      value = loop.getTiedLoopInit(argument)->get();
    } else if (auto loop = dyn_cast<scf::ForallOp>(op)) {
      value = loop.getTiedOpOperand(result)->get();
    } else if (auto cast = dyn_cast<tensor::CastOp>(op);
               cast && isa<RankedTensorType>(cast.getSource().getType())) {
      value = cast.getSource();
    } else if (auto target = dyn_cast<DestinationStyleOpInterface>(op)) {
      value = target.getTiedOpOperand(result)->get();
    } else {
      return value;
    }
  }
  return value;
}

namespace {
/// A size of what an elementwise op makes is that of an operand.
struct DimOfElementwise : OpRewritePattern<tensor::DimOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::DimOp dim,
                                PatternRewriter &rewriter) const override {
    Operation *op = dim.getSource().getDefiningOp();
    if (!isElementwise(op))
      return rewriter.notifyMatchFailure(dim, "not of an elementwise op");
    auto shaped = llvm::find_if(op->getOperands(), [](Value operand) {
      return isa<RankedTensorType>(operand.getType());
    });
    if (shaped == op->getOperands().end())
      return rewriter.notifyMatchFailure(dim, "no operand has the shape");
    rewriter.modifyOpInPlace(dim,
                             [&] { dim.getSourceMutable().assign(*shaped); });
    return success();
  }
};

/// A size that a loop does not change is that of the initial value.
struct DimOfLoopCarried : OpRewritePattern<tensor::DimOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::DimOp dim,
                                PatternRewriter &rewriter) const override {
    std::optional<int64_t> axis = dim.getConstantIndex();
    Value source = dim.getSource();
    scf::ForOp loop;
    OpOperand *init = nullptr;
    if (auto result = dyn_cast<OpResult>(source)) {
      loop = dyn_cast<scf::ForOp>(result.getOwner());
      if (loop)
        init = loop.getTiedLoopInit(result);
    } else {
      auto argument = cast<BlockArgument>(source);
      loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
      if (loop && argument != loop.getInductionVar())
        init = loop.getTiedLoopInit(argument);
    }
    if (!axis || !init)
      return rewriter.notifyMatchFailure(dim, "not carried by a loop");
    BlockArgument argument = loop.getTiedLoopRegionIterArg(init);
    Value next = findOrigin(loop.getTiedLoopYieldedValue(argument)->get());
    FailureOr<bool> same = true;
    if (next != argument)
      same =
          ValueBoundsConstraintSet::areEqual({next, *axis}, {argument, *axis});
    if (failed(same) || !*same)
      return rewriter.notifyMatchFailure(dim, "the loop may change it");
    rewriter.modifyOpInPlace(
        dim, [&] { dim.getSourceMutable().assign(init->get()); });
    return success();
  }
};

/// A loop does not carry what only the next iteration's value needs.
struct StopDeadCarrying : OpRewritePattern<scf::ForOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(scf::ForOp loop,
                                PatternRewriter &rewriter) const override;
};
} // namespace

LogicalResult
StopDeadCarrying::matchAndRewrite(scf::ForOp loop,
                                  PatternRewriter &rewriter) const {
  Block *body = loop.getBody();
  Operation *end = body->getTerminator();
  DenseSet<Value> needed;
  SmallVector<Value> work;
  for (Operation &op : *body) {
    if (&op == end || isMemoryEffectFree(&op))
      continue;
    op.walk([&](Operation *inner) {
      llvm::append_range(work, inner->getOperands());
    });
  }
  for (auto [i, result] : llvm::enumerate(loop.getResults()))
    if (!result.use_empty())
      work.push_back(end->getOperand(i));
  while (!work.empty()) {
    Value value = work.pop_back_val();
    if (!needed.insert(value).second)
      continue;
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      if (argument.getOwner() == body && argument.getArgNumber() > 0)
        work.push_back(end->getOperand(argument.getArgNumber() - 1));
      continue;
    }
    Operation *op = value.getDefiningOp();
    if (loop->isProperAncestor(op))
      op->walk([&](Operation *inner) {
        llvm::append_range(work, inner->getOperands());
      });
  }
  bool changed = false;
  for (auto [i, argument] : llvm::enumerate(loop.getRegionIterArgs())) {
    if (needed.contains(argument) || !loop.getResult(i).use_empty() ||
        end->getOperand(i) == argument)
      continue;
    rewriter.modifyOpInPlace(
        end, [&, i = i, argument = argument] { end->setOperand(i, argument); });
    changed = true;
  }
  return success(changed);
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

namespace {
/// An element of an elementwise op is that op on elements.
struct ExtractOfElementwise : OpRewritePattern<ExtractOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ExtractOp extract,
                                PatternRewriter &rewriter) const override {
    Operation *op = extract.getTensor().getDefiningOp();
    if (!isElementwise(op))
      return rewriter.notifyMatchFailure(extract, "not of an elementwise op");
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(isa<RankedTensorType>(operand.getType())
                             ? readElement(rewriter, extract.getLoc(), operand,
                                           extract.getIndices())
                             : operand);
    OperationState state(op->getLoc(), op->getName(), operands,
                         extract.getType(), op->getAttrs());
    rewriter.replaceOp(extract, rewriter.create(state));
    return success();
  }
};

/// An element of a linalg op without reductions is its body on elements.
struct ExtractOfLinalg : OpRewritePattern<ExtractOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ExtractOp extract,
                                PatternRewriter &rewriter) const override;
};

/// A linalg op whose results nobody reads is a loop over the checks in its
/// body.
struct LoopOverChecks : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op,
                                PatternRewriter &rewriter) const override;
};

/// The same for scf.forall, whose iterations do not see each other's results.
struct LoopOverParallelChecks : OpRewritePattern<scf::ForallOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(scf::ForallOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.use_empty())
      return rewriter.notifyMatchFailure(op, "its results are read");
    Location loc = op.getLoc();
    SmallVector<Value> lower = op.getLowerBound(rewriter),
                       upper = op.getUpperBound(rewriter),
                       step = op.getStep(rewriter);
    SmallVector<Value> arguments;
    scf::LoopNest nest =
        scf::buildLoopNest(rewriter, loc, lower, upper, step,
                           [&](OpBuilder &, Location, ValueRange ivs) {
                             llvm::append_range(arguments, ivs);
                           });
    llvm::append_range(arguments, op.getOutputs());
    rewriter.eraseOp(op.getTerminator());
    rewriter.inlineBlockBefore(
        op.getBody(), nest.loops.back().getBody()->getTerminator(), arguments);
    rewriter.eraseOp(op);
    return success();
  }
};

/// An element of what is generated is its body, without the checks in it.
struct ExtractOfGenerate : OpRewritePattern<ExtractOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ExtractOp extract,
                                PatternRewriter &rewriter) const override {
    auto op = extract.getTensor().getDefiningOp<tensor::GenerateOp>();
    if (!op)
      return rewriter.notifyMatchFailure(extract, "not of tensor.generate");
    Block &body = op.getBody().front();
    IRMapping values;
    values.map(body.getArguments(), extract.getIndices());
    for (Operation &inner : body.without_terminator())
      if (!isa<cf::AssertOp>(inner) &&
          (inner.getNumRegions() != 0 || !isMemoryEffectFree(&inner)))
        return rewriter.notifyMatchFailure(extract,
                                           "its body cannot be copied");
    for (Operation &inner : body.without_terminator())
      if (!isa<cf::AssertOp>(inner))
        rewriter.clone(inner, values);
    rewriter.replaceOp(
        extract, values.lookupOrDefault(body.getTerminator()->getOperand(0)));
    return success();
  }
};

/// What is generated and not read is a loop over the checks in its body.
struct LoopOverGenerateChecks : OpRewritePattern<tensor::GenerateOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::GenerateOp op,
                                PatternRewriter &rewriter) const override {
    if (!op->use_empty() || op.getBody().getOps<cf::AssertOp>().empty())
      return rewriter.notifyMatchFailure(op, "not only there for its checks");
    IndexMath math{rewriter, op.getLoc()};
    SmallVector<Value> lower, upper, step;
    auto dynamic = op.getDynamicExtents().begin();
    for (int64_t size : op.getType().getShape()) {
      lower.push_back(math.value(math.constant(0)));
      upper.push_back(ShapedType::isDynamic(size)
                          ? Value(*dynamic++)
                          : math.value(math.constant(size)));
      step.push_back(math.value(math.constant(1)));
    }
    SmallVector<Value> indices;
    scf::LoopNest nest =
        scf::buildLoopNest(rewriter, op.getLoc(), lower, upper, step,
                           [&](OpBuilder &, Location, ValueRange ivs) {
                             llvm::append_range(indices, ivs);
                           });
    Block &body = op.getBody().front();
    rewriter.eraseOp(body.getTerminator());
    rewriter.inlineBlockBefore(
        &body, nest.loops.back().getBody()->getTerminator(), indices);
    rewriter.eraseOp(op);
    return success();
  }
};

/// An element after one has been put in is that one, or one of before.
struct ExtractOfInsert : OpRewritePattern<ExtractOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ExtractOp extract,
                                PatternRewriter &rewriter) const override {
    auto insert = extract.getTensor().getDefiningOp<tensor::InsertOp>();
    if (!insert)
      return rewriter.notifyMatchFailure(extract, "not of an insert");
    Location loc = extract.getLoc();
    Value same =
        areEqual(rewriter, loc, extract.getIndices(), insert.getIndices());
    Value before = ExtractOp::create(rewriter, loc, insert.getDest(),
                                     extract.getIndices());
    rewriter.replaceOpWithNewOp<arith::SelectOp>(extract, same,
                                                 insert.getScalar(), before);
    return success();
  }
};

/// An element of a few listed ones is selected.
struct ExtractOfFromElements : OpRewritePattern<ExtractOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ExtractOp extract,
                                PatternRewriter &rewriter) const override {
    auto op = extract.getTensor().getDefiningOp<tensor::FromElementsOp>();
    if (!op || op.getElements().empty() ||
        op.getType().getNumElements() > kMaxSelected)
      return rewriter.notifyMatchFailure(extract, "not of a few elements");
    Location loc = extract.getLoc();
    IndexMath math{rewriter, loc};
    OpFoldResult number = math.constant(0);
    for (auto [index, size] :
         llvm::zip_equal(extract.getIndices(), op.getType().getShape()))
      number = math.add(math.mul(number, size), OpFoldResult(index));
    Value selected = op.getElements().back();
    for (int64_t i = op.getElements().size() - 2; i >= 0; --i) {
      Value here = areEqual(rewriter, loc, math.value(number),
                            math.value(math.constant(i)));
      selected = arith::SelectOp::create(rewriter, loc, here,
                                         op.getElements()[i], selected);
    }
    rewriter.replaceOp(extract, selected);
    return success();
  }
};

/// An element of a reshaped tensor is one of the tensor.
struct ExtractOfReshape : OpRewritePattern<ExtractOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ExtractOp extract,
                                PatternRewriter &rewriter) const override {
    Location loc = extract.getLoc();
    IndexMath math{rewriter, loc};
    Operation *op = extract.getTensor().getDefiningOp();
    SmallVector<Value> indices;
    if (auto expand = dyn_cast_or_null<tensor::ExpandShapeOp>(op)) {
      for (const ReassociationIndices &group :
           expand.getReassociationIndices()) {
        OpFoldResult index = math.constant(0);
        for (int64_t d : group)
          index = math.add(
              math.mul(index, getDim(rewriter, loc, expand.getResult(), d)),
              OpFoldResult(extract.getIndices()[d]));
        indices.push_back(math.value(index));
      }
    } else if (auto collapse = dyn_cast_or_null<tensor::CollapseShapeOp>(op)) {
      indices.resize(collapse.getSrcType().getRank());
      for (auto [i, group] :
           llvm::enumerate(collapse.getReassociationIndices())) {
        Value rest = extract.getIndices()[i];
        for (int64_t d : llvm::reverse(group)) {
          if (d == group.front()) {
            indices[d] = rest;
            break;
          }
          Value size = math.value(getDim(rewriter, loc, collapse.getSrc(), d));
          indices[d] = rewriter.createOrFold<arith::RemUIOp>(loc, rest, size);
          rest = rewriter.createOrFold<arith::DivUIOp>(loc, rest, size);
        }
      }
    } else {
      return rewriter.notifyMatchFailure(extract, "not of a reshape");
    }
    rewriter.replaceOpWithNewOp<ExtractOp>(extract, op->getOperand(0), indices);
    return success();
  }
};

/// An element of a slice is one of the whole.
struct ExtractOfSlice : OpRewritePattern<ExtractOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ExtractOp extract,
                                PatternRewriter &rewriter) const override {
    auto slice = extract.getTensor().getDefiningOp<tensor::ExtractSliceOp>();
    if (!slice)
      return rewriter.notifyMatchFailure(extract, "not of a slice");
    IndexMath math{rewriter, extract.getLoc()};
    llvm::SmallBitVector dropped = slice.getDroppedDims();
    SmallVector<Value> indices;
    unsigned next = 0;
    for (int64_t d = 0; d < slice.getSourceType().getRank(); ++d) {
      OpFoldResult index = slice.getMixedOffsets()[d];
      if (!dropped.test(d))
        index =
            math.add(index, math.mul(OpFoldResult(extract.getIndices()[next++]),
                                     slice.getMixedStrides()[d]));
      indices.push_back(math.value(index));
    }
    rewriter.replaceOpWithNewOp<ExtractOp>(extract, slice.getSource(), indices);
    return success();
  }
};
} // namespace

/// Whether the body of `op` can be copied: nothing in it acts but checks.
static bool hasPlainBody(linalg::LinalgOp op) {
  return llvm::all_of(*op.getBlock(), [](Operation &inner) {
    return inner.getNumRegions() == 0 &&
           (isMemoryEffectFree(&inner) || isa<cf::AssertOp>(inner));
  });
}

/// Copies the body of `op` at the iteration `loops`, with its checks or
/// without. Gives what it yields.
static SmallVector<Value> copyBody(RewriterBase &rewriter, linalg::LinalgOp op,
                                   ValueRange loops, bool withChecks) {
  Location loc = op.getLoc();
  IRMapping values;
  for (OpOperand &operand : op->getOpOperands()) {
    BlockArgument argument = op.getMatchingBlockArgument(&operand);
    if (argument.use_empty())
      continue;
    Value element = operand.get();
    if (isa<RankedTensorType>(element.getType())) {
      SmallVector<Value> indices;
      AffineMap from = op.getMatchingIndexingMap(&operand);
      for (unsigned i = 0; i < from.getNumResults(); ++i)
        indices.push_back(getValueOrCreateConstantIndexOp(
            rewriter, loc,
            affine::makeComposedFoldedAffineApply(
                rewriter, loc, from.getSubMap({i}), getAsOpFoldResult(loops))));
      element = readElement(rewriter, loc, element, indices);
    }
    values.map(argument, element);
  }
  for (Operation &inner : op.getBlock()->without_terminator()) {
    if (auto index = dyn_cast<linalg::IndexOp>(inner))
      values.map(index.getResult(), loops[index.getDim()]);
    else if (withChecks || !isa<cf::AssertOp>(inner))
      rewriter.clone(inner, values);
  }
  SmallVector<Value> yielded;
  for (Value value : op.getBlock()->getTerminator()->getOperands())
    yielded.push_back(values.lookupOrDefault(value));
  return yielded;
}

LogicalResult
ExtractOfLinalg::matchAndRewrite(ExtractOp extract,
                                 PatternRewriter &rewriter) const {
  auto result = dyn_cast<OpResult>(extract.getTensor());
  auto op = extract.getTensor().getDefiningOp<linalg::LinalgOp>();
  if (!op || !result)
    return rewriter.notifyMatchFailure(extract, "not of a linalg op");
  AffineMap map =
      op.getMatchingIndexingMap(op.getDpsInitOperand(result.getResultNumber()));
  if (op.getNumReductionLoops() != 0 || !map.isPermutation() ||
      !hasPlainBody(op))
    return rewriter.notifyMatchFailure(extract, "not elementwise");
  SmallVector<Value> loops(extract.getIndices().size());
  for (auto [i, index] : llvm::enumerate(extract.getIndices()))
    loops[map.getDimPosition(i)] = index;
  SmallVector<Value> yielded =
      copyBody(rewriter, op, loops, /*withChecks=*/false);
  rewriter.replaceOp(extract, yielded[result.getResultNumber()]);
  return success();
}

LogicalResult LoopOverChecks::matchAndRewrite(linalg::LinalgOp op,
                                              PatternRewriter &rewriter) const {
  if (!op->use_empty() || !op.hasPureTensorSemantics() || !hasPlainBody(op) ||
      op.getBlock()->getOps<cf::AssertOp>().empty())
    return rewriter.notifyMatchFailure(op, "not only there for its checks");
  // What earlier iterations computed is not known to a check.
  for (OpOperand &init : op.getDpsInitsMutable())
    if (op.getNumReductionLoops() != 0 &&
        !op.getMatchingBlockArgument(&init).use_empty())
      return rewriter.notifyMatchFailure(op, "iterations need each other");
  IndexMath math{rewriter, op.getLoc()};
  SmallVector<Value> lower, upper, step;
  for (const Range &range : op.createLoopRanges(rewriter, op.getLoc())) {
    lower.push_back(math.value(range.offset));
    upper.push_back(math.value(range.size));
    step.push_back(math.value(range.stride));
  }
  scf::buildLoopNest(rewriter, op.getLoc(), lower, upper, step,
                     [&](OpBuilder &builder, Location, ValueRange ivs) {
                       OpBuilder::InsertionGuard guard(rewriter);
                       rewriter.setInsertionPoint(builder.getInsertionBlock(),
                                                  builder.getInsertionPoint());
                       copyBody(rewriter, op, ivs, /*withChecks=*/true);
                     });
  rewriter.eraseOp(op);
  return success();
}

void attn::populateReadThroughPatterns(RewritePatternSet &patterns) {
  patterns
      .add<DimOfElementwise, DimOfLoopCarried, ExtractOfElementwise,
           ExtractOfFromElements, ExtractOfGenerate, ExtractOfInsert,
           ExtractOfLinalg, ExtractOfReshape, ExtractOfSlice, LoopOverChecks,
           LoopOverGenerateChecks, LoopOverParallelChecks, StopDeadCarrying>(
          patterns.getContext());
}
