//===- Merge.cpp ----------------------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// Normalises softmax states and joins normalised parts.
//
//===----------------------------------------------------------------------===//

#include "attn/Reference/Attention.h"

#include "Numbers.h"

#include <cmath>

using namespace attn::reference;

void attn::reference::finalize(
    View<const double, 4> acc, View<const double, 3> rowMax,
    View<const double, 3> rowSum,
    const std::optional<View<const double, 1>> &sinks, View<double, 4> output,
    const View<double, 3> *lse) {
  auto [batch, numHeads, seqLenQ, dim] = acc.sizes;
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t h = 0; h < numHeads; ++h)
      for (int64_t i = 0; i < seqLenQ; ++i) {
        double m = rowMax(b, h, i);
        double sink = sinks ? (*sinks)(h) : -kInf;
        double max = maxOrNaN(m, sink);
        double shift = max == -kInf ? 0.0 : max;
        double weight = std::exp(m - shift);
        double sum = weight * rowSum(b, h, i) + std::exp(sink - shift);
        bool isDead = sum == 0; // Not !(sum > 0): a NaN stays.
        for (int64_t c = 0; c < dim; ++c)
          output(b, h, i, c) = isDead ? 0.0 : weight * acc(b, h, i, c) / sum;
        if (lse)
          (*lse)(b, h, i) = isDead ? -kInf : shift + std::log(sum);
      }
}

void attn::reference::merge(const std::vector<Part> &parts,
                            View<double, 4> output,
                            const View<double, 3> *lse) {
  auto [batch, numHeads, seqLenQ, dim] = output.sizes;
  for ([[maybe_unused]] const Part &part : parts)
    assert(part.output.sizes == output.sizes && "parts of equal sizes");
  std::vector<double> weights(parts.size());
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t h = 0; h < numHeads; ++h)
      for (int64_t i = 0; i < seqLenQ; ++i) {
        double max = -kInf;
        for (const Part &part : parts)
          max = maxOrNaN(max, part.lse(b, h, i));
        double shift = max == -kInf ? 0.0 : max;
        double sum = 0;
        for (size_t n = 0; n < parts.size(); ++n)
          sum += weights[n] = std::exp(parts[n].lse(b, h, i) - shift);
        bool isDead = sum == 0; // Not !(sum > 0): a NaN stays.
        for (int64_t c = 0; c < dim; ++c) {
          double x = 0;
          for (size_t n = 0; n < parts.size(); ++n)
            x += weights[n] * parts[n].output(b, h, i, c);
          output(b, h, i, c) = isDead ? 0.0 : x / sum;
        }
        if (lse)
          (*lse)(b, h, i) = isDead ? -kInf : shift + std::log(sum);
      }
}
