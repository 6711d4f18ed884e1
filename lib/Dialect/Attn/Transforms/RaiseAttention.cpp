//===- RaiseAttention.cpp - Find attention and say so ---------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// attn-raise: tries every contraction as the one with value. Everything is
// checked before the program changes; what was built for a match that turns out
// to be none is taken away again.
//
//===----------------------------------------------------------------------===//

#include "RaiseMatch.h"

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/TMTensor/TMTensor.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNRAISEPASS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::raise;

//===----------------------------------------------------------------------===//
// Where to look
//===----------------------------------------------------------------------===//

/// Could be the contraction with value.
static bool isCandidate(Operation *op) {
  if (isa<tm_tensor::AttentionOp>(op))
    return true;
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  if (!linalgOp || linalgOp.getNumReductionLoops() == 0 ||
      op->getNumResults() != 1)
    return false;
  Operation *yielded =
      linalgOp.getBlock()->getTerminator()->getOperand(0).getDefiningOp();
  return isa_and_present<arith::AddFOp>(yielded);
}

/// The op only moves `value` on: a view, a narrowing, a division by the sum.
static bool movesOn(Operation *op, Value value) {
  if (op->getNumResults() != 1)
    return false;
  if (isa<tensor::CastOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op))
    return true;
  if (auto reshape = dyn_cast<tensor::ReshapeOp>(op))
    return reshape.getSource() == value;
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  if (!linalgOp || linalgOp.getNumReductionLoops() != 0 ||
      llvm::is_contained(linalgOp.getDpsInits(), value))
    return false;
  Value yielded = linalgOp.getBlock()->getTerminator()->getOperand(0);
  if (isa<BlockArgument>(yielded))
    return true;
  Operation *def = yielded.getDefiningOp();
  if (auto extract = dyn_cast<tensor::ExtractOp>(def))
    return extract.getTensor() == value;
  if (isa<arith::TruncFOp>(def))
    return isa<BlockArgument>(def->getOperand(0));
  if (!isa<arith::DivFOp>(def))
    return false;
  auto dividend = dyn_cast<BlockArgument>(def->getOperand(0));
  return dividend && dividend.getOwner() == linalgOp.getBlock() &&
         linalgOp->getOperand(dividend.getArgNumber()) == value;
}

/// What an op computes, followed to where it is used otherwise; the last first.
static SmallVector<Value> getResults(Operation *op) {
  SmallVector<Value> results{op->getResult(0)};
  for (;;) {
    Value value = results.back();
    Operation *next = nullptr;
    for (Operation *user : value.getUsers()) {
      // A gather uses the tensor in its body.
      if (auto outer = dyn_cast<linalg::LinalgOp>(user->getParentOp()))
        user = outer;
      if (isa<tensor::DimOp>(user) || user == next)
        continue;
      if (next) {
        next = nullptr;
        break;
      }
      next = user;
    }
    if (!next || next->getBlock() != op->getBlock() || !movesOn(next, value))
      break;
    results.push_back(next->getResult(0));
  }
  std::reverse(results.begin(), results.end());
  return results;
}

//===----------------------------------------------------------------------===//
// What dies
//===----------------------------------------------------------------------===//

bool raise::isVisibleAt(Value value, Operation *before) {
  Operation *def = value.getDefiningOp();
  if (!def)
    return true;
  Operation *ancestor = def->getBlock()->findAncestorOpInBlock(*before);
  return ancestor && def->isBeforeInBlock(ancestor);
}

namespace {
/// Finds the operations that nothing needs any more once some values are
/// replaced.
class DeadOps {
public:
  DeadOps(Symbols &symbols, ArrayRef<std::pair<Value, Value>> replaced)
      : symbols(symbols) {
    for (auto &[from, to] : replaced)
      values.insert(from);
  }

  bool isDead(Operation *op) {
    if (auto it = memo.find(op); it != memo.end())
      return it->second;
    bool dead =
        isMemoryEffectFree(op) && !op->hasTrait<OpTrait::IsTerminator>();
    for (OpResult result : op->getResults()) {
      if (!dead)
        break;
      if (values.contains(result))
        continue;
      for (Operation *user : result.getUsers()) {
        if (auto dim = dyn_cast<tensor::DimOp>(user)) {
          if (isResolvable(dim)) {
            dims.insert(dim);
            continue;
          }
        }
        // A body's use is its operation's.
        Operation *owner = op->getBlock()->findAncestorOpInBlock(*user);
        if (!owner || !isDead(owner)) {
          dead = false;
          blockingUser = owner ? owner : user;
          break;
        }
      }
    }
    memo[op] = dead;
    if (dead)
      ops.insert(op);
    return dead;
  }

  /// Replaces what asks dead tensors for sizes, and erases the dead.
  void erase(ArrayRef<Value> from) {
    for (tensor::DimOp dim : dims) {
      OpBuilder builder(dim);
      dim.replaceAllUsesWith(symbols.materialize(
          builder, dim.getLoc(),
          symbols.getDim(dim.getSource(), *dim.getConstantIndex())));
      dim.erase();
    }
    llvm::SetVector<Operation *> pending(ops.begin(), ops.end());
    for (Value value : from)
      if (Operation *def = value.getDefiningOp())
        pending.insert(def);
    bool changed = true;
    while (changed) {
      changed = false;
      for (Operation *op : llvm::to_vector(pending)) {
        if (!isOpTriviallyDead(op))
          continue;
        pending.remove(op);
        op->walk([&](Operation *nested) {
          for (Value operand : nested->getOperands())
            if (Operation *def = operand.getDefiningOp())
              if (!op->isAncestor(def))
                pending.insert(def);
        });
        pending.remove(op);
        erased.insert(op);
        op->erase();
        changed = true;
      }
    }
  }

  /// The op that keeps something alive.
  Operation *blockingUser = nullptr;
  llvm::DenseSet<Operation *> erased;

private:
  bool isResolvable(tensor::DimOp dim) {
    std::optional<int64_t> index = dim.getConstantIndex();
    return index &&
           symbols.isKnownBefore(symbols.getDim(dim.getSource(), *index), dim);
  }

  Symbols &symbols;
  llvm::DenseSet<Value> values;
  DenseMap<Operation *, bool> memo;
  llvm::SetVector<Operation *> ops;
  llvm::SetVector<tensor::DimOp> dims;
};
} // namespace

//===----------------------------------------------------------------------===//
// One contraction
//===----------------------------------------------------------------------===//

namespace {
struct AttnRaisePass : attn::impl::AttnRaisePassBase<AttnRaisePass> {
  using AttnRaisePassBase::AttnRaisePassBase;

  LogicalResult initialize(MLIRContext *context) override {
    if (finiteMasks == "exclude")
      mode = FiniteMasks::Exclude;
    else if (finiteMasks == "bias")
      mode = FiniteMasks::Bias;
    else if (finiteMasks == "reject")
      mode = FiniteMasks::Reject;
    else
      return emitError(UnknownLoc::get(context),
                       "attn-raise: expects finite-masks to be exclude, bias "
                       "or reject, but got ")
             << finiteMasks;
    return success();
  }

  void runOnOperation() override;

private:
  LogicalResult tryResult(Value result, ReportEntry &entry, Blocker &blocker);
  /// True if `op` was part of attention and is gone.
  bool tryContraction(Operation *op);

  FiniteMasks mode = FiniteMasks::Exclude;
  llvm::DenseSet<Operation *> gone;
  Report localReport;
};
} // namespace

/// Asserts the equalities of sizes that the match took for granted.
static void assertSizes(Symbols &symbols, Operation *before) {
  OpBuilder builder(before);
  Location loc = before->getLoc();
  for (auto &[a, b] : symbols.getAssumptions()) {
    Value left = symbols.materializeAsIs(builder, loc, a);
    Value right = symbols.materializeAsIs(builder, loc, b);
    Value same = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                       left, right);
    auto check = cf::AssertOp::create(
        builder, loc, same,
        "attention over sizes that do not agree (a dimension of size 1 is not "
        "broadcast)");
    check->setAttr(kCheckAttrName,
                   CheckKindAttr::get(builder.getContext(), CheckKind::shape));
  }
}

LogicalResult AttnRaisePass::tryResult(Value result, ReportEntry &entry,
                                       Blocker &blocker) {
  Match match;
  if (failed(matchSoftmax(result, match, blocker)))
    return failure();
  Roles roles;
  Modifiers modifiers;
  if (failed(assignRoles(match, roles, blocker)) ||
      failed(classifyScore(match, roles, mode, modifiers, blocker)))
    return failure();
  Replacement replacement;
  Operation *end = nullptr, *start = nullptr;
  auto undo = [&] {
    if (!end)
      return;
    while (end->getPrevNode() != start)
      end->getPrevNode()->erase();
  };
  LogicalResult built = buildSdpa(match, roles, modifiers, replacement, entry,
                                  blocker, start, end);
  if (failed(built)) {
    undo();
    return failure();
  }
  DeadOps dead(match.symbols, replacement.values);
  auto refuse = [&](const Twine &why) {
    blocker = {why.str(), dead.blockingUser};
    undo();
    return failure();
  };
  if (!dead.isDead(match.exponential))
    return refuse("the probabilities, or a sum of them, are used elsewhere as "
                  "well");
  if (match.product->origin != match.exponential &&
      !dead.isDead(match.product->origin))
    return refuse("the scores are used elsewhere as well");
  // A value that takes the place of an earlier one must not come too late.
  for (auto &[from, to] : replacement.values)
    for (Operation *user : from.getUsers()) {
      Operation *owner = end->getBlock()->findAncestorOpInBlock(*user);
      if (owner && owner->isBeforeInBlock(end) && !dead.isDead(owner)) {
        dead.blockingUser = owner;
        return refuse("the log-sum-exp is used before the result is there");
      }
    }

  assertSizes(match.symbols, replacement.attention);
  SmallVector<Value> old;
  for (auto &[from, to] : replacement.values) {
    from.replaceAllUsesWith(to);
    old.push_back(from);
  }
  dead.erase(old);
  gone.insert(dead.erased.begin(), dead.erased.end());
  return success();
}

/// file:line:col where there is one, otherwise as it prints.
static std::string toString(Location loc) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (auto place = loc->findInstanceOf<FileLineColLoc>())
    os << place.getFilename().getValue() << ":" << place.getLine() << ":"
       << place.getColumn();
  else
    os << loc;
  return text;
}

bool AttnRaisePass::tryContraction(Operation *op) {
  ReportEntry entry;
  entry.location = toString(op->getLoc());
  if (auto function = op->getParentOfType<FunctionOpInterface>())
    entry.function = function.getName();
  Blocker first;
  Location loc = op->getLoc();
  SmallVector<Value> results = getResults(op);
  for (Value result : results) {
    Blocker blocker;
    if (succeeded(tryResult(result, entry, blocker))) {
      entry.matched = true;
      if (!entry.blockMiss.empty())
        emitRemark(loc) << "attention with a mask, not attn.block_local: "
                        << entry.blockMiss;
      localReport.add(entry);
      return true;
    }
    if (blocker && !first)
      first = blocker;
  }
  if (!first)
    return false;
  InFlightDiagnostic remark =
      op->emitRemark("looks like attention but is left alone: ");
  remark << first.why;
  entry.blockedBy = first.why;
  if (first.op) {
    entry.blockedAtOp = first.op->getName().getStringRef().str();
    entry.blockedAtLocation = toString(first.op->getLoc());
    if (first.op != op)
      remark.attachNote(first.op->getLoc())
          << "stopped at '" << entry.blockedAtOp << "'";
  }
  entry.matched = false;
  localReport.add(entry);
  return false;
}

/// Erases `op` and what only it used.
static void eraseWithOperands(Operation *op) {
  SmallVector<Operation *> pending;
  auto take = [&](Operation *dead) {
    for (Value operand : dead->getOperands())
      if (Operation *def = operand.getDefiningOp())
        if (!llvm::is_contained(pending, def))
          pending.push_back(def);
    dead->erase();
  };
  take(op);
  while (!pending.empty()) {
    Operation *candidate = pending.pop_back_val();
    if (isOpTriviallyDead(candidate))
      take(candidate);
  }
}

/// Shapes that torch-mlir computes for dynamic views come with assertions, most
/// of which are about the views that are gone and hold by construction.
static void dropProvenAsserts(Operation *root) {
  Symbols symbols;
  SmallVector<cf::AssertOp> proven;
  root->walk([&](cf::AssertOp op) {
    // In the body of a linalg op it guards an access.
    if (!isa<linalg::LinalgOp>(op->getParentOp()) &&
        symbols.evaluateCondition(op.getArg()) == true)
      proven.push_back(op);
  });
  for (cf::AssertOp op : proven)
    eraseWithOperands(op);
}

void AttnRaisePass::runOnOperation() {
  SmallVector<Operation *> candidates;
  getOperation()->walk([&](Operation *op) {
    if (isCandidate(op))
      candidates.push_back(op);
  });
  gone.clear();
  localReport = Report();
  llvm::SetVector<Operation *> functions;
  for (Operation *op : candidates) {
    if (gone.contains(op))
      continue;
    Operation *function = op->getParentOfType<FunctionOpInterface>();
    if (tryContraction(op) && function)
      functions.insert(function);
  }
  for (Operation *function : functions)
    dropProvenAsserts(function);
  if (Report *process = getProcessReport())
    process->append(localReport);
  std::string error;
  if (!report.empty() && failed(localReport.write(report, error))) {
    emitError(getOperation()->getLoc(), "attn-raise: cannot write report: ")
        << error;
    signalPassFailure();
  }
}
