//===- tools/attn-viz/attn-viz.cpp - Draw which keys queries see ----------===//
//
// Part of attn-mlir.
//
// Parses the command line of attn-viz and calls the library.
//
//===----------------------------------------------------------------------===//

#include "attn/ExecutionEngine/Run.h"
#include "attn/ExecutionEngine/Visualize.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"

using namespace llvm;
using namespace mlir::attn;

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  // libLLVM.so registers its own flags, some of them under our names.
  cl::ResetCommandLineParser();
  cl::OptionCategory category("attn-viz options");
  cl::opt<std::string> file(cl::Positional, cl::desc("FILE.mlir"),
                            cl::cat(category));
  cl::opt<std::string> output(
      "o", cl::desc("Where the picture goes; its suffix says what it is"),
      cl::value_desc("PICTURE.svg|.png"), cl::cat(category));
  cl::opt<std::string> function(
      "function", cl::desc("Function to draw (the only public one, or main)"),
      cl::value_desc("NAME"), cl::cat(category));
  cl::list<std::string> inputs(
      "input",
      cl::desc("An argument the pattern depends on: [NAME:=]@F.npy, "
               "SHAPExTYPE=random(SEED), SHAPExTYPE=zeros, SHAPExTYPE=VALUE, "
               "VALUE:TYPE"),
      cl::value_desc("SPEC"), cl::cat(category));
  cl::opt<std::string> strategy(
      "strategy", cl::desc("How attention is computed; see --list-strategies"),
      cl::value_desc("S"), cl::cat(category));
  // Texts, so that what is wrong with one is said in our form.
  cl::opt<std::string> op("op", cl::desc("The op to draw, from 0 (all)"),
                          cl::value_desc("N"), cl::cat(category));
  cl::opt<std::string> batch("batch", cl::desc("The batch entry to draw (0)"),
                             cl::value_desc("B"), cl::cat(category));
  cl::opt<std::string> head("head", cl::desc("The query head to draw (0)"),
                            cl::value_desc("H"), cl::cat(category));
  cl::opt<std::string> tile(
      "tile", cl::desc("Queries of a tile (as many as one row of the picture)"),
      cl::value_desc("ROWS"), cl::cat(category));
  cl::opt<bool> list("list-strategies", cl::desc("Print the strategies"),
                     cl::cat(category));
  cl::HideUnrelatedOptions(category);

  auto fail = [](const Twine &why) {
    errs() << "attn-viz: error: " << why << '\n';
    return kExitBadInput;
  };
  std::string parseErrors;
  raw_string_ostream parseStream(parseErrors);
  if (!cl::ParseCommandLineOptions(
          argc, argv, "Draws which keys the queries of a module's ops see.\n",
          &parseStream)) {
    // Every line comes as "PATH/attn-viz: text".
    StringRef message =
        StringRef(parseErrors).take_until([](char c) { return c == '\n'; });
    if (size_t at = message.find(": "); at != StringRef::npos)
      message = message.drop_front(at + 2);
    return fail(message);
  }
  if (list) {
    listStrategies(outs());
    return kExitOk;
  }
  if (file.empty() || output.empty())
    return fail("usage: attn-viz FILE.mlir -o PICTURE.svg|.png "
                "[--input=SPEC ...]");

  VisualizeOptions options;
  options.file = file;
  options.output = output;
  options.function = function;
  options.inputs.assign(inputs.begin(), inputs.end());
  options.strategy = strategy;
  struct Number {
    const cl::opt<std::string> &text;
    int64_t &value, least;
  };
  for (auto [text, value, least] :
       {Number{op, options.op, 0}, Number{batch, options.batch, 0},
        Number{head, options.head, 0}, Number{tile, options.tile, 1}})
    if (text.getNumOccurrences() > 0 &&
        (StringRef(text).getAsInteger(10, value) || value < least))
      return fail("--" + text.ArgStr + "=" + text + ": expected a number of " +
                  Twine(least) + " or more");
  return visualizeModule(options, outs(), errs());
}
