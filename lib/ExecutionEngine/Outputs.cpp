//===- lib/ExecutionEngine/Outputs.cpp - What came out --------------------===//
//
// Part of attn-mlir.
//
// Writes results to files, or summarises them.
//
//===----------------------------------------------------------------------===//

#include "Outputs.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace llvm;
using namespace mlir;
using namespace mlir::attn;

/// One line: type, range, mean, NaN count, first elements.
static void printSummary(StringRef name, const TensorValue &value,
                         raw_ostream &out) {
  constexpr int64_t kShown = 8;
  int64_t count = value.numElements();
  out << name << ": " << value.typeString();
  if (!value.isScalar() && count > 0) {
    double low = INFINITY, high = -INFINITY, sum = 0;
    int64_t numNaN = 0;
    for (int64_t i = 0; i < count; ++i) {
      double element = value.get(i);
      if (std::isnan(element)) {
        ++numNaN;
        continue;
      }
      low = std::min(low, element);
      high = std::max(high, element);
      sum += element;
    }
    if (numNaN < count)
      out << format("  min %.6g  max %.6g  mean %.6g", low, high,
                    sum / static_cast<double>(count - numNaN));
    out << "  nan " << numNaN;
  }
  out << "  [";
  for (int64_t i = 0; i < std::min(count, kShown); ++i)
    out << (i ? ", " : "") << formatElement(value, i);
  out << (count > kShown ? ", ...]\n" : "]\n");
}

/// "@out.npy" without the "@".
static Expected<StringRef> outputPath(StringRef spec) {
  if (!spec.consume_front("@") || spec.empty())
    return createStringError("--output='" + spec + "': expected @FILE.npy");
  return spec;
}

Error mlir::attn::checkOutputs(ArrayRef<std::string> outputs,
                               size_t numResults) {
  if (outputs.size() > numResults)
    return createStringError("--output is given " + Twine(outputs.size()) +
                             " times, but the function has " +
                             Twine(numResults) + " results");
  for (StringRef spec : outputs) {
    auto path = outputPath(spec);
    if (!path)
      return path.takeError();
    StringRef folder = sys::path::parent_path(*path);
    if (!folder.empty() && !sys::fs::is_directory(folder))
      return createStringError("--output='" + spec + "': no folder '" + folder +
                               "'");
    if (sys::fs::is_directory(*path))
      return createStringError("--output='" + spec + "': is a folder");
  }
  return Error::success();
}

Error mlir::attn::emitResults(ArrayRef<std::string> outputs,
                              ArrayRef<NamedValue> results, raw_ostream &out) {
  for (auto [i, result] : enumerate(results)) {
    const auto &[name, value] = result;
    if (i >= outputs.size()) {
      printSummary(name, *value, out);
      continue;
    }
    StringRef path = cantFail(outputPath(outputs[i]));
    if (Error error = writeNpy(path, value->format().npyDtype(), value->shape(),
                               value->bytes()))
      return error;
  }
  return Error::success();
}
