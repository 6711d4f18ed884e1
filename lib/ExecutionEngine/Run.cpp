//===- lib/ExecutionEngine/Run.cpp - What attn-run does -------------------===//
//
// Part of attn-mlir.
//
// Compiles a module, calls a function of it, and says what came out.
//
//===----------------------------------------------------------------------===//

#include "attn/ExecutionEngine/Run.h"

#include "Blocks.h"
#include "Comparison.h"
#include "DeviceMemory.h"
#include "Outputs.h"
#include "RunDistributed.h"
#include "RunShared.h"
#include "SharedObject.h"
#include "State.h"

#include "attn/Dialect/Attn/Transforms/Strategy.h"
#include "attn/ExecutionEngine/Benchmark.h"
#include "attn/ExecutionEngine/Communicator.h"
#include "attn/ExecutionEngine/Compile.h"
#include "attn/ExecutionEngine/Verify.h"
#include "attn/Runtime/ParallelFor.h"
#include "attn/Support/Processes.h"
#include "attn/Target/GPU/Arch.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/SourceMgr.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::attn;

/// Compiles a module for the GPU of this machine, to a shared object that is
/// gone afterwards, and runs that.
static Expected<int> runOnGpu(const RunOptions &options, MLIRContext &context,
                              raw_ostream &out, raw_ostream &err) {
  auto capability = openGpu("--target=cuda");
  if (!capability)
    return capability.takeError();
  const GpuArch *arch = findGpuArchOfDevice(*capability);
  if (!arch)
    return createStringError(
        "--target=cuda: this GPU, of capability " + Twine(*capability / 10) +
        "." + Twine(*capability % 10) + ", is too old; kernels need 8.0");
  auto folder = TemporaryFolder::create();
  if (!folder)
    return folder.takeError();
  CompileFileOptions compile;
  compile.tool = "attn-run";
  compile.file = options.file;
  compile.output = (*folder)->file("module.so");
  compile.target = "cuda";
  compile.arch = arch->name.str();
  compile.strategy = options.strategy;
  compile.dumpStages = options.dumpStages;
  if (int code = compileFile(compile, err))
    return code;
  RunOptions shared = options;
  shared.file = compile.output;
  shared.strategy.clear();
  shared.dumpStages.clear();
  return runSharedObject(shared, context, out, err);
}

/// The exit code, or why there is none.
static Expected<int> run(const RunOptions &options, raw_ostream &rankOut,
                         raw_ostream &err) {
  DialectRegistry registry;
  registerRunDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  // The place is the user's; an op halfway down the pipeline is not.
  context.printOpOnDiagnostic(false);
  // Passes report places in the file, which the parser no longer holds.
  SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context, err);

  if (isSharedObject(options.file))
    return runSharedObject(options, context, rankOut, err);
  if (options.target == "cuda")
    return runOnGpu(options, context, rankOut, err);
  std::unique_ptr<Communicator> ranks;
  if (wantsRanks(options)) {
    auto code = runDistributed(options, context, ranks, rankOut, err);
    if (!code)
      return code.takeError();
    if (*code)
      return **code;
  }
  std::string why;
  context.getOrLoadDialect<AttnDialect>();
  if (!options.strategy.empty() &&
      failed(parseStrategy(options.strategy, &context, why)))
    return createStringError("--strategy=" + options.strategy + ": " + why);
  auto parsed = parseModuleFile(&context, options.file);
  if (!parsed)
    return parsed.takeError();
  CompileOptions compile;
  compile.strategy = options.strategy;
  compile.dumpStages = options.dumpStages;
  if (options.target == "cuda-emulated") {
    auto archs = parseGpuArchs(options.arch);
    if (!archs)
      return archs.takeError();
    compile.target = ProgramTarget::CudaEmulated;
    compile.arch = archs->front();
    // Of an emulated run, most of the time goes into compiling it.
    compile.optLevel = 1;
  }
  Expected<Source> source =
      chooseFunction(std::move(*parsed), options.file, options.function);
  if (!source)
    return source.takeError();
  if (!ranks) {
    auto made = Communicator::forFunction(source->arguments);
    if (!made)
      return made.takeError();
    ranks = std::move(*made);
  }
  // One rank speaks for all.
  bool isQuiet = ranks && !ranks->isRoot();
  raw_ostream &out = isQuiet ? nulls() : rankOut;
  if (asksForState(&context, options.strategy)) {
    ModuleSource chosen;
    chosen.functions.push_back(
        {source->function, source->arguments, source->results});
    chosen.module = std::move(source->module);
    if (Error error = rewriteWithState(chosen, options.strategy))
      return std::move(error);
    std::string name = source->function;
    source = chooseFunction(std::move(chosen), options.file, name);
    if (!source)
      return source.takeError();
    compile.strategy.clear(); // It has been applied.
  }
  size_t numInout = count_if(
      source->arguments, [](const ArgumentInfo &info) { return info.inout; });
  if (Error error =
          checkOutputs(options.outputs, source->results.size() + numInout))
    return std::move(error);
  auto inputs = bindInputsAndState(&context, options.inputs, *source, out);
  if (!inputs)
    return inputs.takeError();
  bindCommunicator(*inputs, ranks.get());
  if (options.inputs.empty() && !source->arguments.empty())
    out << "no --input given: random inputs, seed = argument number\n";

  auto program = Program::compile(*source, compile);
  if (!program)
    return program.takeError();
  // A call changes inout arguments; the reference starts from the same ones.
  SmallVector<TensorValue> before;
  if (options.verify != VerifyMode::None)
    for (const TensorValue &input : *inputs)
      before.push_back(input.clone());
  (*program)->bind(*inputs);
  (*program)->invoke();
  auto results = (*program)->results();
  if (!results)
    return results.takeError();
  SmallVector<NamedValue> named = nameResults(*source, *results, *inputs);
  if (!isQuiet)
    if (Error error = emitResults(options.outputs, named, out))
      return std::move(error);

  Approximation approximation;
  if (options.benchmark > 0)
    approximation = findApproximation(*source, compile);
  bool isCompared = !approximation.name.empty();
  std::optional<Verification> verification;
  bool ok = true;
  if (options.verify != VerifyMode::None) {
    // A table says it all in the end.
    auto verified = verifyResults(*source, compile.strategy, before, named,
                                  isCompared ? nulls() : out, err);
    if (!verified)
      return verified.takeError();
    verification = std::move(*verified);
    ok = verification->ok;
  }
  if (options.verify == VerifyMode::Ops) {
    auto verified = verifyOps(*source, compile, before, out, err);
    if (!verified)
      return verified.takeError();
    ok &= *verified;
  }
  if (options.benchmark > 0) {
    auto call = [&] { (*program)->invoke(); };
    (*program)->bind(*inputs);
    if (Error error =
            isCompared
                ? compareWithDense(*source, compile, approximation, call,
                                   *inputs, before, named,
                                   verification ? &*verification : nullptr,
                                   options.benchmark, out)
                : benchmarkAlone(*source, compile, /*isCounted=*/true, call,
                                 *inputs, options.benchmark, out))
      return std::move(error);
  }
  if (ranks)
    ranks->finish();
  return ok ? kExitOk : kExitVerifyFailed;
}

/// What the target cannot do.
static Error checkTarget(const RunOptions &options) {
  if (!options.arch.empty() && options.target != "cuda-emulated")
    return createStringError(
        "--arch=" + options.arch +
        ": names the GPU to emulate, for --target=cuda-emulated");
  if (options.target.empty() || options.target == "cpu")
    return Error::success();
  auto fail = [&](const Twine &why) {
    return createStringError("--target=" + options.target + ": " + why);
  };
  if (options.target == "cuda") {
    if (wantsRanks(options))
      return fail("runs in one process only");
    if (options.verify == VerifyMode::Ops)
      return fail("--verify=ops compares ops on the host; --verify compares "
                  "the results");
    return Error::success();
  }
  if (options.target != "cuda-emulated")
    return fail("expected cpu, cuda or cuda-emulated");
  if (StringRef(options.arch).contains(','))
    return fail("one GPU is emulated, but --arch=" + options.arch +
                " names several");
  if (isSharedObject(options.file))
    return fail("kernels are emulated before they become machine code; give "
                "the module '" +
                options.file + "' was made of");
  if (options.benchmark > 0)
    return fail("emulated kernels take no time that --benchmark could tell");
  if (options.verify == VerifyMode::Ops)
    return fail("--verify=ops compares ops on the host; --verify compares the "
                "results");
  if (wantsRanks(options))
    return fail("runs in one process only");
  return Error::success();
}

int mlir::attn::runModule(const RunOptions &options, raw_ostream &out,
                          raw_ostream &err) {
  if (Error error = checkTarget(options)) {
    err << "attn-run: error: " << toString(std::move(error)) << '\n';
    return kExitBadInput;
  }
  attn_rt_set_num_threads(options.threads);
  setGuardPages(options.guardPages);
  Expected<int> code = run(options, out, err);
  if (code)
    return *code;
  out.flush();
  Error error = code.takeError();
  int exitCode = error.isA<MissingDevice>() ? kExitNoDevice : kExitBadInput;
  err << "attn-run: error: " << toString(std::move(error)) << '\n';
  return exitCode;
}

void mlir::attn::listStrategies(raw_ostream &out) { printStrategies(out); }
