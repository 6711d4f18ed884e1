//===- lib/ExecutionEngine/State.cpp - What functions keep ----------------===//
//
// Part of attn-mlir.
//
// State between calls, as attn-rewrite-to-sparq makes it: rewrites modules to
// have some, and calls NAME_prepare for who gives caches only.
//
//===----------------------------------------------------------------------===//

#include "State.h"
#include "Quiet.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Attn/Transforms/Strategy.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// Rewriting
//===----------------------------------------------------------------------===//

bool attn::asksForState(MLIRContext *context, StringRef strategy) {
  std::string error;
  if (strategy.empty())
    return false;
  FailureOr<StrategyAttrInterface> attr =
      parseStrategy(strategy, context, error);
  auto sparq = succeeded(attr) ? dyn_cast<SparqAttr>(*attr) : SparqAttr();
  return sparq && sparq.getState() == SparqState::args;
}

/// A name for the state argument `number` of `func`, from what the attribute
/// says: "key_t of argument 1".
static std::string nameState(func::FuncOp func, unsigned number,
                             ArrayRef<ArgumentInfo> earlier) {
  auto text = func.getArgAttrOfType<StringAttr>(number, kStateAttrName);
  auto [kind, cache] = text ? text.getValue().split(" of argument ")
                            : std::pair<StringRef, StringRef>();
  std::string name = kind.empty() ? "state" : kind.str();
  auto isTaken = [&] {
    return any_of(earlier,
                  [&](const ArgumentInfo &info) { return info.name == name; });
  };
  unsigned index;
  if (isTaken() && !cache.getAsInteger(10, index) && index < earlier.size())
    name += "_" + earlier[index].name;
  while (isTaken())
    name += "_state";
  return name;
}

/// The types of `func`, with names for arguments that have none yet.
static PublicFunction describe(func::FuncOp func, ArrayRef<std::string> names) {
  PublicFunction function;
  function.name = func.getName().str();
  function.results.assign(func.getResultTypes().begin(),
                          func.getResultTypes().end());
  for (BlockArgument argument : func.getArguments()) {
    unsigned number = argument.getArgNumber();
    ArgumentInfo info;
    info.type = argument.getType();
    info.inout =
        isa<MemRefType>(info.type) || func.getArgAttr(number, kInoutAttrName);
    info.name = number < names.size()
                    ? names[number]
                    : nameState(func, number, function.arguments);
    function.arguments.push_back(info);
    // So that the module's text has the names, too.
    argument.setLoc(NameLoc::get(StringAttr::get(func.getContext(), info.name),
                                 argument.getLoc()));
  }
  return function;
}

/// The numbers of the caches that the state of `func` is made from, in the
/// order NAME_prepare takes them.
static SmallVector<unsigned> getCaches(func::FuncOp func) {
  SmallVector<unsigned> caches;
  for (unsigned i = 0; i < func.getNumArguments(); ++i) {
    auto text = func.getArgAttrOfType<StringAttr>(i, kStateAttrName);
    unsigned cache;
    if (text &&
        !text.getValue()
             .split(" of argument ")
             .second.getAsInteger(10, cache) &&
        cache < func.getNumArguments() && !is_contained(caches, cache))
      caches.push_back(cache);
  }
  return caches;
}

Error attn::rewriteWithState(ModuleSource &source, StringRef strategy) {
  ModuleOp module = *source.module;
  PassManager pm(module.getContext());
  AttnAssignStrategyPassOptions assign;
  assign.strategy = strategy.str();
  assign.overwrite = true;
  pm.addPass(createAttnAssignStrategyPass(assign));
  pm.addPass(createAttnRewriteToSparQPass());
  if (failed(pm.run(module)))
    return createStringError("--strategy=" + strategy +
                             ": this module cannot be rewritten");
  SmallVector<PublicFunction, 0> functions;
  for (auto func : module.getOps<func::FuncOp>()) {
    if (func.isDeclaration() || !func.isPublic())
      continue;
    SmallVector<std::string> names;
    const PublicFunction *known =
        find_if(source.functions, [&](const PublicFunction &f) {
          return f.name == func.getName();
        });
    if (known != source.functions.end()) {
      for (const ArgumentInfo &info : known->arguments)
        names.push_back(info.name);
    } else {
      // NAME_prepare comes right after NAME.
      const PublicFunction &owner = functions.back();
      for (unsigned cache : getCaches(source.lookup(owner.name)))
        names.push_back(owner.arguments[cache].name);
      names.push_back("kv_len");
    }
    functions.push_back(describe(func, names));
  }
  source.functions = std::move(functions);
  source.text.clear();
  llvm::raw_string_ostream os(source.text);
  module.print(os, OpPrintingFlags().printNameLocAsPrefix());
  return Error::success();
}

void attn::dropState(ModuleOp module) {
  IRRewriter rewriter(module.getContext());
  SmallVector<Operation *> ops;
  module.walk([&](Operation *op) {
    if (isa<KvAppendOp, RunningMeanOp>(op))
      ops.push_back(op);
  });
  for (Operation *op : ops) {
    rewriter.setInsertionPoint(op);
    if (auto mean = dyn_cast<RunningMeanOp>(op)) {
      rewriter.replaceOp(op, mean.getMean());
      continue;
    }
    auto append = cast<KvAppendOp>(op);
    if (!append.getKeyT())
      continue;
    Type types[] = {append.getResult(0).getType(),
                    append.getResult(1).getType()};
    auto rows = KvAppendOp::create(
        rewriter, op->getLoc(), types, append.getNewKey(), append.getNewValue(),
        append.getPos(), append.getKey(), append.getValue(), /*key_t=*/Value(),
        append.getLayoutAttr());
    rewriter.replaceOp(
        op, {rows.getResult(0), rows.getResult(1), append.getKeyT()});
  }
}

//===----------------------------------------------------------------------===//
// What state belongs to
//===----------------------------------------------------------------------===//

namespace {
/// The op of a function that reads a state argument.
struct StateUser {
  SparqOp op;
  /// The argument is the kept mean; else the second layout of key.
  bool isMean;
};
} // namespace

/// The argument that `value` is the new value of, or null. `first` becomes the
/// append to it that comes first.
static BlockArgument traceCache(Value value, KvAppendOp &first) {
  while (Operation *op = value.getDefiningOp()) {
    if (auto mean = dyn_cast<RunningMeanOp>(op)) {
      value = mean.getMean();
      continue;
    }
    first = dyn_cast<KvAppendOp>(op);
    if (!first)
      return BlockArgument();
    unsigned number = cast<OpResult>(value).getResultNumber();
    value = number == 0   ? first.getKey()
            : number == 1 ? first.getValue()
                          : first.getKeyT();
  }
  auto argument = cast<BlockArgument>(value);
  bool isOfFunction = isa<func::FuncOp>(argument.getOwner()->getParentOp()) &&
                      argument.getOwner()->isEntryBlock();
  return isOfFunction ? argument : BlockArgument();
}

static StateUser findUser(func::FuncOp func, unsigned number) {
  StateUser user = {};
  BlockArgument argument = func.getArgument(number);
  func.walk([&](SparqOp op) {
    KvAppendOp first;
    if (op.getKeyT() && traceCache(op.getKeyT(), first) == argument)
      user = {op, false};
    if (op.getValueMean() && traceCache(op.getValueMean(), first) == argument)
      user = {op, true};
  });
  return user;
}

/// The sizes of a state argument from those of the cache it is made from.
static Expected<SmallVector<int64_t>>
getStateShape(RankedTensorType type, StateUser user,
              ArrayRef<TensorValue> inputs) {
  KvAppendOp first;
  BlockArgument cache =
      traceCache(user.isMean ? user.op.getValue() : user.op.getKey(), first);
  if (!cache || cache.getArgNumber() >= inputs.size())
    return createStringError("its cache is not an argument");
  auto attention = cast<AttentionInterface>(user.op.getOperation());
  ArrayRef<int64_t> sizes = inputs[cache.getArgNumber()].shape();
  SmallVector<int64_t> shape = {sizes[0], sizes[attention.getHeadAxis()]};
  if (!user.isMean) {
    int64_t tile = type.getDimSize(4);
    shape.push_back(divideCeil(sizes[attention.getSeqAxis()], tile));
    shape.push_back(sizes[3]);
    shape.push_back(tile);
  } else {
    shape.push_back(sizes[3]);
  }
  // What the type fixes differently, the function's checks report.
  for (auto [size, fixed] : zip_equal(shape, type.getShape()))
    if (!ShapedType::isDynamic(fixed))
      size = fixed;
  return shape;
}

//===----------------------------------------------------------------------===//
// NAME_prepare
//===----------------------------------------------------------------------===//

/// The tokens that caches hold before `op` or an append before it has begun, a
/// number a batch entry.
static FailureOr<Value> createTokens(OpBuilder &builder, SparqOp op) {
  Location loc = op.getLoc();
  KvAppendOp first;
  if (!traceCache(op.getKey(), first) ||
      op->getBlock() != builder.getInsertionBlock() ||
      (first && first->getBlock() != op->getBlock()))
    return failure();
  Value batch = getValueOrCreateConstantIndexOp(
      builder, loc, getDim(builder, loc, op.getKey(), 0));
  auto body = [&](OpBuilder &b, Location loc, ValueRange at) {
    OpFoldResult entry = at.front(), tokens;
    if (!first) {
      auto ranged = cast<AttnKeyRangesInterface>(op.getOperation());
      tokens = ranged
                   .getKeyRanges(b, loc, entry, b.getIndexAttr(0),
                                 b.getIndexAttr(0), b.getIndexAttr(1))
                   .back()
                   .hi;
    } else if (first.getPos().getType().isIndex()) {
      tokens = first.getPos();
    } else {
      tokens = loadLength(b, loc, first.getPos(), entry);
    }
    Value number = getValueOrCreateConstantIndexOp(b, loc, tokens);
    number = arith::IndexCastOp::create(b, loc, b.getI64Type(), number);
    tensor::YieldOp::create(b, loc, number);
  };
  auto type =
      RankedTensorType::get({ShapedType::kDynamic}, builder.getI64Type());
  return tensor::GenerateOp::create(builder, loc, type, batch, body)
      .getResult();
}

/// Compiles `function` of a copy of `module`, changed by `change`, and calls it
/// with `inputs`. Returns its results.
static Expected<SmallVector<TensorValue>>
callOther(ModuleOp module, StringRef function,
          MutableArrayRef<TensorValue> inputs,
          llvm::function_ref<LogicalResult(func::FuncOp)> change) {
  Source source;
  source.module = OwningOpRef<ModuleOp>(module.clone());
  source.function = function.str();
  auto func = source.func();
  for (auto other : source.module->getOps<func::FuncOp>())
    if (other != func && !other.isDeclaration())
      other.setPrivate();
  if (failed(change(func)))
    return createStringError("the number of tokens in its caches is not clear");
  for (Type type : func.getArgumentTypes())
    source.arguments.push_back({"", type, false});
  source.results.assign(func.getResultTypes().begin(),
                        func.getResultTypes().end());
  auto program = Program::compile(source, CompileOptions());
  if (!program)
    return program.takeError();
  (*program)->bind(inputs);
  (*program)->invoke();
  return (*program)->results();
}

/// The tokens in the caches of `func`, from `inputs` for all arguments.
static Expected<TensorValue> countTokens(func::FuncOp func,
                                         MutableArrayRef<TensorValue> inputs) {
  auto change = [&](func::FuncOp copy) -> LogicalResult {
    Operation *end = copy.getBody().front().getTerminator();
    OpBuilder builder(end);
    SmallVector<Value> tokens;
    auto result = copy.walk([&](SparqOp op) {
      if (!op.getKeyT() && !op.getValueMean())
        return WalkResult::advance();
      FailureOr<Value> value = createTokens(builder, op);
      if (failed(value))
        return WalkResult::interrupt();
      tokens.push_back(*value);
      return WalkResult::advance();
    });
    if (result.wasInterrupted() || tokens.empty())
      return failure();
    end->setOperands(tokens);
    copy.setType(FunctionType::get(copy.getContext(), copy.getArgumentTypes(),
                                   ValueRange(tokens).getTypes()));
    copy.removeResAttrsAttr();
    for (unsigned i = 0; i < copy.getNumArguments(); ++i)
      copy.removeArgAttr(i, kInoutAttrName);
    return success();
  };
  auto tokens = callOther(cast<ModuleOp>(func->getParentOp()), func.getName(),
                          inputs, change);
  if (!tokens)
    return tokens.takeError();
  for (const TensorValue &other : *tokens)
    if (other.bytes() != tokens->front().bytes())
      return createStringError("its caches hold different numbers of tokens");
  return std::move(tokens->front());
}

/// Fills the states that `inputs`, for the other arguments of `source`, lack.
static Error appendState(const Source &source,
                         SmallVectorImpl<TensorValue> &inputs,
                         raw_ostream &out) {
  ModuleOp whole = *const_cast<OwningOpRef<ModuleOp> &>(source.whole);
  auto func = whole.lookupSymbol<func::FuncOp>(source.function);
  QuietDiagnostics quiet(func.getContext());
  size_t numGiven = inputs.size();
  auto fail = [&](const Twine &why) {
    return createStringError("no --input for %" +
                             source.arguments[numGiven].name + ", and " + why);
  };
  std::string name = source.function + "_prepare";
  auto prepare = whole.lookupSymbol<func::FuncOp>(name);
  SmallVector<unsigned> caches = getCaches(func);
  SmallVector<Type> types;
  for (unsigned cache : caches)
    types.push_back(func.getArgument(cache).getType());
  auto batch = types.empty() ? ShapedType() : dyn_cast<ShapedType>(types[0]);
  if (!prepare || !batch || batch.getRank() == 0)
    return fail("no function '" + name + "' that makes it of the caches");
  types.push_back(RankedTensorType::get(
      {batch.getDimSize(0)}, IntegerType::get(func.getContext(), 64)));
  auto states = func.getArgumentTypes().drop_front(numGiven);
  types.append(states.begin(), states.end());
  if (prepare.getArgumentTypes() != ArrayRef(types) ||
      prepare.getResultTypes() != states)
    return fail("'" + name +
                "' does not make it: it is not of type (caches, "
                "kv_len, states) -> states");

  for (unsigned i = numGiven; i < func.getNumArguments(); ++i) {
    auto type = dyn_cast<RankedTensorType>(func.getArgument(i).getType());
    StateUser user = findUser(func, i);
    if (!user.op || !type)
      return fail("no attn.sparq reads it");
    auto shape =
        getStateShape(type, user, ArrayRef(inputs).take_front(numGiven));
    if (!shape)
      return fail(toString(shape.takeError()));
    auto value = TensorValue::create(type.getElementType(), *shape);
    if (!value)
      return value.takeError();
    inputs.push_back(std::move(*value));
  }
  auto tokens = countTokens(func, inputs);
  if (!tokens)
    return fail(toString(tokens.takeError()));
  int64_t least = INT64_MAX, most = 0;
  for (int64_t i = 0; i < tokens->numElements(); ++i) {
    least = std::min<int64_t>(least, tokens->get(i));
    most = std::max<int64_t>(most, tokens->get(i));
  }

  // Caches may be large: they are lent, not copied.
  SmallVector<TensorValue> arguments;
  for (unsigned cache : caches)
    arguments.push_back(std::move(inputs[cache]));
  arguments.push_back(std::move(*tokens));
  for (unsigned i = numGiven; i < func.getNumArguments(); ++i)
    arguments.push_back(std::move(inputs[i]));
  auto made =
      callOther(whole, name, arguments, [](func::FuncOp) { return success(); });
  for (auto [i, cache] : enumerate(caches))
    inputs[cache] = std::move(arguments[i]);
  if (!made)
    return made.takeError();
  out << "state: " << name << " made ";
  for (auto [i, value] : enumerate(*made)) {
    out << (i ? ", " : "") << source.arguments[numGiven + i].name;
    inputs[numGiven + i] = std::move(value);
  }
  out << " of " << most << " tokens";
  if (least < most)
    out << " (at least " << least << ")";
  out << '\n';
  return Error::success();
}

Expected<SmallVector<TensorValue>>
attn::bindInputsAndState(MLIRContext *context, ArrayRef<std::string> specs,
                         const Source &source, raw_ostream &out) {
  ArrayRef<ArgumentInfo> all = source.arguments;
  ArrayRef<ArgumentInfo> own = all.drop_back(source.numStates);
  bool isGiven = specs.size() > own.size();
  for (StringRef spec : specs) {
    StringRef name = spec.split(":=").first;
    isGiven |=
        any_of(all.drop_front(own.size()), [&](const ArgumentInfo &info) {
          return name.size() != spec.size() && info.name == name;
        });
  }
  if (source.numStates == 0 || isGiven)
    return bindInputs(context, specs, all);
  auto inputs = bindInputs(context, specs, own);
  if (!inputs)
    return inputs.takeError();
  if (Error error = appendState(source, *inputs, out))
    return std::move(error);
  return inputs;
}
