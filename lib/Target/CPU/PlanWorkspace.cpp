//===- PlanWorkspace.cpp - Buffers in the caller's memory -----------------===//
//
// Part of attn-mlir.
//
// Turns the allocations of a function into places in one argument.
//
//===----------------------------------------------------------------------===//

#include "attn/Target/CPU/Passes.h"

#include "ParallelLoops.h"
#include "SizePrologue.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "llvm/Support/MathExtras.h"

#include <limits>

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNPLANWORKSPACEPASS
#include "attn/Target/CPU/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;

/// Of the workspace and of everything in it.
static constexpr int64_t kAlignment = 64;
/// Of one buffer: places are added up without looking at each sum.
static constexpr int64_t kMaxStaticBytes = int64_t(1) << 60;

namespace {
/// One allocation of a function, or the part of the workspace that the threads
/// of a task loop share out.
struct Buffer {
  Operation *op;
  bool isTasks = false;
  /// First and last op, numbered as they stand, between which it is alive.
  int64_t begin = 0, end = 0;
  /// Bytes of static buffers, of both places if there are two.
  std::optional<int64_t> bytes;
  /// The loop of which each iteration hands the buffer to the next: they take
  /// turns in two places.
  scf::ForOp carrier;
  unsigned slot = 0;

  MemRefType type() const {
    return cast<MemRefType>(op->getResult(0).getType());
  }
  OperandRange sizes() const {
    if (auto alloc = dyn_cast<memref::AllocOp>(op))
      return alloc.getDynamicSizes();
    return cast<memref::AllocaOp>(op).getDynamicSizes();
  }
  /// Whether both take as many bytes, whatever that number is.
  bool hasSizeOf(const Buffer &other) const {
    if (isTasks || other.isTasks || bytes || other.bytes)
      return bytes && bytes == other.bytes;
    return type() == other.type() && llvm::equal(sizes(), other.sizes()) &&
           !carrier == !other.carrier;
  }
};

/// The buffers of a function outside of tasks, or those of one task loop.
struct World {
  SmallVector<Buffer> buffers;
  unsigned numSlots = 0;
};

/// Plans one function.
class Planner {
public:
  Planner(func::FuncOp func, int64_t maxStackBytes)
      : func(func), maxStackBytes(maxStackBytes), views(func),
        layout(DataLayout::closest(func)) {}

  /// Finds and checks the buffers. On failure the reasons have been reported.
  LogicalResult collect();
  /// Adds the argument and NAME_workspace_bytes and rewrites the buffers.
  LogicalResult rewrite(SymbolTable &symbols);

private:
  LogicalResult check(Operation *op);
  void number();
  int64_t lastNumber(Operation *op) { return numbers.lookup(op).second; }
  LogicalResult findLife(Buffer &buffer, Operation *taskLoop);
  void keepOnStack(World &world);
  void assignSlots(World &world);
  int64_t elementBytes(Type type);

  /// Where each slot of a world begins, and the bytes it takes altogether.
  struct Places {
    SmallVector<Value> offsets;
    Value total;
  };
  Value getBytes(OpBuilder &b, SizePrologue &prologue, const Buffer &buffer);
  FailureOr<Places> emitPlaces(OpBuilder &b, SizePrologue &prologue,
                               const World &world);
  void reportSize(Operation *op, Value size);
  LogicalResult emitBytesFunction(SymbolTable &symbols);
  void place(const World &world, const Places &places, Value base,
             Value workspace);

  func::FuncOp func;
  int64_t maxStackBytes;
  BufferViewFlowAnalysis views;
  DataLayout layout;
  World top;
  llvm::MapVector<Operation *, World> tasks;
  /// What each buffer takes, and a task loop for one thread; filled by
  /// emitPlaces.
  llvm::DenseMap<Operation *, Value> bytesOf;
  llvm::DenseMap<Operation *, Places> taskPlaces;
  llvm::DenseMap<Operation *, std::pair<int64_t, int64_t>> numbers;
  SmallVector<Operation *> dead;
};
} // namespace

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

int64_t Planner::elementBytes(Type type) {
  return llvm::alignTo(layout.getTypeSize(type).getFixedValue(),
                       layout.getTypeABIAlignment(type));
}

/// Whether buffers of `type` have a size that is known here.
static bool hasPlainElements(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return !vector.isScalable();
  if (auto complex = dyn_cast<ComplexType>(type))
    type = complex.getElementType();
  return type.isIntOrIndexOrFloat();
}

LogicalResult Planner::check(Operation *op) {
  auto type = cast<MemRefType>(op->getResult(0).getType());
  auto alignment = op->getAttrOfType<IntegerAttr>("alignment");
  if (!type.getLayout().isIdentity())
    return op->emitOpError("expects a buffer without a layout, but got ")
           << type;
  if (type.getMemorySpace())
    return op->emitOpError("expects a buffer in the default memory space, "
                           "but got ")
           << type;
  if (!hasPlainElements(type.getElementType()))
    return op->emitOpError("expects elements of numbers or vectors, but got ")
           << type;
  if (alignment && alignment.getInt() > kAlignment)
    return op->emitOpError("expects an alignment of at most 64, which is that "
                           "of the workspace, but got ")
           << alignment.getInt();
  Region *region = op->getParentRegion();
  while (!isa<func::FuncOp>(region->getParentOp())) {
    if (!region->hasOneBlock())
      break;
    region = region->getParentRegion();
  }
  // The entry block runs once. Others may run again while the buffer is alive.
  Operation *around = region->findAncestorOpInRegion(*op);
  if (!region->hasOneBlock() && around->getBlock() != &region->front())
    return op->emitOpError("expects an allocation in structured control flow, "
                           "but got one between branches; use scf ops");
  return success();
}

void Planner::number() {
  int64_t next = 0;
  std::function<void(Operation *)> visit = [&](Operation *op) {
    int64_t first = next++;
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (Operation &inner : block)
          visit(&inner);
    numbers[op] = {first, next - 1};
  };
  visit(func);
}

/// Whether the body of `op` may run again while what it made before is alive.
static bool isLoop(Operation *op) { return isa<LoopLikeOpInterface>(op); }

/// Whether nothing that an iteration of `loop` got from the one before, as far
/// as it is in `views`, goes on to the next.
static bool livesOneIteration(scf::ForOp loop,
                              const BufferViewFlowAnalysis::ValueSetT &carried,
                              const BufferViewFlowAnalysis &views) {
  for (Value argument : loop.getRegionIterArgs()) {
    if (!carried.contains(argument))
      continue;
    BufferViewFlowAnalysis::ValueSetT next = views.resolve(argument);
    if (llvm::any_of(loop.getYieldedValues(),
                     [&](Value value) { return next.contains(value); }))
      return false;
  }
  return true;
}

LogicalResult Planner::findLife(Buffer &buffer, Operation *taskLoop) {
  Operation *op = buffer.op;
  BufferViewFlowAnalysis::ValueSetT all = views.resolve(op->getResult(0));
  Operation *innermost = op->getParentOfType<LoopLikeOpInterface>();
  auto reportCarried = [&](Operation *loop) {
    InFlightDiagnostic diag = op->emitOpError(
        "allocates memory that outlives the iteration of a loop by more than "
        "the next; compute in place, or copy into a buffer from outside of the "
        "loop");
    diag.attachNote(loop->getLoc()) << "the loop";
    return diag;
  };
  for (Value view : all) {
    // Values of a loop around the allocation: another iteration has them.
    Operation *owner = view.getDefiningOp();
    if (auto argument = dyn_cast<BlockArgument>(view))
      owner = argument.getOwner()->getParentOp();
    if (!isLoop(owner) || !owner->isProperAncestor(op))
      continue;
    auto carrier = dyn_cast<scf::ForOp>(owner);
    if (!carrier || owner != innermost ||
        !livesOneIteration(carrier, all, views))
      return reportCarried(owner);
    buffer.carrier = carrier;
  }

  // What is carried lives as if it were allocated where the loop is.
  Operation *birth = buffer.carrier ? buffer.carrier : op;
  buffer.begin = numbers.lookup(birth).first;
  buffer.end = buffer.carrier ? lastNumber(birth) : buffer.begin;
  for (Value view : all) {
    for (Operation *user : view.getUsers()) {
      if (isa<memref::DeallocOp>(user))
        continue;
      if (isa<func::ReturnOp>(user))
        return op->emitOpError("allocates memory that the function returns; "
                               "results must be the caller's memory");
      bool isHidden = isa<CallOpInterface, UnrealizedConversionCastOp,
                          memref::ExtractAlignedPointerAsIndexOp>(user) &&
                      user->getNumResults() != 0;
      auto store = dyn_cast<memref::StoreOp>(user);
      isHidden |= store && store.getValueToStore() == view;
      if (isHidden && buffer.carrier)
        return reportCarried(buffer.carrier);
      // An address that nothing here can follow lives to the end.
      Operation *last = isHidden ? taskLoop ? taskLoop : func : user;
      // Each iteration of a loop that the buffer is from outside of needs it.
      for (Operation *parent = user->getParentOp();
           parent && !parent->isAncestor(birth); parent = parent->getParentOp())
        if (isLoop(parent) && lastNumber(parent) > lastNumber(last))
          last = parent;
      buffer.end = std::max(buffer.end, lastNumber(last));
    }
  }
  return success();
}

/// Drops the small buffers that may stay on the stack from `world`.
void Planner::keepOnStack(World &world) {
  SmallVector<Buffer *> small;
  for (Buffer &buffer : world.buffers)
    if (!buffer.isTasks && isa<memref::AllocaOp>(buffer.op) && buffer.bytes)
      small.push_back(&buffer);
  llvm::stable_sort(small,
                    [](Buffer *x, Buffer *y) { return *x->bytes < *y->bytes; });
  int64_t taken = 0;
  llvm::DenseSet<Operation *> kept;
  for (Buffer *buffer : small) {
    if (*buffer->bytes > maxStackBytes - taken)
      break;
    taken += *buffer->bytes;
    kept.insert(buffer->op);
  }
  llvm::erase_if(world.buffers,
                 [&](const Buffer &b) { return kept.contains(b.op); });
}

LogicalResult Planner::collect() {
  number();
  bool hasFailed = false;
  func.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (auto dealloc = dyn_cast<memref::DeallocOp>(op))
      dead.push_back(dealloc);
    if (isa<memref::ReallocOp>(op)) {
      op->emitOpError("expects buffers whose size is known when the function "
                      "begins; allocate the largest");
      hasFailed = true;
    }
    if (!isa<memref::AllocOp, memref::AllocaOp>(op))
      return;
    Operation *taskLoop = getTaskLoop(op);
    Buffer buffer{op};
    if (failed(check(op)) || failed(findLife(buffer, taskLoop))) {
      hasFailed = true;
      return;
    }
    if (buffer.type().hasStaticShape()) {
      int64_t bytes = elementBytes(buffer.type().getElementType());
      bool overflows = false;
      for (int64_t size : buffer.type().getShape())
        overflows |= llvm::MulOverflow(bytes, size, bytes);
      if (overflows || bytes > kMaxStaticBytes) {
        op->emitOpError("expects a buffer of at most 2^60 bytes, but got ")
            << buffer.type();
        hasFailed = true;
        return;
      }
      buffer.bytes =
          llvm::alignTo(bytes, kAlignment) * (buffer.carrier ? 2 : 1);
    }
    (taskLoop ? tasks[taskLoop] : top).buffers.push_back(buffer);
  });
  if (hasFailed)
    return failure();
  for (auto &[loop, world] : tasks) {
    keepOnStack(world);
    if (world.buffers.empty())
      continue;
    assignSlots(world);
    auto [begin, end] = numbers.lookup(loop);
    top.buffers.push_back({loop, /*isTasks=*/true, begin, end});
  }
  keepOnStack(top);
  llvm::sort(top.buffers, [](const Buffer &x, const Buffer &y) {
    return x.begin < y.begin;
  });
  assignSlots(top);
  return success();
}

void Planner::assignSlots(World &world) {
  struct Slot {
    int64_t end;
    std::optional<int64_t> bytes;
    const Buffer *first;
  };
  SmallVector<Slot> slots;
  for (Buffer &buffer : world.buffers) {
    auto distance = [&](const Slot &slot) {
      int64_t difference = *slot.bytes - *buffer.bytes;
      return difference < 0 ? -difference : difference;
    };
    Slot *best = nullptr;
    for (Slot &slot : slots) {
      if (slot.end >= buffer.begin ||
          slot.bytes.has_value() != buffer.bytes.has_value())
        continue;
      bool isBetter = buffer.bytes ? !best || distance(slot) < distance(*best)
                                   : !best || buffer.hasSizeOf(*slot.first);
      if (isBetter)
        best = &slot;
    }
    if (!best)
      best = &slots.emplace_back(Slot{buffer.end, buffer.bytes, &buffer});
    best->end = buffer.end;
    if (buffer.bytes)
      best->bytes = std::max(*best->bytes, *buffer.bytes);
    buffer.slot = best - slots.begin();
  }
  world.numSlots = slots.size();
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

void Planner::reportSize(Operation *op, Value size) {
  InFlightDiagnostic diag = op->emitOpError(
      "allocates memory whose size neither follows from the sizes of the "
      "function's arguments nor has a bound that does; take a minimum with "
      "such a size, or pass the buffer as an argument");
  diag.attachNote(size.getLoc()) << "the size";
}

Value Planner::getBytes(OpBuilder &b, SizePrologue &prologue,
                        const Buffer &buffer) {
  Location loc = buffer.op->getLoc();
  auto constant = [&](int64_t number) -> Value {
    return arith::ConstantIndexOp::create(b, loc, number);
  };
  if (buffer.bytes)
    return constant(*buffer.bytes);
  int64_t factor = elementBytes(buffer.type().getElementType());
  for (int64_t size : buffer.type().getShape())
    if (!ShapedType::isDynamic(size))
      factor *= size;
  Value bytes = constant(factor);
  for (Value size : buffer.sizes()) {
    Value bound = prologue.upper(size);
    if (!bound) {
      reportSize(buffer.op, size);
      return {};
    }
    bound = b.createOrFold<arith::MaxSIOp>(loc, bound, constant(0));
    bytes = b.createOrFold<arith::MulIOp>(loc, bytes, bound);
  }
  bytes = b.createOrFold<arith::AddIOp>(loc, bytes, constant(kAlignment - 1));
  bytes = b.createOrFold<arith::AndIOp>(loc, bytes, constant(-kAlignment));
  if (buffer.carrier)
    bytes = b.createOrFold<arith::MulIOp>(loc, bytes, constant(2));
  return bytes;
}

FailureOr<Planner::Places>
Planner::emitPlaces(OpBuilder &b, SizePrologue &prologue, const World &world) {
  Location loc = func.getLoc();
  SmallVector<Value> sizes(world.numSlots);
  SmallVector<const Buffer *> last(world.numSlots);
  bool hasFailed = false;
  for (const Buffer &buffer : world.buffers) {
    const Buffer *before = std::exchange(last[buffer.slot], &buffer);
    if (before && before->hasSizeOf(buffer)) {
      bytesOf[buffer.op] = bytesOf.lookup(before->op);
      continue;
    }
    Value bytes;
    if (buffer.isTasks) {
      FailureOr<Places> places =
          emitPlaces(b, prologue, tasks.find(buffer.op)->second);
      if (succeeded(places)) {
        taskPlaces[buffer.op] = *places;
        Value threads = func::CallOp::create(b, loc, kNumThreads,
                                             b.getI64Type(), ValueRange())
                            .getResult(0);
        threads = arith::IndexCastOp::create(b, loc, b.getIndexType(), threads);
        bytes = b.createOrFold<arith::MulIOp>(loc, places->total, threads);
      }
    } else {
      bytes = getBytes(b, prologue, buffer);
    }
    if (!bytes) {
      hasFailed = true;
      continue;
    }
    bytesOf[buffer.op] = bytes;
    Value &size = sizes[buffer.slot];
    size = size ? b.createOrFold<arith::MaxSIOp>(loc, size, bytes) : bytes;
  }
  if (hasFailed)
    return failure();
  Places places;
  places.total = arith::ConstantIndexOp::create(b, loc, 0);
  for (Value size : sizes) {
    places.offsets.push_back(places.total);
    places.total = b.createOrFold<arith::AddIOp>(loc, places.total, size);
  }
  return places;
}

/// Returns `value`, or the greatest index if a sum, difference, product or
/// shift in `block` leaves the range of its type.
static Value saturate(OpBuilder &b, Block &block, Value value) {
  SmallVector<Operation *> ops;
  for (Operation &op : block)
    if (isa<arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::ShLIOp>(op))
      ops.push_back(&op);
  Location loc = value.getLoc();
  Value overflows;
  for (Operation *op : ops) {
    // What may not wrap is poison if it does, and then so is every answer.
    op->setAttr("overflowFlags",
                arith::IntegerOverflowFlagsAttr::get(
                    op->getContext(), arith::IntegerOverflowFlags::none));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointAfter(op);
    Value x = op->getOperand(0), y = op->getOperand(1),
          result = op->getResult(0);
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(x.getType()));
    auto isNegative = [&](Value number) -> Value {
      return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, number,
                                   zero);
    };
    Value wraps;
    if (isa<arith::ShLIOp>(op)) {
      Value back = arith::ShRSIOp::create(b, loc, result, y);
      wraps = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, back, x);
    } else if (isa<arith::MulIOp>(op)) {
      auto wide = arith::MulSIExtendedOp::create(b, loc, x, y);
      Value sign = arith::SelectOp::create(
          b, loc, isNegative(wide.getLow()),
          arith::ConstantOp::create(b, loc, b.getIntegerAttr(x.getType(), -1)),
          zero);
      wraps = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne,
                                    wide.getHigh(), sign);
    } else {
      // The result has the sign that neither operand lets it have.
      Value left = arith::XOrIOp::create(b, loc, x, result);
      Value right = isa<arith::AddIOp>(op)
                        ? arith::XOrIOp::create(b, loc, y, result).getResult()
                        : arith::XOrIOp::create(b, loc, x, y).getResult();
      wraps = isNegative(arith::AndIOp::create(b, loc, left, right));
    }
    overflows = overflows
                    ? arith::OrIOp::create(b, loc, overflows, wraps).getResult()
                    : wraps;
  }
  if (!overflows)
    return value;
  Value greatest = arith::ConstantIndexOp::create(
      b, loc, std::numeric_limits<int64_t>::max());
  return arith::SelectOp::create(b, loc, overflows, greatest, value);
}

//===----------------------------------------------------------------------===//
// Rewrite
//===----------------------------------------------------------------------===//

LogicalResult Planner::emitBytesFunction(SymbolTable &symbols) {
  std::string name = (func.getName() + "_workspace_bytes").str();
  if (Operation *taken = symbols.lookup(name))
    return taken->emitOpError("has the name of the function that says how much "
                              "workspace ")
           << func.getName() << " needs; rename it";
  OpBuilder b(func);
  auto bytesFunc = func::FuncOp::create(
      b, func.getLoc(), name,
      b.getFunctionType(func.getArgumentTypes(), b.getIndexType()));
  bytesFunc.setPrivate();
  Block *entry = bytesFunc.addEntryBlock();
  b.setInsertionPointToStart(entry);
  IRMapping map;
  map.map(func.getArguments(), entry->getArguments());
  SizePrologue prologue(b, map);
  FailureOr<Places> places = emitPlaces(b, prologue, top);
  if (failed(places)) {
    bytesFunc.erase();
    return failure();
  }
  Value total = saturate(b, *entry, places->total);
  func::ReturnOp::create(b, func.getLoc(), total);
  symbols.insert(bytesFunc, func->getIterator());
  return success();
}

/// 0 in even iterations of what carries `buffer`, half of its `bytes` in odd
/// ones.
static Value takeTurns(OpBuilder &b, const Buffer &buffer, Value bytes) {
  scf::ForOp loop = buffer.carrier;
  Location loc = buffer.op->getLoc();
  Type type = loop.getInductionVar().getType();
  auto constant = [&](Type type, int64_t number) -> Value {
    return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, number));
  };
  Value number = b.createOrFold<arith::SubIOp>(loc, loop.getInductionVar(),
                                               loop.getLowerBound());
  number = b.createOrFold<arith::DivUIOp>(loc, number, loop.getStep());
  number = b.createOrFold<arith::AndIOp>(loc, number, constant(type, 1));
  if (!type.isIndex())
    number = arith::IndexCastOp::create(b, loc, b.getIndexType(), number);
  Value half =
      b.createOrFold<arith::ShRUIOp>(loc, bytes, constant(b.getIndexType(), 1));
  return b.createOrFold<arith::MulIOp>(loc, number, half);
}

/// Puts the buffers of `world` where `places` says, from `base` on.
void Planner::place(const World &world, const Places &places, Value base,
                    Value workspace) {
  for (const Buffer &buffer : world.buffers) {
    Value offset = places.offsets[buffer.slot];
    if (buffer.isTasks) {
      const Places &taskPlace = taskPlaces.find(buffer.op)->second;
      OpBuilder b = OpBuilder::atBlockBegin(&buffer.op->getRegion(0).front());
      Location loc = buffer.op->getLoc();
      Value thread =
          func::CallOp::create(b, loc, kThread, b.getI64Type(), ValueRange())
              .getResult(0);
      thread = arith::IndexCastOp::create(b, loc, b.getIndexType(), thread);
      Value part = b.createOrFold<arith::MulIOp>(loc, thread, taskPlace.total);
      part = b.createOrFold<arith::AddIOp>(loc, part, offset);
      place(tasks.find(buffer.op)->second, taskPlace, part, workspace);
      continue;
    }
    OpBuilder b(buffer.op);
    Location loc = buffer.op->getLoc();
    if (base)
      offset = b.createOrFold<arith::AddIOp>(loc, base, offset);
    if (buffer.carrier)
      offset = b.createOrFold<arith::AddIOp>(
          loc, offset, takeTurns(b, buffer, bytesOf.lookup(buffer.op)));
    Value view = memref::ViewOp::create(b, loc, buffer.type(), workspace,
                                        offset, buffer.sizes());
    buffer.op->getResult(0).replaceAllUsesWith(view);
    buffer.op->erase();
  }
}

/// Erases those of the first ops of `block`, up to `last`, that nobody uses.
static void eraseUnused(Operation *last, Block &block) {
  if (!last)
    return;
  for (Operation &op : llvm::make_early_inc_range(
           llvm::make_range(Block::reverse_iterator(last), block.rend()))) {
    auto call = dyn_cast<func::CallOp>(op);
    if (op.use_empty() &&
        (isMemoryEffectFree(&op) || (call && call.getCallee() == kNumThreads)))
      op.erase();
  }
}

LogicalResult Planner::rewrite(SymbolTable &symbols) {
  if (failed(emitBytesFunction(symbols)))
    return failure();
  Block &entry = func.getFunctionBody().front();
  OpBuilder b = OpBuilder::atBlockBegin(&entry);
  IRMapping map;
  for (BlockArgument argument : func.getArguments())
    map.map(argument, argument);
  SizePrologue prologue(b, map);
  taskPlaces.clear();
  FailureOr<Places> places = emitPlaces(b, prologue, top);
  if (failed(places))
    return failure();
  // What `b` inserts before may be a buffer that goes.
  Operation *inserted = b.getInsertionPoint() == entry.begin()
                            ? nullptr
                            : &*std::prev(b.getInsertionPoint());
  unsigned last = func.getNumArguments();
  auto type = MemRefType::get({ShapedType::kDynamic}, b.getI8Type());
  if (failed(func.insertArgument(last, type, {}, func.getLoc())))
    return failure();
  for (Operation *op : dead)
    op->erase();
  place(top, *places, /*base=*/{}, func.getArgument(last));
  eraseUnused(inserted, entry);
  return success();
}

namespace {
struct PlanWorkspace : attn::impl::AttnPlanWorkspacePassBase<PlanWorkspace> {
  using Base::Base;
  void runOnOperation() override;
};
} // namespace

/// Reports allocations that no public function can pass memory to.
static LogicalResult checkPrivate(func::FuncOp func) {
  WalkResult result = func.walk([](Operation *op) {
    if (!isa<memref::AllocOp, memref::AllocaOp>(op))
      return WalkResult::advance();
    op->emitOpError("allocates in a private function, which has no workspace; "
                    "inline the function");
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

void PlanWorkspace::runOnOperation() {
  ModuleOp module = getOperation();
  SymbolTable symbols(module);
  SmallVector<func::FuncOp> declared;
  for (auto [name, text] :
       {std::pair(kThread, "the number of a thread"),
        std::pair(kNumThreads, "how many threads there are")}) {
    Operation *taken = symbols.lookup(name);
    auto type = FunctionType::get(&getContext(), {},
                                  IntegerType::get(&getContext(), 64));
    if (!taken) {
      OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
      declared.push_back(func::FuncOp::create(b, module.getLoc(), name, type));
      declared.back().setPrivate();
      continue;
    }
    auto func = dyn_cast<func::FuncOp>(taken);
    if (!func || !func.isDeclaration() || func.getFunctionType() != type) {
      taken->emitOpError("expects () -> i64 and no body: it is the name of the "
                         "function that tells ")
          << text;
      return signalPassFailure();
    }
  }
  SmallVector<func::FuncOp> funcs;
  bool hasFailed = false;
  for (auto func : module.getOps<func::FuncOp>()) {
    if (func.isDeclaration())
      continue;
    if (!func.isPublic()) {
      hasFailed |= failed(checkPrivate(func));
      continue;
    }
    auto uses = SymbolTable::getSymbolUses(func, module);
    if (!uses || !uses->empty()) {
      InFlightDiagnostic diag = func.emitOpError(
          "expects that nobody calls it: it gets a workspace from outside; "
          "inline the calls");
      if (uses)
        diag.attachNote(uses->begin()->getUser()->getLoc()) << "used here";
      hasFailed = true;
      continue;
    }
    funcs.push_back(func);
  }
  for (func::FuncOp func : funcs) {
    Planner planner(func, maxStackBytes);
    if (failed(planner.collect()) || failed(planner.rewrite(symbols)))
      hasFailed = true;
  }
  for (func::FuncOp decl : declared)
    if (SymbolTable::symbolKnownUseEmpty(decl, module))
      decl.erase();
  if (hasFailed)
    signalPassFailure();
}
