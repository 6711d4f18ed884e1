//===- RewriteToSparQ.cpp - From dense decode steps to SparQ --------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Which attn.sdpa may become attn.sparq, and what it then is.
//
//===----------------------------------------------------------------------===//

#include "SparqState.h"
#include "attn/Dialect/Attn/IR/AttnTiles.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Attn/Transforms/Strategy.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"

using namespace mlir;
using namespace mlir::attn;

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNREWRITETOSPARQPASS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace mlir::attn

/// Why `op` cannot be SparQ attention, or an empty string.
static std::string getObstacle(SdpaOp op, SparqAttr strategy) {
  auto attention = cast<AttentionInterface>(op.getOperation());
  int64_t seqLenQ =
      attention.getQuery().getType().getDimSize(attention.getSeqAxis());
  if (ShapedType::isDynamic(seqLenQ))
    return "expects one query token, but seq_len_q is not known; cast query to "
           "a static seq_len_q of 1 (tensor.cast)";
  if (seqLenQ != 1)
    return "expects one query token, but got " + std::to_string(seqLenQ);
  if (op.getSinks())
    return "it has sinks";
  if (op.getLse() && !op.getLse().use_empty())
    return "its lse is used, which SparQ does not have";
  std::optional<int64_t> visible = getMaxVisibleKeys(attention);
  if (visible && *visible <= strategy.getTopK())
    return "top_k " + std::to_string(strategy.getTopK()) + " is at least the " +
           std::to_string(*visible) + " keys a query can see";
  return {};
}

/// Whether the mean of value has a weight.
static bool mayRealloc(SparqOp op) {
  std::optional<int64_t> group =
      getStaticGroupSize(cast<AttentionInterface>(op.getOperation()));
  return op.getRealloc() == Realloc::on ||
         (op.getRealloc() == Realloc::automatic && group.value_or(1) == 1);
}

void attn::remarkOnSparq(SparqOp op, SparqAttr strategy) {
  if (int64_t(op.getRank()) != strategy.getRank())
    op.emitRemark("clamps rank ")
        << strategy.getRank() << " to head_dim " << op.getRank();
  int64_t localWindow = strategy.getResolvedLocalWindow();
  if (int64_t(op.getLocalWindow()) != localWindow)
    op.emitRemark("clamps local_window ")
        << localWindow << " to top_k " << op.getLocalWindow();
  bool wantsKeyT = op.getKeyLayout() == KeyLayout::twice && !op.getKeyT();
  if (mayRealloc(op) && !op.getValueMean())
    op.emitRemark("every call computes the mean of value anew, which reads all "
                  "of it; state=args keeps it");
  if (wantsKeyT)
    op.emitRemark("every call reads whole keys for some of their components; "
                  "state=args keeps a second layout of key");
}

FailureOr<SparqOp> attn::rewriteToSparq(RewriterBase &rewriter, SdpaOp op,
                                        SparqAttr strategy, std::string &why) {
  why = getObstacle(op, strategy);
  if (!why.empty())
    return failure();
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  AttentionParts parts(cast<AttentionInterface>(op.getOperation()));
  SparqParameters parameters;
  int64_t headDim = op.getQuery().getType().getDimSize(3);
  parameters.rank = std::min<int64_t>(strategy.getRank(), headDim);
  parameters.topK = strategy.getTopK();
  parameters.localWindow =
      std::min<int64_t>(strategy.getResolvedLocalWindow(), strategy.getTopK());
  parameters.realloc = strategy.getRealloc();
  parameters.groupReduce = strategy.getGroupReduce();
  parameters.keyLayout = strategy.getLayout();
  SparqOp sparq = createSparq(rewriter, op.getLoc(), op.getOutput().getType(),
                              parts, parameters);
  sparq->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  rewriter.replaceAllUsesWith(op.getOutput(), sparq.getOutput());
  rewriter.eraseOp(op);
  return sparq;
}

namespace {
struct RewriteToSparQPass
    : attn::impl::AttnRewriteToSparQPassBase<RewriteToSparQPass> {
  using AttnRewriteToSparQPassBase::AttnRewriteToSparQPassBase;

  /// Makes what `op` keeps arguments of its function, if that can be.
  void keepState(SparqOp op,
                 llvm::MapVector<func::FuncOp, StateArguments> &states) {
    auto func = op->getParentOfType<func::FuncOp>();
    auto module = op->getParentOfType<ModuleOp>();
    // Another function's arguments are not this pass's to change.
    if (!func || !module || !getOperation()->isAncestor(module)) {
      op.emitRemark("keeps no state: the pass does not run on a module");
      return;
    }
    bool isCalled = !SymbolTable::symbolKnownUseEmpty(func, module);
    auto [entry, isNew] = states.insert({func, StateArguments(func, isCalled)});
    std::string why;
    bool wantsKeyT = op.getKeyLayout() == KeyLayout::twice;
    if (failed(entry->second.add(op, wantsKeyT, mayRealloc(op), why)))
      op.emitRemark("keeps no state: ") << why;
  }

  void runOnOperation() override {
    std::string text, error;
    llvm::raw_string_ostream(text)
        << "sparq{rank=" << rank << " top-k=" << topK
        << " local-window=" << localWindow << " realloc=" << realloc
        << " group-reduce=" << groupReduce << " layout=" << layout
        << " state=" << state << "}";
    FailureOr<StrategyAttrInterface> attr =
        parseStrategy(text, &getContext(), error);
    if (failed(attr)) {
      getOperation()->emitError("attn-rewrite-to-sparq: ") << error;
      return signalPassFailure();
    }
    SmallVector<std::pair<SdpaOp, SparqAttr>> ops;
    getOperation()->walk([&](SdpaOp op) {
      if (!op.getStrategyAttr())
        ops.emplace_back(op, cast<SparqAttr>(*attr));
      else if (auto own = dyn_cast<SparqAttr>(op.getStrategyAttr()))
        ops.emplace_back(op, own);
    });
    IRRewriter rewriter(&getContext());
    llvm::MapVector<func::FuncOp, StateArguments> states;
    for (auto [op, strategy] : ops) {
      std::string why;
      FailureOr<SparqOp> sparq = rewriteToSparq(rewriter, op, strategy, why);
      if (failed(sparq)) {
        op.emitRemark("stays dense: ") << why;
        op.removeStrategyAttr(); // It is exact, and not to be asked again.
        continue;
      }
      if (strategy.getState() == SparqState::args)
        keepState(*sparq, states);
      remarkOnSparq(*sparq, strategy);
    }
    for (auto &[func, state] : states)
      state.finish();
  }
};
} // namespace
