//===- lib/ExecutionEngine/Distribute.cpp - Programs of ranks -------------===//
//
// Part of attn-mlir.
//
// Makes of a module what each of several ranks runs.
//
//===----------------------------------------------------------------------===//

#include "Distribute.h"

#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Attn/Transforms/Strategy.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::attn;

/// Makes attn.star of what asks for it, or of all where `strategy` does. Other
/// requests say how one rank computes; those that are not exact stay, for the
/// pass to refuse.
static Error applyStar(ModuleOp module, StringRef strategy) {
  StrategyAttrInterface all;
  if (!strategy.empty()) {
    std::string why;
    FailureOr<StrategyAttrInterface> parsed =
        parseStrategy(strategy, module.getContext(), why);
    if (failed(parsed))
      return createStringError("--strategy=" + strategy + ": " + why);
    all = *parsed;
  }
  SmallVector<SdpaOp> ops;
  module.walk([&](SdpaOp op) { ops.push_back(op); });
  IRRewriter rewriter(module.getContext());
  for (SdpaOp op : ops) {
    StrategyAttrInterface asked = all ? all : op.getStrategyAttr();
    if (!asked)
      continue;
    op.setStrategyAttr(asked);
    if (!isa<StarAttr>(asked))
      continue;
    std::string why;
    if (succeeded(rewriteToApproximation(rewriter, op, asked, why)))
      continue;
    op.emitRemark("computed exactly, not by Star Attention: ") << why;
    op.removeStrategyAttr();
  }
  return Error::success();
}

/// The name that a rewrite gave an argument, or "argN".
static std::string nameArgument(BlockArgument argument) {
  if (auto named = dyn_cast<NameLoc>(argument.getLoc()))
    return named.getName().str();
  return "arg" + std::to_string(argument.getArgNumber());
}

Error attn::distribute(ModuleSource &source, StringRef strategy,
                       StringRef options) {
  ModuleOp module = *source.module;
  if (Error error = applyStar(module, strategy))
    return error;
  std::unique_ptr<Pass> pass = createAttnStarDistributePass();
  std::string list = options.str();
  llvm::replace(list, ',', ' ');
  std::string why;
  auto complain = [&](const Twine &text) {
    why = text.str();
    return failure();
  };
  if (failed(pass->initializeOptions(list, complain)))
    return createStringError("--distribute=" + options + ": " +
                             (why.empty() ? "no such option" : why));
  PassManager pm(module.getContext());
  pm.addPass(std::move(pass));
  if (failed(pm.run(module)))
    return createStringError("this program cannot be distributed");

  SmallVector<PublicFunction, 0> functions;
  for (const PublicFunction &known : source.functions) {
    func::FuncOp func = source.lookup(known.name);
    PublicFunction function;
    function.name = known.name;
    function.results.assign(func.getResultTypes().begin(),
                            func.getResultTypes().end());
    for (BlockArgument argument : func.getArguments()) {
      unsigned number = argument.getArgNumber();
      ArgumentInfo info;
      if (number < known.arguments.size())
        info = known.arguments[number];
      else
        info.name = nameArgument(argument);
      while (any_of(function.arguments, [&](const ArgumentInfo &other) {
        return other.name == info.name;
      }))
        info.name += "_of_rank";
      info.type = argument.getType();
      // So that the module's text has the names, too.
      argument.setLoc(NameLoc::get(
          StringAttr::get(func.getContext(), info.name), argument.getLoc()));
      function.arguments.push_back(std::move(info));
    }
    functions.push_back(std::move(function));
  }
  source.functions = std::move(functions);
  source.text.clear();
  raw_string_ostream os(source.text);
  module.print(os, OpPrintingFlags().printNameLocAsPrefix());
  return Error::success();
}

bool attn::isDistributed(const Source &source) {
  func::FuncOp func = source.func();
  for (auto [i, info] : enumerate(source.arguments))
    if (isa<CommType>(info.type) || func.getArgAttr(i, kShardAttrName))
      return true;
  return false;
}
