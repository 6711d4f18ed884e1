//===- attn/Reference/Tolerance.h -----------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// How far a result may be from the f64 reference, and a comparison that knows
// infinities and NaN.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_REFERENCE_TOLERANCE_H
#define ATTN_REFERENCE_TOLERANCE_H

#include "attn/Reference/Attention.h"

#include <array>
#include <cstdint>
#include <limits>
#include <string>

namespace attn::reference {

/// The element type of the tensors under test; scores and sums are f32, for F64
/// they are f64.
enum class Type { F32, F64, F16, BF16 };

/// The largest allowed |output - ref| of one element:
///   eps * (1 + |ref|) * max(1, maxAbsScore / 16) * max(1, sqrt(S / 4096))
/// with S = seqLenKv and eps = 1e-5 (F32), 1e-12 (F64), 2e-3 (F16), 2e-2
/// (BF16). A `maxAbsScore` that is not finite counts as 0.
/// Source: design.md section 8, algorithms.md end of section 5.
double outputBound(Type type, double ref, double maxAbsScore, int64_t seqLenKv);

/// The largest allowed |lse - ref|: eps * (1 + |ref|) with eps = 1e-12 for F64
/// and 1e-5 for all others, whose lse is f32.
double lseBound(Type type, double ref);

/// Gathers element-wise comparisons. Equal infinities agree, NaN agrees with
/// NaN; NaN against a number, or an infinity against anything else, fails with
/// infinite error whatever the bound.
class Comparison {
public:
  /// Compares element `index` (any numbering, reported back).
  void add(int64_t index, double actual, double expected, double bound);

  /// Whether all elements agreed.
  bool ok() const { return numFailures == 0; }
  explicit operator bool() const { return ok(); }

  /// One line: how many failed, the worst element, both its values, its error
  /// and its bound.
  std::string describe() const;

  int64_t numCompared = 0;
  int64_t numFailures = 0;
  /// The element with the largest error / bound; -1 if nothing was compared.
  int64_t worstIndex = -1;
  double worstActual = 0, worstExpected = 0, worstError = 0, worstBound = 0;
  /// error / bound of that element; above 1 is a failure.
  double worstRatio = -1;
  /// The largest |actual - expected|, of any element.
  double maxError = 0;
};

/// Compares two views of equal sizes; `bound(ref)` gives each element's bound.
/// Indices in the answer are row-major.
template <typename T, typename U, int Rank, typename BoundFn>
Comparison compare(View<T, Rank> actual, View<U, Rank> expected,
                   BoundFn bound) {
  assert(actual.sizes == expected.sizes && "views of equal sizes");
  Comparison result;
  std::array<int64_t, Rank> index{};
  int64_t count = actual.numElements();
  for (int64_t linear = 0; linear < count; ++linear) {
    int64_t atActual = 0, atExpected = 0;
    for (int dim = 0; dim < Rank; ++dim) {
      atActual += index[dim] * actual.strides[dim];
      atExpected += index[dim] * expected.strides[dim];
    }
    double ref = static_cast<double>(expected.data[atExpected]);
    result.add(linear, static_cast<double>(actual.data[atActual]), ref,
               bound(ref));
    for (int dim = Rank; dim-- > 0;) {
      if (++index[dim] < actual.sizes[dim])
        break;
      index[dim] = 0;
    }
  }
  return result;
}

/// Compares an output with the bound above.
template <typename T, typename U>
Comparison compareOutput(Type type, View<T, 4> actual, View<U, 4> expected,
                         double maxAbsScore, int64_t seqLenKv) {
  return compare(actual, expected, [=](double ref) {
    return outputBound(type, ref, maxAbsScore, seqLenKv);
  });
}

/// Compares an lse with the bound above.
template <typename T, typename U>
Comparison compareLse(Type type, View<T, 3> actual, View<U, 3> expected) {
  return compare(actual, expected,
                 [=](double ref) { return lseBound(type, ref); });
}

} // namespace attn::reference

#endif // ATTN_REFERENCE_TOLERANCE_H
