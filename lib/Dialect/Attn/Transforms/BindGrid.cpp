//===- BindGrid.cpp - Processes of a grid as ranks ------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Gives partitioned functions the communicator that they talk about.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Shard/IR/ShardDialect.h"
#include "mlir/Dialect/Shard/IR/ShardOps.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace mlir::attn;
using mlir::shard::GridOp;

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNBINDGRIDPASS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace mlir::attn

namespace {
/// Binds the grid of one function.
class Binder {
public:
  Binder(func::FuncOp func, SymbolTableCollection &symbols)
      : func(func), symbols(symbols), builder(func.getContext()) {}

  LogicalResult run();

private:
  LogicalResult readGrid(Operation *op);
  LogicalResult addCommunicator();
  void askSize();
  Value getRank();
  void replace(shard::ProcessMultiIndexOp op);

  func::FuncOp func;
  SymbolTableCollection &symbols;
  OpBuilder builder;
  GridOp grid;
  Value comm, rank;
};
} // namespace

/// The grid of `op` is that of all others, of a known size.
LogicalResult Binder::readGrid(Operation *op) {
  auto symbol = op->getAttrOfType<FlatSymbolRefAttr>("grid");
  auto found = symbols.lookupNearestSymbolFrom<GridOp>(op, symbol);
  assert(found && "the verifiers of its users look it up");
  if (grid && grid != found)
    return op->emitOpError("expects one grid in a function, but it is on @")
           << found.getSymName() << " and others are on @" << grid.getSymName();
  if (ShapedType::isDynamicShape(found.getShape()))
    return op->emitOpError("expects a grid of static sizes, but @")
           << found.getSymName() << " is not";
  grid = found;
  return success();
}

LogicalResult Binder::addCommunicator() {
  for (BlockArgument argument : func.getArguments())
    if (isa<CommType>(argument.getType())) {
      comm = argument;
      return success();
    }
  if (!SymbolTable::symbolKnownUseEmpty(func, func->getParentOp()))
    return func.emitOpError("expects not to be called: it gets a communicator "
                            "as a new argument; give it one of type "
                            "!attn.comm");
  Location loc = NameLoc::get(builder.getStringAttr("comm"), func.getLoc());
  if (failed(func.insertArgument(func.getNumArguments(),
                                 CommType::get(func.getContext()),
                                 builder.getDictionaryAttr({}), loc)))
    return func.emitOpError("expects to take another argument");
  comm = func.getArguments().back();
  return success();
}

/// Stops calls with more or fewer ranks than the program was cut for.
void Binder::askSize() {
  Location loc = func.getLoc();
  IndexMath math{builder, loc};
  int64_t processes = 1;
  for (int64_t size : grid.getShape())
    processes *= size;
  Value size = CommSizeOp::create(builder, loc, builder.getIndexType(), comm);
  Value holds =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, size,
                            math.value(math.constant(processes)));
  cf::AssertOp::create(builder, loc, holds,
                       ("expects " + Twine(processes) +
                        " ranks, the processes of @" + grid.getSymName())
                           .str());
}

Value Binder::getRank() {
  if (!rank) {
    OpBuilder::InsertionGuard guard(builder);
    rank = CommRankOp::create(builder, func.getLoc(), builder.getIndexType(),
                              comm);
  }
  return rank;
}

/// The last axis of a grid is the fastest.
void Binder::replace(shard::ProcessMultiIndexOp op) {
  Value linear = getRank();
  builder.setInsertionPoint(op);
  IndexMath math{builder, op.getLoc()};
  ArrayRef<int64_t> shape = grid.getShape();
  SmallVector<shard::GridAxis> axes(op.getAxes());
  if (axes.empty())
    llvm::append_range(axes, llvm::seq<shard::GridAxis>(0, shape.size()));
  SmallVector<Value> indices;
  for (shard::GridAxis axis : axes) {
    int64_t stride = 1;
    for (int64_t size : shape.drop_front(axis + 1))
      stride *= size;
    AffineExpr index = math.d(0).floorDiv(stride);
    // The first axis cannot exceed its size.
    if (axis > 0)
      index = index % shape[axis];
    indices.push_back(math.value(math.apply(index, OpFoldResult(linear))));
  }
  op->replaceAllUsesWith(indices);
  op.erase();
}

LogicalResult Binder::run() {
  SmallVector<Operation *> ops;
  WalkResult walked = func.walk([&](Operation *op) {
    if (isa<GridCommOp, shard::ProcessLinearIndexOp,
            shard::ProcessMultiIndexOp>(op)) {
      ops.push_back(op);
      return failed(readGrid(op)) ? WalkResult::interrupt()
                                  : WalkResult::advance();
    }
    // Says something of tensors that there is not any more.
    if (isa<shard::ShardingOp>(op) && op->use_empty())
      return WalkResult::advance();
    if (!isa_and_nonnull<shard::ShardDialect>(op->getDialect()))
      return WalkResult::advance();
    op->emitOpError("expects to be lowered: a communicator cannot do it; "
                    "annotate tensors so that the program needs none");
    return WalkResult::interrupt();
  });
  if (walked.wasInterrupted())
    return failure();
  if (ops.empty())
    return success();
  if (failed(addCommunicator()))
    return failure();
  builder.setInsertionPointToStart(&func.getBody().front());
  askSize();
  if (llvm::any_of(ops, [](Operation *op) { return !isa<GridCommOp>(op); }))
    getRank();
  for (Operation *op : ops) {
    if (auto index = dyn_cast<shard::ProcessMultiIndexOp>(op)) {
      replace(index);
      continue;
    }
    Value value = isa<GridCommOp>(op) ? comm : getRank();
    op->replaceAllUsesWith(ValueRange{value});
    op->erase();
  }
  return success();
}

namespace {
struct BindGrid : attn::impl::AttnBindGridPassBase<BindGrid> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTableCollection symbols;
    for (auto func : llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
      if (!func.isDeclaration() && failed(Binder(func, symbols).run()))
        return signalPassFailure();
    for (auto grid : llvm::make_early_inc_range(module.getOps<GridOp>()))
      if (SymbolTable::symbolKnownUseEmpty(grid, module))
        grid.erase();
  }
};
} // namespace
