//===- TestUtils.h --------------------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// Owning tensors and shorthands for the tests of the reference.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_UNITTESTS_REFERENCE_TESTUTILS_H
#define ATTN_UNITTESTS_REFERENCE_TESTUTILS_H

#include "attn/Reference/Attention.h"
#include "attn/Support/Philox.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace attn::reference::test {

constexpr double Inf = std::numeric_limits<double>::infinity();
constexpr double NaN = std::numeric_limits<double>::quiet_NaN();
const double ln2 = std::log(2.0);
const double ln3 = std::log(3.0);
const double ln4 = std::log(4.0);

/// Row-major storage with a view on it.
template <typename T, int Rank>
struct Tensor {
  std::array<int64_t, Rank> sizes;
  std::vector<T> data;

  explicit Tensor(std::array<int64_t, Rank> sizes, T fill = T())
      : sizes(sizes) {
    int64_t count = 1;
    for (int64_t size : sizes)
      count *= size;
    data.assign(count, fill);
  }
  Tensor(std::array<int64_t, Rank> sizes, std::vector<T> values)
      : sizes(sizes), data(std::move(values)) {
    assert(view().numElements() == int64_t(data.size()));
  }

  View<T, Rank> view() { return makeView<Rank>(data.data(), sizes); }
  View<const T, Rank> view() const {
    return makeView<Rank>(data.data(), sizes);
  }
  operator View<const T, Rank>() const { return view(); }

  template <typename... Indices>
  T &operator()(Indices... indices) {
    return view()(indices...);
  }
};

using Tensor4 = Tensor<double, 4>;
using Tensor3 = Tensor<double, 3>;

/// N(0, 1) numbers, the same on every run.
inline Tensor4 randomTensor(std::array<int64_t, 4> sizes, uint64_t seed) {
  Tensor4 tensor(sizes);
  for (size_t n = 0; n < tensor.data.size(); ++n)
    tensor.data[n] = normal(seed, n);
  return tensor;
}

/// What a call gives; filled with numbers no test expects.
struct Result {
  Tensor4 output;
  Tensor3 lse;
  explicit Result(const AttentionProblem &p)
      : output({p.batch(), p.numHeads(), p.seqLenQ(), p.headDimV()}, -77.0),
        lse({p.batch(), p.numHeads(), p.seqLenQ()}, -77.0) {}
};

inline Result runSdpa(const AttentionProblem &p) {
  Result result(p);
  View<double, 3> lse = result.lse.view();
  sdpa(p, result.output.view(), &lse);
  return result;
}

/// One batch, one head, head_dim = head_dim_v = 1 and scale 1, so that with
/// query 1 the numbers in `key` are the scores themselves.
struct Scalar {
  Tensor4 query, key, value;
  Scalar(std::vector<double> q, std::vector<double> k, std::vector<double> v)
      : query({1, 1, int64_t(q.size()), 1}, q),
        key({1, 1, int64_t(k.size()), 1}, k),
        value({1, 1, int64_t(v.size()), 1}, v) {}
  AttentionProblem problem() const {
    AttentionProblem p;
    p.query = query;
    p.key = key;
    p.value = value;
    p.scale = 1.0;
    return p;
  }
};

/// A random problem's operands and the problem on them.
struct Random {
  Tensor4 query, key, value;
  Random(int64_t batch, int64_t numHeads, int64_t numKvHeads, int64_t seqLenQ,
         int64_t seqLenKv, int64_t headDim, int64_t headDimV, uint64_t seed)
      : query(randomTensor({batch, numHeads, seqLenQ, headDim}, seed)),
        key(randomTensor({batch, numKvHeads, seqLenKv, headDim}, seed + 1)),
        value(randomTensor({batch, numKvHeads, seqLenKv, headDimV}, seed + 2)) {
  }
  AttentionProblem problem() const {
    AttentionProblem p;
    p.query = query;
    p.key = key;
    p.value = value;
    return p;
  }
};

/// The part of a contiguous problem whose keys are [begin, end).
inline AttentionProblem sliceKeys(AttentionProblem p, int64_t begin,
                                  int64_t end) {
  p.key = p.key.slice(2, begin, end - begin);
  p.value = p.value.slice(2, begin, end - begin);
  if (p.bias && p.bias->sizes[3] != 1)
    p.bias = p.bias->slice(3, begin, end - begin);
  if (p.mask && p.mask->sizes[3] != 1)
    p.mask = p.mask->slice(3, begin, end - begin);
  p.kvOffset += begin;
  return p;
}

using Rows = std::vector<std::string>;

/// What every query row of batch `b`, head `h` sees, as one string of 0 and 1 a
/// row. Read from the attention result itself: with all scores equal and V the
/// identity, O[i][j] is 1 / count where j is visible and 0 elsewhere.
inline Rows pattern(int64_t seqLenQ, int64_t seqLenKv,
                    const std::function<void(AttentionProblem &)> &set,
                    int64_t batch = 1, int64_t b = 0, int64_t h = 0) {
  int64_t numHeads = 2;
  Tensor4 query({batch, numHeads, seqLenQ, 1}, 0.0),
      key({batch, numHeads, seqLenKv, 1}, 1.0),
      value({batch, numHeads, seqLenKv, seqLenKv}, 0.0);
  for (int64_t bb = 0; bb < batch; ++bb)
    for (int64_t hh = 0; hh < numHeads; ++hh)
      for (int64_t j = 0; j < seqLenKv; ++j)
        value(bb, hh, j, j) = 1;
  AttentionProblem p;
  p.query = query;
  p.key = key;
  p.value = value;
  set(p);
  EXPECT_EQ(checkProblem(p), "");
  Result r = runSdpa(p);
  std::vector<std::string> rows;
  int64_t total = 0;
  for (int64_t bb = 0; bb < batch; ++bb)
    for (int64_t hh = 0; hh < numHeads; ++hh)
      for (int64_t i = 0; i < seqLenQ; ++i) {
        std::string row;
        int64_t count = 0;
        for (int64_t j = 0; j < seqLenKv; ++j) {
          bool seen = r.output(bb, hh, i, j) != 0;
          EXPECT_EQ(isVisible(p, bb, hh, i, j), seen) << i << ", " << j;
          row += seen ? '1' : '0';
          count += seen;
        }
        for (int64_t j = 0; j < seqLenKv; ++j)
          if (row[j] == '1') {
            EXPECT_DOUBLE_EQ(r.output(bb, hh, i, j), 1.0 / count);
          }
        EXPECT_DOUBLE_EQ(r.lse(bb, hh, i),
                         count ? std::log(double(count)) : -Inf);
        total += count;
        if (bb == b && hh == h)
          rows.push_back(row);
      }
  EXPECT_EQ(visiblePairs(p), total);
  return rows;
}

using Rows = std::vector<std::string>;

} // namespace attn::reference::test

#endif // ATTN_UNITTESTS_REFERENCE_TESTUTILS_H
