//===- ExtractChecks.cpp - Checks and result sizes by themselves ----------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Copies of a function that keep its run-time checks and the sizes of its
// results, so that a caller hears of what is wrong before anything is written.
//
//===----------------------------------------------------------------------===//

#include "ReadThrough.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"
#include "mlir/Dialect/Index/IR/IndexDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNEXTRACTCHECKSPASS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;

/// Checks that take more rewrites are not taken out of a function.
static constexpr int64_t kMaxRewrites = 1 << 12;

//===----------------------------------------------------------------------===//
// Arguments that are updated
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<InoutPair>> attn::getInoutPairs(func::FuncOp func) {
  SmallVector<InoutPair> pairs;
  for (unsigned i = 0; i < func.getNumArguments(); ++i) {
    if (!func.getArgAttr(i, kInoutAttrName))
      continue;
    if (!isa<RankedTensorType>(func.getArgument(i).getType()))
      return func.emitOpError("expects attn.inout arguments to be ranked "
                              "tensors, but argument #")
             << i << " is " << func.getArgument(i).getType();
    pairs.push_back({i, 0});
  }
  unsigned numResults = func.getNumResults();
  if (pairs.size() > numResults)
    return func.emitOpError("expects its last ")
           << pairs.size() << " results to be the new values of its attn.inout "
           << "arguments, but has " << numResults << " results";
  unsigned next = numResults - pairs.size();
  for (InoutPair &pair : pairs) {
    pair.result = next++;
    Type argument = func.getArgumentTypes()[pair.argument];
    Type result = func.getResultTypes()[pair.result];
    if (argument != result)
      return func.emitOpError("expects result #")
             << pair.result << ", the new value of attn.inout argument #"
             << pair.argument << ", to have its type " << argument
             << ", but got " << result;
  }
  return pairs;
}

//===----------------------------------------------------------------------===//
// What a value depends on
//===----------------------------------------------------------------------===//

/// Whether `value` of a reduced copy depends on scalar arguments or on elements
/// of tensors, as opposed to sizes.
static bool dependsOnData(Value value, DenseSet<Value> &seen) {
  if (!seen.insert(value).second)
    return false;
  auto any = [&](ValueRange values) {
    return llvm::any_of(values,
                        [&](Value v) { return dependsOnData(v, seen); });
  };
  Operation *op = value.getDefiningOp();
  if (!op) {
    op = cast<BlockArgument>(value).getOwner()->getParentOp();
    if (isa<func::FuncOp>(op))
      return !isa<ShapedType>(value.getType());
  }
  if (isa<tensor::ExtractOp>(op))
    return true;
  if (any(op->getOperands()))
    return true;
  bool found = false;
  for (Region &region : op->getRegions())
    region.walk([&](Operation *inner) {
      found =
          found || isa<tensor::ExtractOp>(inner) || any(inner->getOperands());
    });
  return found;
}

/// The same for whether `check` is reached and holds.
static bool dependsOnData(cf::AssertOp check) {
  DenseSet<Value> seen;
  if (dependsOnData(check.getArg(), seen))
    return true;
  for (Operation *op = check->getParentOp(); !isa<func::FuncOp>(op);
       op = op->getParentOp())
    for (Value operand : op->getOperands())
      if (dependsOnData(operand, seen))
        return true;
  return false;
}

/// Whether `op` can be executed with nothing but the arguments: it makes no
/// tensor and changes nothing.
static bool isOfPrologue(Operation *op) {
  if (isa<cf::AssertOp, func::ReturnOp, scf::ForOp, scf::IfOp, scf::WhileOp,
          scf::YieldOp, scf::ConditionOp, tensor::CastOp, tensor::DimOp,
          tensor::ExtractOp, tensor::ExtractSliceOp>(op))
    return llvm::all_of(op->getResultTypes(), [&](Type type) {
      return !isa<TensorType>(type) ||
             isa<tensor::CastOp, tensor::ExtractSliceOp>(op);
    });
  if (isa<arith::ConstantOp, CommRankOp, CommSizeOp>(op))
    return true;
  return isa<arith::ArithDialect, affine::AffineDialect, index::IndexDialect,
             math::MathDialect>(op->getDialect()) &&
         isMemoryEffectFree(op) && op->getNumRegions() == 0 &&
         llvm::none_of(op->getResultTypes(), llvm::IsaPred<ShapedType>);
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct ExtractChecks : attn::impl::AttnExtractChecksPassBase<ExtractChecks> {
  LogicalResult initialize(MLIRContext *context) override;
  void runOnOperation() override;

private:
  LogicalResult verify(ModuleOp module);
  LogicalResult extract(func::FuncOp func, SymbolTable &symbols);
  func::FuncOp copy(func::FuncOp func, StringRef suffix, bool withSizes);
  LogicalResult reduce(func::FuncOp copy);

  FrozenRewritePatternSet patterns;
};
} // namespace

LogicalResult ExtractChecks::initialize(MLIRContext *context) {
  RewritePatternSet all(context);
  for (Dialect *dialect : context->getLoadedDialects())
    dialect->getCanonicalizationPatterns(all);
  for (RegisteredOperationName op : context->getRegisteredOperations())
    op.getCanonicalizationPatterns(all, context);
  memref::populateResolveRankedShapedTypeResultDimsPatterns(all);
  scf::populateSCFForLoopCanonicalizationPatterns(all);
  populateReadThroughPatterns(all);
  patterns = FrozenRewritePatternSet(std::move(all));
  return success();
}

/// What is left to be called when all that can be inlined has been.
LogicalResult ExtractChecks::verify(ModuleOp module) {
  WalkResult result = module.walk([&](func::CallOp call) {
    auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
        call, call.getCalleeAttr());
    if (!callee || callee.isDeclaration())
      call.emitOpError("cannot be part of a C function: this module does not "
                       "define ")
          << call.getCalleeAttr();
    else
      call.emitOpError("cannot be part of a C function: ")
          << call.getCalleeAttr()
          << " is recursive or was not inlined; run inline first";
    return WalkResult::interrupt();
  });
  if (result.wasInterrupted())
    return failure();
  for (auto func : module.getOps<func::FuncOp>()) {
    if (!func.isDeclaration() && !func.getBody().hasOneBlock())
      return func.emitOpError("expects a body of one block, but got ")
             << func.getBody().getBlocks().size()
             << "; use scf for control flow";
    for (Type type : func.getFunctionType().getInputs())
      if (!isa<RankedTensorType, CommType>(type) && !type.isIntOrIndexOrFloat())
        return func.emitOpError("expects ranked tensors, scalars and "
                                "communicators as arguments, but got ")
               << type;
    for (Type type : func.getFunctionType().getResults())
      if (!isa<RankedTensorType>(type) && !type.isIntOrIndexOrFloat())
        return func.emitOpError("expects ranked tensors and scalars as "
                                "results, but got ")
               << type;
  }
  return success();
}

/// Erases what other ranks are called for: nobody but the function itself may
/// call them. What comes back has sizes that are known, and no elements.
static void eraseMerges(func::FuncOp func) {
  SmallVector<DistMergeOp> merges;
  func.walk([&](DistMergeOp op) { merges.push_back(op); });
  for (DistMergeOp op : merges) {
    OpBuilder builder(op);
    for (auto [init, result] :
         llvm::zip_equal(op.getDpsInits(), op.getResults())) {
      auto type = cast<RankedTensorType>(result.getType());
      SmallVector<OpFoldResult> sizes =
          tensor::getMixedSizes(builder, op.getLoc(), init);
      Value unknown = tensor::EmptyOp::create(builder, op.getLoc(), sizes,
                                              type.getElementType());
      // Written over all of the destination: loops see that its sizes stay.
      SmallVector<OpFoldResult> zeros(sizes.size(), builder.getIndexAttr(0));
      SmallVector<OpFoldResult> ones(sizes.size(), builder.getIndexAttr(1));
      Value known = tensor::InsertSliceOp::create(builder, op.getLoc(), unknown,
                                                  init, zeros, sizes, ones);
      if (known.getType() != type)
        known = tensor::CastOp::create(builder, op.getLoc(), type, known);
      result.replaceAllUsesWith(known);
    }
    op.erase();
  }
}

/// A private copy of `func` that returns nothing, or the dynamic sizes of its
/// tensor results except new values of arguments.
func::FuncOp ExtractChecks::copy(func::FuncOp func, StringRef suffix,
                                 bool withSizes) {
  func::FuncOp copy = func.clone();
  copy.setName((func.getName() + suffix).str());
  copy.setPrivate();
  for (unsigned i = 0; i < copy.getNumArguments(); ++i)
    for (StringRef name : {kInoutAttrName, kShardAttrName})
      copy.removeArgAttr(i, name);
  copy.removeResAttrsAttr();
  eraseMerges(copy);
  auto end = cast<func::ReturnOp>(copy.getBody().front().getTerminator());
  OpBuilder builder(end);
  SmallVector<Value> sizes;
  size_t numResults = func.getNumResults() - getInoutPairs(func)->size();
  if (withSizes)
    for (Value result : end.getOperands().take_front(numResults)) {
      auto type = dyn_cast<RankedTensorType>(result.getType());
      for (int64_t d = 0; type && d < type.getRank(); ++d)
        if (type.isDynamicDim(d))
          sizes.push_back(
              tensor::DimOp::create(builder, end.getLoc(), result, d));
    }
  end->setOperands(sizes);
  copy.setFunctionType(builder.getFunctionType(copy.getArgumentTypes(),
                                               ValueRange(sizes).getTypes()));
  return copy;
}

/// Removes all that the checks and the returned values do not need.
LogicalResult ExtractChecks::reduce(func::FuncOp copy) {
  // Convergence is no matter: what is left is looked at. Equal sizes become
  // one value, and then relations between them constants. Elements that many
  // others depend on are computed again for each; that has to end.
  IRRewriter rewriter(&getContext());
  GreedyRewriteConfig config;
  config.setMaxNumRewrites(kMaxRewrites);
  for (int i = 0; i < 3; ++i) {
    (void)applyPatternsGreedily(copy, patterns, config);
    DominanceInfo dominance(copy);
    eliminateCommonSubExpressions(rewriter, dominance, copy);
  }
  (void)applyPatternsGreedily(copy, patterns, config);
  // The last one is next to the check.
  Operation *computed = nullptr;
  copy.getBody().walk([&](Operation *op) {
    if (!isOfPrologue(op))
      computed = op;
  });
  if (!computed)
    return success();
  auto diag = computed->emitOpError(
      "cannot come before the first write, but a run-time check or the size of "
      "a result needs it; only sizes, elements and scalars of arguments are "
      "known there");
  SmallVector<Operation *> work(computed->user_begin(), computed->user_end());
  DenseSet<Operation *> seen;
  while (!work.empty()) {
    Operation *user = work.pop_back_val();
    if (!seen.insert(user).second)
      continue;
    if (auto check = dyn_cast<cf::AssertOp>(user)) {
      diag.attachNote(check.getLoc()) << "needed to check: " << check.getMsg();
      break;
    }
    work.append(user->user_begin(), user->user_end());
  }
  return failure();
}

LogicalResult ExtractChecks::extract(func::FuncOp func, SymbolTable &symbols) {
  FailureOr<SmallVector<InoutPair>> inouts = getInoutPairs(func);
  if (failed(inouts))
    return failure();
  auto end = cast<func::ReturnOp>(func.getBody().front().getTerminator());
  OpBuilder builder(end);
  Location loc = end.getLoc();
  for (auto [argument, result] : *inouts) {
    Value before = func.getArgument(argument), after = end.getOperand(result);
    auto type = cast<RankedTensorType>(before.getType());
    for (int64_t d = 0; d < type.getRank(); ++d) {
      if (!type.isDynamicDim(d) || before == after)
        continue;
      Value same =
          arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                tensor::DimOp::create(builder, loc, before, d),
                                tensor::DimOp::create(builder, loc, after, d));
      auto check = cf::AssertOp::create(
          builder, loc, same,
          ("expects the new value of attn.inout argument #" + Twine(argument) +
           " to have its size in dimension " + Twine(d))
              .str());
      check->setAttr(kCheckAttrName,
                     CheckKindAttr::get(&getContext(), CheckKind::shape));
    }
  }

  func::FuncOp checks = copy(func, "_checks", /*withSizes=*/false);
  func::FuncOp shapes = copy(func, "_result_shapes", /*withSizes=*/true);
  symbols.insert(checks, std::next(func->getIterator()));
  symbols.insert(shapes, std::next(checks->getIterator()));
  if (failed(reduce(checks)) || failed(reduce(shapes)))
    return failure();

  DenseSet<Value> seen;
  auto sizes = shapes.getBody().front().getTerminator()->getOperands();
  if (llvm::none_of(sizes, [&](Value v) { return dependsOnData(v, seen); })) {
    SmallVector<cf::AssertOp> ofData;
    shapes.walk([&](cf::AssertOp check) {
      if (dependsOnData(check))
        ofData.push_back(check);
    });
    for (cf::AssertOp check : ofData)
      check.erase();
    if (failed(reduce(shapes)))
      return failure();
  }

  // What says nothing is not called.
  auto keep = [&](func::FuncOp made, StringRef attribute) {
    if (made.getNumResults() == 0 &&
        isa<func::ReturnOp>(made.getBody().front().front()))
      symbols.erase(made);
    else
      func->setAttr(attribute, SymbolRefAttr::get(made));
  };
  keep(checks, kChecksAttrName);
  keep(shapes, kResultShapesAttrName);
  SmallVector<cf::AssertOp> extracted;
  func.walk([&](cf::AssertOp check) { extracted.push_back(check); });
  for (cf::AssertOp check : extracted)
    check.erase();
  return success();
}

void ExtractChecks::runOnOperation() {
  ModuleOp module = getOperation();
  if (failed(verify(module)))
    return signalPassFailure();
  SymbolTable symbols(module);
  SmallVector<func::FuncOp> functions;
  for (auto func : module.getOps<func::FuncOp>())
    if (func.isPublic() && !func.isDeclaration())
      functions.push_back(func);
  for (func::FuncOp func : functions)
    if (failed(extract(func, symbols)))
      return signalPassFailure();
}
