//===- lib/ExecutionEngine/Verify.cpp - Right or wrong --------------------===//
//
// Part of attn-mlir.
//
// Compares what a program computed with the f64 reference.
//
//===----------------------------------------------------------------------===//

#include "attn/ExecutionEngine/Verify.h"

#include "ConvertAttnToReference.h"

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
using namespace mlir::attn;
using llvm::createStringError;
using llvm::enumerate;
using llvm::Error;
using llvm::Expected;
using llvm::raw_ostream;
using llvm::zip_equal;
namespace ref = ::attn::reference;

SmallVector<NamedValue> mlir::attn::nameResults(const Source &source,
                                                ArrayRef<TensorValue> results,
                                                ArrayRef<TensorValue> inputs) {
  SmallVector<NamedValue> named;
  for (auto [i, value] : enumerate(results))
    named.push_back({"result " + std::to_string(i), &value});
  for (auto [info, value] : zip_equal(source.arguments, inputs))
    if (info.inout)
      named.push_back({"inout " + info.name, &value});
  return named;
}

/// A copy of `source` whose module `change` may rewrite.
template <typename Change>
static Expected<Source> copyAndChange(const Source &source, Change change) {
  Source copy;
  copy.function = source.function;
  copy.arguments = source.arguments;
  copy.module = OwningOpRef<ModuleOp>(
      cast<ModuleOp>(source.func()->getParentOp()->clone()));
  if (failed(change(*copy.module)))
    return createStringError("--verify: this module cannot be compared with "
                             "the reference");
  FunctionType type = copy.func().getFunctionType();
  for (auto [info, input] : zip_equal(copy.arguments, type.getInputs()))
    info.type = input;
  copy.results.assign(type.getResults().begin(), type.getResults().end());
  return copy;
}

/// Runs `source` on inputs of its types, with the host functions of `table`.
static Expected<SmallVector<TensorValue>>
runWithReference(const Source &source, CompileOptions options,
                 MutableArrayRef<TensorValue> inputs,
                 const ReferenceTable &table) {
  options.symbols = referenceSymbols();
  // Calls to one op share its operands.
  options.parallel = false;
  auto program = Program::compile(source, options);
  if (!program)
    return program.takeError();
  (*program)->bind(inputs);
  (*program)->invoke();
  if (std::string why = table.error(); !why.empty())
    return createStringError("--verify: " + why);
  return (*program)->results();
}

/// One line; a failure also names the worst element on `err`.
static void report(StringRef what, const ref::Comparison &comparison,
                   ArrayRef<int64_t> shape, raw_ostream &out,
                   raw_ostream &err) {
  out << "verify: " << what
      << llvm::format(": max error %.3g (bound %.3g)", comparison.worstError,
                      comparison.worstBound)
      << (comparison.ok() ? "\n" : " FAILED\n");
  if (comparison.ok())
    return;
  out.flush();
  SmallVector<int64_t> index(shape.size());
  int64_t linear = comparison.worstIndex;
  for (size_t d = shape.size(); d-- > 0;) {
    index[d] = linear % shape[d];
    linear /= shape[d];
  }
  err << "attn-run: error: --verify: " << what << ", worst element [";
  llvm::interleaveComma(index, err);
  err << "]: " << comparison.describe() << '\n';
}

/// A type that an op of `source` may round outputs or what they are sums of to,
/// however wide its results are: powers before they multiply bf16 values, and
/// what travels between ranks.
static std::optional<ref::Type> getRounding(const Source &source) {
  auto module = cast<ModuleOp>(source.func()->getParentOp());
  std::optional<ref::Type> rounding;
  module.walk([&](Operation *op) {
    auto attention = dyn_cast<AttentionInterface>(op);
    auto merge = dyn_cast<DistMergeOp>(op);
    std::optional<Type> payload = merge ? merge.getPayload() : std::nullopt;
    if ((attention &&
         getElementTypeOrSelf(attention.getValue().getType()).isBF16()) ||
        (payload && payload->isBF16()))
      rounding = ref::Type::BF16;
    else if (payload && payload->isF32() && !rounding)
      rounding = ref::Type::F32;
  });
  return rounding;
}

static ref::Comparison compareValues(const TensorValue &actual,
                                     const TensorValue &expected,
                                     const ReferenceTable &table,
                                     std::optional<ref::Type> rounding) {
  ref::Comparison comparison;
  Type element = actual.element();
  ref::Type type = element.isF64()    ? ref::Type::F64
                   : element.isF16()  ? ref::Type::F16
                   : element.isBF16() ? ref::Type::BF16
                                      : ref::Type::F32;
  // The sums are what has four dimensions; statistics stay exact.
  bool isWide = type == ref::Type::F32 || type == ref::Type::F64;
  if (rounding && isWide && actual.shape().size() == 4)
    type = *rounding;
  double maxAbsScore = table.maxAbsScore();
  int64_t seqLenKv = table.seqLenKv();
  // Tolerance.h knows what attention returns; for an 8-bit float the rounding
  // of the result itself, half a unit of 2^-3 or 2^-2, is all that matters.
  double float8 = isa<Float8E4M3FNType>(element) ? 0.0625
                  : isa<Float8E5M2Type>(element) ? 0.125
                                                 : 0;
  for (int64_t i = 0; i < actual.numElements(); ++i) {
    double wanted = expected.get(i), bound = 0;
    if (isa<FloatType>(element))
      bound = float8 * (1 + std::fabs(wanted)) +
              ref::outputBound(type, wanted, maxAbsScore, seqLenKv);
    comparison.add(i, actual.get(i), wanted, bound);
  }
  return comparison;
}

/// The inputs as the element types of `source`, floats widened exactly.
static Expected<SmallVector<TensorValue>>
convertInputs(const Source &source, ArrayRef<TensorValue> inputs) {
  SmallVector<TensorValue> converted;
  for (auto [info, input] : zip_equal(source.arguments, inputs)) {
    Type element = getElementTypeOrSelf(info.type);
    if (element == input.element()) {
      converted.push_back(input.clone());
      continue;
    }
    auto value = TensorValue::create(element, input.shape(), input.isScalar());
    if (!value)
      return value.takeError();
    for (int64_t i = 0; i < input.numElements(); ++i)
      value->set(i, input.get(i));
    converted.push_back(std::move(*value));
  }
  return converted;
}

/// Runs `source` on f64 with every attn op by reference; `change` comes first.
static Expected<SmallVector<TensorValue>>
runWidened(const Source &source, ArrayRef<TensorValue> inputs,
           ReferenceTable &table, function_ref<LogicalResult(ModuleOp)> change,
           SmallVectorImpl<TensorValue> &wideInputs,
           std::optional<Source> &wide) {
  auto copy = copyAndChange(source, [&](ModuleOp module) {
    return success(succeeded(change(module)) && succeeded(widenToF64(module)) &&
                   succeeded(convertAttnToReference(module, table)));
  });
  if (!copy)
    return copy.takeError();
  wide.emplace(std::move(*copy));
  auto converted = convertInputs(*wide, inputs);
  if (!converted)
    return converted.takeError();
  wideInputs = std::move(*converted);
  return runWithReference(*wide, CompileOptions(), wideInputs, table);
}

Distance mlir::attn::measureDistance(const TensorValue &actual,
                                     const TensorValue &exact) {
  Distance distance;
  double difference = 0, norm = 0, actualNorm = 0, product = 0, sum = 0;
  int64_t count = exact.numElements();
  for (int64_t i = 0; i < count; ++i) {
    double wanted = exact.get(i), got = actual.get(i);
    double error = got - wanted;
    // A NaN is the largest error.
    if (!(std::fabs(error) <= distance.max))
      distance.max = std::fabs(error);
    sum += std::fabs(error);
    difference += error * error;
    norm += wanted * wanted;
    actualNorm += got * got;
    product += got * wanted;
  }
  distance.mean = count == 0 ? 0 : sum / count;
  distance.relative = norm == 0 ? 0 : std::sqrt(difference / norm);
  if (difference != 0)
    distance.cosine = norm == 0 || actualNorm == 0
                          ? 0
                          : product / std::sqrt(norm * actualNorm);
  return distance;
}

/// What exact attention gives, in f64, for the results of `source` that the
/// reference of the approximate program has otherwise; prints how far they are
/// from it.
static Expected<SmallVector<std::pair<std::string, TensorValue>, 0>>
computeExact(const Source &source, ArrayRef<TensorValue> inputs,
             ArrayRef<NamedValue> approximate, raw_ostream &out) {
  ReferenceTable table;
  SmallVector<TensorValue> denseInputs;
  std::optional<Source> dense;
  auto results = runWidened(
      source, inputs, table,
      [](ModuleOp module) {
        dropApproximations(module);
        return success();
      },
      denseInputs, dense);
  if (!results)
    return results.takeError();
  bool isEqual = true;
  SmallVector<std::pair<std::string, TensorValue>, 0> values;
  for (auto [actual, exact] :
       zip_equal(approximate, nameResults(*dense, *results, denseInputs))) {
    if (!isa<FloatType>(exact.value->element()))
      continue;
    Distance distance = measureDistance(*actual.value, *exact.value);
    // A cache that is passed through is the same in both.
    if (distance.max == 0)
      continue;
    isEqual = false;
    values.push_back({actual.name, exact.value->clone()});
    out << "verify: " << actual.name
        << llvm::format(": distance from dense attention: max %.3g, relative "
                        "%.3g\n",
                        distance.max, distance.relative);
  }
  if (isEqual)
    out << "verify: distance from dense attention: 0\n";
  return std::move(values);
}

Expected<Verification>
mlir::attn::verifyResults(const Source &source, StringRef strategy,
                          ArrayRef<TensorValue> inputs,
                          ArrayRef<NamedValue> results, raw_ostream &out,
                          raw_ostream &err, const Source *computed) {
  ReferenceTable table;
  SmallVector<TensorValue> wideInputs;
  std::optional<Source> wide;
  auto wideResults = runWidened(
      source, inputs, table,
      [&](ModuleOp module) { return applyApproximations(module, strategy); },
      wideInputs, wide);
  if (!wideResults)
    return wideResults.takeError();
  Verification verification;
  std::optional<ref::Type> rounding =
      getRounding(computed ? *computed : source);
  SmallVector<NamedValue> expectations =
      nameResults(*wide, *wideResults, wideInputs);
  for (auto [actual, expected] : zip_equal(results, expectations)) {
    if (actual.value->shape() != expected.value->shape()) {
      err << "attn-run: error: --verify: " << actual.name << " is "
          << actual.value->typeString() << ", the reference gives "
          << expected.value->typeString() << '\n';
      verification.ok = false;
      continue;
    }
    ref::Comparison comparison =
        compareValues(*actual.value, *expected.value, table, rounding);
    report(actual.name, comparison, actual.value->shape(), out, err);
    // Of right results the one with the largest error, else the first wrong
    // one.
    if (verification.ok && (!comparison.ok() ||
                            comparison.worstError >= verification.worstError)) {
      verification.worstError = comparison.worstError;
      verification.worstBound = comparison.worstBound;
    }
    verification.ok &= comparison.ok();
  }
  if (!table.hasApproximation())
    return std::move(verification);
  auto exact = computeExact(source, inputs, expectations, out);
  if (!exact)
    return exact.takeError();
  verification.exact = std::move(*exact);
  return std::move(verification);
}

Expected<bool> mlir::attn::verifyOps(const Source &source,
                                     const CompileOptions &options,
                                     ArrayRef<TensorValue> inputs,
                                     raw_ostream &out, raw_ostream &err) {
  ReferenceTable table;
  auto checked = copyAndChange(source, [&](ModuleOp module) {
    return success(succeeded(applyApproximations(module, options.strategy)) &&
                   succeeded(insertReferenceChecks(module, table)));
  });
  if (!checked)
    return checked.takeError();
  SmallVector<TensorValue> copies;
  for (const TensorValue &input : inputs)
    copies.push_back(input.clone());
  CompileOptions compile = options;
  compile.dumpStages.clear();
  auto results = runWithReference(*checked, compile, copies, table);
  if (!results)
    return results.takeError();
  bool ok = true;
  for (const ReferenceOp &op : table.ops) {
    std::string place = describeLocation(op.location) + ": " + op.name;
    if (op.numCalls == 0)
      out << "verify: " << place << ": never reached\n";
    for (auto [i, comparison] : enumerate(op.comparisons)) {
      report(place + " result " + std::to_string(i), comparison,
             op.resultShapes[i], out, err);
      ok &= comparison.ok();
    }
  }
  return ok;
}
