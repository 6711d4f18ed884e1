//===- tools/attn-compile/attn-compile.cpp - Compile a module -------------===//
//
// Part of attn-mlir.
//
// Parses the command line of attn-compile and calls the library.
//
//===----------------------------------------------------------------------===//

#include "attn/ExecutionEngine/Compile.h"
#include "attn/ExecutionEngine/Run.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"

using namespace llvm;
using namespace mlir::attn;

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  // libLLVM.so registers its own flags, some of them under our names.
  cl::ResetCommandLineParser();
  cl::OptionCategory category("attn-compile options");
  cl::opt<std::string> file(cl::Positional, cl::desc("IN.mlir"),
                            cl::cat(category));
  cl::opt<std::string> output(
      "o",
      cl::desc("Where the result goes; its suffix says what it is: .o, "
               ".so, .s, .ll, .mlir, .ptx or .cubin"),
      cl::value_desc("OUT"), cl::cat(category));
  cl::opt<std::string> emit(
      "emit",
      cl::desc("What to make, whatever the suffix: mlir, llvm, asm, "
               "obj, lib, ptx, cubin"),
      cl::value_desc("KIND"), cl::cat(category));
  cl::opt<std::string> target("target", cl::desc("cpu, cuda or cuda-emulated"),
                              cl::value_desc("NAME"), cl::cat(category));
  cl::opt<std::string> strategy(
      "strategy", cl::desc("How attention is computed; see --list-strategies"),
      cl::value_desc("S"), cl::cat(category));
  cl::opt<std::string> distribute(
      "distribute",
      cl::desc("Make functions what each of several ranks runs, with OPTIONS "
               "of attn-star-distribute, e.g. algo=allgather,payload=bf16"),
      cl::value_desc("OPTIONS"), cl::ValueOptional, cl::cat(category));
  cl::opt<std::string> cpu(
      "mcpu",
      cl::desc("Processor, as clang names it, or native (x86-64-v3, generic)"),
      cl::value_desc("NAME"), cl::cat(category));
  cl::opt<std::string> triple(
      "triple", cl::desc("Machine, as clang names it (this one's)"),
      cl::value_desc("TRIPLE"), cl::cat(category));
  cl::opt<std::string> arch(
      "arch", cl::desc("GPUs, with --target=cuda (sm_80)"),
      cl::value_desc("sm_90a[,sm_80]"), cl::cat(category));
  cl::opt<std::string> header("header", cl::desc("Write the C header here"),
                              cl::value_desc("F.h"), cl::cat(category));
  cl::opt<bool> freestanding(
      "freestanding",
      cl::desc("Call nobody: no C library, no math library, no threads"),
      cl::cat(category));
  cl::opt<bool> noEmbed(
      "no-embed-ir",
      cl::desc("Leave the module's text out of the object; attn-run cannot "
               "verify it then"),
      cl::cat(category));
  cl::opt<std::string> dumpStages(
      "dump-stages", cl::desc("Write the IR after each stage into this folder"),
      cl::value_desc("DIR"), cl::cat(category));
  cl::opt<std::string> report(
      "attn-report",
      cl::desc("Write which kernels were made, and what ptxas says of those "
               "for GPUs, as JSON"),
      cl::value_desc("FILE.json"), cl::cat(category));
  cl::opt<bool> list("list-strategies", cl::desc("Print the strategies"),
                     cl::cat(category));
  cl::HideUnrelatedOptions(category);

  std::string parseErrors;
  raw_string_ostream parseStream(parseErrors);
  if (!cl::ParseCommandLineOptions(
          argc, argv, "Compiles a module to an object others can link.\n",
          &parseStream)) {
    // Every line comes as "PATH/attn-compile: text".
    StringRef message =
        StringRef(parseErrors).take_until([](char c) { return c == '\n'; });
    if (size_t at = message.find(": "); at != StringRef::npos)
      message = message.drop_front(at + 2);
    errs() << "attn-compile: error: " << message << '\n';
    return kExitBadInput;
  }
  if (list) {
    listStrategies(outs());
    return kExitOk;
  }

  CompileFileOptions options;
  options.file = file;
  options.output = output;
  options.emit = emit;
  options.target = target;
  options.strategy = strategy;
  options.distribute = distribute.getNumOccurrences() > 0;
  options.distributeOptions = distribute;
  options.cpu = cpu;
  options.triple = triple;
  options.arch = arch;
  options.header = header;
  options.freestanding = freestanding;
  options.embedModule = !noEmbed;
  options.dumpStages = dumpStages;
  options.report = report;
  return compileFile(options, errs());
}
