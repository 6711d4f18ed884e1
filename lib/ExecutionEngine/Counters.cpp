//===- lib/ExecutionEngine/Counters.cpp - Counted work and loads ----------===//
//
// Part of attn-mlir.
//
// Runs copies of a program with counters compiled in.
//
//===----------------------------------------------------------------------===//

#include "Quiet.h"

#include "attn/ExecutionEngine/Benchmark.h"

#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"
#include "attn/Target/CPU/Passes.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

#include <numeric>

using namespace llvm;
using namespace mlir;
using namespace mlir::attn;

/// Compiles `source` and calls it once. The call may change inout arguments: it
/// gets copies.
static Error runOnce(const Source &source, const CompileOptions &options,
                     ArrayRef<TensorValue> inputs) {
  auto program = Program::compile(source, options);
  if (!program)
    return program.takeError();
  SmallVector<TensorValue> copies;
  for (const TensorValue &input : inputs)
    copies.push_back(input.clone());
  (*program)->bind(copies);
  (*program)->invoke();
  return Error::success();
}

Expected<attn_rt_work> attn::countWork(const Source &source,
                                       const CompileOptions &options,
                                       ArrayRef<TensorValue> inputs) {
  Source counted;
  counted.module = OwningOpRef<ModuleOp>(
      cast<ModuleOp>(source.func()->getParentOp()->clone()));
  counted.function = source.function;
  counted.arguments = source.arguments;
  counted.results = source.results;
  MLIRContext *context = counted.module->getContext();
  QuietDiagnostics quiet(context);
  if (failed(applyApproximations(*counted.module, options.strategy)))
    return createStringError("the work of this module cannot be counted");
  PassManager pm(context);
  pm.addPass(createAttnCountWorkPass());
  if (failed(pm.run(*counted.module)))
    return createStringError("the work of this module cannot be counted");
  CompileOptions compile;
  compile.strategy = options.strategy;
  HostSymbol symbol{kCountWorkFunction.str(),
                    reinterpret_cast<void *>(attn_rt_count_work)};
  compile.symbols = symbol;
  attn_rt_take_work();
  if (Error error = runOnce(counted, compile, inputs))
    return std::move(error);
  return attn_rt_take_work();
}

Expected<SmallVector<int64_t>> attn::countLoads(const Source &source,
                                                const CompileOptions &options,
                                                ArrayRef<TensorValue> inputs) {
  QuietDiagnostics quiet(
      const_cast<OwningOpRef<ModuleOp> &>(source.module)->getContext());
  CompileOptions compile;
  compile.strategy = options.strategy;
  compile.countLoads = true;
  HostSymbol symbol{kCountLoadsFunction.str(),
                    reinterpret_cast<void *>(attn_rt_count_loads)};
  compile.symbols = symbol;
  attn_rt_begin_loads(inputs.size());
  if (Error error = runOnce(source, compile, inputs))
    return std::move(error);
  SmallVector<int64_t> bytes;
  for (size_t i = 0; i < inputs.size(); ++i)
    bytes.push_back(attn_rt_loaded(i));
  return bytes;
}

int64_t Counts::loaded() const {
  return std::accumulate(loads.begin(), loads.end(), int64_t(0));
}

Expected<Counts> attn::count(const Source &source,
                             const CompileOptions &options,
                             ArrayRef<TensorValue> inputs) {
  Counts counts;
  auto work = countWork(source, options, inputs);
  if (!work)
    return work.takeError();
  counts.work = *work;
  // A program may read its arguments in ways that are not counted.
  auto loads = countLoads(source, options, inputs);
  if (loads)
    counts.loads = std::move(*loads);
  else
    counts.whyNoLoads = toString(loads.takeError());
  return counts;
}
