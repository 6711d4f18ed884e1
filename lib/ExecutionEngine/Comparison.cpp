//===- lib/ExecutionEngine/Comparison.cpp - Approximate beside exact ------===//
//
// Part of attn-mlir.
//
// Makes the dense program that an approximate one stands for, and compares
// both.
//
//===----------------------------------------------------------------------===//

#include "Comparison.h"
#include "Quiet.h"
#include "State.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"

#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::attn;

static OwningOpRef<ModuleOp> cloneModule(const Source &source) {
  return OwningOpRef<ModuleOp>(
      cast<ModuleOp>(source.func()->getParentOp()->clone()));
}

Approximation attn::findApproximation(const Source &source,
                                      const CompileOptions &options) {
  OwningOpRef<ModuleOp> module = cloneModule(source);
  Approximation found;
  QuietDiagnostics quiet(module->getContext());
  if (failed(applyApproximations(*module, options.strategy)))
    return found;
  module->walk([&](StarOp) { found.name = "star"; });
  module->walk([&](SparqOp op) {
    found.name = "sparq";
    auto attention = cast<AttentionInterface>(op.getOperation());
    bool wantsMean = op.getRealloc() == Realloc::on ||
                     (op.getRealloc() == Realloc::automatic &&
                      getStaticGroupSize(attention).value_or(1) == 1);
    found.isRecomputing |=
        (wantsMean && !op.getValueMean()) ||
        (op.getKeyLayout() == KeyLayout::twice && !op.getKeyT());
  });
  return found;
}

/// The program that `source` approximates; state is not kept up.
static Source makeDense(const Source &source) {
  Source dense;
  dense.module = cloneModule(source);
  dense.function = source.function;
  dense.arguments = source.arguments;
  dense.results = source.results;
  dropApproximations(*dense.module);
  dropState(*dense.module);
  return dense;
}

/// How far the values that `exact` knows are from that.
static SmallVector<std::pair<std::string, Distance>>
measureDistances(ArrayRef<NamedValue> values,
                 const Verification &verification) {
  SmallVector<std::pair<std::string, Distance>> distances;
  for (const auto &[name, exact] : verification.exact)
    for (const NamedValue &value : values)
      if (value.name == name)
        distances.push_back({name, measureDistance(*value.value, exact)});
  return distances;
}

Error attn::benchmarkAlone(const Source &source, const CompileOptions &options,
                           bool isCounted, llvm::function_ref<void()> call,
                           ArrayRef<TensorValue> inputs, int64_t repetitions,
                           raw_ostream &out) {
  Contender program;
  program.call = call;
  if (isCounted) {
    auto counts = count(source, options, inputs);
    if (!counts)
      return counts.takeError();
    program.counts = std::move(*counts);
  }
  return benchmarkCall(program, source.arguments, inputs, repetitions, out);
}

Error attn::compareWithDense(
    const Source &source, const CompileOptions &options,
    const Approximation &approximation, llvm::function_ref<void()> call,
    MutableArrayRef<TensorValue> inputs, ArrayRef<TensorValue> before,
    ArrayRef<NamedValue> results, const Verification *verification,
    int64_t repetitions, raw_ostream &out) {
  Source denseSource = makeDense(source);
  QuietDiagnostics quiet(denseSource.module->getContext());
  auto program = Program::compile(denseSource, CompileOptions());
  if (!program)
    return program.takeError();
  Contender approximate, dense;
  approximate.name = approximation.name;
  approximate.call = call;
  dense.name = "dense";
  auto denseCall = [&] { (*program)->invoke(); };
  dense.call = denseCall;
  auto counts = count(source, options, inputs);
  if (!counts)
    return counts.takeError();
  approximate.counts = std::move(*counts);
  counts = count(denseSource, CompileOptions(), inputs);
  if (!counts)
    return counts.takeError();
  dense.counts = std::move(*counts);

  if (verification) {
    approximate.distances = measureDistances(results, *verification);
    SmallVector<TensorValue> copies;
    for (const TensorValue &input : before)
      copies.push_back(input.clone());
    (*program)->bind(copies);
    (*program)->invoke();
    auto denseResults = (*program)->results();
    if (!denseResults)
      return denseResults.takeError();
    dense.distances = measureDistances(
        nameResults(denseSource, *denseResults, copies), *verification);
  }
  (*program)->bind(inputs);
  if (Error error = benchmarkBeside(approximate, dense, verification,
                                    source.arguments, inputs, repetitions, out))
    return error;
  if (approximation.isRecomputing)
    out << "no state is kept: each call reads caches whole for it; a strategy "
           "with state=args keeps it\n";
  return Error::success();
}
