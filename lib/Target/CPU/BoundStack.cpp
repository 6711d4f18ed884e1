//===- lib/Target/CPU/BoundStack.cpp - Stack buffers in loops -------------===//
//
// Part of attn-mlir.
//
// Keeps stack buffers from growing with the iterations of a loop.
//
//===----------------------------------------------------------------------===//

#include "attn/Target/CPU/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNBOUNDSTACKPASS
#include "attn/Target/CPU/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;

/// The op whose region, once left, ends the life of a stack buffer that `op`
/// makes.
static Operation *getStackScope(Operation *op) {
  return op->getParentWithTrait<OpTrait::AutomaticAllocationScope>();
}

namespace {
/// One buffer at the top of a function, and the loops that use it in turn.
struct SharedBuffer {
  memref::AllocaOp alloca;
  SmallVector<Operation *> loops;
};

struct BoundStack : attn::impl::AttnBoundStackPassBase<BoundStack> {
  void runOnOperation() override;

private:
  void hoist(memref::AllocaOp alloca, Operation *loop);
  void restoreEachIteration(Operation *loop);

  SmallVector<SharedBuffer> shared;
};
} // namespace

/// Moves `alloca`, which lives for an iteration of `loop`, to the top of the
/// function, or takes a buffer that is there and that no loop around `loop` or
/// in it uses.
void BoundStack::hoist(memref::AllocaOp alloca, Operation *loop) {
  for (SharedBuffer &buffer : shared) {
    if (buffer.alloca.getType() != alloca.getType() ||
        buffer.alloca.getAlignment() != alloca.getAlignment() ||
        llvm::any_of(buffer.loops, [&](Operation *other) {
          return other->isAncestor(loop) || loop->isAncestor(other);
        }))
      continue;
    buffer.loops.push_back(loop);
    alloca.replaceAllUsesWith(buffer.alloca.getResult());
    alloca.erase();
    return;
  }
  Block &top = getOperation().getFunctionBody().front();
  alloca->moveBefore(&top, top.begin());
  shared.push_back({alloca, {loop}});
}

void BoundStack::restoreEachIteration(Operation *loop) {
  Location loc = loop->getLoc();
  for (Region &region : loop->getRegions()) {
    OpBuilder builder = OpBuilder::atBlockBegin(&region.front());
    Value top = LLVM::StackSaveOp::create(
        builder, loc, LLVM::LLVMPointerType::get(&getContext()));
    builder.setInsertionPoint(region.front().getTerminator());
    LLVM::StackRestoreOp::create(builder, loc, top);
  }
}

void BoundStack::runOnOperation() {
  if (getOperation().isDeclaration())
    return;
  shared.clear();
  SmallVector<std::pair<memref::AllocaOp, Operation *>> hoisted;
  SetVector<Operation *> restored;
  getOperation().walk([&](Operation *op) {
    Operation *loop = getStackScope(op);
    if (!isa_and_nonnull<scf::ForOp, scf::ForallOp, scf::ParallelOp>(loop))
      return;
    if (auto alloca = dyn_cast<memref::AllocaOp>(op)) {
      if (alloca.getType().hasStaticShape() &&
          alloca.getSymbolOperands().empty())
        hoisted.push_back({alloca, loop});
      else
        restored.insert(loop);
      return;
    }
    // The descriptor behind an unranked memref is on the stack. It must stay
    // where the next iteration, or who comes after the loop, looks at it.
    auto isUnranked = [](Type type) { return isa<UnrankedMemRefType>(type); };
    if (isa<memref::CastOp>(op) && isUnranked(op->getResultTypes().front()) &&
        llvm::none_of(loop->getResultTypes(), isUnranked))
      restored.insert(loop);
  });
  for (auto [alloca, loop] : hoisted)
    hoist(alloca, loop);
  for (Operation *loop : restored)
    restoreEachIteration(loop);
}
