//===- DropElementChecks.cpp - Checks the host cannot make ----------------===//
//
// Part of attn-mlir.
//
// Follows elements of tensors to the run-time checks that depend on them.
//
//===----------------------------------------------------------------------===//

#include "attn/Target/GPU/Passes.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNDROPELEMENTCHECKSPASS
#include "attn/Target/GPU/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;

namespace {
/// The values of a function that depend on elements.
class Elements {
public:
  explicit Elements(func::FuncOp func);

  bool contains(Value value) const { return values.contains(value); }
  /// Whether elements decide whether `op` runs, or how often.
  bool decideAbout(Operation *op) const;

private:
  bool add(ValueRange range) {
    bool changed = false;
    for (Value value : range)
      changed |= values.insert(value).second;
    return changed;
  }
  bool visit(Operation *op);

  llvm::DenseSet<Value> values;
};
} // namespace

bool Elements::visit(Operation *op) {
  bool isReader = isa<tensor::ExtractOp, memref::LoadOp>(op);
  bool depends = isReader || llvm::any_of(op->getOperands(), [&](Value value) {
                   return contains(value);
                 });
  if (!depends)
    return false;
  // A size does not depend on what is stored.
  if (isa<tensor::DimOp, memref::DimOp>(op) && !contains(op->getOperand(1)) &&
      isa<BlockArgument>(op->getOperand(0)))
    return false;
  bool changed = add(op->getResults());
  for (Region &region : op->getRegions())
    for (Block &block : region)
      changed |= add(block.getArguments());
  for (Block *next : op->getSuccessors())
    changed |= add(next->getArguments());
  if (op->hasTrait<OpTrait::IsTerminator>() && !isa<func::ReturnOp>(op)) {
    Operation *parent = op->getParentOp();
    changed |= add(parent->getResults());
    for (Region &region : parent->getRegions())
      for (Block &block : region)
        if (!isa<func::FuncOp>(parent))
          changed |= add(block.getArguments());
  }
  return changed;
}

Elements::Elements(func::FuncOp func) {
  bool changed = true;
  while (changed) {
    changed = false;
    func.walk([&](Operation *op) { changed |= op != func && visit(op); });
  }
}

bool Elements::decideAbout(Operation *op) const {
  for (Operation *parent = op->getParentOp(); !isa<func::FuncOp>(parent);
       parent = parent->getParentOp())
    if (llvm::any_of(parent->getOperands(),
                     [&](Value value) { return contains(value); }))
      return true;
  return false;
}

namespace {
struct DropElementChecks
    : attn::impl::AttnDropElementChecksPassBase<DropElementChecks> {
  void runOnOperation() override {
    Elements elements(getOperation());
    SmallVector<cf::AssertOp> dropped;
    getOperation().walk([&](cf::AssertOp check) {
      if (elements.contains(check.getArg()) || elements.decideAbout(check))
        dropped.push_back(check);
    });
    for (cf::AssertOp check : dropped)
      check.erase();
  }
};
} // namespace
