//===- tools/attn-run/attn-run.cpp - Run a module -------------------------===//
//
// Part of attn-mlir.
//
// Parses the command line of attn-run and calls the execution engine.
//
//===----------------------------------------------------------------------===//

#include "attn/ExecutionEngine/Run.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"

using namespace llvm;
using namespace mlir::attn;

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  // libLLVM.so registers its own flags, some of them under our names.
  cl::ResetCommandLineParser();
  cl::OptionCategory category("attn-run options");
  cl::opt<std::string> file(cl::Positional, cl::desc("FILE.mlir or FILE.so"),
                            cl::cat(category));
  cl::opt<std::string> function(
      "function", cl::desc("Function to call (the only public one, or main)"),
      cl::value_desc("NAME"), cl::cat(category));
  cl::list<std::string> inputs(
      "input",
      cl::desc("An argument: [NAME:=]@F.npy, SHAPExTYPE=random(SEED), "
               "SHAPExTYPE=zeros, SHAPExTYPE=VALUE, VALUE:TYPE"),
      cl::value_desc("SPEC"), cl::cat(category));
  cl::list<std::string> outputs(
      "output", cl::desc("Where a result goes; the others are summarised"),
      cl::value_desc("@F.npy"), cl::cat(category));
  cl::opt<std::string> strategy(
      "strategy", cl::desc("How attention is computed; see --list-strategies"),
      cl::value_desc("S"), cl::cat(category));
  cl::opt<std::string> distribute(
      "distribute",
      cl::desc("Cut the program over ranks, as under mpirun; OPTIONS of "
               "attn-star-distribute, e.g. algo=allgather,payload=bf16"),
      cl::value_desc("OPTIONS"), cl::ValueOptional, cl::cat(category));
  cl::opt<std::string> target(
      "target", cl::desc("cpu, cuda, or cuda-emulated: GPU kernels on the CPU"),
      cl::value_desc("NAME"), cl::cat(category));
  cl::opt<std::string> arch(
      "arch", cl::desc("The GPU of --target=cuda-emulated (sm_80)"),
      cl::value_desc("sm_90a"), cl::cat(category));
  // Texts, so that what is wrong with one is said in our form.
  cl::opt<std::string> threads("threads", cl::desc("Threads (all processors)"),
                               cl::value_desc("N"), cl::cat(category));
  cl::opt<std::string> verify(
      "verify", cl::desc("Compare with the f64 reference; =ops: each attn op"),
      cl::value_desc("ops"), cl::ValueOptional, cl::cat(category));
  cl::opt<std::string> benchmark(
      "benchmark", cl::desc("Time REPS calls (10) beside the machine's limits"),
      cl::value_desc("REPS"), cl::ValueOptional, cl::cat(category));
  cl::opt<std::string> dumpStages(
      "dump-stages", cl::desc("Write the IR after each stage into this folder"),
      cl::value_desc("DIR"), cl::cat(category));
  cl::opt<std::string> guardPages(
      "guard-pages", cl::Hidden, cl::cat(category),
      cl::desc("Put memory beside inaccessible pages (start or end), to find "
               "code that leaves its arguments"));
  cl::opt<bool> list("list-strategies", cl::desc("Print the strategies"),
                     cl::cat(category));
  cl::HideUnrelatedOptions(category);

  std::string parseErrors;
  raw_string_ostream parseStream(parseErrors);
  if (!cl::ParseCommandLineOptions(
          argc, argv, "Compiles a module and calls one of its functions.\n",
          &parseStream)) {
    // Every line comes as "PATH/attn-run: text".
    StringRef message =
        StringRef(parseErrors).take_until([](char c) { return c == '\n'; });
    if (size_t at = message.find(": "); at != StringRef::npos)
      message = message.drop_front(at + 2);
    errs() << "attn-run: error: " << message << '\n';
    return kExitBadInput;
  }
  auto fail = [](const Twine &why) {
    errs() << "attn-run: error: " << why << '\n';
    return kExitBadInput;
  };
  if (list) {
    listStrategies(outs());
    return kExitOk;
  }
  if (file.empty())
    return fail("no input file; usage: attn-run FILE.mlir [--input=SPEC ...]");

  RunOptions options;
  options.file = file;
  options.function = function;
  options.inputs.assign(inputs.begin(), inputs.end());
  options.outputs.assign(outputs.begin(), outputs.end());
  options.strategy = strategy;
  options.distribute = distribute.getNumOccurrences() > 0;
  options.distributeOptions = distribute;
  options.target = target;
  options.arch = arch;
  if (threads.getNumOccurrences() > 0 &&
      (StringRef(threads).getAsInteger(10, options.threads) ||
       options.threads < 1 || options.threads > 4096))
    return fail("--threads=" + threads + ": expected a number from 1 to 4096");
  if (verify.getNumOccurrences() > 0) {
    options.verify = verify == "ops" ? VerifyMode::Ops : VerifyMode::Results;
    if (!verify.empty() && verify != "ops")
      return fail("--verify=" + verify + ": expected --verify or --verify=ops");
  }
  options.dumpStages = dumpStages;
  if (guardPages.getNumOccurrences() > 0) {
    options.guardPages =
        guardPages == "start" ? GuardPages::AtStart : GuardPages::AtEnd;
    if (guardPages != "start" && guardPages != "end")
      return fail("--guard-pages=" + guardPages + ": expected start or end");
  }
  if (benchmark.getNumOccurrences() > 0) {
    options.benchmark = 10;
    if (!benchmark.empty() &&
        (StringRef(benchmark).getAsInteger(10, options.benchmark) ||
         options.benchmark < 1))
      return fail("--benchmark=" + benchmark +
                  ": expected a positive number of repetitions");
  }
  return runModule(options, outs(), errs());
}
