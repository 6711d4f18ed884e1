//===- lib/ExecutionEngine/RecordPattern.cpp - Run the key ranges ---------===//
//
// Part of attn-mlir.
//
// Cuts a function down to what an op's key ranges need, and runs that.
//
//===----------------------------------------------------------------------===//

#include "RecordPattern.h"
#include "Quiet.h"
#include "RecordChoice.h"

#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::attn;

static ModuleOp getModule(const Source &source) {
  return cast<ModuleOp>(source.func()->getParentOp());
}

Error attn::inlineCalls(const Source &source) {
  PassManager pm(getModule(source).getContext());
  pm.addPass(createInlinerPass());
  pm.addPass(createSymbolDCEPass());
  if (failed(pm.run(getModule(source))))
    return createStringError("calls of this module cannot be inlined");
  func::FuncOp func = source.func();
  if (!SymbolTable::symbolKnownUseEmpty(func, getModule(source)))
    return createStringError("function '" + source.function +
                             "' is called by itself; there is no one pattern");
  return Error::success();
}

SmallVector<AttentionInterface> attn::getPatternOps(const Source &source) {
  SmallVector<AttentionInterface> ops;
  getModule(source).walk([&](AttnKeyRangesInterface op) {
    if (auto attention = dyn_cast<AttentionInterface>(op.getOperation()))
      ops.push_back(attention);
  });
  return ops;
}

//===----------------------------------------------------------------------===//
// What is needed of arguments
//===----------------------------------------------------------------------===//

namespace {
/// What of an argument is read.
enum class Need { Nothing, Sizes, Elements };
} // namespace

/// Whether `use` reads a size of an argument, by a known dimension.
static bool isSizeUse(OpOperand &use) {
  auto shaped = dyn_cast<ShapedDimOpInterface>(use.getOwner());
  return shaped && use.getOperandNumber() == 0 &&
         getConstantIntValue(shaped.getDimension());
}

/// What of the argument its uses read.
static Need getNeed(BlockArgument argument) {
  Need need = Need::Nothing;
  for (OpOperand &use : argument.getUses())
    need = std::max(need, isSizeUse(use) ? Need::Sizes : Need::Elements);
  return need;
}

/// Whether computing what `op` uses needs arguments that `isMissing`, by
/// position and need, names.
static bool dependsOn(Operation *op,
                      llvm::function_ref<bool(unsigned, Need)> isMissing) {
  SmallPtrSet<Operation *, 32> seen;
  SmallVector<Operation *> work = {op};
  bool found = false;
  auto visit = [&](OpOperand &use) {
    auto argument = dyn_cast<BlockArgument>(use.get());
    if (!argument)
      return work.push_back(use.get().getDefiningOp());
    Operation *owner = argument.getOwner()->getParentOp();
    if (!isa<func::FuncOp>(owner))
      return work.push_back(owner);
    bool readsSize = isSizeUse(use);
    auto shaped = dyn_cast<ShapedType>(argument.getType());
    if (readsSize && shaped && shaped.hasStaticShape())
      return;
    found |= isMissing(argument.getArgNumber(),
                       readsSize ? Need::Sizes : Need::Elements);
  };
  while (!work.empty() && !found) {
    Operation *next = work.pop_back_val();
    if (isa<func::FuncOp>(next) || !seen.insert(next).second)
      continue;
    // What decides whether it runs counts, too.
    work.push_back(next->getParentOp());
    next->walk([&](Operation *inner) {
      for (OpOperand &operand : inner->getOpOperands())
        visit(operand);
    });
  }
  return found;
}

//===----------------------------------------------------------------------===//
// Cutting down
//===----------------------------------------------------------------------===//

static LogicalResult simplify(ModuleOp module) {
  PassManager pm(module.getContext());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
  // What loops carry round after round and nothing else reads.
  pm.addPass(createRemoveDeadValuesPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createSymbolDCEPass());
  return pm.run(module);
}

/// Whether `op` is attention in memory that only such ops read: floats, of
/// which no structure is made.
static bool isUnreadAttention(Operation *op) {
  auto isAttention = [](Operation *user) {
    return isa<AttentionInterface, FinalizeOp, MergeOp>(user) &&
           user->getNumResults() == 0;
  };
  auto destination = dyn_cast<DestinationStyleOpInterface>(op);
  return isAttention(op) && destination &&
         all_of(destination.getDpsInits(), [&](Value written) {
           return isa<BlockArgument>(written) &&
                  all_of(written.getUsers(), [&](Operation *user) {
                    return isAttention(user) || isa<memref::DimOp>(user);
                  });
         });
}

/// Makes `func` return nothing, so that what it computes is dead. Ranks that
/// merge what they computed do not change who sees whom.
static void dropResults(func::FuncOp func) {
  func.walk([](DistMergeOp merge) {
    if (merge.getNumResults() == 0)
      return;
    merge.replaceAllUsesWith(ValueRange{merge.getOutput(), merge.getLse()});
    merge.erase();
  });
  SmallVector<Operation *> unread;
  func.walk([&](Operation *op) {
    if (isUnreadAttention(op))
      unread.push_back(op);
  });
  for (Operation *op : unread)
    op->erase();
  func.walk([](func::ReturnOp end) { end->setOperands({}); });
  func.removeResAttrsAttr();
  for (unsigned i = 0; i < func.getNumArguments(); ++i)
    func.removeArgAttr(i, kInoutAttrName);
  func.setType(
      FunctionType::get(func.getContext(), func.getArgumentTypes(), {}));
}

namespace {
/// Makes a program that records one op, and its inputs.
class RecorderBuilder {
public:
  RecorderBuilder(const Source &source, ArrayRef<InputText> inputs)
      : source(source), inputs(inputs),
        context(getModule(source).getContext()) {}

  Error build(int64_t number, const PatternRequest &request, bool readsMask,
              bool readsChoice);

  Source program;
  SmallVector<TensorValue> values;
  /// The argument that was missing, if `build` failed for that.
  bool isMissingInput = false;

private:
  Error bindSizes(func::FuncOp func, unsigned position);
  Error addIndex(func::FuncOp func, int64_t value,
                 ArrayRef<Operation *> replaced);

  const Source &source;
  ArrayRef<InputText> inputs;
  MLIRContext *context;
};
} // namespace

/// Appends an argument of type index instead of ops.
Error RecorderBuilder::addIndex(func::FuncOp func, int64_t value,
                                ArrayRef<Operation *> replaced) {
  Type index = IndexType::get(context);
  unsigned number = func.getNumArguments();
  if (failed(func.insertArgument(number, index, {}, func.getLoc())))
    return createStringError("the function takes no further argument");
  for (Operation *op : replaced) {
    op->getResult(0).replaceAllUsesWith(func.getArgument(number));
    op->erase();
  }
  auto bound = TensorValue::create(index, {}, /*isScalar=*/true);
  if (!bound)
    return bound.takeError();
  bound->format().storeInteger(bound->data(), value);
  values.push_back(std::move(*bound));
  program.arguments.push_back({"size" + std::to_string(number), index});
  return Error::success();
}

/// Makes the sizes of an argument, of which nothing else is read, arguments.
Error RecorderBuilder::bindSizes(func::FuncOp func, unsigned position) {
  auto sizes = readInputSizes(context, inputs[position], position,
                              source.arguments[position]);
  if (!sizes)
    return sizes.takeError();
  for (auto [dim, size] : enumerate(*sizes)) {
    SmallVector<Operation *> ops;
    for (Operation *user : func.getArgument(position).getUsers()) {
      auto shaped = cast<ShapedDimOpInterface>(user);
      if (getConstantIntValue(shaped.getDimension()) == int64_t(dim))
        ops.push_back(user);
    }
    if (ops.empty())
      continue;
    if (Error error = addIndex(func, size, ops))
      return error;
  }
  return Error::success();
}

Error RecorderBuilder::build(int64_t number, const PatternRequest &request,
                             bool readsMask, bool readsChoice) {
  program.module = OwningOpRef<ModuleOp>(getModule(source).clone());
  program.function = source.function;
  ModuleOp module = *program.module;
  func::FuncOp func = program.func();
  // What the op expects of its operands is said, not drawn.
  addRuntimeChecks(module);
  PassManager pm(context);
  AttnRecordKeyRangesPassOptions record;
  record.op = number;
  record.batch = request.batch;
  record.head = request.head;
  record.tile = request.tile;
  record.masks = readsMask;
  pm.addPass(createAttnRecordKeyRangesPass(record));
  auto fail = [] {
    return createStringError("the key ranges of this module cannot be run");
  };
  AttentionInterface op = getPatternOps(program)[number];
  if (failed(pm.run(module)))
    return fail();
  if (readsChoice)
    addChoiceReport(cast<SparqOp>(op.getOperation()), request.batch,
                    request.head);
  dropResults(func);
  if (failed(simplify(module)))
    return fail();

  // Checks are worth no input that the pattern itself does not need.
  SmallVector<cf::AssertOp> checks;
  func.walk([&](cf::AssertOp check) {
    if (dependsOn(check, [&](unsigned position, Need) {
          return !inputs[position].isGiven();
        }))
      checks.push_back(check);
  });
  for (cf::AssertOp check : checks)
    check.erase();
  if (failed(simplify(module)))
    return fail();

  llvm::BitVector unused(func.getNumArguments());
  for (unsigned i = 0; i < unused.size(); ++i) {
    BlockArgument argument = func.getArgument(i);
    Need need = getNeed(argument);
    if (need != Need::Nothing && !inputs[i].isGiven()) {
      isMissingInput = true;
      return missingInput(i, source.arguments,
                          need == Need::Sizes
                              ? ", whose sizes decide the pattern"
                              : ", whose values decide the pattern");
    }
    if (need != Need::Elements) {
      unused.set(i);
      continue;
    }
    Expected<TensorValue> value =
        makeInput(context, inputs[i], i, source.arguments[i]);
    if (!value)
      return value.takeError();
    values.push_back(std::move(*value));
    program.arguments.push_back(source.arguments[i]);
  }
  for (unsigned i = 0, e = unused.size(); i < e; ++i)
    if (getNeed(func.getArgument(i)) == Need::Sizes)
      if (Error error = bindSizes(func, i))
        return error;
  unused.resize(func.getNumArguments());
  if (failed(func.eraseArguments(unused)))
    return fail();
  return Error::success();
}

Expected<KeyPattern> attn::recordPattern(const Source &source, int64_t number,
                                         ArrayRef<InputText> inputs,
                                         const PatternRequest &request) {
  QuietDiagnostics quiet(getModule(source).getContext());
  AttentionInterface op = getPatternOps(source)[number];
  bool readsMask = op.getMask() != nullptr;
  bool readsChoice = isa<SparqOp>(op.getOperation());
  std::optional<RecorderBuilder> builder;
  while (true) {
    builder.emplace(source, inputs);
    Error error = builder->build(number, request, readsMask, readsChoice);
    if (!error)
      break;
    // Choices and masks of what is not given are not drawn.
    if (!builder->isMissingInput || (!readsMask && !readsChoice))
      return std::move(error);
    consumeError(std::move(error));
    readsMask &= readsChoice;
    readsChoice = false;
  }
  PatternRecorder recorder(request);
  CompileOptions options;
  SmallVector<HostSymbol> symbols = PatternRecorder::getSymbols();
  options.symbols = symbols;
  options.parallel = false;
  auto compiled = Program::compile(builder->program, options);
  if (!compiled)
    return compiled.takeError();
  (*compiled)->bind(builder->values);
  (*compiled)->invoke();
  if (!recorder.refusal.empty())
    return createStringError(recorder.refusal);
  if (recorder.pattern.executions == 0)
    return createStringError("it does not run on these inputs");
  recorder.pattern.readsMask = readsMask;
  recorder.pattern.readsChoice = readsChoice;
  return std::move(recorder.pattern);
}
