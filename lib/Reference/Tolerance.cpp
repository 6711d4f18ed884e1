//===- Tolerance.cpp ------------------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// Error bounds by element type, and the comparison that uses them.
//
//===----------------------------------------------------------------------===//

#include "attn/Reference/Tolerance.h"

#include <algorithm>
#include <cmath>
#include <sstream>

using namespace attn::reference;

static double epsilonOf(Type type) {
  switch (type) {
  case Type::F32:
    return 1e-5;
  case Type::F64:
    return 1e-12;
  case Type::F16:
    return 2e-3;
  case Type::BF16:
    return 2e-2;
  }
  return 0;
}

double attn::reference::outputBound(Type type, double ref, double maxAbsScore,
                                    int64_t seqLenKv) {
  if (!std::isfinite(maxAbsScore))
    maxAbsScore = 0;
  return epsilonOf(type) * (1 + std::abs(ref)) *
         std::max(1.0, maxAbsScore / 16) *
         std::max(1.0, std::sqrt(double(seqLenKv) / 4096));
}

double attn::reference::lseBound(Type type, double ref) {
  // f16 and bf16 tensors have an f32 lse, summed in f32.
  double epsilon = type == Type::F64 ? 1e-12 : 1e-5;
  return epsilon * (1 + std::abs(ref));
}

void Comparison::add(int64_t index, double actual, double expected,
                     double bound) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  ++numCompared;
  double error;
  bool agrees;
  if (actual == expected || (std::isnan(actual) && std::isnan(expected))) {
    error = 0;
    agrees = true;
  } else if (!std::isfinite(actual) || !std::isfinite(expected)) {
    error = inf;
    agrees = false;
  } else {
    error = std::abs(actual - expected);
    agrees = error <= bound; // False for a NaN bound.
  }
  if (!agrees)
    ++numFailures;

  double ratio = error == 0 ? 0 : error / bound;
  if (!agrees && !(ratio > 1)) // A bound of NaN or infinity.
    ratio = inf;
  maxError = std::max(maxError, error);
  if (ratio > worstRatio) {
    worstRatio = ratio;
    worstIndex = index;
    worstActual = actual;
    worstExpected = expected;
    worstError = error;
    worstBound = bound;
  }
}

std::string Comparison::describe() const {
  std::ostringstream os;
  os.precision(17);
  os << numFailures << " of " << numCompared << " elements differ";
  if (worstIndex < 0)
    return os.str();
  os << "; worst at " << worstIndex << ": got " << worstActual << ", expected "
     << worstExpected;
  os.precision(3);
  os << ", error " << worstError << ", bound " << worstBound << "; max error "
     << maxError;
  return os.str();
}
