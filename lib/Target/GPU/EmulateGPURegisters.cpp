//===- lib/Target/GPU/EmulateGPURegisters.cpp - wgmma under way -----------===//
//
// Part of attn-mlir.
//
// A wgmma goes on after the instruction that starts it. The emulator knows its
// results at once, so here, before code becomes that of the host, it is shown
// that nobody looks at them before the wait for their group, and that fences
// are where registers change hands.
//
//===----------------------------------------------------------------------===//

#include "EmulateGPU.h"

#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::attn::emulate;

namespace {
enum class Kind { Other, Multiply, Fence, Commit, Wait, Settle, Move };

/// What an op does to registers of wgmma.
struct Action {
  Kind kind = Kind::Other;
  /// Groups that a wait leaves in flight.
  int64_t pending = 0;
};

/// What is known where some op is about to run.
struct State {
  /// Of each wgmma, the commits since it was issued, or kDone.
  SmallVector<int> ages;
  /// Definitions of operands in registers since the last fence; the first bit
  /// is the beginning of the function.
  llvm::BitVector unfenced;

  static constexpr int kDone = -1, kMost = 16;
  /// Either of two states. True if that changes this one.
  bool join(const State &other);
};

class WgmmaRegisters {
public:
  explicit WgmmaRegisters(LLVM::LLVMFuncOp function) : function(function) {}
  LogicalResult verify();

private:
  void findResults();
  void findDefinitions(Operation *multiply);
  void enter(Operation *op, State &state) const;
  LogicalResult check(Operation *op, const State &state) const;
  LogicalResult checkOperand(Operation *op, Value value,
                             const State &state) const;
  LogicalResult checkKept(Operation *multiply) const;

  LLVM::LLVMFuncOp function;
  DenseMap<Operation *, Action> actions;
  llvm::SetVector<Operation *> multiplies;
  /// The products whose results a value is, or holds.
  DenseMap<Value, llvm::BitVector> held;
  /// Ops that define operands in registers, and which of them each product has.
  llvm::SetVector<Operation *> definitions;
  DenseMap<Operation *, SmallVector<unsigned>> definitionsOf;
};
} // namespace

bool State::join(const State &other) {
  bool changed = false;
  for (auto [age, theirs] : llvm::zip_equal(ages, other.ages))
    if (theirs != kDone && (age == kDone || theirs < age)) {
      age = theirs;
      changed = true;
    }
  changed |= other.unfenced.test(unfenced);
  unfenced |= other.unfenced;
  return changed;
}

static Action getAction(Operation *op) {
  if (isa<LLVM::ExtractValueOp, LLVM::InsertValueOp>(op))
    return {Kind::Move};
  if (isa<NVVM::WgmmaMmaAsyncOp>(op))
    return {Kind::Multiply};
  if (isa<NVVM::WgmmaFenceAlignedOp>(op))
    return {Kind::Fence};
  if (isa<NVVM::WgmmaGroupSyncAlignedOp>(op))
    return {Kind::Commit};
  if (auto wait = dyn_cast<NVVM::WgmmaWaitGroupSyncOp>(op))
    return {Kind::Wait, static_cast<int64_t>(wait.getGroup())};
  auto assembly = dyn_cast<LLVM::InlineAsmOp>(op);
  if (!assembly)
    return {};
  StringRef text = assembly.getAsmString();
  if (text.trim().empty())
    return {Kind::Settle};
  if (text.contains("wgmma.mma_async"))
    return {Kind::Multiply};
  if (text.contains("wgmma.fence"))
    return {Kind::Fence};
  if (text.contains("wgmma.commit_group"))
    return {Kind::Commit};
  auto [before, wait] = text.split("wgmma.wait_group.sync.aligned");
  if (wait.empty())
    return {};
  // Where it is no number of the text, all may be left.
  Action action = {Kind::Wait, State::kMost};
  wait = wait.ltrim();
  int64_t pending;
  if (!wait.consumeInteger(10, pending))
    action.pending = pending;
  else if (auto known =
               op->getNumOperands() == 1
                   ? op->getOperand(0).getDefiningOp<LLVM::ConstantOp>()
                   : nullptr)
    if (auto number = dyn_cast<IntegerAttr>(known.getValue()))
      action.pending = number.getInt();
  return action;
}

static bool isConstant(Operation *op) {
  return op && (op->hasTrait<OpTrait::ConstantLike>() ||
                isa<LLVM::UndefOp, LLVM::PoisonOp, LLVM::ZeroOp>(op));
}

/// The operands of inline assembly that begin as results, or the others.
static SmallVector<Value> getOperands(LLVM::InlineAsmOp assembly, bool tied) {
  SmallVector<Value> operands;
  unsigned next = 0;
  for (StringRef constraint : llvm::split(assembly.getConstraints(), ',')) {
    if (constraint.starts_with("=") || constraint.starts_with("~"))
      continue;
    unsigned result;
    if (tied != constraint.getAsInteger(10, result))
      operands.push_back(assembly->getOperand(next));
    ++next;
  }
  return operands;
}

/// Operands that are sums a product begins with.
static SmallVector<Value> getAccumulators(Operation *multiply) {
  if (auto op = dyn_cast<NVVM::WgmmaMmaAsyncOp>(multiply))
    return {op.getInouts()};
  return getOperands(cast<LLVM::InlineAsmOp>(multiply), /*tied=*/true);
}

/// Registers of A. Descriptors are of 64 bits, and a predicate has no form.
static SmallVector<Value> getLeftOperands(Operation *multiply) {
  auto assembly = dyn_cast<LLVM::InlineAsmOp>(multiply);
  if (!assembly || !assembly.getAsmString().contains("}, {"))
    return {};
  SmallVector<Value> others = getOperands(assembly, /*tied=*/false);
  llvm::erase_if(others, [](Value x) { return x.getType().isInteger(64); });
  return others;
}

/// Calls `visit` for the arguments that blocks get `value` as.
static void forEachArgument(OpOperand &use, function_ref<void(Value)> visit) {
  auto branch = dyn_cast<BranchOpInterface>(use.getOwner());
  if (!branch)
    return;
  std::optional<BlockArgument> argument =
      branch.getSuccessorBlockArgument(use.getOperandNumber());
  if (argument)
    visit(*argument);
}

void WgmmaRegisters::findResults() {
  SmallVector<Value> work;
  auto hold = [&](Value value, const llvm::BitVector &products) {
    llvm::BitVector &mine =
        held.try_emplace(value, multiplies.size()).first->second;
    if (!products.test(mine))
      return;
    mine |= products;
    work.push_back(value);
  };
  for (auto [i, op] : llvm::enumerate(multiplies)) {
    llvm::BitVector itself(multiplies.size());
    itself.set(i);
    for (Value result : op->getResults())
      hold(result, itself);
  }
  while (!work.empty()) {
    Value value = work.pop_back_val();
    llvm::BitVector products = held.find(value)->second;
    for (OpOperand &use : value.getUses()) {
      if (actions.lookup(use.getOwner()).kind == Kind::Move)
        hold(use.getOwner()->getResult(0), products);
      forEachArgument(use, [&](Value argument) { hold(argument, products); });
    }
  }
}

/// Notes what computes the operands of `multiply` that are in registers.
/// Constants are as good as anywhere.
void WgmmaRegisters::findDefinitions(Operation *multiply) {
  llvm::SetVector<Value> values;
  for (Value operand : multiply->getOperands())
    if (!operand.getType().isInteger(64))
      values.insert(operand);
  llvm::SetVector<unsigned> found;
  for (size_t i = 0; i < values.size(); ++i) {
    Value value = values[i];
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      Block *block = argument.getOwner();
      for (auto it = block->pred_begin(); it != block->pred_end(); ++it) {
        auto branch = dyn_cast<BranchOpInterface>((*it)->getTerminator());
        if (!branch)
          continue;
        SuccessorOperands operands =
            branch.getSuccessorOperands(it.getSuccessorIndex());
        if (Value forwarded = operands[argument.getArgNumber()])
          values.insert(forwarded);
      }
      continue;
    }
    Operation *op = value.getDefiningOp();
    Kind kind = actions.lookup(op).kind;
    if (kind == Kind::Move || kind == Kind::Settle) {
      values.insert(op->operand_begin(), op->operand_end());
      continue;
    }
    if (kind == Kind::Multiply || isConstant(op))
      continue;
    definitions.insert(op);
    // The first bit is not one of an op.
    found.insert(1 + (llvm::find(definitions, op) - definitions.begin()));
  }
  definitionsOf[multiply] = found.takeVector();
}

/// What `op` changes.
void WgmmaRegisters::enter(Operation *op, State &state) const {
  Action action = actions.lookup(op);
  switch (action.kind) {
  case Kind::Multiply:
    state.ages[llvm::find(multiplies, op) - multiplies.begin()] = 0;
    break;
  case Kind::Fence:
    state.unfenced.reset();
    break;
  case Kind::Commit:
    for (int &age : state.ages)
      if (age != State::kDone)
        age = std::min(age + 1, State::kMost);
    break;
  case Kind::Wait:
    for (int &age : state.ages)
      if (age > action.pending)
        age = State::kDone;
    break;
  default:
    if (definitions.contains(op))
      state.unfenced.set(1 +
                         (llvm::find(definitions, op) - definitions.begin()));
  }
}

LogicalResult WgmmaRegisters::checkOperand(Operation *op, Value value,
                                           const State &state) const {
  auto found = held.find(value);
  if (found == held.end())
    return success();
  for (unsigned i : found->second.set_bits()) {
    bool isDone = state.ages[i] == State::kDone;
    if (isDone && actions.lookup(op).kind == Kind::Settle)
      continue;
    InFlightDiagnostic diag =
        op->emitOpError()
        << (isDone ? "reads results of a wgmma that nothing keeps behind the "
                     "wait; pass them through empty inline assembly there"
                   : "reads results of a wgmma that may be in flight; wait for "
                     "its group before");
    diag.attachNote(multiplies[i]->getLoc()) << "the wgmma";
    return failure();
  }
  return success();
}

/// A product goes on reading A in registers: some op behind the wait must too,
/// or else LLVM may use them again.
LogicalResult WgmmaRegisters::checkKept(Operation *multiply) const {
  for (Value value : getLeftOperands(multiply)) {
    if (isConstant(value.getDefiningOp()))
      continue;
    bool isKept = llvm::any_of(value.getUsers(), [&](Operation *user) {
      return actions.lookup(user).kind == Kind::Settle;
    });
    if (!isKept)
      return multiply->emitOpError(
          "reads registers that nothing keeps until the wait; pass them to "
          "empty inline assembly behind it");
  }
  return success();
}

LogicalResult WgmmaRegisters::check(Operation *op, const State &state) const {
  Kind kind = actions.lookup(op).kind;
  if (kind == Kind::Move)
    return success();
  SmallVector<Value> accumulators;
  if (kind == Kind::Multiply) {
    accumulators = getAccumulators(op);
    if (state.unfenced[0])
      return op->emitOpError("expects a wgmma fence before it");
    for (unsigned i : definitionsOf.lookup(op))
      if (state.unfenced[i]) {
        InFlightDiagnostic diag =
            op->emitOpError("expects a wgmma fence between it and what it "
                            "reads in registers");
        diag.attachNote(definitions[i - 1]->getLoc()) << "computed here";
        return failure();
      }
  }
  if (kind == Kind::Settle)
    for (auto [i, multiply] : llvm::enumerate(multiplies)) {
      if (state.ages[i] == State::kDone)
        continue;
      for (Value value : getLeftOperands(multiply))
        if (llvm::is_contained(op->getOperands(), value)) {
          InFlightDiagnostic diag = op->emitOpError(
              "expects a wait for the wgmma whose registers it keeps");
          diag.attachNote(multiply->getLoc()) << "the wgmma";
          return failure();
        }
    }
  for (OpOperand &operand : op->getOpOperands()) {
    bool isForwarded = llvm::is_contained(accumulators, operand.get());
    forEachArgument(operand, [&](Value) { isForwarded = true; });
    if (!isForwarded && failed(checkOperand(op, operand.get(), state)))
      return failure();
  }
  return kind == Kind::Multiply ? checkKept(op) : success();
}

LogicalResult WgmmaRegisters::verify() {
  function.walk([&](Operation *op) {
    Action action = getAction(op);
    if (action.kind != Kind::Other)
      actions[op] = action;
    if (action.kind == Kind::Multiply)
      multiplies.insert(op);
  });
  if (multiplies.empty())
    return success();
  findResults();
  for (Operation *op : multiplies)
    findDefinitions(op);

  State begin;
  begin.ages.assign(multiplies.size(), State::kDone);
  begin.unfenced.resize(1 + definitions.size());
  begin.unfenced.set(0);
  Block *entry = &function.getBody().front();
  DenseMap<Block *, State> states = {{entry, begin}};
  llvm::SetVector<Block *> work;
  work.insert(entry);
  while (!work.empty()) {
    Block *block = work.pop_back_val();
    State state = states.find(block)->second;
    for (Operation &op : *block)
      enter(&op, state);
    for (Block *successor : block->getSuccessors()) {
      auto [known, isNew] = states.try_emplace(successor, state);
      if (isNew || known->second.join(state))
        work.insert(successor);
    }
  }
  for (Block &block : function.getBody()) {
    auto reached = states.find(&block);
    if (reached == states.end())
      continue;
    State state = reached->second;
    for (Operation &op : block) {
      if (failed(check(&op, state)))
        return failure();
      enter(&op, state);
    }
  }
  return success();
}

LogicalResult attn::emulate::verifyWgmmaRegisters(LLVM::LLVMFuncOp function) {
  return WgmmaRegisters(function).verify();
}
