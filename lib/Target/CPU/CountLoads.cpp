//===- lib/Target/CPU/CountLoads.cpp - Bytes a program reads --------------===//
//
// Part of attn-mlir.
//
// Counts at run time what a program loads of the arguments it is called with.
//
//===----------------------------------------------------------------------===//

#include "attn/Target/CPU/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNCOUNTLOADSPASS
#include "attn/Target/CPU/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using llvm::SmallSetVector;

//===----------------------------------------------------------------------===//
// Whose memory it is
//===----------------------------------------------------------------------===//

/// The arguments of functions that `memref` may be memory of, and whether it
/// may be memory of something else.
static void trace(Value memref, SmallSetVector<BlockArgument, 2> &arguments,
                  bool &isOther, SmallPtrSetImpl<void *> &seen) {
  if (!seen.insert(memref.getAsOpaquePointer()).second)
    return;
  auto next = [&](Value value) { trace(value, arguments, isOther, seen); };
  if (auto argument = dyn_cast<BlockArgument>(memref)) {
    Operation *owner = argument.getOwner()->getParentOp();
    if (isa<func::FuncOp>(owner)) {
      arguments.insert(argument);
    } else if (auto loop = dyn_cast<LoopLikeOpInterface>(owner)) {
      OpOperand *init = loop.getTiedLoopInit(argument);
      OpOperand *yielded = loop.getTiedLoopYieldedValue(argument);
      isOther |= !init;
      if (init)
        next(init->get());
      if (yielded)
        next(yielded->get());
    } else {
      isOther = true;
    }
    return;
  }
  Operation *op = memref.getDefiningOp();
  unsigned number = cast<OpResult>(memref).getResultNumber();
  if (auto view = dyn_cast<ViewLikeOpInterface>(op))
    return next(view.getViewSource());
  if (auto metadata = dyn_cast<memref::ExtractStridedMetadataOp>(op))
    return next(metadata.getSource());
  if (auto select = dyn_cast<arith::SelectOp>(op)) {
    next(select.getTrueValue());
    return next(select.getFalseValue());
  }
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    next(branch.thenYield().getOperand(number));
    return next(branch.elseYield().getOperand(number));
  }
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return next(loop.getRegionIterArgs()[number]);
  isOther = true;
}

/// The argument that `memref` is memory of, null if it is of none. Fails if it
/// is of one or something else, depending on what happens.
static FailureOr<BlockArgument> getArgument(Value memref) {
  SmallSetVector<BlockArgument, 2> arguments;
  SmallPtrSet<void *, 8> seen;
  bool isOther = false;
  trace(memref, arguments, isOther, seen);
  if (arguments.empty())
    return BlockArgument();
  if (isOther || arguments.size() > 1)
    return failure();
  return arguments.front();
}

//===----------------------------------------------------------------------===//
// How much it is
//===----------------------------------------------------------------------===//

/// Bytes of one element in memory.
static int64_t getElementBytes(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.getNumElements() * getElementBytes(vector.getElementType());
  if (auto complex = dyn_cast<ComplexType>(type))
    return 2 * getElementBytes(complex.getElementType());
  return type.isIndex() ? 8 : (type.getIntOrFloatBitWidth() + 7) / 8;
}

namespace {
/// Adds calls to one module. Amounts are i64 values.
class LoadCounter {
public:
  LoadCounter(OpBuilder &builder, func::FuncOp counter)
      : builder(builder), counter(counter) {}

  LogicalResult count(func::FuncOp func);

private:
  /// What a block loads of an argument each time it runs.
  using Amounts = llvm::MapVector<unsigned, Value>;

  LogicalResult countBlock(Block &block, Amounts &amounts);
  LogicalResult countOp(Operation *op, Amounts &amounts);
  LogicalResult countLoop(scf::ForOp loop, Amounts &amounts);
  LogicalResult countMemory(Operation *op, Value memref, Value elements,
                            Amounts &amounts);
  LogicalResult reportUnknown(Operation *op);

  Value getInteger(int64_t number) {
    return arith::ConstantIntOp::create(builder, loc, number, 64);
  }
  Value toI64(Value index) {
    return arith::IndexCastOp::create(builder, loc, builder.getI64Type(),
                                      index);
  }
  void moveOut(Operation *op, ValueRange operands);
  Value multiply(Value a, Value b);
  Value add(Value a, Value b);
  Value countLanes(Value mask);
  Value countInBounds(vector::TransferReadOp read);
  Value countElements(Value memref);
  void call(const Amounts &amounts);

  OpBuilder &builder;
  func::FuncOp counter;
  /// Of the op that is counted.
  Location loc = builder.getUnknownLoc();
};
} // namespace

/// Sets the place of what is computed from `operands` before `op`: before all
/// loops around it that do not change them.
void LoadCounter::moveOut(Operation *op, ValueRange operands) {
  while (auto loop = dyn_cast_if_present<scf::ForOp>(op->getParentOp())) {
    auto isOutside = [&](Value value) {
      return getConstantIntValue(value) || loop.isDefinedOutsideOfLoop(value);
    };
    if (!llvm::all_of(operands, isOutside))
      break;
    op = loop;
  }
  builder.setInsertionPoint(op);
}

/// `a * b`, folded: what is constant in a loop can be counted before it.
Value LoadCounter::multiply(Value a, Value b) {
  std::optional<int64_t> x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y)
    return getInteger(*x * *y);
  if (x == 1)
    return b;
  if (y == 1)
    return a;
  return arith::MulIOp::create(builder, loc, x ? getInteger(*x) : a,
                               y ? getInteger(*y) : b);
}

Value LoadCounter::add(Value a, Value b) {
  std::optional<int64_t> x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y)
    return getInteger(*x + *y);
  return arith::AddIOp::create(builder, loc, x ? getInteger(*x) : a,
                               y ? getInteger(*y) : b);
}

/// The lanes that `mask` has.
Value LoadCounter::countLanes(Value mask) {
  auto type = cast<VectorType>(mask.getType());
  auto flat = VectorType::get(type.getNumElements(), builder.getI1Type());
  if (type.getRank() != 1)
    mask = vector::ShapeCastOp::create(builder, loc, flat, mask);
  Value ones = arith::ExtUIOp::create(
      builder, loc, flat.cloneWith(std::nullopt, builder.getI64Type()), mask);
  return vector::ReductionOp::create(builder, loc, vector::CombiningKind::ADD,
                                     ones);
}

/// The elements of `read` that its memory has; each once, however often it is
/// broadcast.
Value LoadCounter::countInBounds(vector::TransferReadOp read) {
  if (read.getMask())
    return countLanes(read.getMask());
  auto type = cast<VectorType>(read.getVectorType());
  Value elements = getInteger(1);
  for (auto [dim, result] :
       llvm::enumerate(read.getPermutationMap().getResults())) {
    auto position = dyn_cast<AffineDimExpr>(result);
    if (!position)
      continue;
    int64_t size = type.getDimSize(dim);
    Value asked = getInteger(size);
    if (!read.isDimInBounds(dim)) {
      unsigned axis = position.getPosition();
      Value end = memref::DimOp::create(builder, loc, read.getBase(), axis);
      Value left = toI64(
          arith::SubIOp::create(builder, loc, end, read.getIndices()[axis]));
      asked = arith::MinSIOp::create(builder, loc, asked, left);
      asked = arith::MaxSIOp::create(builder, loc, asked, getInteger(0));
    }
    elements = multiply(elements, asked);
  }
  return elements;
}

/// All elements of `memref`.
Value LoadCounter::countElements(Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  Value elements = getInteger(1);
  for (int64_t axis = 0; axis < type.getRank(); ++axis)
    elements = multiply(
        elements, type.isDynamicDim(axis)
                      ? toI64(memref::DimOp::create(builder, loc, memref, axis))
                      : getInteger(type.getDimSize(axis)));
  return elements;
}

/// Adds `elements` of `memref`, if that is an argument's, to `amounts`.
LogicalResult LoadCounter::countMemory(Operation *op, Value memref,
                                       Value elements, Amounts &amounts) {
  FailureOr<BlockArgument> argument = getArgument(memref);
  if (failed(argument))
    return op->emitOpError("loads from one of several buffers, which "
                           "attn-count-loads cannot tell apart");
  if (!*argument)
    return success();
  int64_t bytes =
      getElementBytes(cast<MemRefType>(memref.getType()).getElementType());
  Value amount = multiply(elements, getInteger(bytes));
  Value &sum = amounts[argument->getArgNumber()];
  if (!sum) {
    sum = amount;
    return success();
  }
  moveOut(op, {sum, amount});
  sum = add(sum, amount);
  return success();
}

/// Whether `op` reads memory that it is told of by operands that are an
/// argument's: no program of ours does so unless it is counted above.
LogicalResult LoadCounter::reportUnknown(Operation *op) {
  bool reads = isa<func::CallOp>(op);
  if (auto effects = dyn_cast<MemoryEffectOpInterface>(op))
    reads = effects.hasEffect<MemoryEffects::Read>();
  if (!reads)
    return success();
  for (Value operand : op->getOperands()) {
    if (!isa<BaseMemRefType>(operand.getType()))
      continue;
    FailureOr<BlockArgument> argument = getArgument(operand);
    if (failed(argument) || *argument)
      return op->emitOpError("reads an argument in a way that "
                             "attn-count-loads does not count");
  }
  return success();
}

LogicalResult LoadCounter::countOp(Operation *op, Amounts &amounts) {
  builder.setInsertionPoint(op);
  loc = op->getLoc();
  auto loaded = [&](Type type) -> int64_t {
    auto vector = dyn_cast<VectorType>(type);
    return vector ? vector.getNumElements() : 1;
  };
  if (auto load = dyn_cast<memref::LoadOp>(op))
    return countMemory(op, load.getMemRef(), getInteger(1), amounts);
  if (auto load = dyn_cast<vector::LoadOp>(op)) {
    // A memref of vectors is loaded one at a time.
    bool isElement = load.getType() == load.getMemRefType().getElementType();
    return countMemory(op, load.getBase(),
                       getInteger(isElement ? 1 : loaded(load.getType())),
                       amounts);
  }
  if (auto load = dyn_cast<vector::MaskedLoadOp>(op))
    return countMemory(op, load.getBase(), countLanes(load.getMask()), amounts);
  if (auto load = dyn_cast<vector::ExpandLoadOp>(op))
    return countMemory(op, load.getBase(), countLanes(load.getMask()), amounts);
  if (auto load = dyn_cast<vector::GatherOp>(op))
    if (isa<MemRefType>(load.getBase().getType()))
      return countMemory(op, load.getBase(), countLanes(load.getMask()),
                         amounts);
  if (auto read = dyn_cast<vector::TransferReadOp>(op))
    if (isa<MemRefType>(read.getBase().getType()))
      return countMemory(op, read.getBase(), countInBounds(read), amounts);
  if (auto copy = dyn_cast<memref::CopyOp>(op))
    return countMemory(op, copy.getSource(), countElements(copy.getSource()),
                       amounts);
  if (isa<memref::PrefetchOp>(op))
    return success();
  if (auto masked = dyn_cast<vector::MaskOp>(op)) {
    // No op may stand beside the one that is masked.
    auto read =
        dyn_cast_if_present<vector::TransferReadOp>(masked.getMaskableOp());
    if (!read)
      return success();
    return countMemory(op, read.getBase(), countLanes(masked.getMask()),
                       amounts);
  }
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return countLoop(loop, amounts);
  for (Region &region : op->getRegions())
    for (Block &block : region) {
      Amounts inner;
      if (failed(countBlock(block, inner)))
        return failure();
      if (inner.empty())
        continue;
      builder.setInsertionPoint(block.getTerminator());
      call(inner);
    }
  return reportUnknown(op);
}

/// What every iteration loads alike is counted once, before the loop.
LogicalResult LoadCounter::countLoop(scf::ForOp loop, Amounts &amounts) {
  Amounts inner, rest;
  if (failed(countBlock(*loop.getBody(), inner)))
    return failure();
  loc = loop.getLoc();
  Value trips;
  for (auto [argument, amount] : inner) {
    if (!getConstantIntValue(amount) && !loop.isDefinedOutsideOfLoop(amount)) {
      rest[argument] = amount;
      continue;
    }
    Value bounds[] = {loop.getLowerBound(), loop.getUpperBound(),
                      loop.getStep()};
    if (!trips) {
      moveOut(loop, bounds);
      Value count = arith::SubIOp::create(builder, loc, bounds[1], bounds[0]);
      count = arith::CeilDivSIOp::create(builder, loc, count, bounds[2]);
      trips = getValueOrCreateCastToIndexLike(builder, loc,
                                              builder.getI64Type(), count);
      trips = arith::MaxSIOp::create(builder, loc, trips, getInteger(0));
    }
    moveOut(loop, {trips, amount});
    Value all = multiply(trips, amount);
    Value &sum = amounts[argument];
    if (sum) {
      moveOut(loop, {sum, all});
      all = add(sum, all);
    }
    sum = all;
  }
  if (rest.empty())
    return success();
  builder.setInsertionPoint(loop.getBody()->getTerminator());
  call(rest);
  return success();
}

LogicalResult LoadCounter::countBlock(Block &block, Amounts &amounts) {
  SmallVector<Operation *> ops;
  for (Operation &op : block)
    ops.push_back(&op);
  for (Operation *op : ops)
    if (failed(countOp(op, amounts)))
      return failure();
  return success();
}

void LoadCounter::call(const Amounts &amounts) {
  for (auto [argument, amount] : amounts)
    func::CallOp::create(builder, loc, counter,
                         ValueRange{getInteger(argument), amount});
}

LogicalResult LoadCounter::count(func::FuncOp func) {
  for (Block &block : func.getBody()) {
    Amounts amounts;
    if (failed(countBlock(block, amounts)))
      return failure();
    loc = func.getLoc();
    builder.setInsertionPoint(block.getTerminator());
    call(amounts);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

namespace {
struct CountLoadsPass : attn::impl::AttnCountLoadsPassBase<CountLoadsPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    OpBuilder builder(&getContext());
    SmallVector<func::FuncOp> functions;
    for (auto func : module.getOps<func::FuncOp>())
      if (func.isPublic() && !func.isDeclaration())
        functions.push_back(func);
    builder.setInsertionPointToStart(module.getBody());
    Type i64 = builder.getI64Type();
    auto counter = func::FuncOp::create(
        builder, module.getLoc(), attn::kCountLoadsFunction,
        builder.getFunctionType({i64, i64}, {}));
    counter.setPrivate();
    LoadCounter count(builder, counter);
    for (func::FuncOp func : functions)
      if (failed(count.count(func)))
        return signalPassFailure();
    if (SymbolTable::symbolKnownUseEmpty(counter, module))
      counter.erase();
  }
};
} // namespace
