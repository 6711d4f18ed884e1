//===- lib/ExecutionEngine/RunShared.cpp - attn-run on a .so --------------===//
//
// Part of attn-mlir.
//
// Calls compiled functions as any other program would, and compares them with
// the module they carry.
//
//===----------------------------------------------------------------------===//

#include "RunShared.h"

#include "BenchmarkGpu.h"
#include "Comparison.h"
#include "DeviceMemory.h"
#include "Outputs.h"
#include "SharedObject.h"
#include "State.h"

#include "attn/ExecutionEngine/Benchmark.h"
#include "attn/ExecutionEngine/Communicator.h"
#include "attn/Target/CPU/HostTarget.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::attn;

/// What only a module can be asked to do.
static Error checkFlags(const RunOptions &options, const SharedObject &object) {
  auto fail = [&](const Twine &flag, const Twine &why) {
    return createStringError(flag + ": '" + options.file + "' " + why);
  };
  if (!options.target.empty() && options.target != object.manifest().kind)
    return fail("--target=" + options.target,
                "is compiled for " + object.manifest().kind);
  if (!options.strategy.empty())
    return fail("--strategy=" + options.strategy,
                "is compiled; give the strategy to attn-compile");
  if (options.distribute)
    return fail("--distribute", "is compiled; attn-compile has this flag");
  if (!options.dumpStages.empty())
    return fail("--dump-stages=" + options.dumpStages,
                "is compiled; attn-compile has this flag");
  if (options.verify == VerifyMode::Ops)
    return fail("--verify=ops", "is compiled: its ops are gone; --verify "
                                "compares the results");
  if (options.verify != VerifyMode::None && !object.manifest().hasModule)
    return fail("--verify", "has no module to compare with; compile it "
                            "without --no-embed-ir");
  return Error::success();
}

static Expected<const FunctionSignature *>
chooseFunction(const SharedObject &object, const RunOptions &options) {
  ArrayRef<FunctionSignature> functions = object.manifest().functions;
  StringRef name = options.function;
  std::string list;
  for (const FunctionSignature &function : functions)
    list += (list.empty() ? "" : ", ") + function.name;
  // A function that makes another's state is not meant.
  auto isPrepare = [&](const FunctionSignature &function) {
    StringRef owner = function.name;
    return owner.consume_back("_prepare") &&
           any_of(functions, [&](const FunctionSignature &other) {
             return other.name == owner && !other.arguments.empty() &&
                    !other.arguments.back().state.empty();
           });
  };
  SmallVector<const FunctionSignature *> candidates;
  for (const FunctionSignature &function : functions)
    if (!isPrepare(function))
      candidates.push_back(&function);
  if (name.empty() && candidates.size() == 1)
    return candidates.front();
  const FunctionSignature *found =
      find_if(functions, [&](const FunctionSignature &function) {
        return function.name == (name.empty() ? "main" : name);
      });
  if (found != functions.end())
    return found;
  if (name.empty())
    return createStringError(options.file +
                             ": several functions and no 'main'; choose one "
                             "with --function: " +
                             list);
  return createStringError(options.file + ": no function '" + name +
                           "'; there is " + list);
}

/// The module that the object carries, or one without ops that has the types.
static Expected<Source> getSource(MLIRContext &context,
                                  const SharedObject &object,
                                  const FunctionSignature &signature) {
  if (object.manifest().hasModule) {
    auto module = parseModule(
        &context, MemoryBuffer::getMemBufferCopy(object.moduleText(),
                                                 object.manifest().source));
    if (!module)
      return module.takeError();
    return chooseFunction(std::move(*module), object.manifest().source,
                          signature.name);
  }
  Source source;
  source.function = signature.name;
  for (const ParameterSignature &argument : signature.arguments)
    source.arguments.push_back(
        {argument.sourceName, argument.type, argument.inout});
  for (const ParameterSignature &result : signature.results)
    source.results.push_back(result.type);
  for (const ParameterSignature &argument : signature.arguments)
    if (argument.inout && isa<RankedTensorType>(argument.type))
      source.results.push_back(argument.type);
  return std::move(source);
}

/// Says so if what `object` was compiled for is not what the program beside it
/// will be.
static void noteOtherTarget(MLIRContext &context, const SharedObject &object,
                            raw_ostream &out) {
  std::string host;
  llvm::raw_string_ostream(host) << getHostTarget(&context);
  if (object.manifest().target != host)
    out << "dense is compiled for this processor, the object for another: "
           "their times do not compare (attn-compile --mcpu=native)\n";
}

static void noteUncounted(const RunOptions &options, raw_ostream &out) {
  out << "no module in '" << options.file
      << "' (--no-embed-ir): its work is not counted\n";
}

Expected<int> mlir::attn::runSharedObject(const RunOptions &options,
                                          MLIRContext &context,
                                          raw_ostream &rankOut,
                                          raw_ostream &err) {
  auto object = SharedObject::open(&context, options.file);
  if (!object)
    return object.takeError();
  if (Error error = checkFlags(options, *object))
    return std::move(error);
  if (object->manifest().kind == "cuda") {
    auto gpu = openGpu("'" + options.file + "' runs on an NVIDIA GPU");
    if (!gpu)
      return gpu.takeError();
  }
  auto signature = ::chooseFunction(*object, options);
  if (!signature)
    return signature.takeError();
  auto source = getSource(context, *object, **signature);
  if (!source)
    return source.takeError();
  bool isOfRank =
      any_of((*signature)->arguments, [](const ParameterSignature &argument) {
        return isa<CommType>(argument.type);
      });
  if (countLaunchedRanks() > 1 && !isOfRank)
    return createStringError("'" + options.file +
                             "' is compiled for one process, and takes no "
                             "communicator; give mpirun attn-run the module");
  auto ranks = Communicator::forFunction(source->arguments);
  if (!ranks)
    return ranks.takeError();
  // One rank speaks for all.
  bool isQuiet = *ranks && !(*ranks)->isRoot();
  raw_ostream &out = isQuiet ? nulls() : rankOut;
  // The new values of updated tensors are results of the module: once is
  // enough.
  for (ArgumentInfo &info : source->arguments)
    info.inout &= isa<MemRefType>(info.type);
  size_t numInout = count_if(
      source->arguments, [](const ArgumentInfo &info) { return info.inout; });
  if (Error error =
          checkOutputs(options.outputs, source->results.size() + numInout))
    return std::move(error);
  auto inputs = bindInputsAndState(&context, options.inputs, *source, out);
  if (!inputs)
    return inputs.takeError();
  bindCommunicator(*inputs, ranks->get());
  if (options.inputs.empty() && !source->arguments.empty())
    out << "no --input given: random inputs, seed = argument number\n";

  auto function = SharedFunction::create(*object, **signature);
  if (!function)
    return function.takeError();
  // A call changes inout arguments; the reference starts from the same ones.
  SmallVector<TensorValue> before;
  if (options.verify != VerifyMode::None)
    for (const TensorValue &input : *inputs)
      before.push_back(input.clone());
  if (Error error =
          function->bind(*inputs, static_cast<int32_t>(options.threads)))
    return std::move(error);
  if (Error error = function->check(function->call()))
    return std::move(error);
  if (Error error = function->finish())
    return std::move(error);
  SmallVector<TensorValue> results = function->results();
  SmallVector<NamedValue> named = nameResults(*source, results, *inputs);
  if (!isQuiet)
    if (Error error = emitResults(options.outputs, named, out))
      return std::move(error);

  CompileOptions compile;
  compile.strategy = object->manifest().strategy;
  // Its module has been rewritten.
  if (asksForState(&context, compile.strategy))
    compile.strategy.clear();
  bool hasModule = object->manifest().hasModule;
  Approximation approximation;
  if (options.benchmark > 0 && hasModule)
    approximation = findApproximation(*source, compile);
  bool isCompared = !approximation.name.empty();
  std::optional<Verification> verification;
  if (options.verify != VerifyMode::None) {
    auto verified = verifyResults(*source, compile.strategy, before, named,
                                  isCompared ? nulls() : out, err);
    if (!verified)
      return verified.takeError();
    verification = std::move(*verified);
  }
  if (options.benchmark > 0 && object->manifest().kind == "cuda") {
    Counts counts;
    if (hasModule) {
      auto counted = count(*source, compile, *inputs);
      if (!counted)
        return counted.takeError();
      counts = std::move(*counted);
    } else {
      noteUncounted(options, out);
    }
    if (isCompared)
      out << "dense attention is not timed beside it\n";
    if (Error error =
            benchmarkOnGpu([&] { return function->check(function->call()); },
                           counts, options.benchmark, out))
      return std::move(error);
  } else if (options.benchmark > 0) {
    auto call = [&] { function->call(); };
    if (!hasModule)
      noteUncounted(options, out);
    if (isCompared)
      noteOtherTarget(context, *object, out);
    if (Error error =
            isCompared
                ? compareWithDense(*source, compile, approximation, call,
                                   *inputs, before, named,
                                   verification ? &*verification : nullptr,
                                   options.benchmark, out)
                : benchmarkAlone(*source, compile, hasModule, call, *inputs,
                                 options.benchmark, out))
      return std::move(error);
  }
  if (*ranks)
    (*ranks)->finish();
  bool ok = !verification || verification->ok;
  return ok ? kExitOk : kExitVerifyFailed;
}
